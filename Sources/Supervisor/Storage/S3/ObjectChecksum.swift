#if !hasFeature(Embedded)
    internal import JSON
    internal import Signing
#endif

/// The sum of an object that a storage sends with it, and that of the bytes that come.
///
/// Amazon S3, "Checking object integrity". SHA-1 is left out: what has one has nearly always another.
struct ObjectChecksum {
    private enum Sum {
        case cyclic(CyclicSum, bytes: Int)
        case sha256(SHA256)
    }

    private var sum: Sum
    private let expected: [UInt8]

    /// Nil when the answer has none that can be held against the whole object.
    init?(_ head: HTTPResponse) {
        let kinds: [(name: StaticString, make: () -> Sum)] = [
            ("x-amz-checksum-crc64nvme", { .cyclic(CyclicSum(polynomial: 0x9a6c_9329_ac4b_c9b5, bits: 64), bytes: 8) }),
            ("x-amz-checksum-crc32c", { .cyclic(CyclicSum(polynomial: 0x82f6_3b78, bits: 32), bytes: 4) }),
            ("x-amz-checksum-crc32", { .cyclic(CyclicSum(polynomial: 0xedb8_8320, bits: 32), bytes: 4) }),
            ("x-amz-checksum-sha256", { .sha256(SHA256()) }),
        ]
        // The sum of the sums of parts: it ends in their number, and where they begin is not said.
        let isOfParts = head["x-amz-checksum-type"]?.isEqual(to: "COMPOSITE") ?? false
        guard !isOfParts else { return nil }
        for kind in kinds {
            guard let value = head[kind.name], !value.contains(UInt8(ascii: "-")) else { continue }
            guard let expected = Base64.decode(value) else { continue }
            sum = kind.make()
            self.expected = expected
            return
        }
        return nil
    }

    mutating func update(_ bytes: [UInt8]) {
        switch sum {
        case .cyclic(var cyclic, let count):
            sum = .sha256(SHA256())
            cyclic.update(bytes)
            sum = .cyclic(cyclic, bytes: count)
        case .sha256(var sha256):
            sha256.update(bytes)
            sum = .sha256(sha256)
        }
    }

    var isRight: Bool {
        switch sum {
        case .cyclic(let cyclic, let count):
            (0..<count).map { UInt8(truncatingIfNeeded: cyclic.value >> UInt64(8 * (count - 1 - $0))) } == expected
        case .sha256(var sha256): sha256.finish() == expected
        }
    }
}

/// A cyclic redundancy check of 32 or 64 bits, reflected, begun and ended with ones, eight bytes at a time.
struct CyclicSum {
    private let tables: [UInt64]
    private let ones: UInt64
    private var state: UInt64

    /// - Parameters:
    ///   - polynomial: with its bits in reverse.
    ///   - bits: how long the sum is.
    init(polynomial: UInt64, bits: Int) {
        ones = bits == 64 ? UInt64.max : (1 << UInt64(bits)) - 1
        state = ones
        var tables = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt64(byte)
            for _ in 0..<8 { value = value >> 1 ^ (value & 1 == 1 ? polynomial : 0) }
            tables[byte] = value
        }
        for index in 256..<(8 * 256) {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 255)]
        }
        self.tables = tables
    }

    var value: UInt64 { state ^ ones }

    mutating func update(_ bytes: [UInt8]) {
        var state = state
        let ownTables = tables
        let (bytes, tables) = (bytes.span, ownTables.span)
        var index = 0
        while bytes.count - index >= 8 {
            var word = state
            for place in 0..<8 { word ^= UInt64(bytes[index + place]) << UInt64(8 * place) }
            var next: UInt64 = 0
            for place in 0..<8 {
                next ^= tables[(7 - place) * 256 + Int(truncatingIfNeeded: word >> UInt64(8 * place) & 255)]
            }
            state = next
            index += 8
        }
        while index < bytes.count {
            state = state >> 8 ^ tables[Int(truncatingIfNeeded: (state ^ UInt64(bytes[index])) & 255)]
            index += 1
        }
        self.state = state
    }
}
