internal import ByteKit
package import ImageModel

/// A blob on its way into a store: measured, hashed and written as it comes.
///
/// Dropped unfinished, it leaves nothing behind.
package struct BlobWriter: ~Copyable {
    /// What the bytes must turn out to be.
    package let blob: Descriptor
    /// Bytes taken so far.
    package var count: Int { file.count }

    private var file: OutputFile
    private var hasher = Sha256()

    init(_ blob: Descriptor, path: String) throws(RegistryError) {
        self.blob = blob
        do throws(FileError) {
            // Whoever wants the bytes gets them while they come: the copy is for another day.
            file = try OutputFile(path, isReadSoon: false)
        } catch {
            throw RegistryError(.store, error)
        }
    }

    /// Takes the next bytes; more than the blob's size is an error.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(RegistryError) {
        guard bytes.count <= blob.size - count else {
            throw RegistryError(
                .sizeMismatch, "\(blob.digest) is longer than the \(blob.size) bytes that the manifest says")
        }
        unsafe hasher.update(bytes)
        do throws(FileError) { unsafe try file.write(bytes) } catch { throw RegistryError(.store, error) }
    }

    /// Checks size and digest and gives the blob its name. Either it is in the store afterwards, or nothing is.
    package consuming func finish() throws(RegistryError) {
        guard count == blob.size else {
            throw RegistryError(.sizeMismatch, "\(blob.digest) has \(count) bytes, the manifest says \(blob.size)")
        }
        let digest = hasher.finalize()
        guard digest == blob.digest else {
            throw RegistryError(
                .digestMismatch, "the content served as \(blob.digest) is \(digest)",
                hint: "the registry or something on the way to it has damaged or replaced the content")
        }
        do throws(FileError) { try file.finish() } catch { throw RegistryError(.store, error) }
    }
}
