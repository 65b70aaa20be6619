internal import CCompress

/// xz, and lzma from before it, through liblzma. Several .xz streams in a row are one stream.
///
/// libarchive decodes both as well, but gives a stream all the memory it asks for: a header of a few bytes names the
/// dictionary's size, up to 4 GiB.
@safe final class LzmaDecoder {
    enum Format: String {
        case xz
        case lzma
    }

    private let input: DecoderInput
    private let format: Format
    private let stream: UnsafeMutablePointer<lzma_stream>
    private let output: UnsafeMutableRawBufferPointer
    private var isAtEnd = false

    /// The most memory that a stream may ask for: a dictionary of 128 MiB, as much as zstd's windows may have, and the
    /// decoder's own state. `xz -9` asks for half of it.
    private static let memoryLimit: UInt64 = 129 << 20
    /// LZMA_CONCATENATED, whose macro Swift does not import.
    private static let concatenated: UInt32 = 0x08

    init(_ input: DecoderInput, format: Format) {
        self.input = input
        self.format = format
        unsafe stream = .allocate(capacity: 1)
        // All zeros, as LZMA_STREAM_INIT has it.
        unsafe stream.initialize(to: lzma_stream())
        unsafe output = .allocate(byteCount: decodedPieceSize, alignment: 64)
        let outcome =
            switch format {
            case .xz: unsafe lzma_stream_decoder(stream, Self.memoryLimit, Self.concatenated)
            case .lzma: unsafe lzma_alone_decoder(stream, Self.memoryLimit)
            }
        // Fails only without memory: what the stream asks for is not known before its header.
        guard outcome == LZMA_OK else { preconditionFailure("no memory for an xz decoder") }
    }

    /// Whether bytes begin as an lzma stream does, which has no magic number: properties, a dictionary's size as encoders
    /// choose it, and a size that is unknown or that somebody may have. liblzma's lzma_auto_decoder asks for the same.
    static func isLzma(_ head: ArraySlice<UInt8>) -> Bool {
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        guard head.count >= 13, let properties = head.first, properties < 9 * 5 * 5 else { return false }
        let dictionary = number(head.dropFirst().prefix(4))
        let size = number(head.dropFirst(5).prefix(8))
        let highest = dictionary == 0 ? 0 : UInt64(1) << (63 - dictionary.leadingZeroBitCount)
        let isUsual = dictionary == highest || dictionary == highest + highest / 2 || dictionary == UInt64(UInt32.max)
        return dictionary >= 4096 && isUsual && (size < 1 << 38 || size == UInt64.max)
    }

    func next() throws(LayerError) -> UnsafeRawBufferPointer {
        unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = output.count
        while unsafe !isAtEnd && stream.pointee.avail_out > 0 {
            let bytes = unsafe try input.peek()
            unsafe stream.pointee.next_in = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe stream.pointee.avail_in = bytes.count
            // Only when it is told that there is no more does it say whether the last of several streams is complete.
            let outcome = unsafe lzma_code(stream, bytes.isEmpty ? LZMA_FINISH : LZMA_RUN)
            unsafe input.consume(bytes.count - stream.pointee.avail_in)
            switch outcome {
            case LZMA_OK: break
            case LZMA_STREAM_END: isAtEnd = true
            case LZMA_BUF_ERROR: throw error("ends in the middle")
            case LZMA_MEM_ERROR: throw error("needs more memory than there is")
            case LZMA_MEMLIMIT_ERROR: throw error("asks for a dictionary of more than 128 MiB")
            default: throw error("is damaged (code \(outcome.rawValue))")
            }
        }
        if isAtEnd, unsafe try !input.peek().isEmpty {
            throw LayerError(.damagedCompression, "there is something after the end of the \(format.rawValue) stream")
        }
        return unsafe UnsafeRawBufferPointer(
            rebasing: UnsafeRawBufferPointer(output)[..<(output.count - stream.pointee.avail_out)])
    }

    private func error(_ what: String) -> LayerError {
        LayerError(.damagedCompression, "the \(format.rawValue) stream \(what)")
    }

    deinit {
        unsafe lzma_end(stream)
        unsafe stream.deallocate()
        unsafe output.deallocate()
    }
}
