internal import LayerFS

/// The three figures that dive gives, worked out as it does: docs/inspect.md says how.
package struct DiveFigures: Sendable, Equatable {
    /// Of all paths: the smallest size that each was seen with.
    package private(set) var leastBytes = 0
    /// Of all paths: all sizes that each was seen with.
    package private(set) var allBytes = 0
    /// Of the paths that were seen more than once: all sizes.
    package private(set) var wastedBytes = 0
    /// Bytes of all layers but the first.
    package private(set) var userBytes = 0

    /// 1 for an image without a byte.
    package var efficiency: Double { allBytes == 0 ? 1 : Double(leastBytes) / Double(allBytes) }
    /// What is wasted as a part of what was added to the first layer; 0 when nothing was wasted.
    package var userWasted: Double {
        wastedBytes == 0 ? 0 : userBytes == 0 ? .infinity : Double(wastedBytes) / Double(userBytes)
    }

    private init() {}

    /// Gathers the figures, layer by layer, each before it is laid over the tree.
    struct Tally {
        private var figures = DiveFigures()
        private var paths: [[UInt8]: Sightings] = [:]
        private var layers = 0

        private struct Sightings {
            var count = 0
            var least = 0
            var all = 0
        }

        mutating func add(_ listing: LayerListing, over history: LayerHistory, _ below: [LayerListing]) {
            let size = { (entry: LayerObject.Entry) in
                entry.content < 0 ? 0 : listing.contents[Int(entry.content)].size
            }
            let isBase = layers == 0
            layers += 1
            // The last entry of a path is the one that counts; a path that something lies below is no leaf.
            var last: [ArraySlice<UInt8>: Int] = [:]
            var folders: Set<ArraySlice<UInt8>> = []
            for (index, entry) in listing.entries.enumerated() {
                if !isBase { figures.userBytes += size(entry) }
                let path = listing.path(of: entry)
                guard !path.isEmpty, !Self.hasDoubleMark(path) else { continue }
                last[path] = index
                var rest = path
                while let slash = rest.lastIndex(of: UInt8(ascii: "/")) {
                    rest = rest[..<slash]
                    if !folders.insert(rest).inserted { break }
                }
            }
            for (path, index) in last where !folders.contains(path) {
                let entry = listing.entries[index]
                let start = path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? path.startIndex
                let isWhiteout = path[start...].starts(with: ".wh.".utf8)
                let name = isWhiteout ? Array(path[..<start] + path[(start + 4)...]) : Array(path)
                see(name, isWhiteout ? Self.folderBytes(name, history.tree, below) : size(entry))
            }
        }

        private mutating func see(_ path: [UInt8], _ bytes: Int) {
            var known = paths[path] ?? Sightings(least: bytes)
            known.count += 1
            known.least = min(known.least, bytes)
            known.all += bytes
            paths[path] = known
        }

        /// A name like those of opaque markers; dive does not look at them.
        private static func hasDoubleMark(_ path: ArraySlice<UInt8>) -> Bool {
            path.split(separator: UInt8(ascii: "/")).contains { $0.starts(with: ".wh..wh..".utf8) }
        }

        /// What a removed folder held. A file counts once, where its data came under its own name.
        private static func folderBytes(_ path: [UInt8], _ tree: FileTree, _ below: [LayerListing]) -> Int {
            guard let folder = tree.node(at: path), tree.isDirectory(folder) else { return 0 }
            var bytes = 0
            var pending = [folder]
            var seen: Set<Int32> = []
            while let node = pending.popLast() {
                if tree.isDirectory(node) {
                    pending += tree.children(of: node)
                } else if seen.insert(tree.nodes[Int(node)].inode).inserted, let id = tree.inode(of: node).content {
                    bytes += below[Int(id.layer)].contents[Int(id.content)].size
                }
            }
            return bytes
        }

        consuming func finish() -> DiveFigures {
            for known in paths.values {
                figures.leastBytes += known.least
                figures.allBytes += known.all
                if known.count > 1 { figures.wastedBytes += known.all }
            }
            return figures
        }
    }
}
