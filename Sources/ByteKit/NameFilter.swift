/// Beginnings and ends by which files' names are told apart.
package enum NameFilter {
    /// Where in a name a filter looks.
    package enum Place: Sendable { case beginning, end }

    /// Whether a name can have one of each list at this place of it, byte for byte. No list at all means any name.
    package static func meet(_ one: [String], _ other: [String], at place: Place) -> Bool {
        guard !one.isEmpty, !other.isEmpty else { return true }
        let (one, other) = (one.map { bytes($0, from: place) }, other.map { bytes($0, from: place) })
        return one.contains { a in other.contains { b in a.starts(with: b) || b.starts(with: a) } }
    }

    private static func bytes(_ text: String, from place: Place) -> [UInt8] {
        place == .end ? text.utf8.reversed() : Array(text.utf8)
    }
}
