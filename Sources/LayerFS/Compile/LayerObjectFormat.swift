package import ByteKit
internal import SquashFS

/// The bytes of a layer object's header, tables and trailer. docs/layer-object.md.
enum LayerObjectFormat {
    static let headerSize = 64
    static let trailerSize = 64
    /// More than the tables of any layer that is taken: they are read at once.
    private static let tablesLimit = 2 << 30
    /// What a row of these tables takes in a file.
    static let entrySize = 40
    static let contentSize = 52
    static let magic: [UInt8] = Array("SCARLAYR".utf8)
    static let version: UInt32 = 3

    static func header(layer: Digest, settings: BlockSettings) -> [UInt8] {
        var bytes = magic
        bytes.append(littleEndian: version)
        // Blocks that are never compressed are told apart from gzip's, whose name their image has.
        bytes.append(littleEndian: settings.compression == .none ? 0 : settings.compressor.rawValue)
        bytes.append(littleEndian: UInt16(settings.level))
        bytes.append(littleEndian: UInt32(settings.blockSize))
        let codec = CodecLibrary(settings.compression)
        bytes.append(littleEndian: codec?.number ?? 0)
        bytes += layer.bytes
        bytes += codec?.name.utf8.map { $0 } ?? []
        bytes += [UInt8](repeating: 0, count: headerSize - bytes.count)
        return bytes
    }

    /// What stands at the very end: where the tables are, and a digest over the header and them.
    struct Trailer {
        var tablesOffset: Int
        var tablesSize: Int
        var checksum: Digest

        func encoded() -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.append(littleEndian: UInt64(tablesOffset))
            bytes.append(littleEndian: UInt64(tablesSize))
            bytes += checksum.bytes
            bytes += [UInt8](repeating: 0, count: trailerSize - bytes.count - magic.count)
            return bytes + magic
        }

        init(tablesOffset: Int, tablesSize: Int, checksum: Digest) {
            self.tablesOffset = tablesOffset
            self.tablesSize = tablesSize
            self.checksum = checksum
        }

        init?(_ bytes: [UInt8], fileSize: Int) {
            guard bytes.count == trailerSize, bytes.suffix(magic.count).elementsEqual(magic) else { return nil }
            var reader = LittleEndianReader(bytes.span)
            guard let offset = Int(exactly: reader.read(UInt64.self)),
                let size = Int(exactly: reader.read(UInt64.self)),
                let checksum = Digest(bytes: reader.read(count: 32)), offset >= headerSize,
                size <= min(fileSize, tablesLimit),
                offset == fileSize - trailerSize - size
            else { return nil }
            self.init(tablesOffset: offset, tablesSize: size, checksum: checksum)
        }
    }
}

extension LayerTables {
    /// Encodes the tables, handing them on in pieces: they may be as large as the data.
    func encode(diffID: Digest, tarSize: Int, _ receive: ([UInt8]) throws -> Void) throws {
        var bytes = diffID.bytes
        func handOn(_ bytes: inout [UInt8]) throws {
            guard bytes.count >= 64 << 10 else { return }
            try receive(bytes)
            bytes.removeAll(keepingCapacity: true)
        }
        bytes.append(littleEndian: UInt64(tarSize))
        for count in [entries.count, names.count, contents.count, blocks.count, fragments.count, xattrSets.count] {
            bytes.append(littleEndian: UInt64(count))
        }
        for entry in entries {
            Self.append(entry, to: &bytes)
            try handOn(&bytes)
        }
        try receive(bytes)
        bytes.removeAll(keepingCapacity: true)
        try receive(names)
        for content in contents {
            content.fingerprint.append(to: &bytes)
            bytes.append(littleEndian: UInt64(content.size))
            let (isTail, first, second) =
                switch content.place {
                case .blocks(let first, let count): (UInt16(0), UInt32(first), UInt32(count))
                case .tail(let fragment, let offset): (UInt16(1), UInt32(fragment), UInt32(offset))
                }
            for field in [isTail, content.isELF ? 1 : 0] { bytes.append(littleEndian: field) }
            for field in [first, second] { bytes.append(littleEndian: field) }
            try handOn(&bytes)
        }
        for block in blocks {
            bytes.append(littleEndian: block.size)
            bytes.append(littleEndian: block.checksum)
            try handOn(&bytes)
        }
        for fragment in fragments { bytes.append(littleEndian: fragment) }
        for set in xattrSets {
            bytes.append(littleEndian: UInt32(set.count))
            for xattr in set {
                for part in [xattr.name, xattr.value] {
                    bytes.append(littleEndian: UInt32(part.count))
                    bytes += part
                }
            }
            try handOn(&bytes)
        }
        try receive(bytes)
    }

