/// Makes a tree work below a prefix instead of at the root of the file system.
package enum Relocator {
    /// Folders that are the host's wherever the tree lies: links into them stay as they are.
    private static let hostFolders = ["proc", "dev", "sys"].map { Array($0.utf8) }

    /// Makes absolute symlinks relative, so that they lead to the same file wherever the tree is put.
    ///
    /// - Returns: how many links were changed.
    package static func relativizeSymlinks(_ tree: inout FileTree) -> Int {
        var changed = 0
        for node in tree.ordered().preorder {
            let inode = tree.inode(of: node)
            guard inode.kind == .symlink, inode.target.first == UInt8(ascii: "/") else { continue }
            let components = inode.target.split(separator: UInt8(ascii: "/"))
            if let first = components.first, hostFolders.contains(Array(first)) { continue }
            let depth = tree.components(of: node).count - 1
            let up = Array(repeating: Array("..".utf8)[...], count: depth)
            let target = Array((up + components).joined(separator: [UInt8(ascii: "/")]))
            tree.updateInode(of: node) { $0.target = target.isEmpty ? [UInt8(ascii: ".")] : target }
            changed += 1
        }
        return changed
    }
}
