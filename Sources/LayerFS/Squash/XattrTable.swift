internal import ByteKit
internal import SquashFS

/// Extended attributes: each distinct set is stored once, and inodes carry its number.
struct XattrTable {
    private let values: MetadataWriter
    private var ids: LookupTable
    private var known: [[TarEntry.Xattr]: UInt32] = [:]
    /// Attributes squashfs has no place for, by name.
    private(set) var dropped: Set<[UInt8]> = []

    init(_ compressor: BlockCompressor) {
        values = MetadataWriter(compressor)
        ids = LookupTable(compressor)
    }

    var isEmpty: Bool { ids.count == 0 }

    private static let prefixes: [(text: [UInt8], prefix: Squash.XattrPrefix)] = [
        (Array("user.".utf8), .user), (Array("trusted.".utf8), .trusted), (Array("security.".utf8), .security),
    ]

    /// The number of a set, or `Squash.noXattr` when nothing of it can be stored.
    mutating func id(of set: [TarEntry.Xattr]) -> UInt32 {
        guard !set.isEmpty else { return Squash.noXattr }
        if let id = known[set] { return id }
        let start = values.position.reference
        var bytes: [UInt8] = []
        var count: UInt32 = 0
        for xattr in set {
            guard
                let (text, prefix) = Self.prefixes.first(where: {
                    xattr.name.starts(with: $0.text) && xattr.name.count > $0.text.count
                })
            else {
                dropped.insert(xattr.name)
                continue
            }
            bytes.append(littleEndian: prefix.rawValue)
            bytes.append(littleEndian: UInt16(xattr.name.count - text.count))
            bytes += xattr.name.dropFirst(text.count)
            bytes.append(littleEndian: UInt32(xattr.value.count))
            bytes += xattr.value
            count += 1
        }
        guard count > 0 else {
            known[set] = Squash.noXattr
            return Squash.noXattr
        }
        values.append(bytes)
        var row: [UInt8] = []
        row.append(littleEndian: start)
        row.append(littleEndian: count)
        row.append(littleEndian: UInt32(bytes.count))
        let id = UInt32(ids.count)
        ids.append(row)
        known[set] = id
        return id
    }

    /// Adds values, ids and the list to what follows the data; gives what the superblock points to.
    func append(to tail: inout SquashTail) -> UInt64 {
        guard !isEmpty else { return Squash.noTable }
        values.flush()
        var header: [UInt8] = []
        header.append(littleEndian: UInt64(tail.position))
        header.append(littleEndian: UInt32(ids.count))
        header.append(littleEndian: UInt32(0))
        tail.append(values.bytes)
        return ids.append(to: &tail, preamble: header)
    }
}
