/// Reads the table of packages of RPM's own "new database", as lib/backend/ndb/rpmpkg.c of RPM writes it. Numbers are
/// little-endian.
enum NDBPackages {
    private static let pageSize = 4096
    private static let slotSize = 16
    /// Blobs stand at multiples of this.
    private static let blockSize = 16
    private static let headSize = 16

    /// The headers of packages, in the order of their slots.
    static func blobs(in bytes: [UInt8]) throws(ReportError) -> [[UInt8]] {
        guard bytes.count >= pageSize, bytes.starts(with: "RpmP".utf8), bytes.little32(4) == 0
        else { throw RPMDatabase.damaged("it is no database of RPM's") }
        let end = min(Int(bytes.little32(12)), bytes.count / pageSize) * pageSize
        var blobs: [[UInt8]] = []
        var left = bytes.count
        // The file's head takes the room of two slots.
        for slot in stride(from: 2 * slotSize, to: end, by: slotSize) {
            guard bytes[slot..<slot + 4].elementsEqual("Slot".utf8)
            else { throw RPMDatabase.damaged("a slot of the database is none") }
            let package = bytes.little32(slot + 4)
            guard package != 0 else { continue }
            let start = Int(bytes.little32(slot + 8)) * blockSize
            guard start <= bytes.count - headSize, bytes[start..<start + 4].elementsEqual("BlbS".utf8),
                bytes.little32(start + 4) == package
            else { throw RPMDatabase.damaged("a package of the database lies nowhere") }
            let size = Int(bytes.little32(start + 12))
            guard size <= bytes.count - start - headSize, size <= left
            else { throw RPMDatabase.damaged("a package is longer than the database") }
            left -= size
            blobs.append(Array(bytes[(start + headSize)..<(start + headSize + size)]))
        }
        return blobs
    }
}
