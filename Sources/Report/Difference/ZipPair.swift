internal import ByteKit
internal import LayerFS

/// Two zip archives that are compared entry by entry.
struct ZipPair: ~Copyable {
    let given: InputFile
    let built: InputFile
    let left: ZipDirectory
    let right: ZipDirectory

    /// Entries whose contents are larger are compared by their sums only.
    private static let contentLimit = 64 << 20

    private init(
        _ given: consuming InputFile, _ left: ZipDirectory, _ built: consuming InputFile, _ right: ZipDirectory
    ) {
        self.given = given
        self.left = left
        self.built = built
        self.right = right
    }

    static func open(_ given: borrowing InputFile, _ built: borrowing InputFile) throws -> ZipPair {
        let (left, right) = (try ZipDirectory(given), try ZipDirectory(built))
        let one = try InputFile(duplicating: given.descriptor, path: given.path)
        let other = try InputFile(duplicating: built.descriptor, path: built.path)
        return ZipPair(one, left, other, right)
    }

    /// The bytes of an entry as they are stored, its header before them.
    private static func range(
        of entry: ZipDirectory.Entry, _ directory: ZipDirectory, _ file: borrowing InputFile
    ) throws -> Range<Int> {
        let start = try directory.dataOffset(of: entry, in: file)
        return entry.offset..<start + entry.storedSize
    }

    /// What two entries of one name have not in common; nil for nothing.
    func compare(_ one: ZipDirectory.Entry, _ other: ZipDirectory.Entry) throws -> PackageDifference.Part? {
        let ranges = (try Self.range(of: one, left, given), try Self.range(of: other, right, built))
        var traits: [String] = []
        if one.mode != other.mode { traits.append("mode") }
        if one.time != other.time { traits.append("time") }
        let stored = try PackageDifference.ByteDifference.first(given, ranges.0, built, ranges.1)
        guard stored != nil || !traits.isEmpty else { return nil }
        var part = PackageDifference.Part(name: one.path, kind: .changed, traits: traits)
        try addContents(one, other, to: &part)
        // The header has the time, so bytes differ there as well.
        if part.bytes == nil, part.files.isEmpty, part.traits == traits, stored != nil, !traits.contains("time") {
            part.traits.append("encoding")
        }
        return part
    }

    private func addContents(
        _ one: ZipDirectory.Entry, _ other: ZipDirectory.Entry, to part: inout PackageDifference.Part
    ) throws {
        if one.path.elementsEqual("artifact.squashfs".utf8), !one.isDeflated, !other.isDeflated {
            let (start, second) = (try left.dataOffset(of: one, in: given), try right.dataOffset(of: other, in: built))
            let found = try SquashPair.compare(
                given, start..<start + one.storedSize, built, second..<second + other.storedSize, name: one.path)
            (part.traits, part.files) = (part.traits + found.traits, found.files)
            (part.bytes, part.filesLeftOut) = (found.bytes, found.filesLeftOut)
            return
        }
        let bytes: PackageDifference.ByteDifference?
        do {
            let wanted = max(one.size, other.size) <= Self.contentLimit ? Self.contentLimit : 0
            let (sum, head) = try left.read(one, wanted: wanted, in: given, .mark)
            let (otherSum, otherHead) = try right.read(other, wanted: wanted, in: built, .mark)
            guard sum != otherSum else { return }
            bytes = wanted > 0 ? .first(head, otherHead) : nil
        } catch is LayerError {
            // Data that does not unpack to what the directory promises.
            part.traits.append("damaged")
            return
        }
        part.traits.append("content")
        part.bytes = bytes
    }
}

extension PackageDifference {
    mutating func addEntries(_ pair: consuming ZipPair) throws {
        var others: [[UInt8]: ZipDirectory.Entry] = [:]
        for entry in pair.right.entries { others[entry.path] = entry }
        var isInBoth: Set<[UInt8]> = []
        for entry in pair.left.entries {
            try Cancellation.check()
            guard let other = others[entry.path] else {
                parts.append(Part(name: entry.path, kind: .added))
                continue
            }
            isInBoth.insert(entry.path)
            if let part = try pair.compare(entry, other) { parts.append(part) }
        }
        for entry in pair.right.entries where !isInBoth.contains(entry.path) {
            parts.append(Part(name: entry.path, kind: .missing))
        }
        let orders = (
            pair.left.entries.map(\.path).filter { isInBoth.contains($0) },
            pair.right.entries.map(\.path).filter { isInBoth.contains($0) }
        )
        if let first = zip(orders.0, orders.1).first(where: { $0 != $1 })?.0 {
            parts.append(Part(name: first, kind: .changed, traits: ["order"]))
        }
    }
}
