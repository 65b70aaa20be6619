/// Reads RPM's table of what is installed: headers of packages in a database, of one of three kinds.
///
/// Any bytes may be given; none make it trap, or take more memory than a few times theirs.
package enum RPMDatabase {
    /// The kinds of database, by the names of their files.
    package enum Format: String, CaseIterable, Sendable {
        /// Since RPM 4.16.
        case sqlite = "rpmdb.sqlite"
        /// SUSE's.
        case ndb = "Packages.db"
        /// Berkeley DB's hash tables, until RPM 4.16.
        case berkeley = "Packages"
    }

    /// The installed packages.
    package static func packages(_ bytes: [UInt8], _ format: Format) throws(ReportError) -> [InstalledPackage] {
        let headers =
            switch format {
            case .sqlite: try SQLiteTable.blobs(of: "Packages", in: bytes)
            case .ndb: try NDBPackages.blobs(in: bytes)
            case .berkeley: try BerkeleyHash.blobs(in: bytes)
            }
        var packages: [InstalledPackage] = []
        var room = PathRoom(forRecordsOf: bytes.count)
        for header in headers {
            guard packages.count < DpkgRecords.packageLimit else { break }
            guard let package = RPMHeader(header)?.package(room: &room) else { continue }
            // Keys for signatures are kept like packages.
            if !package.name.elementsEqual("gpg-pubkey".utf8) { packages.append(package) }
        }
        return packages
    }

    static func damaged(_ reason: String) -> ReportError { ReportError("rpm-damaged", reason) }
}

/// The header of one package: an index of tags, and their data. rpm-format(7); RPM's docs/manual/hregions.md.
struct RPMHeader {
    private let bytes: [UInt8]
    private let dataStart: Int
    private var entries: [Int32: (type: Int32, offset: Int, count: Int)] = [:]

    private enum Tag {
        static let (name, version, release, epoch, architecture): (Int32, Int32, Int32, Int32, Int32) =
            (1000, 1001, 1002, 1003, 1022)
        static let (baseNames, folderNames, folderIndexes): (Int32, Int32, Int32) = (1117, 1118, 1116)
        static let oldFileNames: Int32 = 1027
    }

    private enum Kind {
        static let (int32, string, stringArray, localised): (Int32, Int32, Int32, Int32) = (4, 6, 8, 9)
    }

    /// RPM itself takes no more tags, and no more files, than this.
    private static let entryLimit = 65_535
    private static let fileLimit = 1_000_000

    /// Nil for what is no header.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 8 else { return nil }
        let (count, size) = (Int(bytes.big32(0)), Int(bytes.big32(4)))
        guard count > 0, count <= Self.entryLimit, bytes.count - 8 >= 16 * count, bytes.count - 8 - 16 * count >= size
        else { return nil }
        self.bytes = bytes
        dataStart = 8 + 16 * count
        for index in 0..<count {
            let place = 8 + 16 * index
            let tag = Int32(bitPattern: bytes.big32(place))
            let offset = Int(bytes.big32(place + 8))
            guard offset < size, entries[tag] == nil else { continue }
            entries[tag] = (Int32(bitPattern: bytes.big32(place + 4)), offset, Int(bytes.big32(place + 12)))
        }
    }

    /// What it says of its package; nil without a name.
    ///
    /// - Parameter room: what its files' paths are taken from.
    func package(room: inout PathRoom) -> InstalledPackage? {
        guard let name = string(Tag.name), !name.isEmpty else { return nil }
        var version = string(Tag.version) ?? []
        if let release = string(Tag.release) { version += [UInt8(ascii: "-")] + release }
        if let epoch = integers(Tag.epoch).first { version = Array("\(epoch):".utf8) + version }
        return InstalledPackage(
            name: name, version: version, architecture: string(Tag.architecture) ?? [], files: files(&room))
    }

    private func files(_ room: inout PathRoom) -> [[UInt8]] {
        guard !room.isSpent else { return [] }
        let names = strings(Tag.baseNames)
        guard !names.isEmpty else { return strings(Tag.oldFileNames).compactMap { room.path([], $0[...]) } }
        let folders = strings(Tag.folderNames)
        var files: [[UInt8]] = []
        for (name, index) in zip(names, integers(Tag.folderIndexes)) where folders.indices.contains(Int(index)) {
            if let path = room.path(folders[Int(index)][...], name[...]) { files.append(path) }
        }
        return files
    }

    // MARK: - Values

    private func string(_ tag: Int32) -> [UInt8]? {
        guard let entry = entries[tag], [Kind.string, Kind.stringArray, Kind.localised].contains(entry.type)
        else { return nil }
        return text(at: dataStart + entry.offset)
    }

    private func strings(_ tag: Int32) -> [[UInt8]] {
        guard let entry = entries[tag], entry.type == Kind.stringArray || entry.type == Kind.string else { return [] }
        var strings: [[UInt8]] = []
        var place = dataStart + entry.offset
        while strings.count < min(entry.count, Self.fileLimit), let next = text(at: place) {
            strings.append(next)
            place += next.count + 1
        }
        return strings
    }

    private func integers(_ tag: Int32) -> [UInt32] {
        guard let entry = entries[tag], entry.type == Kind.int32 else { return [] }
        let start = dataStart + entry.offset
        let count = min(entry.count, Self.fileLimit, (bytes.count - start) / 4)
        return (0..<count).map { bytes.big32(start + 4 * $0) }
    }

    /// A text that ends with a NUL; nil when it does not.
    private func text(at place: Int) -> [UInt8]? {
        guard place < bytes.count, let end = bytes[place...].firstIndex(of: 0) else { return nil }
        return Array(bytes[place..<end])
    }
}

extension [UInt8] {
    /// The caller has seen to it that the bytes are there.
    func big16(_ place: Int) -> UInt16 { UInt16(self[place]) << 8 | UInt16(self[place + 1]) }
    func big32(_ place: Int) -> UInt32 { UInt32(big16(place)) << 16 | UInt32(big16(place + 2)) }
    func little32(_ place: Int) -> UInt32 { big32(place).byteSwapped }
}
