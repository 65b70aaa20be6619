internal import CCompress

/// Turns one compressed block into its bytes. It keeps the library's working memory from block to block.
///
/// Not for two threads at a time: each reader owns one.
@safe package final class BlockDecompressor {
    /// A codec is a case here, its make and free, and one call in `decompress`.
    @safe private enum Codec {
        case zstd(OpaquePointer)
        case zlib(OpaquePointer)
        case xz(XZDecoder)
        /// It needs no memory of its own.
        case lz4
    }

    private let codec: Codec

    /// - Parameter compressor: the image's; one that we do not have is refused by name.
    package init(_ compressor: Squash.Compressor) throws(SquashError) {
        switch compressor {
        case .zstd:
            guard let context = unsafe ZSTD_createDCtx() else { throw SquashError(.readFailed, errorNumber: noMemory) }
            unsafe codec = .zstd(context)
        case .gzip:
            guard let context = unsafe libdeflate_alloc_decompressor()
            else { throw SquashError(.readFailed, errorNumber: noMemory) }
            unsafe codec = .zlib(context)
        case .xz: codec = .xz(XZDecoder())
        case .lz4: codec = .lz4
        case .lzma, .lzo: throw SquashError(.unsupportedCompressor(compressor.rawValue))
        }
    }

    /// Fills the beginning of `output` and says how much of it; nil when the bytes are damaged or do not fit.
    @unsafe package func decompress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> Int? {
        switch codec {
        case .zstd(let context):
            let made = unsafe ZSTD_decompressDCtx(
                context, output.baseAddress, output.count, input.baseAddress, input.count)
            return ZSTD_isError(made) == 0 && made <= output.count ? made : nil
        case .zlib(let context):
            var used = 0
            var made = 0
            let result = unsafe libdeflate_zlib_decompress_ex(
                context, input.baseAddress, input.count, output.baseAddress, output.count, &used, &made)
            return result == LIBDEFLATE_SUCCESS && made <= output.count ? made : nil
        case .xz(let decoder): return unsafe decoder.decompress(input, into: output)
        case .lz4:
            guard let size = Int32(exactly: input.count), let room = Int32(exactly: output.count) else { return nil }
            let made = unsafe LZ4_decompress_safe(input.baseAddress, output.baseAddress, size, room)
            return made >= 0 && made <= room ? Int(made) : nil
        }
    }

    /// Decompresses a region of one buffer into another and gives the number of bytes that came out.
    ///
    /// What would not fit into `room` is an error, so a block cannot grow past what its reader asked for.
    func decompress(
        _ input: borrowing BlockBuffer, at offset: Int, count: Int, into output: borrowing BlockBuffer, at place: Int,
        room: Int
    ) throws(SquashError) -> Int {
        guard let from = unsafe input.region(at: offset, count: count),
            let to = unsafe output.region(at: place, count: room),
            let made = unsafe decompress(UnsafeRawBufferPointer(from), into: to)
        else { throw SquashError(.badCompression) }
        return made
    }

    deinit {
        switch codec {
        case .zstd(let context): unsafe _ = ZSTD_freeDCtx(context)
        case .zlib(let context): unsafe libdeflate_free_decompressor(context)
        case .xz, .lz4: break
        }
    }
}

/// ENOMEM, the same number on every Linux.
private let noMemory: Int32 = 12
