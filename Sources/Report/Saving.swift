internal import LayerFS

/// What a set of prune rules would take out of the tree.
package struct Saving: Sendable {
    package let name: String
    package let rules: [Rule]
    /// The files that would go.
    let nodes: [Int32]

    package struct Rule: Sendable {
        package var name: String
        package var reason: String
        package var files: Int
        package var bytes: Int
        /// For each layer, the bytes of it that the rule takes.
        package var layers: [Int]
        /// The folders where most of it is, heaviest first.
        package var places: [Place]
    }

    package struct Place: Sendable, Equatable {
        package var path: [UInt8]
        package var bytes: Int
    }

    package var bytes: Int { rules.reduce(0) { $0 + $1.bytes } }
    package var files: Int { rules.reduce(0) { $0 + $1.files } }

    init(_ pruning: Survey.Pruning, _ tree: FileTree, _ listings: [LayerListing]) {
        var pruned = tree
        let size = { (id: FileTree.ContentID) in listings[Int(id.layer)].contents[Int(id.content)].size }
        var shares: [String: [Int]] = [:]
        var places: [String: [[UInt8]: Int]] = [:]
        var nodes: [Int32] = []
        let removals = Pruner(rules: pruning.rules, keep: pruning.keep).prune(&pruned, size: size) { rule, node, id in
            nodes.append(node)
            shares[rule.name, default: [Int](repeating: 0, count: listings.count)][Int(id.layer)] += size(id)
            places[rule.name, default: [:]][Self.place(of: node, tree), default: 0] += size(id)
        }.byRule
        name = pruning.name
        self.nodes = nodes
        rules = removals.map { removal in
            Rule(
                name: removal.rule, reason: removal.reason, files: removal.files, bytes: removal.bytes,
                layers: shares[removal.rule] ?? [Int](repeating: 0, count: listings.count),
                places: Self.heaviest(places[removal.rule] ?? [:]))
        }
    }

    /// The folder that a file counts for, at most so many levels deep.
    private static func place(of node: Int32, _ tree: FileTree) -> [UInt8] {
        Array(tree.components(of: node).dropLast().prefix(4).joined(separator: [UInt8(ascii: "/")]))
    }

    private static func heaviest(_ places: [[UInt8]: Int]) -> [Place] {
        let all = places.map { Place(path: $0.key, bytes: $0.value) }
        return Array(
            all.sorted {
                $0.bytes != $1.bytes ? $0.bytes > $1.bytes : $0.path.lexicographicallyPrecedes($1.path)
            }.prefix(10))
    }
}
