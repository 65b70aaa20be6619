internal import ArgumentParser

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
}
