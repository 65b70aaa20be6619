extension Digest {
    /// The digest of an open file's bytes.
    ///
    /// - Throws: a `FileError` when the file cannot be read or has become shorter, `Cancelled` when the person has given up.
    package init(of file: borrowing InputFile) throws {
        var hasher = Sha256()
        unsafe try file.forEachPiece { piece in
            try Cancellation.check()
            unsafe hasher.update(piece)
            return true
        }
        self = hasher.finalize()
    }

    /// The digest of a file's bytes.
    package init(ofFile path: String) throws { try self.init(of: try InputFile(path)) }
}
