/// One change to a tar archive that keeps its blocks where blocks are.
package struct TarMutator {
    private var bytes: [UInt8]
    private var numbers: UInt64

    package init(_ bytes: [UInt8], seed: UInt32) {
        self.bytes = bytes
        numbers = UInt64(seed) | 1 << 40
    }

    private mutating func below(_ limit: Int) -> Int {
        // xorshift64*: libFuzzer's seed is all the chance there is, so that a run can be repeated.
        numbers ^= numbers >> 12
        numbers ^= numbers << 25
        numbers ^= numbers >> 27
        return Int((numbers &* 0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// Where numbers stand in headers, and how wide they are; sparse maps and extension blocks too.
    private static let fields = [
        (100, 8), (108, 8), (116, 8), (124, 12), (136, 12), (329, 8), (337, 8), (386, 12), (398, 12), (483, 12),
        (0, 12),
        (12, 12), (24, 12),
    ]

    /// The changed archive.
    package mutating func mutated() -> [UInt8] {
        let blocks = bytes.count / 512
        let start = below(blocks) * 512
        let end = min(blocks * 512, start + (1 + below(3)) * 512)
        switch below(8) {
        case 0: bytes.removeSubrange(start..<end)
        case 1: bytes.insert(contentsOf: bytes[start..<end], at: below(blocks + 1) * 512)
        case 2: bytes.insert(contentsOf: [UInt8](repeating: 0, count: 1024), at: start)
        case 3, 4: putNumber(in: start)
        case 5: bytes[start + 156] = pick(Array("01234567xgLKSNMV\0".utf8))
        case 6: bytes[start + pick([0, 1, 257, 263, 345, 157, 482, 504])] = pick([0, 0x2e, 0x2f, 0x20, 0xff, 0x61, 1])
        default: swapNames(start, below(blocks) * 512)
        }
        return bytes
    }

    private mutating func putNumber(in start: Int) {
        let (offset, width) = pick(Self.fields)
        let value = pick([
            0, 1, 511, 512, 513, 4095, 4096, 8191, 1 << 20, -1, 1 << 31, 1 << 62, .max, .min, below(30_000),
        ])
        for index in 0..<width {
            let shift = 8 * (width - 1 - index)
            bytes[start + offset + index] = UInt8(truncatingIfNeeded: shift >= 64 ? value >> 63 : value >> shift)
        }
        if value >= 0, value < 1 << 21 {
            // As digits, which all writers use for what fits.
            for index in 0..<width - 1 {
                bytes[start + offset + index] = UInt8(ascii: "0") + UInt8(value >> (3 * (width - 2 - index)) & 7)
            }
            bytes[start + offset + width - 1] = 0
        } else {
            bytes[start + offset] |= 0x80
        }
    }

    /// Gives one entry another's name, as its own or as what it links to: entries that meet are what linking is about.
    private mutating func swapNames(_ start: Int, _ other: Int) {
        let name = Array(bytes[other..<other + 100])
        let place = start + pick([0, 157])
        bytes.replaceSubrange(place..<place + 100, with: name)
    }
}
