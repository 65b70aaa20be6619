internal import CSystem
internal import Glibc

/// A regular file opened for reading by position.
package struct InputFile: ~Copyable, Sendable {
    /// The host path, for messages.
    package let path: String
    /// The file's size when it was opened, in bytes.
    package let size: Int

    package let descriptor: Int32

    /// Opens a regular file. Folders, pipes and devices are refused: what we read has a size.
    ///
    /// - Parameter followsLinks: whether the path may be a symlink's; not where others choose what stands there.
    package init(_ path: String, followsLinks: Bool = true) throws(FileError) {
        let descriptor = unsafe Glibc.open(
            path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLinks ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else { throw FileError("open", path) }
        try self.init(owning: descriptor, path: path)
    }

    /// A second handle on an open file.
    package init(duplicating other: Int32, path: String) throws(FileError) {
        let descriptor = fcntl(other, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { throw FileError("open", path) }
        try self.init(owning: descriptor, path: path)
    }

    private init(owning descriptor: Int32, path: String) throws(FileError) {
        var status = stat()
        let failed = unsafe fstat(descriptor, &status) != 0
        guard !failed, status.st_mode & S_IFMT == S_IFREG else {
            let reason = failed ? errno : (status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
            close(descriptor)
            throw FileError("open", path, errorNumber: reason)
        }
        self.path = path
        self.size = Int(status.st_size)
        self.descriptor = descriptor
    }

    /// Reads exactly `buffer.count` bytes from `offset`; a file that ends sooner is an error.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
        var done = 0
        while done < buffer.count, let base = buffer.baseAddress {
            let got = unsafe pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw FileError("read", path) }
            guard got > 0 else { throw FileError("read", path, errorNumber: ENODATA) }
            done += got
        }
    }

    /// Reads `count` bytes from `offset` into fresh memory.
    package func read(count: Int, at offset: Int) throws(FileError) -> [UInt8] {
        guard count >= 0, offset >= 0, offset <= size, count <= size - offset
        else { throw FileError("read", path, errorNumber: ENODATA) }
        var failure: FileError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(FileError) {
                unsafe try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
                filled = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Lends the file's bytes in order, in pieces, past the page cache where that can be: for large files that are read
    /// once (see `DirectWriting`).
    ///
    /// - Parameter body: gives false to end early.
    /// - Throws: a `FileError` when the file cannot be read or has become shorter, and whatever `body` throws.
    package func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Bool) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.pieceSize, alignment: DirectWriting.alignment)
        defer { unsafe buffer.deallocate() }
        var isDirect = csystem_set_direct(descriptor, true) == 0
        defer { if isDirect { _ = csystem_set_direct(descriptor, false) } }
        var offset = 0
        while offset < size {
            let got = unsafe pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if got < 0 && errno == EINTR { continue }
            if isDirect, got < 0, errno == EINVAL {
                isDirect = csystem_set_direct(descriptor, false) != 0
                continue
            }
            guard got >= 0 else { throw FileError("read", path) }
            guard got > 0 else { throw FileError("read", path, errorNumber: ENODATA) }
            let count = min(got, size - offset)
            guard unsafe try body(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
            offset += count
            // Only the file's end, or a signal, makes a read short; the cache can go on from anywhere.
            if isDirect, offset < size, offset % DirectWriting.alignment != 0 {
                isDirect = csystem_set_direct(descriptor, false) != 0
            }
        }
    }

    private static let pieceSize = 512 << 10

    /// Reads a whole file that must not be larger than `limit` bytes.
    package static func contents(of path: String, limit: Int) throws(FileError) -> [UInt8] {
        let file = try InputFile(path)
        guard file.size <= limit else { throw FileError("read", path, errorNumber: EFBIG) }
        return try file.read(count: file.size, at: 0)
    }

    deinit { close(descriptor) }
}
