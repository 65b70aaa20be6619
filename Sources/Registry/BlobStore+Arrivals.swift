internal import ByteKit
internal import Glibc
package import ImageModel

/// What is on its way into the store.
///
/// A blob's bytes gather in a file of their own, which stays when whoever writes it is stopped, even by SIGKILL: the next
/// one goes on from there. The file is locked while somebody writes it, so a blob that several want is fetched once. It
/// gets the blob's name only when all bytes were there and right.
extension BlobStore {
    /// Where unfinished blobs are.
    package var partials: String { root + "/partials" }

    /// Takes it upon oneself to bring a blob here; nil when the blob is here by now.
    ///
    /// While another thread or process does so, this waits.
    /// - Parameter waits: called once, when the wait is long enough to be noticed.
    package func writer(for blob: Descriptor, waits: () -> Void = {}) throws(RegistryError) -> BlobWriter? {
        let name = "\(partials)/\(blob.digest.hex)"
        var naps = 0
        while !contains(blob.digest, size: blob.size) {
            guard !Cancellation.isRequested else { throw RegistryError(.cancelled, Cancelled()) }
            do throws(FileError) {
                if let writer = try claim(name, for: blob) { return writer }
            } catch {
                throw RegistryError(.store, error)
            }
            naps += 1
            if naps == Self.noticedNaps { waits() }
            usleep(Self.nap)
        }
        return nil
    }

    private static let nap: UInt32 = 50_000
    private static let noticedNaps = 40

    /// Locks an unfinished blob; nil when somebody else has, or it is not what its name stands for any more.
    private func claim(_ name: String, for blob: Descriptor) throws(FileError) -> BlobWriter? {
        try Folder.create(partials)
        let descriptor = unsafe Glibc.open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o644)
        guard descriptor >= 0 else { throw FileError("create", name) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(descriptor)
            if reason == EWOULDBLOCK || reason == EINTR { return nil }
            // A file system without locks: the bytes are ours alone, and nobody can go on with them.
            return BlobWriter(blob, file: try OutputFile(path(of: blob.digest), isReadSoon: false))
        }
        var ours = stat()
        guard unsafe fstat(descriptor, &ours) == 0, ours.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FileError("open", name, errorNumber: EINVAL)
        }
        // Before it was locked it may have been finished, which took its name, and begun anew by another.
        guard FileIdentity(name)?.inode == UInt64(ours.st_ino), !contains(blob.digest, size: blob.size) else {
            close(descriptor)
            return nil
        }
        // From a place where writing past the page cache can go on.
        let count = Int(ours.st_size) > blob.size ? 0 : Int(ours.st_size) & ~4095
        return BlobWriter(
            blob, file: try OutputFile(continuing: descriptor, named: name, count: count, as: path(of: blob.digest)),
            partial: name)
    }

    /// Copies the standard input into the store; gives where it stands there.
    package func takeStandardInput() throws(RegistryError) -> String {
        guard isatty(STDIN_FILENO) == 0 else {
            throw RegistryError(.source, "the image is to come from the standard input, and that is a terminal")
        }
        do throws(FileError) {
            try Folder.create(partials)
            let name = "\(partials)/stdin.\(getpid()).\(UInt32.random(in: 0 ... .max))"
            var file = try OutputFile(name, isReadSoon: false)
            var hasher = Sha256()
            var piece = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                guard !Cancellation.isRequested else { throw FileError("read", "stdin", errorNumber: EINTR) }
                let count = unsafe piece.withUnsafeMutableBytes {
                    unsafe Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count)
                }
                if count < 0 && errno == EINTR { continue }
                guard count >= 0 else { throw FileError("read", "the standard input") }
                guard count > 0 else { break }
                let bytes = Array(piece[..<count])
                hasher.update(bytes)
                try file.write(bytes)
            }
            let destination = path(of: hasher.finalize())
            try file.finish()
            try Folder.move(name, to: destination)
            return destination
        } catch {
            if Cancellation.isRequested { throw RegistryError(.cancelled, Cancelled()) }
            throw RegistryError(.store, error)
        }
    }
}
