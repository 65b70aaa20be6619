internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
#endif

/// A SHA-256 sum of bytes that come piece by piece. FIPS 180-4.
@safe package struct SHA256: Sendable {
    private var state = csupervisor_sha256()

    package init() { unsafe csupervisor_sha256_begin(&state) }

    package mutating func update(_ bytes: [UInt8]) { unsafe csupervisor_sha256_update(&state, bytes, bytes.count) }

    /// The 32 bytes of the sum. Nothing may be added afterwards.
    package mutating func finish() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, filled in
            unsafe csupervisor_sha256_finish(&state, buffer.baseAddress)
            filled = 32
        }
    }

    package static func sum(of bytes: [UInt8]) -> [UInt8] {
        var sum = SHA256()
        sum.update(bytes)
        return sum.finish()
    }

    private static var blockSize: Int { 64 }

    /// A sum that only who has the key can make. RFC 2104.
    package static func keyedSum(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        var block = key.count > blockSize ? sum(of: key) : key
        block += [UInt8](repeating: 0, count: blockSize - block.count)
        let inner = sum(of: block.map { $0 ^ 0x36 } + message)
        return sum(of: block.map { $0 ^ 0x5c } + inner)
    }
}

extension [UInt8] {
    /// Two lower-case digits for each byte.
    package var hexadecimal: [UInt8] {
        let digits = [UInt8]("0123456789abcdef")
        var text: [UInt8] = []
        text.reserveCapacity(2 * count)
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }
}
