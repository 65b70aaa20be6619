package import ByteKit

/// What went into an artifact, what did not, and why.
package struct LinkReport: Sendable {
    /// Size of the artifact in bytes.
    package var artifactSize = 0
    /// Digest of the artifact; nil for a tree that was only looked at.
    package var artifactDigest: Digest?
    /// Digest of an archive before it was compressed; nil when it was, and nobody asked for this.
    package var archiveDigest: Digest?
    /// Bytes of all files when unpacked, each inode once.
    package var unpackedSize = 0
    package var files = 0
    package var folders = 0
    package var symlinks = 0
    package var layers: [Layer] = []
    package var removals: [Pruner.Removal] = []
    /// All that was removed: a file or a whole folder a line, in the order of the tree.
    package var removed: [PruneAccount.Line] = []
    /// What a closure left, and why; empty without one.
    package var keepings: [Keeping] = []
    /// What was done so that the tree works below a prefix; nil for a tree that will be the root.
    package var relocation: Relocation?
    /// The folders that weigh most, two levels deep, heaviest first.
    package var folderSizes: [PathSize] = []
    /// The files that weigh most, heaviest first.
    package var largestFiles: [PathSize] = []
    package var warnings: [String] = []

    package struct Layer: Sendable {
        package var digest: Digest
        /// Bytes of the layer's files before anything was hidden or pruned.
        package var bytes: Int
        /// Bytes of them that the artifact still has.
        package var liveBytes: Int
        package var entries: Int
    }

    package struct PathSize: Sendable, Equatable {
        package var path: [UInt8]
        package var bytes: Int
    }
}

extension LinkReport {
    /// Measures a finished tree.
    ///
    /// - Parameters:
    ///   - layers: the layers' objects.
    ///   - objects: all that the tree's contents are in: the layers', and perhaps one more.
    ///   - origins: for each content of the one more, the layer that it counts for.
    init(
        _ tree: FileTree, _ order: FileTree.Order, _ layers: [LayerObject], made objects: [LayerObject],
        of origins: [Int32]
    ) {
        let contents = TreeContents(objects)
        var isSeen = [Bool](repeating: false, count: tree.inodes.count)
        var weights = FolderWeights(tree)
        var largest = Heaviest()
        self.layers = layers.map { object in
            Layer(
                digest: object.layer,
                bytes: object.entries.reduce(0) { $0 + ($1.content < 0 ? 0 : object.contents[Int($1.content)].size) },
                liveBytes: 0, entries: object.entries.count)
        }
        for node in order.preorder {
            weights.enter(node, of: tree)
            let number = Int(tree.nodes[Int(node)].inode)
            switch tree.inodes[number].kind {
            case .directory: folders += 1
            case .symlink: symlinks += 1
            default: files += 1
            }
            guard let content = tree.inodes[number].content, !isSeen[number] else { continue }
            isSeen[number] = true
            let size = contents.size(of: content)
            unpackedSize += size
            let isMade = Int(content.layer) == layers.count
            self.layers[Int(isMade ? origins[Int(content.content)] : content.layer)].liveBytes += size
            weights.add(size, for: node, of: tree)
            largest.add(node, size)
        }
        folderSizes = weights.heaviest(in: tree)
        largestFiles = largest.sizes(in: tree)
    }
}

/// Sums up what lies below each folder that is at most two levels deep.
private struct FolderWeights {
    /// For each node, the folder it counts for: itself when it is high up, else its parent's.
    private var folders: [Int32]
    private var bytes: [Int32: Int] = [:]
    private static let levels = 2

    init(_ tree: FileTree) { folders = Array(repeating: FileTree.root, count: tree.nodes.count) }

    /// Takes note of a node; parents come first.
    mutating func enter(_ node: Int32, of tree: FileTree) {
        let facts = tree.nodes[Int(node)]
        folders[Int(node)] = Int(facts.depth) <= Self.levels ? node : folders[Int(facts.parent)]
    }

    mutating func add(_ size: Int, for file: Int32, of tree: FileTree) {
        bytes[folders[Int(tree.nodes[Int(file)].parent)], default: 0] += size
    }

    func heaviest(in tree: FileTree) -> [LinkReport.PathSize] {
        var heaviest = Heaviest()
        for (folder, bytes) in bytes { heaviest.add(folder, bytes) }
        return heaviest.sizes(in: tree)
    }
}

/// The few nodes that weigh most.
private struct Heaviest {
    private static let count = 20
    private var nodes: [(node: Int32, bytes: Int)] = []
    private var limit = 4096

    mutating func add(_ node: Int32, _ bytes: Int) {
        nodes.append((node, bytes))
        guard nodes.count >= limit else { return }
        // Those that weigh as much as the last that counts stay: their paths decide.
        nodes.sort { $0.bytes > $1.bytes }
        let least = nodes[Self.count - 1].bytes
        nodes.removeLast(nodes.count - (nodes.firstIndex { $0.bytes < least } ?? nodes.count))
        limit = max(limit, nodes.count * 2)
    }

    /// Heaviest first; equal ones by path.
    func sizes(in tree: FileTree) -> [LinkReport.PathSize] {
        let sorted = nodes.sorted { $0.bytes > $1.bytes }
        let least = sorted.count > Self.count ? sorted[Self.count - 1].bytes : 0
        return Array(
            sorted.prefix { $0.bytes >= least }
                .map { LinkReport.PathSize(path: tree.path(of: $0.node), bytes: $0.bytes) }
                .sorted { $0.bytes != $1.bytes ? $0.bytes > $1.bytes : $0.path.lexicographicallyPrecedes($1.path) }
                .prefix(Self.count))
    }
}
