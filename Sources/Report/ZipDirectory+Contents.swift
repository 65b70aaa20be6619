internal import ByteKit
internal import LayerFS

extension ZipDirectory {
    /// No entry may be larger: a package for Lambda is 250 MB at most, and others are not far above.
    private static let entryLimit = 4 << 30

    /// Sums up an entry's data, unpacked; gives the first bytes of it. Its length must be what the archive says.
    func read(
        _ entry: Entry, wanted: Int, in file: borrowing InputFile, _ sums: ContentSum.Kind
    ) throws -> (ContentSum, [UInt8]) {
        guard entry.size <= Self.entryLimit else { throw Self.damaged(file.path, "an entry is too large") }
        let start = try dataOffset(of: entry, in: file)
        guard entry.isDeflated else { return try Self.readStored(entry, from: start, wanted: wanted, file, sums) }
        let source = LayerSource()
        let second = try InputFile(duplicating: file.descriptor, path: file.path)
        let sender = try Thread { Self.send(entry, from: start, second, to: source) }
        defer { sender.join() }
        do {
            let found = try StreamLister.read(source, limit: entry.size, wanted: wanted, sums)
            guard found.size == entry.size else { throw Self.damaged(file.path, "an entry is shorter") }
            return (found.sum, found.head)
        } catch {
            source.cancel()
            throw error
        }
    }

    private static func readStored(
        _ entry: Entry, from start: Int, wanted: Int, _ file: borrowing InputFile, _ sums: ContentSum.Kind
    ) throws -> (ContentSum, [UInt8]) {
        guard entry.size == entry.storedSize else { throw damaged(file.path, "an entry is shorter") }
        var summer = ContentSummer(sums)
        var head: [UInt8] = []
        for place in stride(from: 0, to: entry.size, by: 1 << 20) {
            let bytes = try file.read(count: min(1 << 20, entry.size - place), at: start + place)
            summer.update(bytes)
            if head.count < wanted { head += bytes.prefix(wanted - head.count) }
        }
        return (summer.finalize(), head)
    }

    /// Hands on deflated data as a gzip member, which is the same between a head and a sum (RFC 1952).
    private static func send(
        _ entry: Entry, from start: Int, _ file: borrowing InputFile, to source: LayerSource
    ) {
        func send(_ bytes: [UInt8]) -> Bool { unsafe bytes.withUnsafeBytes { unsafe source.send($0) } }
        var isWanted = send([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
        for place in stride(from: 0, to: entry.storedSize, by: 1 << 20) where isWanted {
            guard let bytes = try? file.read(count: min(1 << 20, entry.storedSize - place), at: start + place)
            else { return source.fail() }
            isWanted = send(bytes)
        }
        var tail: [UInt8] = []
        tail.append(littleEndian: entry.crc)
        tail.append(littleEndian: UInt32(truncatingIfNeeded: entry.size))
        if isWanted { _ = send(tail) }
        source.finish()
    }
}
