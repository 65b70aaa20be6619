internal import CCompress

/// Compresses pieces of a stream, each into a gzip member or a zstd frame of its own: readers take them one after the
/// other, and which thread made which does not show.
@safe final class PieceCompressor: BlockPacker {
    private let codec: Codec

    @unsafe private enum Codec {
        case gzip(OpaquePointer)
        case zstd(OpaquePointer)
    }

    /// Nil for a stream that is not compressed.
    init?(_ compression: StreamCompression) throws(LayerError) {
        switch compression {
        case .none: return nil
        case .gzip(let level):
            guard let context = unsafe libdeflate_alloc_compressor(Int32(level))
            else { throw LayerError(.compressor, "libdeflate has no level \(level)") }
            unsafe codec = .gzip(context)
        case .zstd(let level):
            // The checksum is for whoever reads the file years later; the size lets them read it in one go.
            guard let context = unsafe ZSTD_createCCtx(),
                unsafe ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))) == 0,
                unsafe ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)) == 0
            else { throw LayerError(.compressor, "zstd has no level \(level)") }
            unsafe codec = .zstd(context)
        }
    }

    /// The most that `count` bytes can become.
    func bound(_ count: Int) -> Int {
        switch unsafe codec {
        case .gzip(let context): unsafe libdeflate_gzip_compress_bound(context, count)
        case .zstd: ZSTD_compressBound(count)
        }
    }

    /// Never nil: there is room for the worst case.
    func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
        switch unsafe codec {
        case .gzip(let context):
            // libdeflate's header has no time, no name, and 255 for the system: nothing of this machine.
            return unsafe libdeflate_gzip_compress(
                context, input.baseAddress, input.count, output.baseAddress, output.count)
        case .zstd(let context):
            let outcome = unsafe ZSTD_compress2(
                context, output.baseAddress, output.count, input.baseAddress, input.count)
            return ZSTD_isError(outcome) != 0 ? 0 : outcome
        }
    }

    deinit {
        switch unsafe codec {
        case .gzip(let context): unsafe libdeflate_free_compressor(context)
        case .zstd(let context): unsafe ZSTD_freeCCtx(context)
        }
    }
}
