/// Sizes as people write them, turned into bytes once.
///
/// Decimal units (KB, MB, GB) are powers of 1000 and binary ones (KiB, MiB, GiB) powers of 1024, as IEC 80000-13 has
/// it: a recipe's numbers must not mean something else on another page.
package enum ByteSize {
    /// The units that may follow a number, and how many bytes each is.
    package static let units: [(name: String, bytes: Int)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
        ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1),
    ]

    /// The bytes of `128KiB`, `100MB` or `4096`; nil for anything else, a size that does not fit included.
    package static func parse(_ text: String) -> Int? {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let number = Int(String(digits) ?? ""), !digits.isEmpty else { return nil }
        let unit = String(text.utf8.dropFirst(digits.count)) ?? ""
        guard let factor = unit.isEmpty ? 1 : units.first(where: { $0.name == unit })?.bytes else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }

    /// Bytes in the largest unit that divides them: `128KiB`, `100MB`, `4097B`.
    package static func text(_ bytes: Int) -> String {
        let candidates = units.filter { bytes >= $0.bytes && bytes % $0.bytes == 0 }
        guard bytes > 0, let unit = candidates.max(by: { $0.bytes < $1.bytes }) else { return "\(bytes)B" }
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}
