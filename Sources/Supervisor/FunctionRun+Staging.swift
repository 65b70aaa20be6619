#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

extension FunctionRun {
    /// When output must have been stored: with a little of the invocation's time left, in which to answer.
    var end: Int64 { deadline + Int64(setting.spec.timeoutThreshold) * 1_000_000_000 - 300_000_000 }

    /// Writes each output file to each output that takes it.
    func deliver(
        _ files: [[UInt8]], of workspace: borrowing Workspace
    ) throws(Failure) -> [Answer.Object] {
        var delivered: [Answer.Object] = []
        for file in files {
            var isTaken = false
            for channel in setting.spec.outputs where channel.accepts(name: file.lastComponent) {
                isTaken = true
                let storage = try setting.storages.named(channel.storage)
                let key = channel.folder.appending(path: file)
                let output: OpenFile
                do throws(SystemFailure) { output = try workspace.openOutput(file) } catch {
                    throw .system("Staging.Failed", "cannot read the output file ", file, error)
                }
                let size = try storage.store(output, channel.bucket, key, until: end)
                delivered.append(
                    Answer.Object(storage: channel.storage, bucket: channel.bucket, key: key, size: size))
            }
            if !isTaken { Log.line([UInt8]("no output takes this file, and it is not kept: ") + file) }
        }
        return delivered
    }
}

extension Failure {
    static func badKey(_ key: [UInt8]) -> Failure {
        Failure(
            "Storage.BadKey",
            [UInt8]("the key ‘") + key + [UInt8]("’ is absolute or has empty, ‘.’ or ‘..’ parts, and cannot be a file"))
    }
}
