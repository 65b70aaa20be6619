/// Counts what a layer says of its files besides their data: names, targets and attributes.
///
/// All of it is kept in memory, and a few megabytes of a compressed archive can unpack to gigabytes of it.
package struct EntryRoom: Sendable {
    private let limit: Int
    private var left: Int

    /// Ten times what the largest images have.
    package static let usual = 512 << 20
    /// What an attribute takes besides its bytes, and what an entry does.
    private static let attributeCost = 128
    fileprivate static let entryCost = 96

    init(_ limit: Int = EntryRoom.usual) {
        self.limit = limit
        left = limit
    }

    mutating func take(_ bytes: Int, for path: [UInt8]) throws(LayerError) {
        left -= bytes
        guard left >= 0 else {
            throw LayerError(
                .tooLarge, "the names and attributes in the layer are larger than \(limit) bytes together", path: path)
        }
    }

    /// What a set of attributes takes.
    static func cost(of xattrs: [TarEntry.Xattr]) -> Int {
        xattrs.reduce(0) { $0 + $1.name.count + $1.value.count + attributeCost }
    }
}

extension LayerEntries {
    /// About how many bytes of memory the entries take.
    package var weight: Int {
        let names = entries.last.map { Int($0.pathStart) + Int($0.pathCount) + Int($0.targetCount) } ?? 0
        return names + entries.count * EntryRoom.entryCost + xattrSets.reduce(0) { $0 + EntryRoom.cost(of: $1) }
    }
}
