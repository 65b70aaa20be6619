internal import CCompress

/// Compresses blocks of at most one block size, one after another, reusing its codec's memory.
@safe final class BlockCompressor {
    private let codec: Codec

    @unsafe private enum Codec {
        case zstd(OpaquePointer)
        case gzip(OpaquePointer)
        case none
    }

    init(_ settings: BlockSettings) throws(LayerError) {
        switch settings.compression {
        case .zstd:
            guard let context = unsafe ZSTD_createCCtx(),
                unsafe ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(settings.level)))
                    == 0
            else { throw LayerError(.compressor, "zstd has no level \(settings.level)") }
            unsafe codec = .zstd(context)
        case .gzip:
            guard let context = unsafe libdeflate_alloc_compressor(Int32(settings.level))
            else { throw LayerError(.compressor, "libdeflate has no level \(settings.level)") }
            unsafe codec = .gzip(context)
        case .none: unsafe codec = .none
        }
    }

    /// Compresses `input` into `output`; nil when the result would not be smaller, and the input is to be stored.
    func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
        // A result that is not smaller is of no use, so the codec is given no room for one.
        let room = min(output.count, input.count - 1)
        guard room > 0 else { return nil }
        let size: Int
        switch unsafe codec {
        case .zstd(let context):
            let outcome = unsafe ZSTD_compress2(context, output.baseAddress, room, input.baseAddress, input.count)
            size = ZSTD_isError(outcome) != 0 ? 0 : outcome
        case .gzip(let context):
            size = unsafe libdeflate_zlib_compress(context, input.baseAddress, input.count, output.baseAddress, room)
        case .none: size = 0
        }
        return size == 0 ? nil : size
    }

    deinit {
        switch unsafe codec {
        case .zstd(let context): unsafe ZSTD_freeCCtx(context)
        case .gzip(let context): unsafe libdeflate_free_compressor(context)
        case .none: break
        }
    }
}

/// Decompresses what `BlockCompressor` made; used when tails are packed anew.
@safe final class BlockDecompressor {
    private let compression: BlockSettings.Compression
    private let zstd: OpaquePointer
    private let deflate: OpaquePointer

    init(_ compression: BlockSettings.Compression) {
        // These fail only without memory.
        guard let zstd = unsafe ZSTD_createDCtx(), let deflate = unsafe libdeflate_alloc_decompressor()
        else { preconditionFailure("no memory for a decompressor") }
        self.compression = compression
        unsafe self.zstd = zstd
        unsafe self.deflate = deflate
    }

    /// Fills a part of `output`; nil when the bytes are damaged or do not fit.
    func decompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
        switch compression {
        case .zstd:
            let size = unsafe ZSTD_decompressDCtx(
                zstd, output.baseAddress, output.count, input.baseAddress, input.count)
            return ZSTD_isError(size) == 0 ? size : nil
        case .gzip:
            var size = 0
            let outcome = unsafe libdeflate_zlib_decompress(
                deflate, input.baseAddress, input.count, output.baseAddress, output.count, &size)
            return outcome == LIBDEFLATE_SUCCESS ? size : nil
        case .none: return nil
        }
    }

    deinit {
        unsafe ZSTD_freeDCtx(zstd)
        unsafe libdeflate_free_decompressor(deflate)
    }
}
