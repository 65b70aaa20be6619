/// Makes checksums of tar headers right: what is behind a wrong one is never looked at, and no mutation hits a right one.
package enum TarRepair {
    static let block = 512

    /// The bytes with the checksum corrected in every block that looks like a header: it says so, or has a checksum's end.
    package static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for start in stride(from: 0, to: bytes.count - block + 1, by: block)
        where isHeader(bytes[start..<start + block]) {
            repair(&bytes, at: start)
        }
        return bytes
    }

    private static func isHeader(_ block: ArraySlice<UInt8>) -> Bool {
        let start = block.startIndex
        return block[start + 154] == 0 && block[start + 155] == UInt8(ascii: " ")
            || block[(start + 257)...].starts(with: "ustar".utf8)
    }

    private static func repair(_ bytes: inout [UInt8], at start: Int) {
        for index in 148..<156 { bytes[start + index] = UInt8(ascii: " ") }
        var sum = bytes[start..<start + block].reduce(0) { $0 + Int($1) }
        bytes[start + 154] = 0
        for index in (148..<154).reversed() {
            bytes[start + index] = UInt8(ascii: "0") + UInt8(sum & 7)
            sum >>= 3
        }
    }
}
