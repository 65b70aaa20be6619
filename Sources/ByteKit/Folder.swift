internal import CSystem
internal import Glibc

/// Folders of the host's file system.
package enum Folder {
    /// Makes a folder and those above it; one that is there already is fine.
    package static func create(_ path: String) throws(FileError) {
        guard unsafe mkdir(path, 0o777) != 0, errno != EEXIST else { return }
        guard errno == ENOENT, let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex
        else { throw FileError("create", path) }
        try create(String(path[..<slash]))
        guard unsafe mkdir(path, 0o777) == 0 || errno == EEXIST else { throw FileError("create", path) }
    }

    /// Removes a folder with all that is in it, following no links. What is not there is no error.
    package static func remove(_ path: String) {
        unsafe csystem_remove_tree(path)
    }

    /// Gives a file another name, replacing what has it.
    package static func move(_ path: String, to destination: String) throws(FileError) {
        guard unsafe rename(path, destination) == 0 else { throw FileError("create", destination) }
    }

    /// Gives a folder another name. What has that name gets the first one, in the same step where the file system can.
    package static func exchange(_ path: String, with destination: String) throws(FileError) {
        var status = stat()
        guard unsafe lstat(destination, &status) == 0 else { return try move(path, to: destination) }
        if unsafe csystem_exchange(path, destination) == 0 { return }
        guard errno == EINVAL || errno == ENOSYS else { throw FileError("rename", destination) }
        let aside = path + ".replaced"
        try move(destination, to: aside)
        try move(path, to: destination)
        try move(aside, to: path)
    }

    /// The names in a folder, in byte order, without `.` and `..`. A name that is no UTF-8 is an error: as text it would
    /// be another name.
    package static func names(in path: String) throws(FileError) -> [String] {
        guard let folder = unsafe opendir(path) else { throw FileError("open", path) }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard !name.unicodeScalars.contains("\u{fffd}") else {
                throw FileError("read", "\(path)/\(name)", errorNumber: EILSEQ)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    }

    /// Runs `body` with a fresh private folder that is removed afterwards, however the body ends.
    package static func withTemporary<Value, Failure: Error>(
        in parent: String = "/tmp", _ body: (String) throws(Failure) -> Value
    ) throws -> Value {
        while true {
            var template = Array("\(parent)/\(temporaryPrefix)XXXXXX".utf8CString)
            guard unsafe mkdtemp(&template) != nil else { throw FileError("create", parent) }
            let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let lock = lock(path)
            defer { if let lock { close(lock) } }
            // Before it was locked, somebody may have taken it for abandoned.
            guard unsafe access(path, F_OK) == 0 else { continue }
            defer { remove(path) }
            return try body(path)
        }
    }

    private static let temporaryPrefix = ".scar-build."

    /// Removes temporary folders whose process was killed before it could: those that nobody has locked.
    package static func removeAbandoned(in parent: String) {
        for name in (try? names(in: parent)) ?? [] where name.hasPrefix(temporaryPrefix) {
            let path = "\(parent)/\(name)"
            guard let lock = lock(path) else { continue }
            remove(path)
            close(lock)
        }
    }

    /// A descriptor that holds a private folder of ours until it is closed; nil when another process does, or when the
    /// file system has no locks: then nothing counts as abandoned.
    private static func lock(_ path: String) -> Int32? {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o7777 == 0o700,
            flock(descriptor, LOCK_EX | LOCK_NB) == 0
        else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
