internal import CCompress
internal import SquashFS

/// Compresses blocks of at most one block size, one after another, reusing its codec's memory.
@safe final class BlockCompressor {
    private let codec: Codec
    /// Looks at blocks before a slow codec does.
    private let noise: NoiseDetector?

    @unsafe private enum Codec {
        case zstd(OpaquePointer)
        case gzip(OpaquePointer)
        case xz(XZEncoder)
        case lz4(UnsafeMutableRawPointer)
        case lz4High(UnsafeMutableRawPointer, level: Int32)
        case none
    }

    init(_ settings: BlockSettings) throws(LayerError) {
        if let levels = settings.compression.levels, !levels.contains(settings.level) {
            throw LayerError(.compressor, "\(settings.compression.rawValue) has no level \(settings.level)")
        }
        noise = settings.looksForNoise ? NoiseDetector() : nil
        let level = Int32(settings.level)
        switch settings.compression {
        case .zstd:
            guard let context = unsafe ZSTD_createCCtx(),
                unsafe ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)) == 0
            else { throw LayerError(.compressor, "zstd has no level \(level)") }
            unsafe codec = .zstd(context)
        case .gzip:
            guard let context = unsafe libdeflate_alloc_compressor(level)
            else { throw LayerError(.compressor, "libdeflate has no level \(level)") }
            unsafe codec = .gzip(context)
        case .xz: unsafe codec = .xz(try XZEncoder(level: settings.level, blockSize: settings.blockSize))
        case .lz4 where level > 1:
            unsafe codec = .lz4High(.allocate(byteCount: Int(LZ4_sizeofStateHC()), alignment: 16), level: level)
        case .lz4: unsafe codec = .lz4(.allocate(byteCount: Int(LZ4_sizeofState()), alignment: 16))
        case .none: unsafe codec = .none
        }
    }

    /// Compresses `input` into `output`; nil when the result would not be smaller, and the input is to be stored.
    func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
        // A result that is not smaller is of no use, so the codec is given no room for one.
        let room = min(output.count, input.count - 1)
        guard room > 0 else { return nil }
        if let noise, unsafe noise.isNoise(input) { return nil }
        let size: Int
        switch unsafe codec {
        case .zstd(let context):
            let outcome = unsafe ZSTD_compress2(context, output.baseAddress, room, input.baseAddress, input.count)
            size = ZSTD_isError(outcome) != 0 ? 0 : outcome
        case .gzip(let context):
            size = unsafe libdeflate_zlib_compress(context, input.baseAddress, input.count, output.baseAddress, room)
        case .xz(let encoder):
            size = unsafe encoder.compress(input, into: UnsafeMutableRawBufferPointer(rebasing: output[..<room])) ?? 0
        case .lz4(let state):
            size = unsafe Int(
                LZ4_compress_fast_extState(
                    state, input.baseAddress, output.baseAddress, Int32(input.count), Int32(room), 1))
        case .lz4High(let state, let level):
            size = unsafe Int(
                LZ4_compress_HC_extStateHC(
                    state, input.baseAddress, output.baseAddress, Int32(input.count), Int32(room), level))
        case .none: size = 0
        }
        return size > 0 ? size : nil
    }

    deinit {
        switch unsafe codec {
        case .zstd(let context): unsafe ZSTD_freeCCtx(context)
        case .gzip(let context): unsafe libdeflate_free_compressor(context)
        case .lz4(let state), .lz4High(let state, _): unsafe state.deallocate()
        case .xz, .none: break
        }
    }
}

extension BlockDecompressor {
    /// What undoes a compression of ours. Without one, nothing comes to it.
    convenience init(_ compression: BlockSettings.Compression) {
        do throws(SquashError) {
            try self.init(BlockSettings(compression: compression).compressor)
        } catch {
            // Every compressor of ours can be undone; then it is memory.
            preconditionFailure("no memory for a decompressor")
        }
    }
}
