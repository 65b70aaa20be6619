internal import CCompress
internal import SquashFS

/// liblzma's encoder of .xz streams, set up as squashfs wants it: LZMA2 with a dictionary of one block, and CRC-32.
///
/// It keeps its memory from stream to stream: the match finder's tables take several times a block.
@safe final class XZEncoder {
    private let stream: UnsafeMutablePointer<lzma_stream>
    private let options: UnsafeMutablePointer<lzma_options_lzma>
    private let filters: UnsafeMutablePointer<lzma_filter>

    init(level: Int, blockSize: Int) throws(LayerError) {
        unsafe stream = .allocate(capacity: 1)
        unsafe options = .allocate(capacity: 1)
        unsafe filters = .allocate(capacity: 2)
        // All zeros, as LZMA_STREAM_INIT has it.
        unsafe stream.initialize(to: lzma_stream())
        unsafe options.initialize(to: lzma_options_lzma())
        unsafe filters.initialize(to: lzma_filter(id: lzma_vli(Self.lzma2), options: options))
        unsafe (filters + 1).initialize(to: lzma_filter(id: lzma_vli.max, options: nil))
        guard level >= 0, unsafe lzma_lzma_preset(options, UInt32(level)) == 0
        else { throw LayerError(.compressor, "xz has no level \(level)") }
        unsafe options.pointee.dict_size = UInt32(blockSize)
        guard unsafe lzma_stream_encoder(stream, filters, LZMA_CHECK_CRC32) == LZMA_OK
        else { throw LayerError(.compressor, "liblzma cannot begin with a block size of \(blockSize)") }
    }

    /// LZMA_FILTER_LZMA2, a macro that Swift does not see. The .xz file format, 5.3.1.
    private static let lzma2: UInt64 = 0x21

    /// Makes one whole stream; nil when it does not fit.
    func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
        // On a stream that was used before, this takes over its memory; only a few small pieces are asked for.
        guard unsafe lzma_stream_encoder(stream, filters, LZMA_CHECK_CRC32) == LZMA_OK
        else { preconditionFailure("no memory for a compressor") }
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
        unsafe options.deallocate()
        unsafe filters.deallocate()
    }
}
