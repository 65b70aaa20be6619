internal import ByteKit
internal import Glibc
internal import ImageModel

/// A file on this machine, or a part of one: the bytes of a document or layer, read by position.
struct LocalFile: Sendable {
    /// What messages call it: `images/a.tar`, or `layer.tar in images/a.tar`.
    let name: String
    let size: Int
    private let offset: Int
    private let whole: Whole

    /// An open file that its parts share.
    private final class Whole: Sendable {
        let file: InputFile
        init(_ file: consuming InputFile) { self.file = file }
    }

    private static let pieceSize = 512 << 10

    /// Opens a regular file; folders, pipes and devices are refused, and none of them is waited for.
    init(_ path: String) throws(RegistryError) {
        do throws(FileError) {
            let file = try InputFile(path)
            name = path
            size = file.size
            offset = 0
            whole = Whole(file)
        } catch {
            throw RegistryError(.source, error)
        }
    }

    private init(_ name: String, _ whole: Whole, offset: Int, size: Int) {
        self.name = name
        self.whole = whole
        self.offset = offset
        self.size = size
    }

    /// A part of it, which must lie inside.
    func part(_ name: String, offset: Int, size: Int) -> LocalFile {
        LocalFile("\(name) in \(self.name)", whole, offset: self.offset + offset, size: size)
    }

    /// Reads bytes; all of them must be there.
    func read(count: Int, at place: Int) throws(RegistryError) -> [UInt8] {
        do throws(FileError) {
            return try whole.file.read(count: count, at: offset + place)
        } catch {
            throw RegistryError(.source, error)
        }
    }

    /// All bytes of a small file.
    func contents(limit: Int) throws(RegistryError) -> [UInt8] {
        guard size <= limit else {
            throw RegistryError(.source, "\(name) has \(size) bytes; at most \(limit) are read")
        }
        return try read(count: size, at: 0)
    }

    /// Lends the bytes in order, in pieces, and gives their digest.
    func hash(_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Digest {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 4096)
        defer { unsafe buffer.deallocate() }
        var hasher = Sha256()
        var place = 0
        while place < size {
            guard !Cancellation.isRequested else { throw RegistryError(.cancelled, Cancelled()) }
            let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, size - place)])
            do throws(FileError) {
                unsafe try whole.file.read(into: piece, at: offset + place)
            } catch {
                throw RegistryError(.source, error)
            }
            unsafe hasher.update(UnsafeRawBufferPointer(piece))
            unsafe try body(UnsafeRawBufferPointer(piece))
            place += piece.count
        }
        return hasher.finalize()
    }

    /// The digest of the bytes.
    func digest() throws(RegistryError) -> Digest {
        do {
            return unsafe try hash { _ in }
        } catch {
            throw error as? RegistryError ?? RegistryError(.source, "\(name) cannot be read: \(error)")
        }
    }

    /// Hands on the bytes of a blob, and throws at the end when they are not the right ones.
    func pull(_ blob: Descriptor, onBytes: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard size == blob.size else {
            throw RegistryError(
                .sizeMismatch, "\(name) has \(size) bytes, and \(blob.digest) should have \(blob.size)")
        }
        let found = unsafe try hash(onBytes)
        guard found == blob.digest else {
            throw RegistryError(
                .digestMismatch, "\(name) is \(found), and should be \(blob.digest)",
                hint: "the file is damaged, or was changed while it was read")
        }
    }

    /// How the bytes are compressed, as their beginning tells; nil for a way that no layer may have.
    func compression() throws(RegistryError) -> LayerCompression? {
        let start = try read(count: min(6, size), at: 0)
        let others: [[UInt8]] = [Array("BZh".utf8), [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]]
        if start.starts(with: [0x1f, 0x8b]) { return .gzip }
        if start.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { return .zstd }
        return others.contains { start.starts(with: $0) } ? nil : LayerCompression.none
    }
}

extension LayerCompression {
    /// What a layer compressed this way is called in a manifest.
    var mediaType: MediaType {
        switch self {
        case .none: .ociLayer
        case .gzip: .ociLayerGzip
        case .zstd: .ociLayerZstd
        }
    }
}
