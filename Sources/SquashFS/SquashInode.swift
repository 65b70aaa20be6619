/// A file of any kind, with what is known of it besides its name.
package struct SquashInode: Sendable {
    /// Where the inode stands: hard links share it, nothing else does.
    package var reference: UInt64
    /// The inode's number.
    package var number: UInt32
    /// The twelve permission bits, setuid, setgid and sticky included.
    package var permissions: UInt16
    package var owner: UInt32
    package var group: UInt32
    /// Seconds since 1970.
    package var modified: UInt32
    /// How many names the image says it has.
    package var links: UInt32
    /// Its place in the table of extended attributes.
    package var attributeIndex: UInt32?
    package var content: Content

    package enum Content: Sendable {
        case directory(SquashDirectory)
        case file(SquashFile)
        /// The target.
        case symlink([UInt8])
        /// The device number, encoded as Linux does in 32 bits.
        case blockDevice(UInt32)
        case characterDevice(UInt32)
        case fifo
        case socket
    }

    package var isDirectory: Bool {
        if case .directory = content { return true }
        return false
    }

    /// The file's data, when it is a regular file.
    package var file: SquashFile? {
        if case .file(let file) = content { return file }
        return nil
    }

    /// The type as directory entries write it.
    var type: Squash.InodeType {
        switch content {
        case .directory: .directory
        case .file: .file
        case .symlink: .symlink
        case .blockDevice: .blockDevice
        case .characterDevice: .characterDevice
        case .fifo: .fifo
        case .socket: .socket
        }
    }
}

/// Where a directory's entries stand.
package struct SquashDirectory: Sendable {
    /// The number of the inode of the directory above.
    package var parent: UInt32
    var listing: MetadataCursor
    /// Bytes of entries.
    var size: Int
}

/// Where a regular file's data stands.
package struct SquashFile: Sendable {
    /// The file's length in bytes.
    package var size: Int
    /// How many data blocks there are, holes included.
    package var blockCount: Int
    /// The last part of the file, when it shares a block with others' last parts.
    package var fragment: Fragment?
    /// Where the first block's bytes stand in the image.
    var start: UInt64
    /// Where the list of block sizes stands.
    var blocks: MetadataCursor

    package struct Fragment: Sendable, Equatable {
        package var index: UInt32
        /// Where in the shared block this file's part begins.
        package var offset: UInt32
    }

    /// The length of a block's bytes once decompressed.
    func blockLength(_ index: Int, blockSize: Int) -> Int {
        fragment == nil && index == blockCount - 1 ? size - index * blockSize : blockSize
    }

    /// The length of the part in the fragment.
    func tailLength(blockSize: Int) -> Int { fragment == nil ? 0 : size - blockCount * blockSize }
}

/// A block of data as the image describes it.
struct BlockSize: Sendable, Equatable {
    /// Bytes in the image; 0 for a hole.
    var stored: Int
    var isCompressed: Bool

    /// - Parameter raw: the size as it stands in a block list or in the fragment table.
    init(_ raw: UInt32, blockSize: Int) throws(SquashError) {
        guard raw & ~(Squash.dataStored | (Squash.dataStored - 1)) == 0 else { throw SquashError(.badBlock) }
        stored = Int(raw & (Squash.dataStored - 1))
        isCompressed = raw & Squash.dataStored == 0
        guard stored <= blockSize else { throw SquashError(.badBlock) }
    }
}

extension SquashReader {
    /// Reads the inode at a reference, as the superblock and directory entries give them.
    package func inode(at reference: UInt64) throws(SquashError) -> SquashInode {
        let place = superblock.inodeTable.addingReportingOverflow(reference >> 16)
        guard !place.overflow, place.partialValue < superblock.directoryTable else { throw SquashError(.badInode) }
        var cursor = MetadataCursor(
            block: place.partialValue, offset: Int(reference & 0xffff), end: superblock.directoryTable)
        try metadata.read(16, at: &cursor, into: &scratch)
        guard let type = Squash.InodeType(rawValue: scratch.integer16(at: 0)) else { throw SquashError(.badInode) }
        var inode = SquashInode(
            reference: reference, number: scratch.integer32(at: 12), permissions: scratch.integer16(at: 2) & 0o7777,
            owner: try identity(scratch.integer16(at: 4)), group: try identity(scratch.integer16(at: 6)),
            modified: scratch.integer32(at: 8), links: 1, content: .fifo)
        switch type {
        case .directory, .extendedDirectory:
            try readDirectory(into: &inode, at: &cursor, isExtended: type == .extendedDirectory)
        case .file: try readFile(into: &inode, at: &cursor)
        case .extendedFile: try readExtendedFile(into: &inode, at: &cursor)
        case .symlink, .extendedSymlink:
            try readSymlink(into: &inode, at: &cursor, isExtended: type == .extendedSymlink)
        case .blockDevice, .characterDevice, .extendedBlockDevice, .extendedCharacterDevice, .fifo, .socket,
            .extendedFifo, .extendedSocket:
            try readSpecial(into: &inode, at: &cursor, type)
        }
        return inode
    }

