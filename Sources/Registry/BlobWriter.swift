internal import ByteKit
internal import Glibc
package import ImageModel

/// A blob on its way into a store, or only past us: measured, hashed and, if it is to be kept, written as it comes.
///
/// Dropped unfinished, it leaves under the blob's own name nothing, and what has come for the next writer.
package struct BlobWriter: ~Copyable {
    /// What the bytes must turn out to be.
    package let blob: Descriptor
    /// Bytes that are there, those that an earlier writer left included.
    package private(set) var count: Int

    /// Nil for a blob that is not kept.
    private var file: OutputFile?
    private var hasher = Sha256()
    /// Where the file is until it is finished; nil when it has no name.
    private let partial: String?
    /// Bytes that an earlier writer left.
    private let inherited: Int
    private var isDiscarded = false

    init(_ blob: Descriptor, file: consuming OutputFile, partial: String? = nil) {
        self.blob = blob
        self.partial = partial
        inherited = file.count
        count = file.count
        self.file = consume file
    }

    /// A blob that is checked and not kept.
    init(passing blob: Descriptor) {
        self.blob = blob
        partial = nil
        inherited = 0
        count = 0
        file = nil
    }

    /// Hands on what an earlier writer left, which comes before everything that is written.
    mutating func replay(_ receive: (UnsafeRawBufferPointer) -> BlobReception) throws(RegistryError) -> BlobReception {
        guard inherited > 0 else { return .more }
        var reception = BlobReception.more
        do {
            let reader = try file?.reader()
            unsafe try reader?.forEachPiece { piece in
                guard !Cancellation.isRequested else { throw RegistryError(.cancelled, Cancelled()) }
                unsafe hasher.update(piece)
                reception = unsafe receive(piece)
                return reception == .more
            }
        } catch {
            throw RegistryError(reading: error)
        }
        return reception
    }

    /// Takes the next bytes; more than the blob's size is an error.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(RegistryError) {
        guard bytes.count <= blob.size - count else {
            discard()
            throw RegistryError(
                .sizeMismatch, "\(blob.digest) is longer than the \(blob.size) bytes that the manifest says")
        }
        unsafe hasher.update(bytes)
        count += bytes.count
        do throws(FileError) {
            unsafe try file?.write(bytes)
        } catch {
            // A disk that is full is not to stay so for our sake.
            discard()
            throw RegistryError(.store, error)
        }
    }

    /// Leaves what has come for the next writer.
    mutating func leave() {
        do throws(FileError) { try file?.flush() } catch { discard() }
        if count == 0 { discard() }
    }

    /// Checks size and digest and gives the blob its name. Either it is in the store afterwards, or nothing is.
    package consuming func finish() throws(RegistryError) {
        guard count == blob.size else {
            leave()
            throw RegistryError(.sizeMismatch, "\(blob.digest) has \(count) bytes, the manifest says \(blob.size)")
        }
        let digest = hasher.finalize()
        guard digest == blob.digest else {
            discard()
            throw mismatch(digest)
        }
        do throws(FileError) { try file?.flush() } catch {
            discard()
            throw RegistryError(.store, error)
        }
        guard let file = consume file else { return }
        do throws(FileError) { try file.finish() } catch { throw RegistryError(.store, error) }
    }

    /// Takes the name away, once: by then it may be another writer's.
    private mutating func discard() {
        if let partial, !isDiscarded { unsafe unlink(partial) }
        isDiscarded = true
    }

    private func mismatch(_ digest: Digest) -> RegistryError {
        guard inherited == 0 else {
            var error = RegistryError(
                .digestMismatch,
                "the part of \(blob.digest) that an earlier build had fetched is damaged and was removed",
                hint: "build again to fetch it anew")
            error.isTransient = true
            return error
        }
        return RegistryError(
            .digestMismatch, "the content served as \(blob.digest) is \(digest)",
            hint: "the registry or something on the way to it has damaged or replaced the content")
    }
}
