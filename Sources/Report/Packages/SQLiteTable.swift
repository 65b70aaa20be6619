/// Reads one table of an SQLite database. "Database File Format", sqlite.org/fileformat2.html; its sections stand in
/// brackets.
struct SQLiteTable {
    private let bytes: [UInt8]
    private let pageSize: Int
    /// Bytes of a page that hold something.
    private let usable: Int
    /// Pages that may still be looked at: in a tree that is one, each is looked at once.
    private var pagesLeft: Int
    /// Bytes of rows that may still be read; together they are no more than the file.
    private var bytesLeft: Int

    private static let deepest = 20

    /// The first blob of each row of a table, in the table's order.
    static func blobs(of table: String, in bytes: [UInt8]) throws(ReportError) -> [[UInt8]] {
        var reader = try SQLiteTable(bytes)
        var root: Int?
        // [2.6] Page 1 has the table of tables: type, name, table, root page, SQL.
        try reader.walk(1, depth: 0) { row in
            guard let columns = Self.columns(of: row), columns.count >= 4 else { return }
            if row[columns[0].range].elementsEqual("table".utf8), row[columns[1].range].elementsEqual(table.utf8) {
                root = Self.integer(row[columns[3].range])
            }
        }
        guard let root else { throw RPMDatabase.damaged("the database has no table ‘\(table)’") }
        reader.pagesLeft = reader.pageCount
        reader.bytesLeft = bytes.count
        var blobs: [[UInt8]] = []
        try reader.walk(root, depth: 0) { row in
            guard let column = Self.columns(of: row)?.first(where: { $0.isBlob }) else { return }
            blobs.append(Array(row[column.range]))
        }
        return blobs
    }

    private init(_ bytes: [UInt8]) throws(ReportError) {
        // [1.3]
        guard bytes.count >= 512, bytes.starts(with: "SQLite format 3\0".utf8)
        else { throw RPMDatabase.damaged("it is no SQLite database") }
        let size = Int(bytes.big16(16))
        pageSize = size == 1 ? 65_536 : size
        usable = pageSize - Int(bytes[20])
        guard pageSize >= 512, pageSize & (pageSize - 1) == 0, usable >= 480
        else { throw RPMDatabase.damaged("its pages have an impossible size") }
        self.bytes = bytes
        pagesLeft = bytes.count / pageSize
        bytesLeft = bytes.count
    }

    private var pageCount: Int { bytes.count / pageSize }

    /// Where a page begins; nil for one that is not there.
    private func start(of page: Int) -> Int? {
        (1...max(1, pageCount)).contains(page) && pageCount > 0 ? (page - 1) * pageSize : nil
    }

    // MARK: - [1.6] Trees

    /// Shows all rows of a table's tree.
    private mutating func walk(
        _ page: Int, depth: Int, _ body: ([UInt8]) -> Void
    ) throws(ReportError) {
        guard depth < Self.deepest, pagesLeft > 0, let start = start(of: page)
        else { throw RPMDatabase.damaged("a tree of the database is none") }
        pagesLeft -= 1
        let header = page == 1 ? start + 100 : start
        let count = Int(bytes.big16(header + 3))
        let isLeaf = bytes[header] == 0x0d
        guard isLeaf || bytes[header] == 0x05 else {
            throw RPMDatabase.damaged("a page of the database is of no table")
        }
        let pointers = header + (isLeaf ? 8 : 12)
        guard pointers + 2 * count <= start + pageSize else { throw RPMDatabase.damaged("a page has too many cells") }
        for index in 0..<count {
            let cell = start + Int(bytes.big16(pointers + 2 * index))
            guard isLeaf else {
                guard cell + 4 <= start + pageSize else { throw RPMDatabase.damaged("a cell lies outside its page") }
                try walk(Int(bytes.big32(cell)), depth: depth + 1, body)
                continue
            }
            body(try row(at: cell, end: start + usable))
        }
        if !isLeaf { try walk(Int(bytes.big32(header + 8)), depth: depth + 1, body) }
    }

    /// The bytes of a row, those on overflow pages included.
    private mutating func row(at cell: Int, end: Int) throws(ReportError) -> [UInt8] {
        var place = cell
        guard let size = Self.varint(bytes, &place, end: end), Self.varint(bytes, &place, end: end) != nil,
            size <= bytesLeft, size >= 0
        else { throw RPMDatabase.damaged("a row is longer than the database") }
        bytesLeft -= size
        let most = usable - 35
        var local = size
        if size > most {
            let least = (usable - 12) * 32 / 255 - 23
            local = least + (size - least) % (usable - 4)
            if local > most { local = least }
        }
        guard place + local <= end else { throw RPMDatabase.damaged("a row lies outside its page") }
        var row = Array(bytes[place..<place + local])
        guard size > local else { return row }
        guard place + local + 4 <= end else { throw RPMDatabase.damaged("a row lies outside its page") }
        row.reserveCapacity(size)
        var next = Int(bytes.big32(place + local))
        while row.count < size {
            guard pagesLeft > 0, let start = start(of: next) else { throw RPMDatabase.damaged("a row breaks off") }
            pagesLeft -= 1
            row += bytes[(start + 4)..<(start + 4 + min(usable - 4, size - row.count))]
            next = Int(bytes.big32(start))
        }
        return row
    }

    // MARK: - [2.1] Records

    private struct Column {
        var range: Range<Int>
        var isBlob: Bool
    }

    /// Where a row's values stand; nil for what is no row.
    private static func columns(of row: [UInt8]) -> [Column]? {
        var place = 0
        guard let headerSize = varint(row, &place, end: row.count), headerSize <= row.count else { return nil }
        var value = headerSize
        var columns: [Column] = []
        while place < headerSize, columns.count < 100 {
            guard let kind = varint(row, &place, end: headerSize), kind >= 0 else { return nil }
            let size: Int
            switch kind {
            case 0, 8, 9: size = 0
            case 1...4: size = kind
            case 5: size = 6
            case 6, 7: size = 8
            default: size = kind < 12 ? 0 : (kind - 12) / 2
            }
            guard size <= row.count - value else { return nil }
            columns.append(Column(range: value..<value + size, isBlob: kind >= 12 && kind % 2 == 0))
            value += size
        }
        return columns
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.prefix(8).reduce(0) { $0 << 8 | Int($1) }
    }

    /// [1.6] Seven bits a byte, the highest first; all eight of a ninth.
    private static func varint(_ bytes: [UInt8], _ place: inout Int, end: Int) -> Int? {
        var value: UInt64 = 0
        for index in 0..<9 {
            guard place < end, place < bytes.count else { return nil }
            let byte = bytes[place]
            place += 1
            if index == 8 { return Int(exactly: value << 8 | UInt64(byte)) }
            value = value << 7 | UInt64(byte & 0x7f)
            if byte < 0x80 { break }
        }
        return Int(exactly: value)
    }
}
