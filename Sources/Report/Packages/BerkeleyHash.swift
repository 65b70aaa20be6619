/// Reads the values of a Berkeley DB hash table that are too long for a page, as RPM's headers are. The layout is that of
/// dbinc/db_page.h of Berkeley DB 4 and 5; numbers are in the order of the machine that wrote them.
struct BerkeleyHash {
    private let bytes: [UInt8]
    private let isSwapped: Bool
    private let pageSize: Int
    private var pagesLeft: Int

    private static let magic: UInt32 = 0x0006_1561
    private static let headSize = 26
    /// Types of pages: hash tables with keys in no order and in order, and parts of long values.
    private static let (unsorted, sorted, overflow): (UInt8, UInt8, UInt8) = (2, 13, 7)
    /// The type of an item that lies on pages of its own.
    private static let offPage: UInt8 = 3

    /// The long values, by their place in the table.
    static func blobs(in bytes: [UInt8]) throws(ReportError) -> [[UInt8]] {
        var table = try BerkeleyHash(bytes)
        var blobs: [[UInt8]] = []
        var left = bytes.count
        for page in 1..<max(1, bytes.count / table.pageSize) {
            let start = page * table.pageSize
            let type = bytes[start + 25]
            guard type == Self.unsorted || type == Self.sorted else { continue }
            let count = Int(table.number16(start + 20))
            guard Self.headSize + 2 * count <= table.pageSize
            else { throw RPMDatabase.damaged("a page has too many items") }
            // A key and its value take turns.
            for index in stride(from: 1, to: count, by: 2) {
                let item = start + Int(table.number16(start + Self.headSize + 2 * index))
                guard item + 12 <= start + table.pageSize else {
                    // A short value at the page's end.
                    guard item < start + table.pageSize else {
                        throw RPMDatabase.damaged("an item lies outside its page")
                    }
                    continue
                }
                guard bytes[item] == Self.offPage else { continue }
                let size = Int(table.number32(item + 8))
                guard size <= left else { throw RPMDatabase.damaged("a package is longer than the database") }
                left -= size
                blobs.append(try table.value(at: Int(table.number32(item + 4)), size: size))
            }
        }
        return blobs
    }

    private init(_ bytes: [UInt8]) throws(ReportError) {
        guard bytes.count >= 512, [bytes.little32(12), bytes.big32(12)].contains(Self.magic)
        else { throw RPMDatabase.damaged("it is no hash table of Berkeley DB") }
        isSwapped = bytes.big32(12) == Self.magic
        pageSize = Int(isSwapped ? bytes.big32(20) : bytes.little32(20))
        guard (512...65_536).contains(pageSize), pageSize & (pageSize - 1) == 0
        else { throw RPMDatabase.damaged("its pages have an impossible size") }
        self.bytes = bytes
        pagesLeft = bytes.count / pageSize
    }

    /// A value that fills pages of its own, each of which names the next.
    private mutating func value(at page: Int, size: Int) throws(ReportError) -> [UInt8] {
        var value: [UInt8] = []
        var next = page
        while value.count < size {
            guard pagesLeft > 0, next > 0, next < bytes.count / pageSize, bytes[next * pageSize + 25] == Self.overflow
            else { throw RPMDatabase.damaged("a package breaks off") }
            pagesLeft -= 1
            let start = next * pageSize
            let count = min(Int(number16(start + 22)), pageSize - Self.headSize, size - value.count)
            guard count > 0 else { throw RPMDatabase.damaged("a package breaks off") }
            value += bytes[(start + Self.headSize)..<(start + Self.headSize + count)]
            next = Int(number32(start + 16))
        }
        return value
    }

    private func number16(_ place: Int) -> UInt16 {
        isSwapped ? bytes.big16(place) : bytes.big16(place).byteSwapped
    }

    private func number32(_ place: Int) -> UInt32 { isSwapped ? bytes.big32(place) : bytes.little32(place) }
}