    private static func append(_ entry: LayerObject.Entry, to bytes: inout [UInt8]) {
        bytes.append(littleEndian: UInt16(entry.kind.rawValue))
        bytes.append(littleEndian: entry.mode)
        bytes.append(littleEndian: entry.userID)
        bytes.append(littleEndian: entry.groupID)
        bytes.append(littleEndian: entry.modificationTime)
        bytes.append(littleEndian: entry.deviceMajor)
        bytes.append(littleEndian: entry.deviceMinor)
        bytes.append(littleEndian: entry.content)
        bytes.append(littleEndian: entry.xattrs)
        bytes.append(littleEndian: entry.pathCount)
        bytes.append(littleEndian: entry.targetCount)
    }

    /// Reads tables back. Every index is checked against the table it points into; nil when anything is off.
    static func decode(_ bytes: [UInt8], blockSize: Int) -> (tables: LayerTables, diffID: Digest, tarSize: Int)? {
        var reader = LittleEndianReader(bytes.span)
        let diffID = reader.read(Digest.self)
        guard let tarSize = Int(exactly: reader.read(UInt64.self)) else { return nil }
        var counts: [Int] = []
        for _ in 0..<6 {
            // No table has more rows than there are bytes; where room is reserved, their size on disk counts as well.
            guard let count = Int(exactly: reader.read(UInt64.self)), count <= bytes.count else { return nil }
            counts.append(count)
        }
        var tables = LayerTables()
        guard tables.readEntries(&reader, count: counts[0], names: counts[1]) else { return nil }
        guard tables.readContents(&reader, count: counts[2]) else { return nil }
        for _ in 0..<counts[3] {
            tables.blocks.append(LayerObject.Block(size: reader.read(), checksum: reader.read()))
            guard !reader.isExhausted else { return nil }
        }
        for _ in 0..<counts[4] { tables.fragments.append(reader.read()) }
        guard !reader.isExhausted, tables.readXattrs(&reader, count: counts[5]), reader.remaining == 0,
            tables.isConsistent(blockSize: blockSize)
        else { return nil }
        return (tables, diffID, tarSize)
    }

    private mutating func readEntries(_ reader: inout LittleEndianReader, count: Int, names nameCount: Int) -> Bool {
        guard count <= reader.remaining / LayerObjectFormat.entrySize else { return false }
        entries.reserveCapacity(count)
        var start = 0
        for _ in 0..<count {
            guard let kind = TarEntry.Kind(rawValue: UInt8(truncatingIfNeeded: reader.read(UInt16.self))) else {
                return false
            }
            guard let pathStart = UInt32(exactly: start) else { return false }
            let entry = LayerObject.Entry(
                kind: kind, mode: reader.read(), userID: reader.read(), groupID: reader.read(),
                modificationTime: reader.read(),
                deviceMajor: reader.read(), deviceMinor: reader.read(), content: reader.read(), xattrs: reader.read(),
                pathStart: pathStart, pathCount: reader.read(), targetCount: reader.read())
            guard !reader.isExhausted else { return false }
            start += Int(entry.pathCount) + Int(entry.targetCount)
            entries.append(entry)
        }
        guard start == nameCount else { return false }
        names = reader.read(count: nameCount)
        return !reader.isExhausted
    }

    private mutating func readContents(_ reader: inout LittleEndianReader, count: Int) -> Bool {
        guard count <= reader.remaining / LayerObjectFormat.contentSize else { return false }
        contents.reserveCapacity(count)
        for _ in 0..<count {
            guard let fingerprint = Digest(bytes: reader.read(count: 32)),
                let size = Int(exactly: reader.read(UInt64.self))
            else { return false }
            let (isTail, isELF) = (reader.read(UInt16.self), reader.read(UInt16.self))
            let (first, second) = (Int(reader.read(UInt32.self)), Int(reader.read(UInt32.self)))
            guard !reader.isExhausted, isTail <= 1, isELF <= 1 else { return false }
            contents.append(
                LayerObject.Content(
                    fingerprint: fingerprint, size: size,
                    place: isTail == 1 ? .tail(fragment: first, offset: second) : .blocks(first: first, count: second),
                    isELF: isELF == 1))
        }
        return true
    }

