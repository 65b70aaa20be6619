internal import CCompress

/// Raw deflate with libdeflate; it owns libdeflate's compressor.
///
/// libdeflate has no clock and no threads: one version of it gives the same bytes for the same input.
@safe struct Deflater: ~Copyable {
    private let compressor: OpaquePointer

    /// Makes a compressor that tries hard: 1 to 12.
    ///
    /// At 9, a supervisor of 5 MB takes a quarter of a second.
    init(level: Int32 = 9) {
        // Fails only without memory.
        guard let compressor = unsafe libdeflate_alloc_compressor(level) else { preconditionFailure("out of memory") }
        unsafe self.compressor = compressor
    }

    /// The bytes deflated, or nil when that is no smaller.
    func deflate(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > 1 else { return nil }
        let deflated = unsafe [UInt8](unsafeUninitializedCapacity: bytes.count - 1) { output, count in
            count = unsafe bytes.withUnsafeBytes {
                unsafe libdeflate_deflate_compress(
                    compressor, $0.baseAddress, $0.count, output.baseAddress, output.count)
            }
        }
        return deflated.isEmpty ? nil : deflated
    }

    deinit { unsafe libdeflate_free_compressor(compressor) }
}

/// CRC-32 as zip has it (APPNOTE.TXT, 4.4.7).
enum Crc32 {
    /// The sum of some bytes, going on from the sum of those before.
    static func update(_ sum: UInt32, _ bytes: [UInt8]) -> UInt32 {
        unsafe bytes.withUnsafeBytes { bytes in
            // For a null buffer libdeflate gives the starting value, whatever the sum was.
            unsafe bytes.isEmpty ? sum : libdeflate_crc32(sum, bytes.baseAddress, bytes.count)
        }
    }
}
