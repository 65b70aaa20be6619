internal import CSystem
internal import Glibc

/// A file that appears whole or not at all.
///
/// Bytes go to a nameless (or, where the file system has none, temporary) file in the destination's folder;
/// `finish()` moves it into place. A writer that is dropped unfinished, or a process that is killed, leaves nothing
/// behind under the destination's name. Nothing is synced to disk: a crash of the machine may leave a damaged file.
@safe package struct OutputFile: ~Copyable {
    /// Where the file will stand.
    package let path: String
    /// Bytes written so far, the buffered ones included.
    package private(set) var count: Int = 0

    private let descriptor: Int32
    private let temporaryPath: String?
    /// Whether what was written so far stays under the temporary name when the file is not finished.
    private let keepsTemporary: Bool
    private let buffer: UnsafeMutableRawBufferPointer
    private var buffered = 0
    private var direct: DirectWriting?
    /// Bytes that have left the buffer.
    private var place = 0
    private var isFinished = false

    /// Starts a file that will stand at `path`, replacing what is there. The folder must exist.
    ///
    /// - Parameter isReadSoon: false for large files that nobody reads again soon: they go to the disk without a stay in
    ///   the page cache, where they would cost memory, and time for taking it (see `DirectWriting`).
    package init(
        _ path: String, permissions: UInt32 = 0o644, bufferSize: Int = 1 << 20, isReadSoon: Bool = true
    ) throws(FileError) {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        var descriptor = unsafe csystem_open_nameless(folder, permissions)
        var temporaryPath: String?
        if descriptor < 0 {
            // No O_TMPFILE here (some network and overlay file systems): a temporary name instead.
            let name = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).partial"
            descriptor = unsafe Glibc.open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, permissions)
            temporaryPath = name
        }
        guard descriptor >= 0 else { throw FileError("create", path) }
        // The umask must not decide what an output looks like.
        _ = fchmod(descriptor, permissions)
        self.path = path
        self.descriptor = descriptor
        self.temporaryPath = temporaryPath
        keepsTemporary = false
        unsafe self.buffer = .allocate(byteCount: bufferSize, alignment: DirectWriting.alignment)
        direct = isReadSoon ? nil : DirectWriting(to: descriptor)
    }

    /// Goes on with a file whose first bytes an earlier writer has left under another name, and leaves it there again
    /// when it is dropped unfinished. It is for large files that nobody reads again soon.
    ///
    /// - Parameters:
    ///   - descriptor: the file, opened for reading and writing; it belongs to this value from now on.
    ///   - partial: the name it has.
    ///   - count: how many of its bytes count; what is behind them goes.
    ///   - path: the name it gets in the end, in the same file system.
    package init(continuing descriptor: Int32, named partial: String, count: Int, as path: String) throws(FileError) {
        guard ftruncate(descriptor, off_t(count)) == 0, lseek(descriptor, off_t(count), SEEK_SET) == count else {
            let error = FileError("write", partial)
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
        self.count = count
        place = count
        temporaryPath = partial
        keepsTemporary = true
        unsafe buffer = .allocate(byteCount: 1 << 20, alignment: DirectWriting.alignment)
        direct = DirectWriting(to: descriptor)
    }

    /// Appends bytes.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        count += bytes.count
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            if unsafe buffered == 0 && rest.count >= buffer.count {
                return unsafe try writeAll(rest)
            }
            let piece = unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(buffer.count - buffered))
            unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[buffered..<buffered + piece.count])
                .copyMemory(from: piece)
            buffered += piece.count
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
            // Only full buffers go out, so that they stand at places that direct writing can use.
            if unsafe buffered == buffer.count { try flush() }
        }
    }

    /// Appends bytes.
    package mutating func write(_ bytes: [UInt8]) throws(FileError) {
        let result = unsafe bytes.withUnsafeBytes { bytes in
            Result<Void, FileError> { () throws(FileError) in unsafe try write(bytes) }
        }
        try result.get()
    }

    /// Replaces bytes that were written before, for a header whose content is known only at the end.
    package mutating func overwrite(at offset: Int, with bytes: [UInt8]) throws(FileError) {
        try flush()
        var done = 0
        while done < bytes.count {
            let wrote = unsafe bytes.withUnsafeBytes {
                unsafe pwrite(
                    descriptor, $0.baseAddress.map { unsafe $0 + done }, bytes.count - done, off_t(offset + done))
            }
            if wrote < 0 && errno == EINTR { continue }
            guard wrote > 0 else { throw FileError("write", path) }
            done += wrote
        }
    }

    /// Appends `length` bytes of another file, inside the kernel where it can.
    package mutating func append(from source: borrowing InputFile, offset: Int, length: Int) throws(FileError) {
        try flush()
        var from = off_t(offset)
        var left = length
        while left > 0 {
            var moved = unsafe csystem_copy_range(source.descriptor, &from, descriptor, left)
            if moved < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) {
                moved = unsafe sendfile(descriptor, source.descriptor, &from, left)
            }
            if moved < 0 && errno == EINTR { continue }
            guard moved >= 0 else { throw FileError("write", path) }
            guard moved > 0 else { throw FileError("read", source.path, errorNumber: ENODATA) }
            left -= moved
        }
        count += length
        place += length
    }

    /// Makes everything written so far readable through `InputFile(duplicating:)`.
    package mutating func flush() throws(FileError) {
        guard buffered > 0 else { return }
        unsafe try writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<buffered]))
        buffered = 0
    }

    /// Reads back what was written, by position; the file keeps its place and its name does not exist yet.
    package mutating func reader() throws(FileError) -> InputFile {
        try flush()
        return try InputFile(duplicating: descriptor, path: path)
    }

    /// Gives the file its name. It appears whole, also when the process is killed right after.
    package consuming func finish() throws(FileError) {
        try flush()
        if let temporaryPath {
            guard unsafe rename(temporaryPath, path) == 0 else { throw FileError("rename", path) }
        } else {
            try link()
        }
        isFinished = true
    }

    /// Names a nameless file. A link cannot replace, so an existing destination is replaced through a second name.
    private func link() throws(FileError) {
        let source = "/proc/self/fd/\(descriptor)"
        if unsafe linkat(AT_FDCWD, source, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 { return }
        guard errno == EEXIST else { throw FileError("create", path) }
        let name = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).partial"
        guard unsafe linkat(AT_FDCWD, source, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 else {
            throw FileError("create", path)
        }
        guard unsafe rename(name, path) == 0 else {
            let error = FileError("rename", path)
            unsafe unlink(name)
            throw error
        }
    }

    private mutating func writeAll(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var rest = unsafe bytes
        if direct != nil {
            guard let count = unsafe direct?.write(rest, at: place) else { throw FileError("write", path) }
            place += count
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        place += rest.count
        while let base = rest.baseAddress, rest.count > 0 {
            let wrote = unsafe Glibc.write(descriptor, base, rest.count)
            if wrote < 0 && errno == EINTR { continue }
            guard wrote > 0 else { throw FileError("write", path) }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[wrote...])
        }
    }

    deinit {
        if !isFinished, !keepsTemporary, let temporaryPath { unsafe unlink(temporaryPath) }
        close(descriptor)
        unsafe buffer.deallocate()
    }
}

extension OutputFile {
    /// Writes a whole file, which appears in one step.
    package static func write(_ bytes: [UInt8], to path: String, permissions: UInt32 = 0o644) throws(FileError) {
        var file = try OutputFile(path, permissions: permissions, bufferSize: 64 << 10)
        try file.write(bytes)
        try file.finish()
    }
}
