internal import CCompress

/// Turns one compressed block into its bytes. It keeps the library's working memory from block to block.
///
/// Not for two threads at a time: each reader owns one.
@safe final class BlockDecompressor {
    /// A codec is a case here, its make and free, and one call in `decompress`.
    @safe private enum Codec {
        case zstd(OpaquePointer)
        case zlib(OpaquePointer)
    }

    private let codec: Codec

    /// - Parameter compressor: the image's; one that we do not have is refused by name.
    init(_ compressor: Squash.Compressor) throws(SquashError) {
        switch compressor {
        case .zstd:
            guard let context = unsafe ZSTD_createDCtx() else { throw SquashError(.readFailed, errorNumber: noMemory) }
            unsafe codec = .zstd(context)
        case .gzip:
            guard let context = unsafe libdeflate_alloc_decompressor()
            else { throw SquashError(.readFailed, errorNumber: noMemory) }
            unsafe codec = .zlib(context)
        case .lzma, .lzo, .xz, .lz4: throw SquashError(.unsupportedCompressor(compressor.rawValue))
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
            let to = unsafe output.region(at: place, count: room)
        else { throw SquashError(.badCompression) }
        switch codec {
        case .zstd(let context):
            let made = unsafe ZSTD_decompressDCtx(context, to.baseAddress, to.count, from.baseAddress, from.count)
            guard ZSTD_isError(made) == 0, made <= room else { throw SquashError(.badCompression) }
            return made
        case .zlib(let context):
            var used = 0
            var made = 0
            let result = unsafe libdeflate_zlib_decompress_ex(
                context, from.baseAddress, from.count, to.baseAddress, to.count, &used, &made)
            guard result == LIBDEFLATE_SUCCESS, made <= room else { throw SquashError(.badCompression) }
            return made
        }
    }

    deinit {
        switch codec {
        case .zstd(let context): unsafe _ = ZSTD_freeDCtx(context)
        case .zlib(let context): unsafe libdeflate_free_decompressor(context)
        }
    }
}

/// ENOMEM, the same number on every Linux.
private let noMemory: Int32 = 12
