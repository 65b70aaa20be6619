internal import ByteKit
internal import Glibc

/// Files by name: those of a folder, or those of an archive, which is read in place.
enum LocalFiles: Sendable {
    case folder(String)
    case archive(ArchiveIndex)

    /// What messages call it.
    var name: String {
        switch self {
        case .folder(let path): path
        case .archive(let index): index.name
        }
    }

    /// Opens a file; nil when there is none of that name.
    ///
    /// Links are followed as long as they stay inside. What is neither a file nor a link to one is an error, and so is a
    /// name that leads out.
    func file(_ name: String) throws(RegistryError) -> LocalFile? {
        guard let components = Self.components(name), !components.isEmpty else {
            throw RegistryError(.source, "\(self.name) names a file that is not inside it: ‘\(name.prefix(200))’")
        }
        switch self {
        case .folder(let path): return try Self.file(components.joined(separator: "/"), in: path)
        case .archive(let index): return try index.file(components)
        }
    }

    /// A file that must be there.
    func required(_ name: String) throws(RegistryError) -> LocalFile {
        guard let file = try file(name) else {
            throw RegistryError(.source, "\(self.name) has no ‘\(name.prefix(200))’")
        }
        return file
    }

    /// The parts of a path below the root; nil when it is absolute or leads out.
    static func components(_ path: String, below folder: [String] = []) -> [String]? {
        guard !path.hasPrefix("/"), !path.utf8.contains(0) else { return nil }
        var components = folder
        for part in path.split(separator: "/") where part != "." {
            if part == ".." {
                guard components.popLast() != nil else { return nil }
            } else {
                components.append(String(part))
            }
        }
        return components
    }

    private static func file(_ name: String, in folder: String) throws(RegistryError) -> LocalFile? {
        guard let root = realPath(folder) else { throw RegistryError(.source, FileError("open", folder)) }
        guard let path = realPath("\(folder)/\(name)") else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw RegistryError(.source, FileError("open", "\(folder)/\(name)"))
        }
        guard path.hasPrefix(root == "/" ? "/" : root + "/") else {
            throw RegistryError(
                .source, "\(folder)/\(name) is a link that leads out of \(folder)",
                hint: "copy the file into the folder, if you trust it")
        }
        return try LocalFile(path)
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
