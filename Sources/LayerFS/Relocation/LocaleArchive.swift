internal import ByteKit

/// glibc's archive of compiled locales: `usr/lib/locale/locale-archive`. Its format is that of glibc's `locarchive.h`: a
/// header, a hash table of names, and for each name a record that says where the data of each category is.
struct LocaleArchive {
    /// A locale by one of its names.
    struct Locale {
        var name: [UInt8]
        /// The same for all names of one locale.
        var record: Int
        /// For each category that it has, by its file's path in a locale's folder, where its data is.
        var categories: [(path: [String], range: Range<Int>)]
    }

    /// In the order of their names.
    private(set) var locales: [Locale] = []

    /// What is wrong with an archive.
    struct Malformed: Error {
        let reason: String
    }

    private static let magic: UInt32 = 0xde02_0109
    /// More names than there are languages, territories and encodings.
    private static let mostNames = 16_384
    private static let nameRowSize = 12
    private static let recordSize = 4 + 13 * 8

    /// The files of a locale's folder by the number of their category. Number 6 is `LC_ALL`: in an archive, where the
    /// small ones stand together.
    private static let categories: [(number: Int, path: [String])] = [
        (0, ["LC_CTYPE"]), (1, ["LC_NUMERIC"]), (2, ["LC_TIME"]), (3, ["LC_COLLATE"]), (4, ["LC_MONETARY"]),
        (5, ["LC_MESSAGES", "SYS_LC_MESSAGES"]), (7, ["LC_PAPER"]), (8, ["LC_NAME"]), (9, ["LC_ADDRESS"]),
        (10, ["LC_TELEPHONE"]), (11, ["LC_MEASUREMENT"]), (12, ["LC_IDENTIFICATION"]),
    ]

    /// Reads an archive's tables.
    ///
    /// - Parameters:
    ///   - size: the archive's.
    ///   - source: gives some of its bytes, fewer at its end.
    /// - Throws: `Malformed`, or what `source` throws.
    init(size: Int, source: (_ offset: Int, _ count: Int) throws -> [UInt8]) throws {
        let head = try source(0, 20)
        guard head.count == 20 else { throw Malformed(reason: "it ends in its header") }
        var reader = LittleEndianReader(head.span)
        guard reader.read(UInt32.self) == Self.magic else { throw Malformed(reason: "it does not begin as one") }
        // Its serial number.
        _ = reader.read(UInt32.self)
        let (offset, used) = (Int(reader.read(UInt32.self)), Int(reader.read(UInt32.self)))
        let slots = Int(reader.read(UInt32.self))
        guard used <= Self.mostNames, slots <= Self.mostNames * 4
        else { throw Malformed(reason: "it has room for \(slots) names, which no archive has") }
        let rows = try source(offset, slots * Self.nameRowSize)
        guard rows.count == slots * Self.nameRowSize else { throw Malformed(reason: "it ends in its table of names") }
        var row = LittleEndianReader(rows.span)
        for _ in 0..<slots {
            _ = row.read(UInt32.self)
            let (name, record) = (Int(row.read(UInt32.self)), Int(row.read(UInt32.self)))
            // An empty slot, or a locale that was removed.
            guard name != 0, record != 0 else { continue }
            locales.append(
                Locale(
                    name: try Self.name(try source(name, 256)), record: record,
                    categories: try Self.record(try source(record, Self.recordSize), size: size)))
        }
        locales.sort { $0.name.lexicographicallyPrecedes($1.name) }
        try check(size)
    }

    private static func name(_ bytes: [UInt8]) throws -> [UInt8] {
        guard let end = bytes.firstIndex(of: 0), end > 0, end <= LayerPath.componentLimit,
            case let name = Array(bytes[..<end]), LayerPath.isClean(name[...]), !name.contains(UInt8(ascii: "/"))
        else { throw Malformed(reason: "a locale has a name that no folder can have") }
        return name
    }

    private static func record(_ bytes: [UInt8], size: Int) throws -> [(path: [String], range: Range<Int>)] {
        guard bytes.count == recordSize else { throw Malformed(reason: "it ends in its table of locales") }
        return try categories.compactMap { category in
            var reader = LittleEndianReader(bytes.span.extracting((4 + category.number * 8)...))
            let (offset, count) = (Int(reader.read(UInt32.self)), Int(reader.read(UInt32.self)))
            guard count > 0 else { return nil }
            guard offset + count <= size else { throw Malformed(reason: "a locale's data lies behind its end") }
            return (category.path, offset..<offset + count)
        }
    }

    /// Each piece of data is stored once, so all together are no larger than the archive; and each name is there once.
    private func check(_ size: Int) throws {
        let ranges = Set(locales.flatMap { $0.categories.map(\.range) })
        guard ranges.reduce(0, { $0 + $1.count }) <= size, Set(locales.map(\.name)).count == locales.count
        else { throw Malformed(reason: "its locales overlap") }
    }
}
