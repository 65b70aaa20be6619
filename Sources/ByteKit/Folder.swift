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
            defer { lock.release() }
            // Before it was locked, somebody may have taken it for abandoned, and may not be done with removing it.
            if case .elsewhere = lock { continue }
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
            let lock = lock(path)
            if case .ours = lock { remove(path) }
            lock.release()
        }
    }

    /// Who holds a private folder.
    private enum Lock {
        /// We do, until the descriptor is closed.
        case ours(Int32)
        /// Another process, or another thread.
        case elsewhere
        /// Nobody: it is not one of ours, or the file system has no locks. Then nothing counts as abandoned.
        case none

        func release() {
            if case .ours(let descriptor) = self { close(descriptor) }
        }
    }

    private static func lock(_ path: String) -> Lock {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return .none }
        var status = stat()
        var isOurs = unsafe fstat(descriptor, &status) == 0
        isOurs = isOurs && status.st_uid == geteuid() && status.st_mode & 0o7777 == 0o700
        if isOurs, flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return .ours(descriptor) }
        let isElsewhere = isOurs && errno == EWOULDBLOCK
        close(descriptor)
        return isElsewhere ? .elsewhere : .none
    }
}
