extension FileTree {
    /// The tree in the order it is written in: every folder's children by name, and all nodes before what is in them.
    package struct Order: Sendable {
        /// All nodes, each folder before its children.
        package var preorder: [Int32] = []
        /// For each node, its children in byte order; empty for what is no folder.
        package var children: [[Int32]] = []
    }

    /// Sorts the tree once for everything that walks it.
    package func ordered() -> Order {
        var order = Order()
        order.children = Array(repeating: [], count: nodes.count)
        order.preorder.reserveCapacity(nodes.count)
        var pending: [Int32] = [Self.root]
        while let node = pending.popLast() {
            order.preorder.append(node)
            guard isDirectory(node) else { continue }
            let children = children(of: node)
            pending.append(contentsOf: children.reversed())
            order.children[Int(node)] = children
        }
        return order
    }

    /// How many names each inode has.
    package func linkCounts(_ order: Order) -> [UInt32] {
        var counts = [UInt32](repeating: 0, count: inodes.count)
        for node in order.preorder { counts[Int(nodes[Int(node)].inode)] += 1 }
        return counts
    }
}
