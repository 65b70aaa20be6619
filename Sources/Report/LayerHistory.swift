internal import LayerFS

/// Lays layers over each other and remembers what each took away.
struct LayerHistory {
    private(set) var tree = FileTree()
    private(set) var losses: [Loss] = []
    /// For each layer, for each content, whether it was ever seen in the tree.
    private(set) var isSeen: [[Bool]] = []
    /// For each node, the inode it had before.
    private var before: [Int32] = []

    /// A name that a layer took from a file.
    struct Loss {
        enum Cause {
            case overwritten, removed
        }

        var node: Int32
        var inode: Int32
        var cause: Cause
        var layer: Int
    }

    /// Lays a layer over those before.
    mutating func apply(_ listing: LayerListing) throws {
        let number = isSeen.count
        try tree.apply(listing, as: Int32(number))
        isSeen.append([Bool](repeating: false, count: listing.contents.count))
        for index in tree.nodes.indices {
            let node = tree.nodes[index]
            let inode = node.isRemoved ? -1 : node.inode
            let old = index < before.count ? before[index] : -1
            if inode >= 0, inode != old, let content = tree.inodes[Int(inode)].content, Int(content.layer) == number {
                isSeen[number][Int(content.content)] = true
            }
            if old >= 0, inode != old, tree.inodes[Int(old)].content != nil {
                losses.append(
                    Loss(node: Int32(index), inode: old, cause: inode < 0 ? .removed : .overwritten, layer: number))
            }
            if index < before.count { before[index] = inode } else { before.append(inode) }
        }
    }
}
