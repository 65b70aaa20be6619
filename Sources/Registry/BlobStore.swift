package import ByteKit
internal import Glibc
internal import ImageModel

/// Content by digest, in a folder: `blobs/sha256/<64 digits>`, as in an OCI image layout. What is still on its way is in
/// `partials/<64 digits>`.
///
/// A name appears only when the bytes behind it have been checked, in one step, so any number of processes may share a
/// store. Files are not synced, and disks and people make mistakes: readers hash what they read (`contents`, `stream`,
/// or while they parse), check what they make of it against another digest (`read`), or ask `verify` first; a blob that fails is removed, so that the next build fetches it again.
/// Links inside the store are not followed.
package struct BlobStore: Sendable {
    package let root: String
    private let folder: String

    /// Opens the store at `root`, which is made when it is not there.
    package init(_ root: String) throws(RegistryError) {
        self.root = root
        folder = root + "/blobs/sha256"
        do throws(FileError) {
            try Folder.create(folder)
            for path in [root + "/blobs", folder] {
                guard Self.status(of: path)?.kind == S_IFDIR else {
                    throw FileError("open", path, errorNumber: ENOTDIR)
                }
            }
        } catch {
            throw RegistryError(.store, error)
        }
    }

    /// Where a blob stands, or would.
    package func path(of digest: Digest) -> String { folder + "/" + digest.hex }

    /// Whether the blob is here, with the size it should have if that is known.
    package func contains(_ digest: Digest, size: Int? = nil) -> Bool {
        guard let status = Self.status(of: path(of: digest)), status.kind == S_IFREG else { return false }
        return size.map { $0 == status.size } ?? true
    }

    /// Opens a blob. Its bytes have not been hashed again.
    package func open(_ digest: Digest) throws(RegistryError) -> InputFile {
        let path = path(of: digest)
        do throws(FileError) {
            let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard descriptor >= 0 else { throw FileError("open", path) }
            defer { close(descriptor) }
            // When it was last of use decides what goes first when the cache is cleaned up.
            _ = futimens(descriptor, nil)
            return try InputFile(duplicating: descriptor, path: path)
        } catch {
            throw RegistryError(.store, error)
        }
    }

    /// Reads a blob from end to end and checks it; one that is not what its name says is removed.
    package func verify(_ digest: Digest) throws(RegistryError) {
        _ = unsafe try stream(digest) { _ in .more }
    }

    /// A small blob's bytes, checked.
    package func contents(of digest: Digest, limit: Int) throws(RegistryError) -> [UInt8] {
        let file = try open(digest)
        guard file.size <= limit
        else { throw RegistryError(.store, "\(path(of: digest)) is larger than \(limit) bytes") }
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try file.read(count: file.size, at: 0)
        } catch {
            throw RegistryError(.store, error)
        }
        guard Digest(of: bytes) == digest else { throw damaged(digest) }
        return bytes
    }

    /// Stores bytes under their own digest.
    @discardableResult
    package func put(_ bytes: [UInt8]) throws(RegistryError) -> Digest {
        let digest = Digest(of: bytes)
        guard !contains(digest, size: bytes.count) else { return digest }
        do throws(FileError) {
            var file = try OutputFile(path(of: digest), bufferSize: max(bytes.count, 4096))
            try file.write(bytes)
            try file.finish()
        } catch {
            throw RegistryError(.store, error)
        }
        return digest
    }

    /// Removes a blob, if it is here.
    package func remove(_ digest: Digest) {
        unsafe unlink(path(of: digest))
    }

    /// Hands a blob's bytes on, in order, and checks them at the end.
    func stream(
        _ digest: Digest, receive: (UnsafeRawBufferPointer) -> BlobReception
    ) throws(RegistryError) -> BlobReception {
        var hasher = Sha256()
        var reception = BlobReception.more
        do {
            unsafe try read(digest) { piece in
                unsafe hasher.update(piece)
                reception = unsafe receive(piece)
                return reception == .more
            }
        } catch {
            throw RegistryError(reading: error)
        }
        guard reception == .more else { return .stop }
        guard hasher.finalize() == digest else { throw damaged(digest) }
        return .more
    }

    /// Lends a blob's bytes in order, in pieces, without hashing them: for who learns in another way whether they are
    /// right. Who then finds that they are not asks `verify` whose fault it is.
    ///
    /// - Parameter body: gives false to end early.
    package func read(_ digest: Digest, _ body: (UnsafeRawBufferPointer) throws -> Bool) throws {
        unsafe try open(digest).forEachPiece { piece in
            guard !Cancellation.isRequested else { throw RegistryError(.cancelled, Cancelled()) }
            return unsafe try body(piece)
        }
    }

    func damaged(_ digest: Digest) -> RegistryError {
        remove(digest)
        var error = RegistryError(
            .digestMismatch, "the stored copy of \(digest) is damaged and was removed",
            hint: "build again to fetch it anew")
        error.isTransient = true
        return error
    }

    static func status(of path: String) -> (kind: mode_t, size: Int)? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        return (status.st_mode & S_IFMT, Int(status.st_size))
    }
}

/// Whether the receiver of a blob's bytes wants more of them.
enum BlobReception {
    case more
    case stop
}
