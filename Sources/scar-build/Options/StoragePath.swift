internal import ArgumentParser
internal import Toolchain

/// `bucket/folder`, as the command line takes it.
struct StoragePath {
    var bucket: String
    /// Without a slash at its ends.
    var folder: String

    init(_ text: String) throws {
        var rest = text[...]
        if rest.hasPrefix("s3://") { rest = rest.dropFirst(5) }
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bucket = parts.first, !bucket.isEmpty else {
            throw ValidationError("‘\(text)’ names no bucket; write it as bucket/folder.")
        }
        self.bucket = String(bucket)
        var folder = parts.count > 1 ? parts[1] : ""
        while folder.hasSuffix("/") { folder.removeLast() }
        self.folder = String(folder)
    }

    /// What the keys in the folder begin with.
    var prefix: String { folder.isEmpty ? "" : folder + "/" }

    /// Where an object belongs below a folder of this machine: where it is below this one. Nil for what is not in it.
    func localPath(of key: String) throws -> String? {
        var path = key.utf8[...]
        if key == folder {
            path = key.utf8.split(separator: UInt8(ascii: "/")).last ?? path
        } else {
            guard path.starts(with: prefix.utf8) else { return nil }
            path = path.dropFirst(prefix.utf8.count)
        }
        // A key is anybody's text: it must not lead out of the folder.
        let names = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard !path.contains(0), !names.contains(where: { $0.isEmpty || [".", ".."].contains(String(Substring($0))) })
        else {
            throw ToolError(
                "strange-key", "the object ‘\(key)’ has a name that no file below a folder can have",
                hint: "get it alone, with the aws command line")
        }
        return String(Substring(path))
    }
}
