internal import ByteKit
internal import SquashFS

/// The inode and folder tables of a tree, built children first, so that every folder knows where its inodes are.
struct TreeTables {
    let inodes: InodeTable
    let directories: DirectoryTable
    private(set) var ids = IDTable()
    private(set) var xattrs: XattrTable
    private(set) var rootReference: UInt64 = 0
    private(set) var inodeCount = 0

    private let tree: FileTree
    private let order: FileTree.Order
    private let data: DataWriter
    /// For each inode of the tree: its number from 1, and where it was written; 0 and nil before that.
    private var numbers: [UInt32]
    private var positions: [MetadataWriter.Position?]
    private var clampedTimes = 0

    init(_ tree: FileTree, _ order: FileTree.Order, _ data: DataWriter, _ compressor: BlockCompressor) {
        self.tree = tree
        self.order = order
        self.data = data
        inodes = InodeTable(compressor)
        directories = DirectoryTable(compressor)
        xattrs = XattrTable(compressor)
        numbers = Array(repeating: 0, count: tree.inodes.count)
        positions = Array(repeating: nil, count: tree.inodes.count)
    }

    /// What the tree has and squashfs has not.
    var warnings: [String] {
        var warnings = xattrs.dropped.map {
            "squashfs cannot hold the attribute \(String(decoding: $0, as: UTF8.self)); it was left out"
        }
        if clampedTimes > 0 {
            warnings.append(
                "\(clampedTimes) times outside 1970 to 2106 were moved to the nearest that squashfs can hold")
        }
        return warnings
    }

    mutating func build() throws {
        for node in order.preorder {
            let inode = Int(tree.nodes[Int(node)].inode)
            guard numbers[inode] == 0 else { continue }
            inodeCount += 1
            numbers[inode] = UInt32(inodeCount)
        }
        let linkCounts = tree.linkCounts(order)
        for node in order.preorder.reversed() {
            let inode = Int(tree.nodes[Int(node)].inode)
            guard positions[inode] == nil else { continue }
            positions[inode] = try write(node, linkCount: linkCounts[inode])
        }
        rootReference = positions[Int(tree.nodes[Int(FileTree.root)].inode)]?.reference ?? 0
    }

    /// Inode references by number, so that the image can be exported over NFS.
    func exportTable(_ compressor: BlockCompressor) -> LookupTable {
        var references = [UInt64](repeating: 0, count: inodeCount)
        for (number, position) in zip(numbers, positions) {
            if let position { references[Int(number) - 1] = position.reference }
        }
        var table = LookupTable(compressor)
        for reference in references {
            var row: [UInt8] = []
            row.append(littleEndian: reference)
            table.append(row)
        }
        return table
    }

    private mutating func write(_ node: Int32, linkCount: UInt32) throws -> MetadataWriter.Position {
        let inode = tree.inode(of: node)
        var common = InodeTable.Common(
            mode: inode.mode, userIndex: try ids.index(of: inode.userID), groupIndex: try ids.index(of: inode.groupID),
            modificationTime: clamped(inode.modificationTime), number: numbers[Int(tree.nodes[Int(node)].inode)],
            linkCount: linkCount, xattrs: xattrs.id(of: inode.xattrs))
        switch inode.kind {
        case .directory:
            let children = order.children[Int(node)]
            common.linkCount = 2 + UInt32(children.count { tree.isDirectory($0) })
            let listing = directories.append(try children.map(entry))
            // The root's parent is, by custom, one past the last inode.
            let parent =
                node == FileTree.root
                ? UInt32(inodeCount) + 1 : numbers[Int(tree.nodes[Int(tree.nodes[Int(node)].parent)].inode)]
            return try inodes.directory(common, listing: listing, parent: parent)
        case .file, .hardLink:
            return inodes.file(common, try inode.content.map { try data.place(of: $0) } ?? InodeTable.FileData())
        case .symlink: return inodes.symlink(common, target: inode.target)
        case .characterDevice, .blockDevice:
            return inodes.device(
                common, isBlock: inode.kind == .blockDevice, major: inode.device.major, minor: inode.device.minor)
        case .fifo: return inodes.fifo(common)
        }
    }

    private func entry(_ child: Int32) throws -> DirectoryTable.Entry {
        let number = Int(tree.nodes[Int(child)].inode)
        guard let position = positions[number] else {
            throw LayerError(.squashLimit, "a folder was written before what is in it")
        }
        let type: Squash.InodeType =
            switch tree.inodes[number].kind {
            case .directory: .directory
            case .file, .hardLink: .file
            case .symlink: .symlink
            case .characterDevice: .characterDevice
            case .blockDevice: .blockDevice
            case .fifo: .fifo
            }
        return DirectoryTable.Entry(
            name: tree.name(of: child), inode: position, inodeNumber: numbers[number], type: type)
    }

    private mutating func clamped(_ time: Int64) -> UInt32 {
        if let exact = UInt32(exactly: time) { return exact }
        clampedTimes += 1
        return time < 0 ? 0 : .max
    }
}

/// User and group ids: inodes carry a 16-bit index into a table of 32-bit ids.
struct IDTable {
    private var ids: [UInt32] = []
    private var indices: [UInt32: UInt16] = [:]

    var count: Int { ids.count }

    mutating func index(of id: UInt32) throws(LayerError) -> UInt16 {
        if let index = indices[id] { return index }
        // The superblock counts them in 16 bits.
        guard let index = UInt16(exactly: ids.count), index < .max
        else {
            throw LayerError(
                .squashLimit, "the tree has more than 65,535 different owners and groups, which squashfs cannot hold")
        }
        ids.append(id)
        indices[id] = index
        return index
    }

    func table(_ compressor: BlockCompressor) -> LookupTable {
        var table = LookupTable(compressor)
        for id in ids {
            var row: [UInt8] = []
            row.append(littleEndian: id)
            table.append(row)
        }
        return table
    }
}
