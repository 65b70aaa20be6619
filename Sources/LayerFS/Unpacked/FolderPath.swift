internal import SquashFS

/// The folder of an unpacked tree that something is being made in, open.
///
/// Only one is open at a time, however deep the tree is. The way to the next is walked name by name, and no symlink is
/// followed on it.
struct FolderPath: ~Copyable {
    private let root: Root
    private let tree: FileTree
    /// Nil for the root.
    private var file: OpenFile?
    private var node = FileTree.root

    /// The folder that everything is in.
    final class Root: Sendable {
        let file: OpenFile
        init(_ file: consuming OpenFile) { self.file = file }
    }

    init(_ root: Root, _ tree: FileTree) {
        self.root = root
        self.tree = tree
    }

    /// Runs `body` with the open folder.
    func withFile<Value: ~Copyable>(_ body: (borrowing OpenFile) throws(SystemFailure) -> Value) throws(SystemFailure)
        -> Value
    {
        switch file {
        case .some(let file): return try body(file)
        case .none: return try body(root.file)
        }
    }

    /// Opens the folder of a node.
    mutating func enter(_ folder: Int32) throws(SystemFailure) {
        guard folder != node else { return }
        var names: [[UInt8]] = []
        var ancestor = folder
        while ancestor != FileTree.root, ancestor != node {
            names.append(Array(tree.name(of: ancestor)))
            ancestor = tree.nodes[Int(ancestor)].parent
        }
        // From where we are when that is above, else from the root.
        if ancestor == FileTree.root { file = nil }
        node = FileTree.root
        while let name = names.popLast() {
            file = try withFile { file throws(SystemFailure) in try OpenFile(name, in: file.descriptor, .folder) }
        }
        node = folder
    }
}
