internal import LayerFS

extension Inspection {
    /// A file of the tree with its weight.
    package struct HeavyFile: Sendable {
        package var node: Int32
        package var bytes: Int
        /// The layer that its data is in.
        package var layer: Int
    }

    /// The heaviest files, heaviest first; equal ones in the tree's order.
    package func largestFiles(_ count: Int) -> [HeavyFile] {
        var files: [HeavyFile] = []
        var isKnown = [Bool](repeating: false, count: tree.inodes.count)
        for node in order.preorder {
            let number = Int(tree.nodes[Int(node)].inode)
            guard !isKnown[number], let id = tree.inodes[number].content else { continue }
            isKnown[number] = true
            files.append(HeavyFile(node: node, bytes: size(of: node), layer: Int(id.layer)))
        }
        files.sort { $0.bytes > $1.bytes }
        return Array(files.prefix(count))
    }
}
