internal import ByteKit

/// Which blocks of the linked objects go into the artifact as they are, and which tails must be packed anew.
///
/// The order is that of the layers and, inside each, of its object: it depends on nothing else.
struct DataPlan {
    /// For each content that is referred to, the one that stands for it: the same bytes are stored once.
    private(set) var canonical: [FileTree.ContentID: FileTree.ContentID] = [:]
    /// Blocks to copy, as ranges of block numbers for each layer, in order.
    private(set) var copies: [[Range<Int>]] = []
    /// For each layer and fragment, whether it is copied whole.
    private(set) var isFragmentCopied: [[Bool]] = []
    /// Tails whose fragment also holds what is hidden or removed: they move to new fragments, so that nothing that was
    /// removed from the tree stays behind in the artifact.
    private(set) var repacked: [FileTree.ContentID] = []

    init(_ tree: FileTree, _ order: FileTree.Order, _ objects: [LayerObject]) throws {
        let live = Self.live(tree, order)
        try chooseCanonical(live, objects)
        var isLive = objects.map { [Bool](repeating: false, count: $0.contents.count) }
        for id in canonical.values { isLive[Int(id.layer)][Int(id.content)] = true }
        for (layer, object) in objects.enumerated() { plan(object, Int32(layer), isLive[layer]) }
    }

    private static func live(_ tree: FileTree, _ order: FileTree.Order) -> [FileTree.ContentID] {
        var ids = Set<FileTree.ContentID>()
        for node in order.preorder {
            if let id = tree.inodes[Int(tree.nodes[Int(node)].inode)].content { ids.insert(id) }
        }
        return ids.sorted { ($0.layer, $0.content) < ($1.layer, $1.content) }
    }

    /// The lowest layer's copy stands for all copies.
    ///
    /// What only looks like an earlier content stays itself, and is not compared with yet others: a layer that is made of
    /// lookalikes costs one comparison each.
    private mutating func chooseCanonical(_ live: [FileTree.ContentID], _ objects: [LayerObject]) throws {
        func content(_ id: FileTree.ContentID) -> (object: LayerObject, content: LayerObject.Content) {
            (objects[Int(id.layer)], objects[Int(id.layer)].contents[Int(id.content)])
        }
        var byFingerprint: [Digest: FileTree.ContentID] = [:]
        for id in live {
            canonical[id] = id
            let this = content(id)
            guard let first = byFingerprint[this.content.fingerprint] else {
                byFingerprint[this.content.fingerprint] = id
                continue
            }
            let that = content(first)
            guard this.content.size == that.content.size else { continue }
            if case .blocks = this.content.place, try !LayerObject.haveEqualBlocks(that, this) { continue }
            canonical[id] = first
        }
    }

    private mutating func plan(_ object: LayerObject, _ layer: Int32, _ isLive: [Bool]) {
        var isFragmentWhole = [Bool](repeating: true, count: object.fragments.count)
        var isFragmentLive = [Bool](repeating: false, count: object.fragments.count)
        for (content, isLive) in zip(object.contents, isLive) {
            guard case .tail(let fragment, _) = content.place else { continue }
            if isLive { isFragmentLive[fragment] = true } else { isFragmentWhole[fragment] = false }
        }
        var ranges: [Range<Int>] = []
        for (index, content) in object.contents.enumerated() where isLive[index] {
            switch content.place {
            case .blocks(let first, let count): ranges.append(first..<first + count)
            case .tail(let fragment, _):
                if !isFragmentWhole[fragment] {
                    repacked.append(FileTree.ContentID(layer: layer, content: Int32(index)))
                }
            }
        }
        let isCopied = zip(isFragmentWhole, isFragmentLive).map { $0 && $1 }
        for (fragment, block) in object.fragments.enumerated() where isCopied[fragment] {
            ranges.append(Int(block)..<Int(block) + 1)
        }
        isFragmentCopied.append(isCopied)
        copies.append(Self.merged(ranges))
    }

    /// Neighbouring ranges joined, so that a whole layer is one copy.
    private static func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var merged: [Range<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, last.upperBound == range.lowerBound {
                merged[merged.count - 1] = last.lowerBound..<range.upperBound
            } else {
                merged.append(range)
            }
        }
        return merged
    }
}
