/// Sizes as people read them.
package enum ByteCount {
    private static let units = [("kB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000)]

    /// `512 B`, `14.2 kB`, `397.5 MB`: decimal units, as registries and AWS count.
    package static func text(_ bytes: Int) -> String {
        guard bytes >= 1000 else { return "\(bytes) B" }
        for (unit, size) in units {
            // Tenths of the unit, rounded half up, without a floating-point detour.
            let tenths = (bytes / (size / 20) + 1) / 2
            if tenths < 10_000 || unit == "TB" { return "\(tenths / 10).\(tenths % 10) \(unit)" }
        }
        return "\(bytes) B"
    }
}
