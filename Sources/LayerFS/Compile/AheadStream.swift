internal import ByteKit

/// A layer's tar stream, decoded ahead on a thread of its own: decoding takes about as long as looking at what comes out.
@safe struct AheadStream: ~Copyable, ByteStream {
    private let pieces: Channel<LayerPiece>
    private let outcome: Monitor<Result<Int, any Error>?>
    private var piece: LayerPiece?

    /// How many pieces of 256 KiB are decoded ahead.
    private static let depth = 8

    /// - Parameter limit: how many bytes the layer may have when decoded.
    init(_ source: LayerSource, limit: Int) throws(FileError) {
        let pieces = Channel<LayerPiece>(capacity: Self.depth)
        let outcome = Monitor<Result<Int, any Error>?>(nil)
        self.pieces = pieces
        self.outcome = outcome
        _ = try Thread {
            let result = Result { try Self.decode(source, limit, into: pieces) }
            outcome.withLock { $0 = result }
            pieces.finish()
        }
    }

    private static func decode(_ source: LayerSource, _ limit: Int, into pieces: Channel<LayerPiece>) throws -> Int {
        var inflater = try Inflater(source, limit: limit, isHashed: false)
        while true {
            let bytes = unsafe try inflater.next()
            guard unsafe !bytes.isEmpty, unsafe pieces.send(LayerPiece(bytes)) else { return inflater.count }
        }
    }

    mutating func next() throws -> UnsafeRawBufferPointer {
        try Cancellation.check()
        piece = pieces.receive()
        if let piece { return unsafe piece.bytes }
        _ = try outcome.withLock { $0 }?.get()
        return unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// Takes what is left; gives how many bytes there were in all.
    mutating func drain() throws -> Int {
        while unsafe try !next().isEmpty {}
        return try outcome.withLock { $0 }?.get() ?? 0
    }

    deinit { pieces.cancel() }
}
