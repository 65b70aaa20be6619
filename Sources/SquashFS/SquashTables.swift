/// An extended attribute.
package struct SquashAttribute: Sendable, Equatable {
    /// The whole name, such as `user.comment`.
    package var name: [UInt8]
    package var value: [UInt8]

    package init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

extension SquashReader {
    /// The user or group number at an index of the table of owners.
    func identity(_ index: UInt16) throws(SquashError) -> UInt32 {
        guard Int(index) < identities.count else { throw SquashError(.badIdentity) }
        return identities[Int(index)]
    }

    /// Reads the table of owners: at most 65,535 numbers.
    func readIdentities() throws(SquashError) -> [UInt32] {
        var numbers: [UInt32] = []
        let count = Int(superblock.idCount)
        var cursor = MetadataCursor(block: 0, offset: 0, end: superblock.idTable)
        for index in 0..<count {
            if index % 2048 == 0 {
                cursor = try block(index / 2048, ofTable: superblock.idTable, end: superblock.idTable)
            }
            numbers.append(try metadata.integer32(at: &cursor, scratch: &scratch))
        }
        return numbers
    }

    /// The place of the n-th metadata block of a lookup table, from the list of pointers at `table`.
    private func block(_ index: Int, ofTable table: UInt64, end: UInt64) throws(SquashError) -> MetadataCursor {
        let place = table.addingReportingOverflow(UInt64(index) * 8)
        guard !place.overflow else { throw SquashError(.truncated) }
        let pointer = try metadata.plainBytes(8, at: place.partialValue)
        return MetadataCursor(block: pointer.integer64(at: 0), offset: 0, end: end)
    }

    /// Where a fragment block stands, and its size.
    func fragment(_ index: UInt32) throws(SquashError) -> (start: UInt64, size: BlockSize) {
        if let known = latestFragment, known.index == index { return (known.start, known.size) }
        guard index < superblock.fragmentCount, superblock.fragmentTable != Squash.noTable
        else { throw SquashError(.badFragment) }
        let perBlock = Squash.metadataBlockSize / Squash.fragmentEntrySize
        var cursor = try block(
            Int(index) / perBlock, ofTable: superblock.fragmentTable, end: superblock.fragmentTable)
        cursor.offset = Int(index) % perBlock * Squash.fragmentEntrySize
        try metadata.read(Squash.fragmentEntrySize, at: &cursor, into: &scratch)
        let start = scratch.integer64(at: 0)
        let size = try BlockSize(scratch.integer32(at: 8), blockSize: superblock.blockSize)
        guard size.stored > 0 else { throw SquashError(.badFragment) }
        latestFragment = (index, start, size)
        return (start, size)
    }

    /// The extended attributes of an inode, in the image's order.
    package func attributes(of inode: SquashInode) throws(SquashError) -> [SquashAttribute] {
        guard let index = inode.attributeIndex else { return [] }
        let table = superblock.xattrTable
        guard table != Squash.noTable else { throw SquashError(.badAttribute) }
        let header = try metadata.plainBytes(16, at: table)
        let start = header.integer64(at: 0)
        guard index < header.integer32(at: 8), start < table else { throw SquashError(.badAttribute) }
        let perBlock = Squash.metadataBlockSize / Squash.xattrIDSize
        var cursor = try block(Int(index) / perBlock, ofTable: table + 16, end: table)
        cursor.offset = Int(index) % perBlock * Squash.xattrIDSize
        try metadata.read(Squash.xattrIDSize, at: &cursor, into: &scratch)
        let count = Int(scratch.integer32(at: 8))
        var place = try attributePlace(scratch.integer64(at: 0), start: start)
        var attributes: [SquashAttribute] = []
        var left = Self.attributeLimit
        for _ in 0..<count {
            let attribute = try readAttribute(at: &place, start: start)
            // Names and values of one file: the kernel's own bound is 64 KiB for each value and for the list.
            left -= attribute.name.count + attribute.value.count
            guard left >= 0 else { throw SquashError(.badAttribute) }
            attributes.append(attribute)
        }
        return attributes
    }

    /// The most bytes of attributes that one file may have.
    private static var attributeLimit: Int { 4 << 20 }

    private func attributePlace(_ reference: UInt64, start: UInt64) throws(SquashError) -> MetadataCursor {
        let block = start.addingReportingOverflow(reference >> 16)
        guard !block.overflow else { throw SquashError(.badAttribute) }
        return MetadataCursor(
            block: block.partialValue, offset: Int(reference & 0xffff), end: superblock.xattrTable)
    }

    private func readAttribute(
        at cursor: inout MetadataCursor, start: UInt64
    ) throws(SquashError) -> SquashAttribute {
        try metadata.read(4, at: &cursor, into: &scratch)
        let type = scratch.integer16(at: 0)
        let length = Int(scratch.integer16(at: 2))
        guard let prefix = Squash.XattrPrefix(rawValue: type & ~Squash.XattrPrefix.outOfLine),
            (1...255).contains(length)
        else { throw SquashError(.badAttribute) }
        var name: [UInt8] = []
        try metadata.read(length, at: &cursor, into: &name)
        guard !name.contains(0) else { throw SquashError(.badAttribute) }
        let value: [UInt8]
        if type & Squash.XattrPrefix.outOfLine != 0 {
            try metadata.read(12, at: &cursor, into: &scratch)
            guard scratch.integer32(at: 0) == 8 else { throw SquashError(.badAttribute) }
            var elsewhere = try attributePlace(scratch.integer64(at: 4), start: start)
            value = try readValue(at: &elsewhere)
        } else {
            value = try readValue(at: &cursor)
        }
        return SquashAttribute(name: prefix.text + name, value: value)
    }

    private func readValue(at cursor: inout MetadataCursor) throws(SquashError) -> [UInt8] {
        try metadata.read(4, at: &cursor, into: &scratch)
        let length = Int(scratch.integer32(at: 0))
        // XATTR_SIZE_MAX of Linux.
        guard length <= 65536 else { throw SquashError(.badAttribute) }
        var value: [UInt8] = []
        try metadata.read(length, at: &cursor, into: &value)
        return value
    }
}

extension Squash.XattrPrefix {
    /// The prefix as it stands in a name.
    package var text: [UInt8] {
        switch self {
        case .user: [UInt8]("user.".utf8)
        case .trusted: [UInt8]("trusted.".utf8)
        case .security: [UInt8]("security.".utf8)
        }
    }
}
