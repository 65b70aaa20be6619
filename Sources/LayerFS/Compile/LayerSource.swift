internal import ByteKit

/// The compressed bytes of one layer on their way from whoever reads them (the network, the store) to the compiler.
///
/// The sender runs on its own thread; the compiler takes pieces as it can, and the sender waits when it is ahead.
package final class LayerSource: Sendable {
    private let channel = Channel<LayerPiece>(capacity: 16)
    private let failed = Monitor(false)

    package init() {}

    /// Hands on the next bytes; false when the compiler has given up.
    package func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe channel.send(LayerPiece(bytes))
    }

    /// All bytes were sent, and they were the right ones.
    package func finish() { channel.finish() }

    /// No more will come, and what came must not be used.
    package func fail() {
        failed.withLock { $0 = true }
        channel.finish()
    }

    /// The compiler wants no more.
    package func cancel() { channel.cancel() }

    /// Takes what is left and drops it. When it returns, the sender has said that all bytes were the right ones.
    func drain() throws(LayerError) {
        while try next() != nil {}
    }

    /// The next piece; nil at the end.
    func next() throws(LayerError) -> LayerPiece? {
        if let piece = channel.receive() { return piece }
        if failed.withLock({ $0 }) { throw LayerError(.blobMismatch, "the layer's bytes did not arrive whole") }
        return nil
    }
}

/// Some bytes of a layer, at an address that stays as long as the piece does.
@safe final class LayerPiece: @unchecked Sendable {
    // Unchecked: nothing changes after `init`, but for the room before the bytes, which belongs to the one who reads them.
    let bytes: UnsafeRawBufferPointer
    let count: Int
    private let memory: UnsafeMutableRawBufferPointer

    /// Bytes before the piece where its reader may put the last ones of the piece before.
    static let room = 16

    init(_ source: UnsafeRawBufferPointer) {
        count = source.count
        unsafe memory = .allocate(byteCount: Self.room + source.count, alignment: 16)
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[Self.room...]).copyMemory(from: source)
        unsafe bytes = UnsafeRawBufferPointer(rebasing: memory[Self.room...])
    }

    /// Puts the last bytes of what came before in front: for decoders that read ahead and come back.
    func follow(_ previous: LayerPiece) {
        let count = min(Self.room, previous.room + previous.count)
        let start = Self.room + previous.count - count
        let last = unsafe UnsafeRawBufferPointer(rebasing: previous.memory[start..<start + count])
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[(Self.room - count)..<Self.room]).copyMemory(from: last)
        room = count
    }

    /// How many bytes stand in front.
    private(set) var room = 0

    /// The bytes from a place on, which may be one in front.
    func bytes(from place: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: memory[(Self.room + max(-room, place))...])
    }

    deinit { unsafe memory.deallocate() }
}
