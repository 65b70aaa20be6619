package import ByteKit
internal import LayerFS

/// The entries of a zip archive, as its central directory has them. PKWARE APPNOTE.TXT 6.3.10; its sections stand in
/// brackets.
///
/// Any bytes may be given; none make it trap. Names that lead out of the archive are refused.
package struct ZipDirectory: Sendable {
    package struct Entry: Sendable {
        package var path: [UInt8]
        /// As Unix has it in `st_mode`; 0 when the archive's maker does not say.
        package var mode: UInt32
        package var crc: UInt32
        package var size: Int
        package var storedSize: Int
        package var isDeflated: Bool
        /// MS-DOS date and time, the date in the upper half.
        package var time: UInt32
        /// Where the entry's local header stands.
        package var offset: Int
    }

    package private(set) var entries: [Entry] = []

    private static let endSize = 22
    private static let commentLimit = 65_535
    private static let directoryLimit = 256 << 20
    /// More than an image's files may have together.
    private static let unpackedLimit = LayerLister.usualLimit

    /// Reads the directory at the end of an archive.
    package init(_ file: borrowing InputFile) throws {
        let tailSize = min(file.size, Self.endSize + Self.commentLimit)
        let tailStart = file.size - tailSize
        let tail = try file.read(count: tailSize, at: tailStart)
        // [4.3.16] The last record that ends where the file does.
        guard
            let end = stride(from: tailSize - Self.endSize, through: 0, by: -1).first(where: {
                tail.integer32($0) == 0x0605_4b50 && $0 + Self.endSize + Int(tail.integer16($0 + 20)) == tailSize
            })
        else { throw Self.damaged(file.path, "it has no central directory") }
        var size = Int(tail.integer32(end + 12))
        var start = Int(tail.integer32(end + 16))
        if tail.integer16(end + 10) == .max || size == 0xffff_ffff || start == 0xffff_ffff {
            (start, size) = try Self.large(file, endsAt: tailStart + end)
        }
        guard size <= Self.directoryLimit, start >= 0, size >= 0, start <= file.size, size <= file.size - start
        else { throw Self.damaged(file.path, "its central directory lies outside") }
        try read(try file.read(count: size, at: start), file)
    }

    /// [4.3.14] [4.3.15] Where the directory of a zip64 archive is.
    private static func large(_ file: borrowing InputFile, endsAt end: Int) throws -> (start: Int, size: Int) {
        guard end >= 20 else { throw damaged(file.path, "it is cut off") }
        let locator = try file.read(count: 20, at: end - 20)
        guard locator.integer32(0) == 0x0706_4b50, let place = Int(exactly: locator.integer64(8)),
            place <= file.size - 56
        else { throw damaged(file.path, "its zip64 record is missing") }
        let record = try file.read(count: 56, at: place)
        guard record.integer32(0) == 0x0606_4b50, let size = Int(exactly: record.integer64(40)),
            let start = Int(exactly: record.integer64(48))
        else { throw damaged(file.path, "its zip64 record is damaged") }
        return (start, size)
    }

    /// [4.3.12]
    private mutating func read(_ bytes: [UInt8], _ file: borrowing InputFile) throws {
        let name = file.path
        var place = 0
        var unpacked = 0
        while place < bytes.count {
            guard bytes.count - place >= 46, bytes.integer32(place) == 0x0201_4b50
            else { throw Self.damaged(name, "its central directory is damaged") }
            let (nameSize, extraSize) = (Int(bytes.integer16(place + 28)), Int(bytes.integer16(place + 30)))
            let commentSize = Int(bytes.integer16(place + 32))
            guard bytes.count - place - 46 >= nameSize + extraSize + commentSize
            else { throw Self.damaged(name, "its central directory is cut off") }
            let path = Array(bytes[(place + 46)..<(place + 46 + nameSize)])
            let flags = bytes.integer16(place + 8)
            let method = bytes.integer16(place + 10)
            guard flags & 1 == 0, method == 0 || method == 8 else {
                throw ReportError(
                    "zip-unsupported", "an entry is encrypted, or compressed with method \(method)",
                    location: Diagnostic.printable("\(name), ") + SafeText.path(path))
            }
            let isUnix = bytes[place + 5] == 3
            var entry = Entry(
                path: path, mode: isUnix ? bytes.integer32(place + 38) >> 16 : 0, crc: bytes.integer32(place + 16),
                size: Int(bytes.integer32(place + 24)), storedSize: Int(bytes.integer32(place + 20)),
                isDeflated: method == 8, time: bytes.integer32(place + 12), offset: Int(bytes.integer32(place + 42)))
            let extra = bytes[(place + 46 + nameSize)..<(place + 46 + nameSize + extraSize)]
            guard entry.takeLargeSizes(Array(extra)) else { throw Self.damaged(name, "a zip64 field is damaged") }
            guard entry.storedSize <= file.size else { throw Self.damaged(name, "an entry is cut off") }
            // Entries may share their bytes, so the file's size does not bound what comes out of it.
            guard entry.size <= Self.unpackedLimit - unpacked
            else { throw Self.damaged(name, "it unpacks to more than \(Self.unpackedLimit) bytes") }
            unpacked += entry.size
            entries.append(entry)
            place += 46 + nameSize + extraSize + commentSize
        }
    }

    /// Where an entry's data begins. [4.3.7]
    package func dataOffset(of entry: Entry, in file: borrowing InputFile) throws -> Int {
        guard entry.offset <= file.size - 30 else { throw Self.damaged(file.path, "an entry lies outside") }
        let header = try file.read(count: 30, at: entry.offset)
        guard header.integer32(0) == 0x0403_4b50 else { throw Self.damaged(file.path, "an entry has no header") }
        let start = entry.offset + 30 + Int(header.integer16(26)) + Int(header.integer16(28))
        guard start <= file.size, entry.storedSize <= file.size - start
        else { throw Self.damaged(file.path, "an entry is cut off") }
        return start
    }

    static func damaged(_ name: String, _ reason: String) -> ReportError {
        ReportError("zip-damaged", "the zip archive cannot be read: \(reason)", location: Diagnostic.printable(name))
    }
}

