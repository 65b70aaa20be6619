/// A file of the tree that a walk has come to.
package struct SquashEntry: Sendable {
    /// The path from the root, without a leading slash; empty for the root itself.
    package var path: [UInt8]
    /// How many directories are above: 0 for the root, 1 for what is in it.
    package var depth: Int
    package var inode: SquashInode

    /// The last component of the path.
    package var name: [UInt8] {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return [UInt8](path[(slash + 1)...])
    }
}

/// Goes through the whole tree: each directory before what is in it, names in byte order, but for those asked for early.
///
/// A directory that is reached a second time, through a loop or by another way, is an error: squashfs has no hard
/// links to directories, and following them would not end, or take exponentially long.
package struct SquashWalker {
    private let reader: SquashReader
    private var levels: [Level] = []
    private var path: [UInt8] = []
    private var visited: Set<UInt64> = []
    private var names = 0
    private var begun = false
    private let early: [[UInt8]]

    private struct Level {
        var directory: SquashInode
        var listing: SquashListing
        /// The length of the directory's own path.
        var pathLength: Int
        /// Names of directories to go into before all others, the first last; and those that were.
        var early: [[UInt8]]
        var taken: [[UInt8]] = []
    }

    /// More levels than any tree has whose paths Linux can open, in names of more than a few letters.
    package static var deepest: Int { 512 }
    /// More names than any file system that fits a function.
    package static var mostNames: Int { 1 << 24 }

    init(_ reader: SquashReader, early: [[UInt8]]) {
        self.reader = reader
        self.early = early
    }

    /// The next entry, the root first; nil at the end.
    package mutating func next() throws(SquashError) -> SquashEntry? {
        if !begun {
            begun = true
            let root = try reader.root()
            try enter(root)
            return SquashEntry(path: [], depth: 0, inode: root)
        }
        while let level = levels.indices.last {
            path.removeSubrange(levels[level].pathLength...)
            do throws(SquashError) {
                if let name = levels[level].early.popLast() {
                    guard let inode = try reader.lookUp(name, in: levels[level].directory), inode.isDirectory
                    else { continue }
                    levels[level].taken.append(name)
                    return try entry(name, inode)
                }
                guard let name = try levels[level].listing.next() else {
                    levels.removeLast()
                    continue
                }
                if levels[level].taken.contains(name.name) { continue }
                return try entry(name.name, try reader.inode(of: name))
            } catch {
                throw error.at(path)
            }
        }
        return nil
    }

    private mutating func entry(_ name: [UInt8], _ inode: SquashInode) throws(SquashError) -> SquashEntry {
        names += 1
        guard names <= Self.mostNames else { throw SquashError(.tooManyEntries) }
        if !path.isEmpty { path.append(UInt8(ascii: "/")) }
        path.append(contentsOf: name)
        let depth = levels.count
        if inode.isDirectory { try enter(inode) }
        return SquashEntry(path: path, depth: depth, inode: inode)
    }

    private mutating func enter(_ inode: SquashInode) throws(SquashError) {
        guard visited.insert(inode.reference).inserted else { throw SquashError(.directoryLoop) }
        guard visited.count <= Int(reader.superblock.inodeCount) else { throw SquashError(.tooManyEntries) }
        guard levels.count < Self.deepest else { throw SquashError(.tooDeep) }
        let listing = try reader.listing(of: inode)
        levels.append(Level(directory: inode, listing: listing, pathLength: path.count, early: earlyNames))
    }

    /// What of the directory at the path is on the way to an early one.
    private var earlyNames: [[UInt8]] {
        let slash = UInt8(ascii: "/")
        let start = path.isEmpty ? [] : path + [slash]
        var names: [[UInt8]] = []
        for directory in early where directory.starts(with: start) {
            let name = [UInt8](directory.dropFirst(start.count).prefix { $0 != slash })
            if !name.isEmpty, !names.contains(name) { names.append(name) }
        }
        return names.reversed()
    }
}

extension SquashReader {
    /// A walk through the whole tree from the root.
    ///
    /// - Parameter early: directories to go through before all else, and all that leads to them; by paths from the root.
    package func walk(early: [[UInt8]] = []) -> SquashWalker { SquashWalker(self, early: early) }
}
