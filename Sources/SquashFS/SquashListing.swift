/// A name in a directory.
package struct SquashName: Sendable, Equatable {
    /// One path component: checked to be one, and a sound one.
    package var name: [UInt8]
    /// The inode it stands for.
    package var reference: UInt64
    /// The kind of file, in its basic form.
    package var type: Squash.InodeType
}

/// The names of one directory, in byte order.
///
/// Entries stand in runs behind a header that holds what they share. Squashfs documentation, section 3.3.
package struct SquashListing {
    private let reader: SquashReader
    private var cursor: MetadataCursor
    private var left: Int
    private var run = 0
    private var inodeBlock: UInt32 = 0
    private var previous: [UInt8] = []
    private var record: [UInt8] = []

    init(_ directory: SquashDirectory, _ reader: SquashReader) {
        self.reader = reader
        cursor = directory.listing
        left = directory.size
    }

    /// The next name; nil at the end.
    package mutating func next() throws(SquashError) -> SquashName? {
        guard run > 0 || left > 0 else { return nil }
        if run == 0 {
            try take(12)
            let count = Int(record.integer32(at: 0)) + 1
            guard count <= Squash.directoryRun else { throw SquashError(.badDirectory) }
            run = count
            inodeBlock = record.integer32(at: 4)
        }
        run -= 1
        try take(8)
        let offset = record.integer16(at: 0)
        guard let type = Squash.InodeType(rawValue: record.integer16(at: 4)),
            type.rawValue <= Squash.InodeType.socket.rawValue
        else { throw SquashError(.badDirectory) }
        try take(Int(record.integer16(at: 6)) + 1)
        guard Self.isSound(record) else { throw SquashError(.badName) }
        try checkOrder()
        return SquashName(name: record, reference: UInt64(inodeBlock) << 16 | UInt64(offset), type: type)
    }

    private mutating func take(_ count: Int) throws(SquashError) {
        guard count <= left else { throw SquashError(.badDirectory) }
        left -= count
        try reader.metadata.read(count, at: &cursor, into: &record)
    }

    /// Names ascend: so a twin (CVE-2021-41072: a symlink and a directory of one name) cannot hide.
    private mutating func checkOrder() throws(SquashError) {
        if !previous.isEmpty, !previous.lexicographicallyPrecedes(record) {
            throw SquashError(previous == record ? .duplicateName : .unorderedNames)
        }
        previous = record
    }

    /// Whether this is one component that names a child and nothing else.
    private static func isSound(_ name: [UInt8]) -> Bool {
        guard name.count <= 255, !name.contains(UInt8(ascii: "/")), !name.contains(0) else { return false }
        guard name[0] == UInt8(ascii: ".") else { return true }
        return name.count > 2 || (name.count == 2 && name[1] != UInt8(ascii: "."))
    }
}

extension SquashReader {
    /// The names in a directory, to be taken one after another.
    package func listing(of inode: SquashInode) throws(SquashError) -> SquashListing {
        guard case .directory(let directory) = inode.content else { throw SquashError(.notDirectory) }
        return SquashListing(directory, self)
    }

    /// The inode that a name stands for, checked to be of the kind that the name says.
    package func inode(of name: SquashName) throws(SquashError) -> SquashInode {
        let inode = try inode(at: name.reference)
        guard inode.type == name.type else { throw SquashError(.badDirectory) }
        return inode
    }

    /// Finds a name in a directory; nil when it is not there.
    package func lookUp(_ name: [UInt8], in inode: SquashInode) throws(SquashError) -> SquashInode? {
        var names = try listing(of: inode)
        while let found = try names.next() {
            if found.name == name { return try self.inode(of: found) }
            if name.lexicographicallyPrecedes(found.name) { return nil }
        }
        return nil
    }
}
