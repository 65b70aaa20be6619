internal import ByteKit

/// Writes a merged tree as a tar archive: the root first, folders before what is in them, names in byte order.
///
/// What is written depends on the tree alone: not on the layers it came from, nor on how their objects are compressed.
struct TarWriter {
    private let tree: FileTree
    private let order: FileTree.Order
    private let contents: TreeContents
    private let objects: [LayerObject]
    private let pool: WorkerPool

    init(_ linked: Linker.LinkedTree, pool: WorkerPool) {
        tree = linked.tree
        order = linked.order
        contents = linked.contents
        objects = linked.objects
        self.pool = pool
    }

    /// Writes the archive, up to and with its end.
    ///
    /// - Returns: what could not be said in it.
    func write(to output: StreamOutput) throws -> [String] {
        let reader = ContentReader(objects, order: dataOrder(), pool: pool)
        var names = FirstNames(tree, order)
        var lostXattrs = 0
        for node in order.preorder {
            try Cancellation.check()
            let inode = tree.inode(of: node)
            let path = tree.path(of: node)
            var headers = TarEntryHeaders(
                type: Self.type(of: inode.kind), path: path, mode: inode.mode, userID: inode.userID,
                groupID: inode.groupID, modificationTime: inode.modificationTime)
            // Star's form has no way to write such a name.
            headers.xattrs = inode.xattrs.filter { !$0.name.contains(UInt8(ascii: "=")) }
            lostXattrs += inode.xattrs.count - headers.xattrs.count
            if let first = names.earlier(than: node, path) {
                headers.type = UInt8(ascii: "1")
                headers.linkName = first
                try output.write(headers.encoded())
                continue
            }
            switch inode.kind {
            case .directory: headers.path = node == FileTree.root ? Array("./".utf8) : path + [UInt8(ascii: "/")]
            case .file, .hardLink: headers.size = inode.content.map { contents.size(of: $0) } ?? 0
            case .symlink: headers.linkName = inode.target
            case .characterDevice, .blockDevice: headers.device = inode.device
            case .fifo: break
            }
            try output.write(headers.encoded())
            guard inode.content != nil else { continue }
            unsafe try reader.next { unsafe try output.write($0) }
            try output.write(TarEntryHeaders.padding(headers.size))
        }
        try output.write(TarEntryHeaders.end)
        return lostXattrs == 0
            ? [] : ["\(lostXattrs) extended attributes were left out: tar has no way to write a name with ‘=’"]
    }

    /// The contents in the order in which they are written.
    private func dataOrder() -> [FileTree.ContentID] {
        var isWritten = [Bool](repeating: false, count: tree.inodes.count)
        var contents: [FileTree.ContentID] = []
        for node in order.preorder {
            let number = Int(tree.nodes[Int(node)].inode)
            guard let content = tree.inodes[number].content, !isWritten[number] else { continue }
            isWritten[number] = true
            contents.append(content)
        }
        return contents
    }

    private static func type(of kind: TarEntry.Kind) -> UInt8 {
        switch kind {
        case .file, .hardLink: UInt8(ascii: "0")
        case .symlink: UInt8(ascii: "2")
        case .characterDevice: UInt8(ascii: "3")
        case .blockDevice: UInt8(ascii: "4")
        case .directory: UInt8(ascii: "5")
        case .fifo: UInt8(ascii: "6")
        }
    }
}

/// Under which name a file with several names was written.
private struct FirstNames {
    private let tree: FileTree
    private let counts: [UInt32]
    private var paths: [Int32: [UInt8]] = [:]

    init(_ tree: FileTree, _ order: FileTree.Order) {
        self.tree = tree
        counts = tree.linkCounts(order)
    }

    /// The name that came before this one; nil when this is the first.
    mutating func earlier(than node: Int32, _ path: [UInt8]) -> [UInt8]? {
        let number = tree.nodes[Int(node)].inode
        guard counts[Int(number)] > 1 else { return nil }
        if let first = paths[number] { return first }
        paths[number] = path
        return nil
    }
}
