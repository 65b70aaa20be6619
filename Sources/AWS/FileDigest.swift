package import ByteKit

/// Sums of files that are too large to be held.
package enum FileDigest {
    /// The digest of `count` bytes from `offset`.
    package static func digest(of path: String, offset: Int = 0, count: Int) throws(FileError) -> Digest {
        let file = try InputFile(path)
        var sum = Sha256()
        var place = offset
        let end = offset + count
        while place < end {
            let piece = try file.read(count: min(1 << 20, end - place), at: place)
            sum.update(piece)
            place += piece.count
        }
        return sum.finalize()
    }
}
