package import ByteKit

/// What went into an artifact, what did not, and why.
package struct LinkReport: Sendable {
    /// Size of the artifact in bytes.
    package var artifactSize = 0
    /// Digest of the artifact; nil for a tree that was only looked at.
    package var artifactDigest: Digest?
    /// Digest of an archive before it was compressed; nil when nobody asked for it.
    package var archiveDigest: Digest?
    /// Bytes of all files when unpacked, each inode once.
    package var unpackedSize = 0
    package var files = 0
    package var folders = 0
    package var symlinks = 0
    package var layers: [Layer] = []
    package var removals: [Pruner.Removal] = []
    package var relativizedSymlinks = 0
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
    init(_ tree: FileTree, _ order: FileTree.Order, _ objects: [LayerObject]) {
        let contents = TreeContents(objects)
        var seen = Set<Int32>()
        var folders: [[UInt8]: Int] = [:]
        var largest: [PathSize] = []
        layers = objects.map { object in
            Layer(
                digest: object.layer,
                bytes: object.entries.reduce(0) { $0 + ($1.content < 0 ? 0 : object.contents[Int($1.content)].size) },
                liveBytes: 0, entries: object.entries.count)
        }
        for node in order.preorder {
            let number = tree.nodes[Int(node)].inode
            switch tree.inodes[Int(number)].kind {
            case .directory: self.folders += 1
            case .symlink: symlinks += 1
            default: files += 1
            }
            guard let content = tree.inodes[Int(number)].content, seen.insert(number).inserted else { continue }
            let size = contents.size(of: content)
            unpackedSize += size
            layers[Int(content.layer)].liveBytes += size
            let components = tree.components(of: node)
            folders[Array(components.dropLast().prefix(2).joined(separator: [UInt8(ascii: "/")])), default: 0] += size
            largest.append(PathSize(path: Array(components.joined(separator: [UInt8(ascii: "/")])), bytes: size))
        }
        folderSizes = Self.heaviest(folders.map { PathSize(path: $0.key, bytes: $0.value) }, count: 20)
        largestFiles = Self.heaviest(largest, count: 20)
    }

    private static func heaviest(_ sizes: [PathSize], count: Int) -> [PathSize] {
        Array(
            sizes.sorted { $0.bytes != $1.bytes ? $0.bytes > $1.bytes : $0.path.lexicographicallyPrecedes($1.path) }
                .prefix(count))
    }
}
