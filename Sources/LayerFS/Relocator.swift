/// Makes a tree work below a prefix instead of at the root of the file system.
package enum Relocator {
    /// Folders that are the host's wherever the tree lies: links into them stay as they are.
    private static let hostFolders = ["proc", "dev", "sys"].map { Array($0.utf8) }

    /// Makes symlinks lead to the same file wherever the tree is put: absolute ones become relative, and what would
    /// climb above the root stays below it, as it does when the tree is the root.
    ///
    /// - Returns: how many inodes were given another target.
    package static func relativizeSymlinks(_ tree: inout FileTree) -> Int {
        var changed = 0
        var originals: [Int32: [UInt8]] = [:]
        for node in tree.ordered().preorder {
            guard tree.inode(of: node).kind == .symlink else { continue }
            let number = tree.nodes[Int(node)].inode
            let original = originals[number] ?? tree.inode(of: node).target
            let depth = tree.components(of: node).count - 1
            let target = relativized(original, depth: depth) ?? original
            guard target.count <= LayerPath.pathLimit else {
                tree.addWarning(
                    "a symlink's target is too long to be made relative: /\(String(decoding: tree.path(of: node), as: UTF8.self))"
                )
                continue
            }
            // Another name of a symlink may stand at another depth: it is then a symlink of its own.
            if originals[number] != nil, tree.inode(of: node).target != target { tree.separateInode(of: node) }
            originals[number] = original
            guard tree.inode(of: node).target != target else { continue }
            tree.updateInode(of: node) { $0.target = target }
            changed += 1
        }
        return changed
    }

    /// The target as it must be for a symlink this many folders below the root; nil when it can stay.
    private static func relativized(_ target: [UInt8], depth: Int) -> [UInt8]? {
        let components = target.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
        let isAbsolute = target.first == UInt8(ascii: "/")
        if isAbsolute, let first = components.first, hostFolders.contains(Array(first)) { return nil }
        let up = Array("..".utf8)[...]
        var path = isAbsolute ? Array(repeating: up, count: depth) : []
        var height = isAbsolute ? 0 : depth
        var climbs = false
        for component in components {
            if !component.elementsEqual(up) {
                height += 1
            } else if height > 0 {
                height -= 1
            } else {
                climbs = true
                continue
            }
            path.append(component)
        }
        guard isAbsolute || climbs else { return nil }
        return path.isEmpty ? [UInt8(ascii: ".")] : Array(path.joined(separator: [UInt8(ascii: "/")]))
    }
}
