internal import ByteKit

/// A layer's tar stream, decoded from whatever the registry served: gzip, zstd, xz, plain, or what libarchive knows.
///
/// What the bytes are is read from the bytes: a media type that lies changes nothing.
/// Decoded bytes are counted against a limit and hashed for the diff id on the way.
@safe struct Inflater: ~Copyable, ByteStream {
    /// How many decoded bytes have been lent.
    private(set) var count = 0

    private let limit: Int
    private let decoder: LayerDecoder
    private let isHashed: Bool
    private var diffID = Sha256()

    /// - Parameters:
    ///   - limit: how many bytes the layer may have when decoded.
    ///   - isHashed: whether anybody wants to know the digest of them.
    init(_ source: LayerSource, limit: Int, isHashed: Bool = true) throws(LayerError) {
        self.limit = limit
        self.isHashed = isHashed
        decoder = try LayerDecoder.detect(source)
    }

    mutating func next() throws(LayerError) -> UnsafeRawBufferPointer {
        try Self.checkCancellation()
        let bytes = unsafe try decoder.next()
        if isHashed { unsafe diffID.update(bytes) }
        count += bytes.count
        guard count <= limit else {
            throw LayerError(
                .tooLarge, "the layer unpacks to more than \(limit) bytes",
                hint:
                    "no Lambda function can hold such an image; if it is a compressed bomb, do not trust where it came from"
            )
        }
        return unsafe bytes
    }

    /// Decodes what is left, and gives the digest of everything that was decoded.
    mutating func drain() throws(LayerError) -> Digest {
        while unsafe try !next().isEmpty {}
        return diffID.finalize()
    }

    private static func checkCancellation() throws(LayerError) {
        if Cancellation.isRequested { throw LayerError(.blobMismatch, "stopped before the end") }
    }
}

/// One way to decode a layer. The set is closed, so it is an enum; each case owns its codec's state.
private enum LayerDecoder {
    case plain(PlainDecoder)
    case gzip(GzipDecoder)
    case zstd(ZstdDecoder)
    case lzma(LzmaDecoder)
    case archive(ArchiveDecoder)

    /// Looks at the first bytes.
    static func detect(_ source: LayerSource) throws(LayerError) -> LayerDecoder {
        // A piece may be shorter than the magic numbers: gather until there is a tar block's worth or the end.
        var head: [UInt8] = []
        while head.count < TarHeader.size, let piece = try source.next() { unsafe head += piece.bytes }
        let first = unsafe head.withUnsafeBytes { unsafe LayerPiece($0) }
        let input = DecoderInput(first: first, source: source)
        if head.starts(with: [0x1f, 0x8b]) { return .gzip(GzipDecoder(input)) }
        if head.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { return .zstd(ZstdDecoder(input)) }
        if head.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) { return .lzma(LzmaDecoder(input, format: .xz)) }
        let block = head.prefix(TarHeader.size)
        let isTar = block.allSatisfy { $0 == 0 } || TarHeader.hasValidChecksum(block)
        if isTar { return .plain(PlainDecoder(input)) }
        return LzmaDecoder.isLzma(block)
            ? .lzma(LzmaDecoder(input, format: .lzma)) : .archive(try ArchiveDecoder(input))
    }

    func next() throws(LayerError) -> UnsafeRawBufferPointer {
        switch self {
        case .plain(let decoder): unsafe try decoder.next()
        case .gzip(let decoder): unsafe try decoder.next()
        case .zstd(let decoder): unsafe try decoder.next()
        case .lzma(let decoder): unsafe try decoder.next()
        case .archive(let decoder): unsafe try decoder.next()
        }
    }
}
