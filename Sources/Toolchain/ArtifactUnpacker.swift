internal import ByteKit
internal import SquashFS

/// Unpacks a squashfs image into a new folder, with several threads.
package struct ArtifactUnpacker {
    private let jobs: Int?
    private let progress: ProgressHandler

    /// - Parameter jobs: how many threads write; nil for one on each processor.
    package init(jobs: Int? = nil, progress: @escaping ProgressHandler) {
        self.jobs = jobs
        self.progress = progress
    }

    /// Unpacks an image. The folder must not be there yet; after a failure it is not there either.
    package func unpack(_ image: String, into folder: String) throws {
        // Opened first: nothing is made for what is no image.
        let file = try InputFile(image)
        let result: SquashUnpacker.Result
        do throws(SquashError) {
            let reader = try SquashReader(descriptor: file.descriptor)
            try create(folder)
            result = try unpack(reader, into: folder)
        } catch {
            throw Self.error(error, image: image, folder: folder)
        }
        progress(.unpacked(folder: folder, files: result.files, folders: result.folders, bytes: result.bytes))
        if result.skippedDevices > 0 {
            progress(.warning("\(result.skippedDevices) devices were left out: only root can make them"))
        }
        if result.skippedAttributes > 0 {
            progress(.warning("\(result.skippedAttributes) extended attributes could not be set and were left out"))
        }
    }

    private func create(_ folder: String) throws(SquashError) {
        do throws(SystemFailure) {
            try OpenFile.makeFolder(Array(folder.utf8), permissions: 0o700)
        } catch {
            throw SquashError(.createFailed, errorNumber: error.errorNumber)
        }
    }

    private func unpack(_ reader: SquashReader, into folder: String) throws(SquashError) -> SquashUnpacker.Result {
        let path = Array(folder.utf8)
        do throws(SquashError) {
            return try SquashUnpacker.unpack(
                reader, into: path,
                options: SquashUnpacker.Options(
                    threads: jobs ?? OpenFile.processors, setsOwners: OpenFile.isSuperuser, setsAttributes: true,
                    isStopped: { Cancellation.isRequested }))
        } catch {
            // It was made here, so all that is in it was, too.
            try? OpenFile.removeTree(path)
            throw error
        }
    }

    // MARK: What is said

    private static func error(_ error: SquashError, image: String, folder: String) -> any DiagnosableError {
        if error.code == .stopped { return Cancelled() }
        let isAboutFolder =
            switch error.code {
            case .createFailed, .writeFailed, .attributesFailed, .noSpace: true
            default: false
            }
        let place = isAboutFolder ? folder : image
        guard !error.path.isEmpty || !isAboutFolder else {
            guard error.errorNumber != SystemFailure.exists else {
                return ToolError(
                    "folder-exists", "\(folder) is there already",
                    hint: "name a folder that does not exist yet; unpack makes it")
            }
            return FileError("create", folder, errorNumber: error.errorNumber)
        }
        var message = "\(error.reason)"
        if !error.path.isEmpty { message = "/\(String(decoding: error.path, as: UTF8.self)): " + message }
        if error.errorNumber != 0 {
            let reason = SystemFailure(errorNumber: error.errorNumber).text
            message += ": \(String(decoding: reason, as: UTF8.self))"
        }
        return ToolError("\(error.name)", message, location: Diagnostic.printable(place), hint: hint(error))
    }

    private static func hint(_ error: SquashError) -> String? {
        switch error.code {
        case .notSquashfs: "unpack takes the artifact; in a function's zip it is artifact.squashfs"
        case .attributesFailed where OpenFile.isSuperuser: "not every root may give files away: unpack as yourself"
        default: nil
        }
    }
}
