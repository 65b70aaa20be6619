internal import ByteKit
internal import SquashFS

/// Unpacks a merged tree into a folder, with the threads of a pool.
///
/// Everything is made through the descriptor of the folder it belongs to, with a single name, and must not be there
/// before; no symlink is followed. So nothing is written outside the folder, whatever the image says.
struct FolderWriter {
    private let linked: Linker.LinkedTree
    private let tree: FileTree
    private let pool: WorkerPool
    private let path: String
    private let root: FolderPath.Root
    private let rights = FolderRights()
    private let losses = Monitor(FolderRights.Losses())
    /// The name that each inode was made under: the first in the tree's order.
    private var names: [Name]

    private enum Name {
        case none
        case made(Int32)
        /// Only a mightier user could have made it.
        case lost
    }

    /// - Parameter path: an empty folder.
    init(_ linked: Linker.LinkedTree, into path: String, pool: WorkerPool) throws {
        self.linked = linked
        tree = linked.tree
        self.pool = pool
        self.path = path
        names = Array(repeating: .none, count: linked.tree.inodes.count)
        do throws(SystemFailure) {
            root = FolderPath.Root(try OpenFile(Array(path.utf8), .folder))
        } catch {
            throw FileError("open", path, errorNumber: error.errorNumber)
        }
    }

    /// Makes everything; gives what this user could not make or set, in words.
    mutating func write() throws -> [String] {
        var folder = FolderPath(root, tree)
        let later = try makeNames(&folder)
        try FolderFiles(linked, root, path: path, rights: rights, losses: losses).write(later.files, on: pool)
        for node in later.links { try link(node, &folder) }
        // A folder's mode may shut us out, and what is made in it changes its time: last, and what is inside first.
        for node in linked.order.preorder.reversed() where tree.isDirectory(node) {
            try Cancellation.check()
            do throws(SystemFailure) {
                try folder.enter(node)
                try folder.withFile { file throws(SystemFailure) in
                    let lost = try rights.set(tree.inode(of: node), on: file)
                    losses.withLock { $0.add(lost) }
                }
            } catch {
                throw tree.refusal("finish", node, in: path, error)
            }
        }
        return losses.withLock { $0.warnings }
    }

    /// Makes folders, and what has no data; gives the files that have, and the further names.
    private mutating func makeNames(_ folder: inout FolderPath) throws -> (files: [Int32], links: [Int32]) {
        var files: [Int32] = []
        var links: [Int32] = []
        for node in linked.order.preorder where node != FileTree.root {
            try Cancellation.check()
            let number = Int(tree.nodes[Int(node)].inode)
            guard case .none = names[number] else {
                links.append(node)
                continue
            }
            names[number] = .made(node)
            let inode = tree.inodes[number]
            if inode.kind == .file || inode.kind == .hardLink {
                files.append(node)
                continue
            }
            do throws(SystemFailure) {
                try folder.enter(tree.nodes[Int(node)].parent)
                let isMade = try folder.withFile { parent throws(SystemFailure) in
                    try make(inode, Array(tree.name(of: node)), in: parent)
                }
                if !isMade { names[number] = .lost }
            } catch {
                throw tree.refusal("create", node, in: path, error)
            }
        }
        return (files, links)
    }

    /// A folder, symlink, device or pipe; false when only a mightier user could make it.
    private func make(_ inode: FileTree.Inode, _ name: [UInt8], in folder: borrowing OpenFile) throws(SystemFailure)
        -> Bool
    {
        switch inode.kind {
        case .directory:
            // It gets its mode when all is in it.
            try folder.makeFolder(name, permissions: 0o700)
            return true
        case .symlink: try folder.makeSymlink(name, to: inode.target)
        case .fifo: try folder.makeNode(name, mode: 0o010000 | 0o600, device: 0)
        default:
            let type: UInt32 = inode.kind == .blockDevice ? 0o060000 : 0o020000
            do throws(SystemFailure) {
                try folder.makeNode(name, mode: type | 0o600, device: inode.deviceNumber)
            } catch {
                // Root of a container may not either.
                guard error.errorNumber == SystemFailure.permission else { throw error }
                losses.withLock { $0.devices += 1 }
                return false
            }
        }
        let lost = try rights.set(inode, on: name, in: folder)
        losses.withLock { $0.add(lost) }
        return true
    }

    /// A further name. The way to the first is walked again, without following symlinks.
    private func link(_ node: Int32, _ folder: inout FolderPath) throws {
        try Cancellation.check()
        guard case .made(let first) = names[Int(tree.nodes[Int(node)].inode)] else { return }
        var source = FolderPath(root, tree)
        do throws(SystemFailure) {
            try source.enter(tree.nodes[Int(first)].parent)
            try folder.enter(tree.nodes[Int(node)].parent)
            try folder.withFile { folder throws(SystemFailure) in
                try source.withFile { source throws(SystemFailure) in
                    try folder.makeLink(Array(tree.name(of: node)), to: Array(tree.name(of: first)), in: source)
                }
            }
        } catch {
            throw tree.refusal("create", node, in: path, error)
        }
    }
}

extension FileTree {
    /// What to say when the kernel refused something about a node.
    func refusal(_ operation: String, _ node: Int32, in folder: String, _ failure: SystemFailure) -> FileError {
        FileError(
            operation, "\(folder)/\(String(decoding: path(of: node), as: UTF8.self))", errorNumber: failure.errorNumber)
    }
}

extension FileTree.Inode {
    /// The number of a device, as Linux keeps it in 32 bits.
    fileprivate var deviceNumber: UInt32 {
        (device.major & 0xfff) << 8 | device.minor & 0xff | (device.minor & 0xfff00) << 12
    }
}