    private func readDirectory(
        into inode: inout SquashInode, at cursor: inout MetadataCursor, isExtended: Bool
    ) throws(SquashError) {
        try metadata.read(isExtended ? 24 : 16, at: &cursor, into: &scratch)
        let size: Int
        let block: UInt32
        let offset: UInt16
        let parent: UInt32
        if isExtended {
            inode.links = scratch.integer32(at: 0)
            size = Int(scratch.integer32(at: 4))
            block = scratch.integer32(at: 8)
            parent = scratch.integer32(at: 12)
            offset = scratch.integer16(at: 18)
            inode.attributeIndex = attributeIndex(scratch.integer32(at: 20))
        } else {
            block = scratch.integer32(at: 0)
            inode.links = scratch.integer32(at: 4)
            size = Int(scratch.integer16(at: 8))
            offset = scratch.integer16(at: 10)
            parent = scratch.integer32(at: 12)
        }
        let place = superblock.directoryTable.addingReportingOverflow(UInt64(block))
        guard !place.overflow else { throw SquashError(.badInode) }
        // The size counts three bytes for `.` and `..`, which are not stored.
        inode.content = .directory(
            SquashDirectory(
                parent: parent,
                listing: MetadataCursor(
                    block: place.partialValue, offset: Int(offset), end: superblock.directoryTableEnd),
                size: max(0, size - 3)))
    }

    private func readFile(into inode: inout SquashInode, at cursor: inout MetadataCursor) throws(SquashError) {
        try metadata.read(16, at: &cursor, into: &scratch)
        inode.content = .file(
            try file(
                start: UInt64(scratch.integer32(at: 0)), fragment: scratch.integer32(at: 4),
                offset: scratch.integer32(at: 8), size: UInt64(scratch.integer32(at: 12)), blocks: cursor))
    }

    private func readExtendedFile(into inode: inout SquashInode, at cursor: inout MetadataCursor) throws(SquashError) {
        try metadata.read(40, at: &cursor, into: &scratch)
        inode.links = scratch.integer32(at: 24)
        inode.attributeIndex = attributeIndex(scratch.integer32(at: 36))
        inode.content = .file(
            try file(
                start: scratch.integer64(at: 0), fragment: scratch.integer32(at: 28),
                offset: scratch.integer32(at: 32), size: scratch.integer64(at: 8), blocks: cursor))
    }

    private func file(
        start: UInt64, fragment: UInt32, offset: UInt32, size: UInt64, blocks: MetadataCursor
    ) throws(SquashError) -> SquashFile {
        // The margin of a block keeps every sum of ours, and the kernel's file offsets, inside their types.
        guard size <= UInt64(Int.max - superblock.blockSize) else { throw SquashError(.badInode) }
        let size = Int(size)
        guard fragment != Squash.noFragment else {
            let blockCount = (size + superblock.blockSize - 1) / superblock.blockSize
            return SquashFile(size: size, blockCount: blockCount, fragment: nil, start: start, blocks: blocks)
        }
        guard fragment < superblock.fragmentCount else { throw SquashError(.badFragment) }
        return SquashFile(
            size: size, blockCount: size / superblock.blockSize,
            fragment: SquashFile.Fragment(index: fragment, offset: offset), start: start, blocks: blocks)
    }

    private func readSymlink(
        into inode: inout SquashInode, at cursor: inout MetadataCursor, isExtended: Bool
    ) throws(SquashError) {
        try metadata.read(8, at: &cursor, into: &scratch)
        inode.links = scratch.integer32(at: 0)
        let length = Int(scratch.integer32(at: 4))
        // Linux takes targets of up to 4095 bytes.
        guard (1..<4096).contains(length) else { throw SquashError(.badSymlink) }
        var target: [UInt8] = []
        try metadata.read(length, at: &cursor, into: &target)
        guard !target.contains(0) else { throw SquashError(.badSymlink) }
        if isExtended {
            try metadata.read(4, at: &cursor, into: &scratch)
            inode.attributeIndex = attributeIndex(scratch.integer32(at: 0))
        }
        inode.content = .symlink(target)
    }

    private func readSpecial(
        into inode: inout SquashInode, at cursor: inout MetadataCursor, _ type: Squash.InodeType
    ) throws(SquashError) {
        let isExtended = type.rawValue > Squash.InodeType.socket.rawValue
        try metadata.read(4, at: &cursor, into: &scratch)
        inode.links = scratch.integer32(at: 0)
        var device: UInt32 = 0
        switch type {
        case .blockDevice, .characterDevice, .extendedBlockDevice, .extendedCharacterDevice:
            try metadata.read(4, at: &cursor, into: &scratch)
            device = scratch.integer32(at: 0)
        default: break
        }
        if isExtended {
            try metadata.read(4, at: &cursor, into: &scratch)
            inode.attributeIndex = attributeIndex(scratch.integer32(at: 0))
        }
        switch type {
        case .blockDevice, .extendedBlockDevice: inode.content = .blockDevice(device)
        case .characterDevice, .extendedCharacterDevice: inode.content = .characterDevice(device)
        case .socket, .extendedSocket: inode.content = .socket
        default: inode.content = .fifo
        }
    }

    private func attributeIndex(_ raw: UInt32) -> UInt32? { raw == Squash.noXattr ? nil : raw }
}
