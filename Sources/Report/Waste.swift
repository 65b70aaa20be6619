internal import ByteKit
internal import LayerFS

/// Bytes that an image carries and that nobody sees in it, or that it carries twice.
package struct Waste: Sendable, Equatable {
    package enum Cause: String, Sendable, CaseIterable {
        /// A later layer has something else under this name.
        case overwritten
        /// A later layer removed it. The earlier layer carries it all the same.
        case removed
        /// Its own layer has the name again further on.
        case repeated
        /// Another file has the same content.
        case duplicated
    }

    package var path: [UInt8]
    package var bytes: Int
    package var cause: Cause
    /// The layer that carries the bytes.
    package var layer: Int
    /// The layer that made them waste.
    package var causedBy: Int
    /// The file with the same content, for duplicates.
    package var twin: [UInt8] = []
}

extension Waste {
    /// What layers took from those below, and what they have twice themselves.
    static func hidden(_ history: LayerHistory, _ listings: [LayerListing], _ isLive: [Bool]) -> [Waste] {
        let tree = history.tree
        var waste: [Waste] = []
        var isTold = [Bool](repeating: false, count: tree.inodes.count)
        // The last name that a file lost is what made it waste.
        for loss in history.losses.reversed() where !isLive[Int(loss.inode)] && !isTold[Int(loss.inode)] {
            isTold[Int(loss.inode)] = true
            guard let content = tree.inodes[Int(loss.inode)].content else { continue }
            waste.append(
                Waste(
                    path: tree.path(of: loss.node),
                    bytes: listings[Int(content.layer)].contents[Int(content.content)].size,
                    cause: loss.cause == .removed ? .removed : .overwritten, layer: Int(content.layer),
                    causedBy: loss.layer))
        }
        for (layer, listing) in listings.enumerated() {
            for entry in listing.entries where entry.content >= 0 && !history.isSeen[layer][Int(entry.content)] {
                waste.append(
                    Waste(
                        path: Array(listing.path(of: entry)), bytes: listing.contents[Int(entry.content)].size,
                        cause: .repeated, layer: layer, causedBy: layer))
            }
        }
        return waste
    }

    /// Files of the tree whose content another file before them has.
    static func duplicated(_ tree: FileTree, _ order: FileTree.Order, _ listings: [LayerListing]) -> [Waste] {
        var first: [LayerListing.Content: Int32] = [:]
        var isKnown = [Bool](repeating: false, count: tree.inodes.count)
        var waste: [Waste] = []
        for node in order.preorder {
            let number = Int(tree.nodes[Int(node)].inode)
            guard !isKnown[number], let id = tree.inodes[number].content else { continue }
            isKnown[number] = true
            let content = listings[Int(id.layer)].contents[Int(id.content)]
            guard let twin = first[content] else {
                first[content] = node
                continue
            }
            waste.append(
                Waste(
                    path: tree.path(of: node), bytes: content.size, cause: .duplicated, layer: Int(id.layer),
                    causedBy: Int(id.layer), twin: tree.path(of: twin)))
        }
        return waste
    }

    /// Heaviest first; equal ones by path and cause.
    static func isHeavier(_ left: Waste, _ right: Waste) -> Bool {
        if left.bytes != right.bytes { return left.bytes > right.bytes }
        if left.path != right.path { return left.path.lexicographicallyPrecedes(right.path) }
        if left.layer != right.layer { return left.layer < right.layer }
        return left.cause.rawValue < right.cause.rawValue
    }
}
