/// Where the data of a sparse tar entry belongs: everything between is zeros that the archive does not carry.
///
/// GNU tar manual, "Storing Sparse Files", in all its forms: the old GNU header and pax 0.0, 0.1 and 1.0.
struct SparseMap: Equatable {
    /// A run of the file: zeros, or bytes that the archive carries.
    struct Run: Equatable {
        var isHole: Bool
        var count: Int
    }

    /// The file from its beginning to its end.
    private(set) var runs: [Run] = []

    /// More pieces than this in one file are an attack, not a file.
    static let pieceLimit = 1 << 20

    /// - Parameters:
    ///   - pieces: offset and length of each piece of data, in order.
    ///   - size: the file's size with its holes.
    ///   - stored: how many bytes of data the archive has for it.
    init(_ pieces: [(offset: UInt64, count: UInt64)], size: UInt64, stored: UInt64) throws(LayerError) {
        guard pieces.count <= Self.pieceLimit, size <= UInt64(Int.max / 2) else { throw Self.damage }
        var end: UInt64 = 0
        var data: UInt64 = 0
        for piece in pieces {
            guard piece.offset >= end, piece.count <= size, piece.offset <= size - piece.count else {
                throw Self.damage
            }
            append(isHole: true, piece.offset - end)
            append(isHole: false, piece.count)
            end = piece.offset + piece.count
            data += piece.count
        }
        guard data == stored else { throw Self.damage }
        append(isHole: true, size - end)
    }

    private mutating func append(isHole: Bool, _ count: UInt64) {
        if count > 0 { runs.append(Run(isHole: isHole, count: Int(count))) }
    }

    static var damage: LayerError { LayerError(.damagedTar, "the map of a sparse file does not fit its data") }
}

extension TarHeader {
    /// The pieces an old GNU sparse header lists, whether an extension block follows, and the file's true size.
    struct OldSparse {
        var pieces: [(offset: UInt64, count: UInt64)]
        var isContinued: Bool
        var size: UInt64
    }

    static func oldSparse(_ block: Span<UInt8>) throws(LayerError) -> OldSparse {
        OldSparse(
            pieces: try pieces(block, at: 386, count: 4), isContinued: block[482] != 0,
            size: try unsigned(block, 483, 12, "sparse size"))
    }

    /// The pieces of an extension block, and whether another one follows.
    static func sparseExtension(_ block: Span<UInt8>) throws(LayerError) -> (
        pieces: [(offset: UInt64, count: UInt64)], isContinued: Bool
    ) {
        (try pieces(block, at: 0, count: 21), block[504] != 0)
    }

    private static func pieces(
        _ block: Span<UInt8>, at start: Int, count: Int
    ) throws(LayerError) -> [(offset: UInt64, count: UInt64)] {
        var pieces: [(offset: UInt64, count: UInt64)] = []
        for index in 0..<count where block[start + 24 * index] != 0 {
            pieces.append(
                (
                    try unsigned(block, start + 24 * index, 12, "sparse offset"),
                    try unsigned(block, start + 24 * index + 12, 12, "sparse length")
                ))
        }
        return pieces
    }
}
