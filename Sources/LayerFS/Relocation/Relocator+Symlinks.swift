extension Relocator {
    /// Folders that are the host's wherever the tree lies: links into them lead there.
    ///
    /// `/tmp` is one: what an image has there no function sees, whatever its form, and it is the one folder that a
    /// function may write to.
    private static let hostFolders = ["proc", "dev", "sys", "tmp"].map { Array($0.utf8) }

    /// Makes symlinks lead to the same file wherever the tree is put: absolute ones become relative, and what would
    /// climb above the root stays below it, as it does when the tree is the root.
    ///
    /// - Returns: how many inodes were given another target.
    static func relativizeSymlinks(_ tree: inout FileTree, _ order: FileTree.Order) -> Int {
        var changed = 0
        // Of those with several names, and of those alone: what they said before the first name was looked at.
        var originals: [Int32: [UInt8]] = [:]
        let links = tree.linkCounts(order)
        for node in order.preorder {
            guard tree.inode(of: node).kind == .symlink else { continue }
            let number = tree.nodes[Int(node)].inode
            let original = originals[number] ?? tree.inode(of: node).target
            let target = relativized(original, of: node, in: tree) ?? original
            guard target.count <= LayerPath.pathLimit else {
                tree.addWarning(
                    "a symlink's target is too long to be made relative: /\(String(decoding: tree.path(of: node), as: UTF8.self))"
                )
                continue
            }
            // Another name of a symlink may stand at another depth: it is then a symlink of its own.
            if originals[number] != nil, tree.inode(of: node).target != target { tree.separateInode(of: node) }
            if links[Int(number)] > 1 { originals[number] = original }
            guard tree.inode(of: node).target != target else { continue }
            tree.updateInode(of: node) { $0.target = target }
            changed += 1
        }
        return changed
    }

    /// The target as it must be for this symlink; nil when it can stay.
    private static func relativized(_ target: [UInt8], of node: Int32, in tree: FileTree) -> [UInt8]? {
        let up = Array("..".utf8)[...]
        let components = target.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
        let isAbsolute = target.first == UInt8(ascii: "/")
        if isAbsolute, let first = components.first, hostFolders.contains(Array(first)) { return nil }
        let depth = Int(tree.nodes[Int(node)].depth) - 1
        if !isAbsolute, let path = pathInHostFolder(components, depth) { return path }
        let folder = isAbsolute ? FileTree.root : tree.nodes[Int(node)].parent
        let kept = climbing(components, from: folder, in: tree)
        guard isAbsolute || kept.count < components.count else { return nil }
        let path = (isAbsolute ? Array(repeating: up, count: depth) : []) + kept
        return path.isEmpty ? [UInt8(ascii: ".")] : Array(path.joined(separator: [UInt8(ascii: "/")]))
    }

    /// What a relative target means that goes up to the root and down into a folder of the host's; nil for others.
    private static func pathInHostFolder(_ components: [ArraySlice<UInt8>], _ depth: Int) -> [UInt8]? {
        let rest = components.drop { $0.elementsEqual("..".utf8) }
        guard components.count - rest.count >= depth, let first = rest.first, hostFolders.contains(Array(first)),
            !rest.contains(where: { $0.elementsEqual("..".utf8) })
        else { return nil }
        return rest.reduce(into: []) { $0 += [UInt8(ascii: "/")] + $1 }
    }

    /// The components without each `..` that would go above the root, which is where it stays.
    ///
    /// What stands before a `..` may be a symlink, so that only the tree knows where it leads.
    private static func climbing(
        _ components: [ArraySlice<UInt8>], from folder: Int32, in tree: FileTree
    ) -> [ArraySlice<UInt8>] {
        guard let last = components.lastIndex(where: { $0.elementsEqual("..".utf8) }) else { return components }
        var kept: [ArraySlice<UInt8>] = []
        var node = folder
        // Components below that node that the tree does not have.
        var unknown = 0
        for component in components[...last] {
            if !component.elementsEqual("..".utf8) {
                if unknown == 0, let next = try? tree.find(component, from: node) { node = next } else { unknown += 1 }
            } else if unknown > 0 {
                unknown -= 1
            } else if node == FileTree.root {
                continue
            } else {
                node = tree.nodes[Int(node)].parent
            }
            kept.append(component)
        }
        return kept + components[(last + 1)...]
    }
}
