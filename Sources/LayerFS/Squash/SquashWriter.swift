package import ByteKit
internal import SquashFS

/// Writes a merged tree as a squashfs 4.0 image that the kernel mounts. docs/squashfs.md says why each part is as it is.
package struct SquashWriter {
    private let tree: FileTree
    private let order: FileTree.Order
    private let objects: [LayerObject]
    private let first: [Int32]
    private let settings: BlockSettings
    private let pool: WorkerPool

    /// - Parameter first: nodes whose data is to come first, in this order.
    package init(
        _ tree: FileTree, _ order: FileTree.Order, _ objects: [LayerObject], first: [Int32] = [],
        settings: BlockSettings, pool: WorkerPool
    ) {
        self.first = first
        self.tree = tree
        self.order = order
        self.objects = objects
        self.settings = settings
        self.pool = pool
    }

    /// What was written.
    package struct Summary: Sendable {
        /// Bytes of the image, its padding included.
        package var size: Int
        package var digest: Digest
        package var inodes: Int
        package var fragments: Int
        /// Things of the tree that squashfs cannot hold, and what became of them.
        package var warnings: [String]
    }

    /// Writes the image from its first byte to its last, and gives it its name.
    ///
    /// - Parameter time: the image's own time in seconds since 1970; a value, never the clock.
    package func write(to path: String, time: UInt32) throws -> Summary {
        var superblock = Superblock(settings: settings, time: time)
        let options = superblock.compressorOptions ?? []
        let data = try DataWriter(
            try DataPlan(tree, order, objects, first: first), objects, settings: settings, pool: pool,
            start: Squash.superblockSize + options.count, scratch: path)
        var tail = SquashTail(start: data.end)
        let warnings = try tables(data, &superblock, &tail)
        var file = try DigestingFile(path)
        try file.write(superblock.encoded() + options)
        try data.write(to: &file)
        try file.write(tail.bytes)
        let written = try file.finish()
        return Summary(
            size: written.size, digest: written.digest, inodes: Int(superblock.inodeCount),
            fragments: Int(superblock.fragmentCount), warnings: warnings)
    }

    /// Makes everything that follows the data, and the superblock that points to it.
    private func tables(_ data: DataWriter, _ superblock: inout Superblock, _ tail: inout SquashTail) throws -> [String]
    {
        let compressor = try BlockCompressor(settings.metadata)
        var tables = TreeTables(tree, order, data, compressor)
        try tables.build()
        superblock.inodeTable = UInt64(tail.position)
        tail.append(tables.inodes.finish())
        superblock.directoryTable = UInt64(tail.position)
        tail.append(tables.directories.finish())

        var fragments = LookupTable(compressor)
        for fragment in data.fragmentTable {
            var row: [UInt8] = []
            row.append(littleEndian: fragment.start)
            row.append(littleEndian: fragment.size)
            row.append(littleEndian: UInt32(0))
            fragments.append(row)
        }
        superblock.fragmentTable = fragments.append(to: &tail)
        superblock.exportTable = tables.exportTable(compressor).append(to: &tail)
        superblock.idTable = tables.ids.table(compressor).append(to: &tail)
        superblock.xattrTable = tables.xattrs.append(to: &tail)

        superblock.inodeCount = UInt32(tables.inodeCount)
        superblock.fragmentCount = UInt32(fragments.count)
        superblock.idCount = UInt16(tables.ids.count)
        superblock.rootInode = tables.rootReference
        superblock.bytesUsed = UInt64(tail.position)
        tail.append([UInt8](repeating: 0, count: -tail.position & (Squash.padding - 1)))
        return tables.warnings.sorted()
    }
}

/// The first 96 bytes, and what follows them for some compressors.
private struct Superblock {
    let settings: BlockSettings
    let time: UInt32
    var inodeCount: UInt32 = 0
    var fragmentCount: UInt32 = 0
    var idCount: UInt16 = 0
    var rootInode: UInt64 = 0
    var bytesUsed: UInt64 = 0
    var idTable: UInt64 = 0
    var xattrTable = Squash.noTable
    var inodeTable: UInt64 = 0
    var directoryTable: UInt64 = 0
    var fragmentTable: UInt64 = 0
    var exportTable: UInt64 = 0

    init(settings: BlockSettings, time: UInt32) {
        self.settings = settings
        self.time = time
    }

    /// A stored metadata block that says how the image was compressed; nil where readers take what we do for granted.
    var compressorOptions: [UInt8]? {
        let options: [UInt32]
        switch settings.compression {
        case .zstd:
            guard settings.level != 15 else { return nil }
            options = [UInt32(settings.level)]
        // The kernel mounts no lz4 image without: the version of the format, and whether LZ4HC made it.
        case .lz4: options = [1, settings.level > 1 ? 1 : 0]
        // A dictionary of one block and no filters are xz's defaults; gzip's levels of libdeflate mean nothing to others.
        case .xz, .gzip, .none: return nil
        }
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt16(options.count * 4) | Squash.metadataStored)
        for option in options { bytes.append(littleEndian: option) }
        return bytes
    }

    func encoded() -> [UInt8] {
        var flags = Squash.Flag.duplicatesChecked | Squash.Flag.exportable
        if compressorOptions != nil { flags |= Squash.Flag.compressorOptions }
        if xattrTable == Squash.noTable { flags |= Squash.Flag.noXattrs }
        var bytes: [UInt8] = []
        for field in [Squash.magic, inodeCount, time, UInt32(settings.blockSize), fragmentCount] {
            bytes.append(littleEndian: field)
        }
        let blockLog = UInt16(settings.blockSize.trailingZeroBitCount)
        for field in [settings.compressor.rawValue, blockLog, flags, idCount, 4, 0] {
            bytes.append(littleEndian: field)
        }
        for field in [
            rootInode, bytesUsed, idTable, xattrTable, inodeTable, directoryTable, fragmentTable, exportTable,
        ] { bytes.append(littleEndian: field) }
        return bytes
    }
}
