internal import LayerFS
internal import Packager

/// Shows a merged tree to the packager, which knows nothing of layers.
enum TreeView {
    static func view(_ linked: Linker.LinkedTree) -> RootView { view(linked.tree, linked.contents) }

    static func view(_ tree: FileTree, _ contents: TreeContents) -> RootView {
        func node(_ path: String) -> Int32? { tree.node(at: Array(path.utf8)) }
        return RootView(
            entry: { path in
                guard let node = node(path) else { return nil }
                let inode = tree.inode(of: node)
                switch inode.kind {
                case .directory: return .folder
                case .file, .hardLink: return .file(size: inode.content.map { contents.size(of: $0) } ?? 0)
                case .symlink: return .link(String(decoding: inode.target, as: UTF8.self))
                case .characterDevice, .blockDevice, .fifo: return .other
                }
            },
            names: { path in
                guard let node = node(path) else { return [] }
                return tree.children(of: node).map { String(decoding: tree.name(of: $0), as: UTF8.self) }
            },
            read: { path, offset, count in
                guard let node = node(path), let content = tree.inode(of: node).content else { return [] }
                return try contents.read(content, at: offset, count: count)
            })
    }
}
