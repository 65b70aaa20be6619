internal import CCompress

/// liblzma's decoder of .xz streams. It keeps its memory, the dictionary above all, from stream to stream.
@safe final class XZDecoder {
    private let stream: UnsafeMutablePointer<lzma_stream>

    /// The most memory that a stream may ask for: a dictionary as large as the largest block, which is the largest that
    /// the kernel takes, and the decoder's own state. A stream's header names its dictionary's size, up to 4 GiB.
    private static var memoryLimit: UInt64 { UInt64(Squash.blockSizes.upperBound) + (1 << 20) }

    init() {
        unsafe stream = .allocate(capacity: 1)
        // All zeros, as LZMA_STREAM_INIT has it.
        unsafe stream.initialize(to: lzma_stream())
    }

    /// Decompresses one whole stream; nil when it is damaged, asks for too much memory, or does not fit.
    func decompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
        // On a stream that was decoded before, this takes over its memory.
        guard unsafe lzma_stream_decoder(stream, Self.memoryLimit, 0) == LZMA_OK else { return nil }
        unsafe stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_in = input.count
        unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = output.count
        guard unsafe lzma_code(stream, LZMA_FINISH) == LZMA_STREAM_END else { return nil }
        return unsafe output.count - stream.pointee.avail_out
    }

    deinit {
        unsafe lzma_end(stream)
        unsafe stream.deallocate()
    }
}
