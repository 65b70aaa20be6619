internal import ByteKit
internal import SquashFS

/// Writes inodes, each in the smallest form that can say what it must.
struct InodeTable {
    private let writer: MetadataWriter

    init(_ compressor: BlockCompressor) {
        writer = MetadataWriter(compressor)
    }

    /// What all inodes have.
    struct Common {
        var mode: UInt16
        var userIndex: UInt16
        var groupIndex: UInt16
        var modificationTime: UInt32
        var number: UInt32
        var linkCount: UInt32
        /// `Squash.noXattr` for none.
        var xattrs: UInt32
    }

    /// Where a file's data is.
    struct FileData {
        var size = 0
        var start: UInt64 = 0
        /// Bytes in blocks that are holes.
        var sparse = 0
        var fragment: UInt32 = Squash.noFragment
        var fragmentOffset: UInt32 = 0
        var blockSizes: [UInt32] = []
    }

    func directory(_ common: Common, listing: DirectoryTable.Listing, parent: UInt32) throws(LayerError)
        -> MetadataWriter.Position
    {
        // The size counts three bytes for `.` and `..`, which are not stored.
        let size = listing.size + 3
        guard size <= UInt32.max else { throw LayerError(.squashLimit, "a folder has too many names for squashfs") }
        var body: [UInt8] = []
        if size <= UInt16.max && listing.index.isEmpty && common.xattrs == Squash.noXattr {
            body.append(littleEndian: UInt32(listing.start.block))
            body.append(littleEndian: common.linkCount)
            body.append(littleEndian: UInt16(size))
            body.append(littleEndian: UInt16(listing.start.offset))
            body.append(littleEndian: parent)
            return append(.directory, common, body)
        }
        // The count of index entries has 16 bits; beyond that lookups only begin further back.
        let index = listing.index.prefix(Int(UInt16.max))
        body.append(littleEndian: common.linkCount)
        body.append(littleEndian: UInt32(size))
        body.append(littleEndian: UInt32(listing.start.block))
        body.append(littleEndian: parent)
        body.append(littleEndian: UInt16(index.count))
        body.append(littleEndian: UInt16(listing.start.offset))
        body.append(littleEndian: common.xattrs)
        for entry in index {
            body.append(littleEndian: UInt32(entry.offset))
            body.append(littleEndian: UInt32(entry.block))
            body.append(littleEndian: UInt32(entry.name.count - 1))
            body += entry.name
        }
        return append(.extendedDirectory, common, body)
    }

    func file(_ common: Common, _ data: FileData) -> MetadataWriter.Position {
        var body: [UInt8] = []
        let fitsBasic = data.start <= UInt32.max && data.size <= UInt32.max
        let isBasic = fitsBasic && common.linkCount == 1 && common.xattrs == Squash.noXattr && data.sparse == 0
        if isBasic {
            body.append(littleEndian: UInt32(data.start))
        } else {
            body.append(littleEndian: data.start)
            body.append(littleEndian: UInt64(data.size))
            body.append(littleEndian: UInt64(data.sparse))
            body.append(littleEndian: common.linkCount)
        }
        body.append(littleEndian: data.fragment)
        body.append(littleEndian: data.fragmentOffset)
        body.append(littleEndian: isBasic ? UInt32(data.size) : common.xattrs)
        for size in data.blockSizes { body.append(littleEndian: size) }
        return append(isBasic ? .file : .extendedFile, common, body)
    }

    func symlink(_ common: Common, target: [UInt8]) -> MetadataWriter.Position {
        var body: [UInt8] = []
        body.append(littleEndian: common.linkCount)
        body.append(littleEndian: UInt32(target.count))
        body += target
        return append(.symlink, extended: .extendedSymlink, common, body)
    }

    func device(_ common: Common, isBlock: Bool, major: UInt32, minor: UInt32) -> MetadataWriter.Position {
        var body: [UInt8] = []
        body.append(littleEndian: common.linkCount)
        // As Linux encodes device numbers in 32 bits.
        body.append(littleEndian: (minor & 0xff) | (major & 0xfff) << 8 | (minor & 0xfff00) << 12)
        return isBlock
            ? append(.blockDevice, extended: .extendedBlockDevice, common, body)
            : append(.characterDevice, extended: .extendedCharacterDevice, common, body)
    }

    func fifo(_ common: Common) -> MetadataWriter.Position {
        var body: [UInt8] = []
        body.append(littleEndian: common.linkCount)
        return append(.fifo, extended: .extendedFifo, common, body)
    }

    /// Kinds whose extended form only adds the attributes at the end.
    private func append(
        _ basic: Squash.InodeType, extended: Squash.InodeType, _ common: Common, _ body: [UInt8]
    ) -> MetadataWriter.Position {
        guard common.xattrs != Squash.noXattr else { return append(basic, common, body) }
        var body = body
        body.append(littleEndian: common.xattrs)
        return append(extended, common, body)
    }

    private func append(_ type: Squash.InodeType, _ common: Common, _ body: [UInt8]) -> MetadataWriter.Position {
        let position = writer.position
        var bytes: [UInt8] = []
        bytes.append(littleEndian: type.rawValue)
        bytes.append(littleEndian: common.mode)
        bytes.append(littleEndian: common.userIndex)
        bytes.append(littleEndian: common.groupIndex)
        bytes.append(littleEndian: common.modificationTime)
        bytes.append(littleEndian: common.number)
        writer.append(bytes + body)
        return position
    }

    /// The whole table, its last block closed.
    func finish() -> [UInt8] {
        writer.flush()
        return writer.bytes
    }
}
