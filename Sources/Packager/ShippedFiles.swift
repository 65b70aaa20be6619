internal import ByteKit
internal import Glibc

/// The files that a recipe ships from beside itself.
package enum ShippedFiles {
    private static let deepest = 64
    private static let most = 100_000

    /// The entries of a file, or of a folder and all that is in it, in byte order.
    ///
    /// Of the modes, only whether a file is executable is kept: the rest is the umask's doing. A link is kept when it
    /// stays inside what is shipped; another would lead to something else in the function.
    package static func entries(of source: PackageInput.Source) throws(PackagerError) -> [ZipEntry] {
        var entries: [ZipEntry] = []
        let path = source.path.split(separator: "/").joined(separator: "/")
        try add(path, source.file, depth: 0, isInFolder: false, to: &entries)
        return entries
    }

    private static func add(
        _ path: String, _ file: String, depth: Int, isInFolder: Bool, to entries: inout [ZipEntry]
    ) throws(PackagerError) {
        guard depth <= deepest, entries.count < most else {
            throw PackagerError(
                .notShippable, "\(file) has too much in it to be shipped", hint: "put it into the image")
        }
        var status = stat()
        // What the recipe names itself may be a link, as long as something is behind it.
        let failed = unsafe isInFolder ? lstat(file, &status) : stat(file, &status)
        guard failed == 0 else { throw PackagerError(FileError("read", file)) }
        let name = "\(FunctionPackage.filesFolder)/\(path)"
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            let permissions: UInt16 = status.st_mode & 0o111 != 0 ? 0o755 : 0o644
            entries.append(ZipEntry(path: name, content: .file(file), permissions: permissions))
        case S_IFDIR:
            let names = try names(in: file)
            if names.isEmpty { entries.append(ZipEntry(path: name, content: .folder, permissions: 0o755)) }
            for inner in names {
                try add("\(path)/\(inner)", "\(file)/\(inner)", depth: depth + 1, isInFolder: true, to: &entries)
            }
        case S_IFLNK:
            let target = try target(of: file)
            guard staysInside(target, depth: depth - 1) else {
                throw PackagerError(
                    .notShippable, "the link \(file) leads out of what is shipped, to \(target)",
                    hint: "replace it by what it means, or by a relative link")
            }
            entries.append(ZipEntry(path: name, content: .link(Array(target.utf8)), permissions: 0o777))
        default: throw PackagerError(.notShippable, "\(file) is neither a file nor a folder nor a link")
        }
    }

    private static func names(in folder: String) throws(PackagerError) -> [String] {
        do throws(FileError) {
            return try Folder.names(in: folder)
        } catch {
            throw PackagerError(error)
        }
    }

    private static func target(of link: String) throws(PackagerError) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            return unsafe readlink(link, base, buffer.count)
        }
        guard count >= 0 else { throw PackagerError(FileError("read", link)) }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// Whether a link that stands `depth` folders below what is shipped points to something in there.
    private static func staysInside(_ target: String, depth: Int) -> Bool {
        guard !target.hasPrefix("/") else { return false }
        var depth = depth
        for component in target.split(separator: "/") where component != "." {
            depth += component == ".." ? -1 : 1
            if depth < 0 { return false }
        }
        return true
    }
}
