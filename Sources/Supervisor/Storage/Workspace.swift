#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// The folders of one run of the program: its input, its output, and the event. Removed when the run is over.
struct Workspace: ~Copyable {
    /// The absolute path of the whole.
    let path: [UInt8]
    let folder: OpenFile
    private let parent: OpenFile
    private let name: [UInt8]

    var inputPath: [UInt8] { path.appending(path: "input") }
    var outputPath: [UInt8] { path.appending(path: "output") }
    var eventPath: [UInt8] { path.appending(path: "event.json") }

    /// Makes the folders under `scratch`, with the event's file in them.
    static func make(under scratch: [UInt8], event: [UInt8]) throws(Failure) -> Workspace {
        do throws(SystemFailure) {
            let workspace = try Workspace(in: scratch.appending(path: "invocations"))
            try workspace.fill(event)
            return workspace
        } catch {
            throw .system("Staging.Failed", "cannot prepare the folders of the invocation in ", scratch, error)
        }
    }

    private init(in place: [UInt8]) throws(SystemFailure) {
        try FolderTree.make(place)
        let parent = try OpenFile(place, .folder)
        let name = try Self.makeNumbered(in: parent)
        let folder = try OpenFile(name, in: parent.descriptor, .folder)
        self.init(parent: parent, name: name, folder: folder, path: place.appending(path: name))
    }

    private init(parent: consuming OpenFile, name: [UInt8], folder: consuming OpenFile, path: [UInt8]) {
        self.parent = parent
        self.name = name
        self.folder = folder
        self.path = path
    }

    private borrowing func fill(_ event: [UInt8]) throws(SystemFailure) {
        try folder.makeFolder([UInt8]("input"), permissions: 0o755)
        try folder.makeFolder([UInt8]("output"), permissions: 0o755)
        let file = try OpenFile([UInt8]("event.json"), in: folder.descriptor, .newFile(permissions: 0o644))
        try file.write(event)
    }

    /// Writes what a worker is asked for, each item ended by a NUL; gives the file's path.
    borrowing func write(request items: [[UInt8]]) throws(Failure) -> [UInt8] {
        let name = [UInt8]("request")
        do throws(SystemFailure) {
            let file = try OpenFile(name, in: folder.descriptor, .newFile(permissions: 0o600))
            try file.write(items.reduce(into: []) { $0 += $1 + [0] })
        } catch {
            throw .system("Staging.Failed", "cannot write the worker’s request in ", path, error)
        }
        return path.appending(path: name)
    }

    /// Makes an input file, for writing.
    borrowing func makeInput(_ fileName: [UInt8]) throws(Failure) -> OpenFile {
        do throws(SystemFailure) {
            let folder = try OpenFile([UInt8]("input"), in: folder.descriptor, .folder)
            return try OpenFile(fileName, in: folder.descriptor, .newFile(permissions: 0o644))
        } catch {
            throw Failure.system("Staging.Failed", "cannot write the input file ", fileName, error)
        }
    }

    /// Opens an output file for reading, through no symlink on the way to it.
    borrowing func openOutput(_ path: [UInt8]) throws(SystemFailure) -> OpenFile {
        var inner = try OpenFile([UInt8]("output"), in: folder.descriptor, .folder)
        for component in path.parts(separatedBy: UInt8(ascii: "/")).dropLast() {
            inner = try OpenFile(component, in: inner.descriptor, .folder)
        }
        return try OpenFile(path.lastComponent, in: inner.descriptor, .plainFile)
    }

    /// The regular files under the output folder, as paths relative to it, in order. Links are not followed.
    borrowing func outputs() throws(Failure) -> [[UInt8]] {
        do throws(SystemFailure) {
            var files: [[UInt8]] = []
            try FolderTree.collect(try OpenFile([UInt8]("output"), in: folder.descriptor, .folder), [], 0, &files)
            return files
        } catch {
            guard error.errorNumber != FolderTree.tooDeep else {
                var message = [UInt8]("the output folder has folders more than ")
                message.append(decimal: FolderTree.deepest)
                throw Failure("Staging.Failed", message + [UInt8](" deep; write files less deep"))
            }
            throw Failure.system("Staging.Failed", "cannot list the output folder ", outputPath, error)
        }
    }

    /// A number that no other run has, here or in a process beside this one.
    private static func makeNumbered(in parent: borrowing OpenFile) throws(SystemFailure) -> [UInt8] {
        var number = 1
        while true {
            var name: [UInt8] = []
            name.append(decimal: number)
            do throws(SystemFailure) {
                try parent.makeFolder(name, permissions: 0o755)
                return name
            } catch {
                guard error.isExisting else { throw error }
                number += 1
            }
        }
    }

    deinit {
        do throws(SystemFailure) { try parent.removeTree(name) } catch {
            Log.failure(.system("Staging.Failed", "cannot remove the invocation’s folder ", path, error))
        }
    }
}

/// Folders with what is above and below them.
enum FolderTree {
    /// Deeper output folders than this are a mistake of the program's.
    static var deepest: Int { 64 }

    /// Makes a folder and those above it; one that is there is fine.
    static func make(_ path: [UInt8]) throws(SystemFailure) {
        do throws(SystemFailure) {
            try OpenFile.makeFolder(path, permissions: 0o755)
        } catch {
            if error.isExisting { return }
            guard error.isMissing, let slash = path.lastIndex(of: UInt8(ascii: "/")), slash > 0 else { throw error }
            try make([UInt8](path[..<slash]))
            do throws(SystemFailure) { try OpenFile.makeFolder(path, permissions: 0o755) } catch {
                guard error.isExisting else { throw error }
            }
        }
    }

    /// Appends the regular files below a folder; says in the log what else there is.
    static func collect(
        _ folder: borrowing OpenFile, _ path: [UInt8], _ depth: Int, _ files: inout [[UInt8]]
    ) throws(SystemFailure) {
        guard depth < deepest else { throw SystemFailure(errorNumber: tooDeep) }
        for name in try folder.names() {
            let inner = path.isEmpty ? name : path.appending(path: name)
            let status = try folder.status(of: name)
            if status.isFolder {
                try collect(try OpenFile(name, in: folder.descriptor, .folder), inner, depth + 1, &files)
            } else if status.isFile {
                files.append(inner)
            } else {
                Log.line([UInt8]("output is neither file nor folder and stays behind: ") + inner)
            }
        }
    }

    /// ELOOP, which no folder that is opened gives: links are not followed.
    static var tooDeep: Int32 { 40 }
}

extension Failure {
    /// A failure that the kernel's refusal explains.
    static func system(
        _ type: StaticName, _ text: StaticString, _ object: [UInt8], _ cause: SystemFailure
    ) -> Failure {
        // Too little room is one thing, whatever was being staged.
        let isFull = cause.errorNumber == SystemFailure.spaceless
        let isStaging = type == "Staging.Failed" || type == "Storage.ReadFailed"
        let type = isFull && isStaging ? "Staging.NoSpace" : type
        return Failure(type, [UInt8](text) + object + [UInt8](": ") + cause.text)
    }

    /// The same failure, told with what it happened to in front.
    func about(_ subject: [UInt8]) -> Failure { Failure(type, subject + [UInt8](": ") + message) }
}
