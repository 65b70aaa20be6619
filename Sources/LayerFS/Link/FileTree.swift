internal import Glibc

/// A merged tree of files, kept as tables: nodes are names, inodes are files, and a hard link is two nodes with one inode.
package struct FileTree: Sendable {
    /// A name in a folder. Node 0 is the root.
    package struct Node: Sendable {
        package internal(set) var parent: Int32
        package internal(set) var inode: Int32
        /// The layer that last wrote this name.
        package internal(set) var layer: Int32
        package internal(set) var isRemoved = false
        /// The layer that said this folder hides what lower layers have in it.
        var opaqueLayer: Int32 = -1
        /// The layer whose whiteout last went through this folder.
        var hiddenLayer: Int32 = -1
        var nameStart: Int32
        var nameCount: UInt8
        /// How many folders are above it.
        var depth: UInt16 = 0
        /// Children hang on a list until the tree is sealed; the list's order means nothing. Removed ones stay on it until
        /// their folder is removed as well.
        var isListed = true
        var firstChild: Int32 = -1
        var nextSibling: Int32 = -1
    }

    /// A file of any kind, however many names it has.
    package struct Inode: Sendable {
        package var kind: TarEntry.Kind
        package var mode: UInt16
        package var userID: UInt32
        package var groupID: UInt32
        package var modificationTime: Int64
        package var device: (major: UInt32, minor: UInt32) = (0, 0)
        /// Where its data is; nil for empty files and everything that is not a file.
        package var content: ContentID?
        package var xattrs: [TarEntry.Xattr] = []
        /// A symlink's target.
        package var target: [UInt8] = []
    }

    /// File data: a content of one of the linked layer objects.
    package struct ContentID: Hashable, Sendable {
        package var layer: Int32
        package var content: Int32
    }

    package internal(set) var nodes: [Node] = []
    package internal(set) var inodes: [Inode] = []
    /// What was made right on the way in and is worth telling: whiteouts of nothing, reserved names.
    package internal(set) var warnings: [String] = []

    private var names: [UInt8] = []
    private var table: NameTable = NameTable()

    /// A tree with a root folder and nothing in it.
    package init() {
        inodes.append(Inode(kind: .directory, mode: 0o755, userID: 0, groupID: 0, modificationTime: 0))
        nodes.append(Node(parent: 0, inode: 0, layer: -1, nameStart: 0, nameCount: 0))
    }

    package static var root: Int32 { 0 }

    // MARK: - Looking

    /// The last component of a node's path.
    package func name(of node: Int32) -> ArraySlice<UInt8> {
        let start = Int(nodes[Int(node)].nameStart)
        return names[start..<start + Int(nodes[Int(node)].nameCount)]
    }

    /// The path of a node, relative to the root.
    package func path(of node: Int32) -> [UInt8] {
        var components: [ArraySlice<UInt8>] = []
        var current = node
        while current != Self.root {
            components.append(name(of: current))
            current = nodes[Int(current)].parent
        }
        return Array(components.reversed().joined(separator: [UInt8(ascii: "/")]))
    }

    package func inode(of node: Int32) -> Inode { inodes[Int(nodes[Int(node)].inode)] }

    /// The node at a clean path, no link followed; nil for nothing.
    package func node(at path: [UInt8]) -> Int32? {
        var node = Self.root
        for component in path.split(separator: UInt8(ascii: "/")) {
            guard isDirectory(node), let child = child(of: node, named: component) else { return nil }
            node = child
        }
        return node
    }

    package func isDirectory(_ node: Int32) -> Bool { inodes[Int(nodes[Int(node)].inode)].kind == .directory }

    /// The child of a folder with this name.
    package func child(of parent: Int32, named name: ArraySlice<UInt8>) -> Int32? {
        guard let node = slot(parent, name), !nodes[Int(node)].isRemoved else { return nil }
        return node
    }

    /// The children of a folder in byte order, as squashfs and everything reproducible wants them.
    package func children(of node: Int32) -> [Int32] {
        var children = unsortedChildren(of: node)
        unsafe names.withUnsafeBytes { names in
            children.sort { unsafe Self.precedes(nodes[Int($0)], nodes[Int($1)], in: names) }
        }
        return children
    }

    private static func precedes(_ left: Node, _ right: Node, in names: UnsafeRawBufferPointer) -> Bool {
        guard let base = names.baseAddress else { return false }
        let common = Int(min(left.nameCount, right.nameCount))
        let order = unsafe memcmp(base + Int(left.nameStart), base + Int(right.nameStart), common)
        return order != 0 ? order < 0 : left.nameCount < right.nameCount
    }

    // MARK: - Changing

    /// Adds a name to a folder, or takes it over when it was removed before.
    @discardableResult
    mutating func add(_ name: ArraySlice<UInt8>, to parent: Int32, inode: Int32, layer: Int32) -> Int32 {
        if let node = slot(parent, name) {
            nodes[Int(node)].isRemoved = false
            nodes[Int(node)].inode = inode
            nodes[Int(node)].layer = layer
            if !nodes[Int(node)].isListed {
                nodes[Int(node)].isListed = true
                nodes[Int(node)].nextSibling = nodes[Int(parent)].firstChild
                nodes[Int(parent)].firstChild = node
            }
            return node
        }
        let node = Int32(nodes.count)
        nodes.append(
            Node(
                parent: parent, inode: inode, layer: layer, nameStart: Int32(names.count), nameCount: UInt8(name.count),
                depth: nodes[Int(parent)].depth + 1, nextSibling: nodes[Int(parent)].firstChild))
        nodes[Int(parent)].firstChild = node
        names += name
        table.insert(node, hash: Self.hash(parent, name))
        return node
    }

    /// Removes a name and, if it is a folder's, all below it.
    package mutating func remove(_ node: Int32) {
        guard node != Self.root else { return }
        var pending = [node]
        while let next = pending.popLast() {
            nodes[Int(next)].isRemoved = true
            // Taken off the list, so that a folder that comes and goes does not have what it held looked at each time.
            var child = nodes[Int(next)].firstChild
            nodes[Int(next)].firstChild = -1
            while child >= 0 {
                if !nodes[Int(child)].isRemoved { pending.append(child) }
                nodes[Int(child)].isListed = false
                child = nodes[Int(child)].nextSibling
            }
        }
    }

    /// Remembers a warning, up to a number that a person may want to read.
    mutating func addWarning(_ warning: String) {
        if warnings.count < 100 { warnings.append(warning) }
    }

    /// How many names a tree may have, and how long they may be together.
    private static let nameLimit = 16 << 20
    private static let nameBytesLimit = 1 << 30

    /// Makes sure that one more name fits the tables' numbers.
    func checkRoom() throws(LayerError) {
        guard nodes.count < Self.nameLimit, names.count < Self.nameBytesLimit else {
            throw LayerError(
                .tooLarge, "the image has more than \(Self.nameLimit) names or \(Self.nameBytesLimit) bytes of them")
        }
    }

    mutating func add(_ inode: Inode) -> Int32 {
        inodes.append(inode)
        return Int32(inodes.count - 1)
    }

    /// Makes a node's inode its own, when it is a second name of another's.
    mutating func separateInode(of node: Int32) {
        nodes[Int(node)].inode = add(inode(of: node))
    }

    /// Changes the inode behind a node.
    mutating func updateInode(of node: Int32, _ change: (inout Inode) -> Void) {
        change(&inodes[Int(nodes[Int(node)].inode)])
    }

    /// Gives files other contents instead of those they have.
    mutating func replaceContents(_ replacements: [ContentID: ContentID]) {
        for index in inodes.indices {
            if let content = inodes[index].content, let other = replacements[content] { inodes[index].content = other }
        }
    }

    /// Gives everything that is later than this time this time.
    mutating func clampTimes(to latest: Int64) {
        for index in inodes.indices where inodes[index].modificationTime > latest {
            inodes[index].modificationTime = latest
        }
    }

    func unsortedChildren(of node: Int32) -> [Int32] {
        var children: [Int32] = []
        var child = nodes[Int(node)].firstChild
        while child >= 0 {
            if !nodes[Int(child)].isRemoved { children.append(child) }
            child = nodes[Int(child)].nextSibling
        }
        return children
    }

    // MARK: - The name table

    private func slot(_ parent: Int32, _ name: ArraySlice<UInt8>) -> Int32? {
        table.find(Self.hash(parent, name)) { node in
            nodes[Int(node)].parent == parent && node != Self.root && Int(nodes[Int(node)].nameCount) == name.count
                && self.name(of: node).elementsEqual(name)
        }
    }

    /// A keyed hash over folder and name, with a key of this process: names cannot be chosen to collide. Nothing that is
    /// written depends on it.
    private static func hash(_ parent: Int32, _ name: ArraySlice<UInt8>) -> UInt32 {
        var hash = seed ^ UInt64(UInt32(bitPattern: parent)) &* 0x9e37_79b9_7f4a_7c15
        for byte in name {
            hash = (hash ^ UInt64(byte)) &* seed
            hash ^= hash >> 29
        }
        return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
    }

    private static let seed = UInt64.random(in: 0 ... .max) | 1
}

/// An open-addressing table of node numbers by the hash of folder and name.
private struct NameTable {
    private struct Slot {
        var hash: UInt32 = 0
        var node: Int32 = -1
    }

    private var slots = [Slot](repeating: Slot(), count: 1024)
    private var count = 0

    func find(_ hash: UInt32, _ matches: (Int32) -> Bool) -> Int32? {
        var index = Int(hash) & (slots.count - 1)
        while slots[index].node >= 0 {
            if slots[index].hash == hash, matches(slots[index].node) { return slots[index].node }
            index = (index + 1) & (slots.count - 1)
        }
        return nil
    }

    mutating func insert(_ node: Int32, hash: UInt32) {
        if count * 2 >= slots.count {
            let old = slots
            slots = Array(repeating: Slot(), count: old.count * 2)
            for slot in old where slot.node >= 0 { place(slot) }
        }
        place(Slot(hash: hash, node: node))
        count += 1
    }

    private mutating func place(_ slot: Slot) {
        var index = Int(slot.hash) & (slots.count - 1)
        while slots[index].node >= 0 { index = (index + 1) & (slots.count - 1) }
        slots[index] = slot
    }
}
