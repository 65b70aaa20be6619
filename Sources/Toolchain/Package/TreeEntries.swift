internal import LayerFS
internal import Packager

/// A tree's files as entries of a zip archive.
///
/// Archives have neither hard links nor devices: further names of a file become symlinks to the first, and devices and pipes are
/// left out. Folders are implied by what is in them, and written when there is nothing.
struct TreeEntries {
    /// In the tree's order.
    private(set) var entries: [ZipEntry] = []
    /// How many devices and pipes there were outside `/dev`.
    private(set) var leftOut = 0

    /// - Parameter folder: the folder in the archive that the tree goes into.
    init(_ linked: Linker.LinkedTree, below folder: String) {
        let tree = linked.tree
        let links = tree.linkCounts(linked.order)
        var firsts: [Int32: [UInt8]] = [:]
        let start = Array("\(folder)/".utf8)
        for node in linked.order.preorder where node != FileTree.root {
            let number = tree.nodes[Int(node)].inode
            let path = tree.path(of: node)
            let inode = tree.inodes[Int(number)]
            var content: ZipEntry.Content
            switch inode.kind {
            case .directory:
                guard linked.order.children[Int(node)].isEmpty else { continue }
                content = .folder
            case .symlink: content = .link(inode.target)
            case .file, .hardLink:
                if let first = firsts[number] {
                    content = .link(Self.relative(first, from: path))
                } else {
                    if links[Int(number)] > 1 { firsts[number] = path }
                    content = Self.content(of: inode, path, linked)
                }
            case .characterDevice, .blockDevice, .fifo:
                // In `/dev`, programs see the machine's in any case.
                if !path.starts(with: "dev/".utf8) { leftOut += 1 }
                continue
            }
            let permissions = if case .link = content { UInt16(0o777) } else { inode.mode & 0o777 }
            entries.append(ZipEntry(path: start + path, content: content, permissions: permissions))
        }
    }

    /// The first path that is no UTF-8, as an archive's must be: Lambda would unpack it under another name.
    static func foreignName(in linked: Linker.LinkedTree) -> [UInt8]? {
        for node in linked.order.preorder where String(validating: linked.tree.name(of: node), as: UTF8.self) == nil {
            return linked.tree.path(of: node)
        }
        return nil
    }

    private static func content(
        of inode: FileTree.Inode, _ path: [UInt8], _ linked: Linker.LinkedTree
    ) -> ZipEntry.Content {
        guard let content = inode.content else { return .bytes([]) }
        return .image(path: String(decoding: path, as: UTF8.self), size: linked.contents.size(of: content))
    }

    /// What a symlink at `path` must say to lead to `target`; both are relative to one root.
    private static func relative(_ target: [UInt8], from path: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        let to = target.split(separator: slash)
        let from = path.split(separator: slash).dropLast()
        let common = zip(to, from).prefix { $0 == $1 }.count
        let up = [ArraySlice<UInt8>](repeating: Array("..".utf8)[...], count: from.count - common)
        return Array((up + to[common...]).joined(separator: [slash]))
    }
}
