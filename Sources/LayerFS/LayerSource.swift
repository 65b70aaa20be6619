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
    // Unchecked: nothing changes after `init`.
    let bytes: UnsafeRawBufferPointer

    init(_ source: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 16)
        unsafe copy.copyMemory(from: source)
        unsafe bytes = UnsafeRawBufferPointer(copy)
    }

    deinit { unsafe bytes.deallocate() }
}
