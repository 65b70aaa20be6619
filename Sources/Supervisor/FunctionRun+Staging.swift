#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

extension FunctionRun {
    /// Writes each output file to each output that takes it.
    func deliver(
        _ files: [[UInt8]], of workspace: borrowing Workspace
    ) throws(Failure) -> [Answer.Object] {
        var delivered: [Answer.Object] = []
        for file in files {
            var isTaken = false
            for channel in setting.spec.outputs where channel.accepts(name: file.lastComponent) {
                isTaken = true
                guard let storage = setting.storage else { throw .storageUnavailable }
                guard channel.storage.isEqual(to: "s3") else {
                    throw Failure(
                        "Storage.Unsupported",
                        [UInt8]("this version writes outputs to s3 only, and not to ") + channel.storage)
                }
                let key = channel.folder.appending(path: file)
                let output: OpenFile
                do throws(SystemFailure) { output = try workspace.openOutput(file) } catch {
                    throw .system("Staging.Failed", "cannot read the output file ", file, error)
                }
                let size = try storage.store(output, channel.bucket, key)
                delivered.append(Answer.Object(bucket: channel.bucket, key: key, size: size))
            }
            if !isTaken { Log.line([UInt8]("no output takes this file, and it is not kept: ") + file) }
        }
        return delivered
    }
}

extension Failure {
    static var storageUnavailable: Failure {
        Failure(
            "Storage.Unavailable",
            [UInt8]("this version stages S3 objects only through SCAR_LOCAL_STORAGE, which is not set"))
    }

    static func badKey(_ key: [UInt8]) -> Failure {
        Failure(
            "Storage.BadKey",
            [UInt8]("the key ‘") + key + [UInt8]("’ is absolute or has empty, ‘.’ or ‘..’ parts, and cannot be a file"))
    }
}