    private mutating func readXattrs(_ reader: inout LittleEndianReader, count: Int) -> Bool {
        for _ in 0..<count {
            var set: [TarEntry.Xattr] = []
            for _ in 0..<reader.read(UInt32.self) {
                let name = reader.read(count: Int(reader.read(UInt32.self)))
                let value = reader.read(count: Int(reader.read(UInt32.self)))
                guard !reader.isExhausted else { return false }
                set.append(TarEntry.Xattr(name: name, value: value))
            }
            xattrSets.append(set)
        }
        return true
    }

    /// Whether everything is as the compiler would have made it. The checksum says only that the file is whole: whoever
    /// can write into the cache can write a checksum too, and must not get further than a wrong image by it.
    private func isConsistent(blockSize: Int) -> Bool {
        areEntriesSound
            && blocks.allSatisfy { $0.size >> 25 == 0 && $0.sizeOnDisk <= blockSize }
            && fragments.allSatisfy { $0 >= 0 && $0 < blocks.count && blocks[Int($0)].size != 0 }
            && contents.allSatisfy { isSound($0, blockSize) } && xattrSets.allSatisfy(Self.isSound)
    }

    private var areEntriesSound: Bool {
        entries.allSatisfy { entry in
            let path = names[Int(entry.pathStart)..<Int(entry.pathStart) + Int(entry.pathCount)]
            return entry.content >= -1 && entry.content < contents.count && (entry.content < 0 || entry.kind == .file)
                && entry.xattrs >= -1 && entry.xattrs < xattrSets.count && entry.mode <= 0o7777
                && entry.targetCount <= LayerPath.pathLimit
                && (path.isEmpty || LayerPath.isClean(path) && !path.contains(0))
        }
    }

    private func isSound(_ content: LayerObject.Content, _ blockSize: Int) -> Bool {
        guard content.size > 0, content.size <= 1 << 40 else { return false }
        switch content.place {
        case .blocks(let first, let count):
            return first <= blocks.count && count <= blocks.count - first
                && count == (content.size + blockSize - 1) / blockSize
        case .tail(let fragment, let offset):
            return fragment < fragments.count && content.size < blockSize && offset <= blockSize - content.size
        }
    }

    private static func isSound(_ set: [TarEntry.Xattr]) -> Bool {
        !set.isEmpty && set.count <= PaxRecords.xattrLimit
            && set.allSatisfy { (1...255).contains($0.name.count) && $0.value.count <= PaxRecords.xattrSizeLimit }
    }
}

extension LayerObject {
    /// Opens a layer object, or nil when the file is not one, is torn, or was made with other settings or from another
    /// layer: it is then compiled again.
    package static func open(_ path: String, layer: Digest, settings: BlockSettings) -> LayerObject? {
        typealias Format = LayerObjectFormat
        guard let file = try? InputFile(path), file.size >= Format.headerSize + Format.trailerSize,
            let header = try? file.read(count: Format.headerSize, at: 0),
            header == Format.header(layer: layer, settings: settings),
            let end = try? file.read(count: Format.trailerSize, at: file.size - Format.trailerSize),
            let trailer = Format.Trailer(end, fileSize: file.size),
            let tables = try? file.read(count: trailer.tablesSize, at: trailer.tablesOffset),
            Self.checksum(header, tables) == trailer.checksum,
            let decoded = LayerTables.decode(tables, blockSize: settings.blockSize)
        else { return nil }
        let object = LayerObject(
            layer: layer, diffID: decoded.diffID, settings: settings, tarSize: decoded.tarSize, tables: decoded.tables,
            file: file)
        return object.blockOffsets.last == trailer.tablesOffset ? object : nil
    }

    private static func checksum(_ header: [UInt8], _ tables: [UInt8]) -> Digest {
        var hasher = Sha256()
        hasher.update(header)
        hasher.update(tables)
        return hasher.finalize()
    }
}
