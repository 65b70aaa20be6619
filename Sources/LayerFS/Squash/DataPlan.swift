internal import ByteKit

/// Which blocks of the linked objects go into the artifact as they are, and which tails must be packed anew.
///
/// What is wanted first comes first. The rest is in the order of the layers and, inside each, of its object; nothing else
/// decides.
struct DataPlan {
    /// For each layer and content, the one that stands for it, as the same bytes are stored once; layer -1 for contents
    /// that no file of the tree has.
    private var canonical: [[FileTree.ContentID]] = []
    /// Blocks to copy, as ranges of block numbers for each layer, in order.
    private(set) var copies: [[Range<Int>]] = []
    /// For each layer and fragment, whether it is copied whole.
    private(set) var isFragmentCopied: [[Bool]] = []
    /// Tails whose fragment also holds what is hidden or removed: they move to new fragments, so that nothing that was
    /// removed from the tree stays behind in the artifact.
    private(set) var repacked: [FileTree.ContentID] = []

    /// What is wanted first: small files, packed together, and large ones, as ranges of blocks, both in the order wanted.
    private(set) var firstTails: [FileTree.ContentID] = []
    private(set) var firstCopies: [(layer: Int, blocks: Range<Int>)] = []

    /// - Parameter first: nodes whose data is to come first, in this order.
    init(_ tree: FileTree, _ order: FileTree.Order, _ objects: [LayerObject], first: [Int32] = []) throws {
        let nowhere = FileTree.ContentID(layer: -1, content: -1)
        canonical = objects.map { Array(repeating: nowhere, count: $0.contents.count) }
        try chooseCanonical(Self.live(tree, order, objects), objects)
        let isFirst = planFirst(first, tree, objects)
        for (layer, object) in objects.enumerated() {
            // What comes first is not among the rest, and its fragments are cut up.
            let isLive = canonical[layer].enumerated().map { content, chosen in
                chosen == FileTree.ContentID(layer: Int32(layer), content: Int32(content)) && !isFirst[layer][content]
            }
            plan(object, Int32(layer), isLive)
        }
    }

    private mutating func planFirst(_ nodes: [Int32], _ tree: FileTree, _ objects: [LayerObject]) -> [[Bool]] {
        var isFirst = objects.map { [Bool](repeating: false, count: $0.contents.count) }
        for node in nodes {
            guard let content = tree.inode(of: node).content, let id = canonical(for: content) else { continue }
            let (layer, number) = (Int(id.layer), Int(id.content))
            guard !isFirst[layer][number] else { continue }
            isFirst[layer][number] = true
            switch objects[layer].contents[number].place {
            case .blocks(let first, let count): firstCopies.append((layer, first..<first + count))
            case .tail: firstTails.append(id)
            }
        }
        return isFirst
    }

    /// The content that stands for another; nil when nothing of the tree has it.
    func canonical(for id: FileTree.ContentID) -> FileTree.ContentID? {
        let chosen = canonical[Int(id.layer)][Int(id.content)]
        return chosen.layer < 0 ? nil : chosen
    }

    /// All contents that files of the tree have, by layer and number.
    private static func live(
        _ tree: FileTree, _ order: FileTree.Order, _ objects: [LayerObject]
    ) -> [FileTree.ContentID] {
        var isLive = objects.map { [Bool](repeating: false, count: $0.contents.count) }
        for node in order.preorder {
            let inode = Int(tree.nodes[Int(node)].inode)
            if let id = tree.inodes[inode].content { isLive[Int(id.layer)][Int(id.content)] = true }
        }
        return isLive.enumerated().flatMap { layer, contents in
            contents.indices.lazy.filter { contents[$0] }
                .map { FileTree.ContentID(layer: Int32(layer), content: Int32($0)) }
        }
    }

    /// The lowest layer's copy stands for all copies.
    ///
    /// What only looks like an earlier content stays itself, and is not compared with yet others: a layer that is made of
    /// lookalikes costs one comparison each.
    private mutating func chooseCanonical(_ live: [FileTree.ContentID], _ objects: [LayerObject]) throws {
        func content(_ id: FileTree.ContentID) -> LayerObject.Content {
            objects[Int(id.layer)].contents[Int(id.content)]
        }
        // Lookalikes become neighbours, the lowest first; a table of all fingerprints would be many times larger.
        let sorted = live.sorted {
            let (left, right) = (content($0).fingerprint, content($1).fingerprint)
            return left == right ? ($0.layer, $0.content) < ($1.layer, $1.content) : left < right
        }
        var first = 0
        for index in sorted.indices {
            let (id, this) = (sorted[index], content(sorted[index]))
            let that = content(sorted[first])
            if this.fingerprint != that.fingerprint { first = index }
            let isCopy = try first != index && Self.areEqual((objects, sorted[first]), id, this, that)
            canonical[Int(id.layer)][Int(id.content)] = isCopy ? sorted[first] : id
        }
    }

    private static func areEqual(
        _ first: (objects: [LayerObject], id: FileTree.ContentID), _ id: FileTree.ContentID,
        _ this: LayerObject.Content, _ that: LayerObject.Content
    ) throws -> Bool {
        guard this.size == that.size else { return false }
        guard case .blocks = this.place else { return true }
        let (here, there) = (first.objects[Int(first.id.layer)], first.objects[Int(id.layer)])
        return try LayerObject.haveEqualBlocks((here, that), (there, this))
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