extension ZipDirectory.Entry {
    /// [4.5.3] Sizes and places that do not fit 32 bits; false when they are not there as they must be.
    fileprivate mutating func takeLargeSizes(_ extra: [UInt8]) -> Bool {
        var place = 0
        while extra.count - place >= 4 {
            let count = Int(extra.integer16(place + 2))
            guard extra.count - place - 4 >= count else { return false }
            if extra.integer16(place) == 1 { return takeLargeSizes(extra, from: place + 4, to: place + 4 + count) }
            place += 4 + count
        }
        return size != 0xffff_ffff && storedSize != 0xffff_ffff && offset != 0xffff_ffff
    }

    private mutating func takeLargeSizes(_ extra: [UInt8], from start: Int, to end: Int) -> Bool {
        var place = start
        for field in [\ZipDirectory.Entry.size, \.storedSize, \.offset] where self[keyPath: field] == 0xffff_ffff {
            guard end - place >= 8, let value = Int(exactly: extra.integer64(place)) else { return false }
            self[keyPath: field] = value
            place += 8
        }
        return true
    }
}

extension [UInt8] {
    fileprivate func integer16(_ place: Int) -> UInt16 { UInt16(self[place]) | UInt16(self[place + 1]) << 8 }
    fileprivate func integer32(_ place: Int) -> UInt32 {
        UInt32(integer16(place)) | UInt32(integer16(place + 2)) << 16
    }
    fileprivate func integer64(_ place: Int) -> UInt64 {
        UInt64(integer32(place)) | UInt64(integer32(place + 4)) << 32
    }
}
