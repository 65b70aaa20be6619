/// Removes what rules name from a merged tree, and keeps an account of it.
package struct Pruner {
    private let rules: [PruneRule]
    private let keep: [PathPattern]

    /// - Parameters:
    ///   - rules: tried in order; the first that matches is the one named in the account.
    ///   - keep: paths that stay whatever the rules say.
    package init(rules: [PruneRule], keep: [PathPattern]) {
        self.rules = rules
        self.keep = keep
    }

    /// What one rule removed.
    package struct Removal: Sendable, Equatable {
        package var rule: String
        package var reason: String
        package var files = 0
        /// Bytes of content, of files whose every name was removed.
        package var bytes = 0
    }

    /// Prunes the tree. Adding a `keep` never removes another file: each path is judged by itself.
    ///
    /// - Parameters:
    ///   - size: the size of a content.
    ///   - onRemoval: told of each content that is gone with its last name, and the rule that took it.
    /// - Returns: one account for each rule that removed something, in the rules' order.
    package func prune(
        _ tree: inout FileTree, size: (FileTree.ContentID) -> Int,
        onRemoval: (PruneRule, _ node: Int32, FileTree.ContentID) -> Void = { _, _, _ in }
    ) -> [Removal] {
        var removals = rules.map { Removal(rule: $0.name, reason: $0.reason) }
        guard !rules.isEmpty else { return [] }
        let order = tree.ordered()
        var links = tree.linkCounts(order)
        // Children first, so that a folder is looked at when it may have become empty.
        for node in order.preorder.reversed() where node != FileTree.root {
            guard let rule = rule(for: tree.components(of: node)) else { continue }
            let number = Int(tree.nodes[Int(node)].inode)
            if tree.isDirectory(node) {
                if tree.unsortedChildren(of: node).isEmpty { tree.remove(node) }
                continue
            }
            tree.remove(node)
            removals[rule].files += 1
            links[number] -= 1
            if links[number] == 0, let content = tree.inodes[number].content {
                removals[rule].bytes += size(content)
                onRemoval(rules[rule], node, content)
            }
        }
        return removals.filter { $0.files > 0 }
    }

    private func rule(for path: [ArraySlice<UInt8>]) -> Int? {
        let match = rules.firstIndex { rule in
            rule.patterns.contains { $0.matches(path) } && !rule.exceptions.contains { $0.matches(path) }
        }
        guard let match, !keep.contains(where: { $0.matches(path) }) else { return nil }
        return match
    }
}

extension FileTree {
    /// The components of a node's path.
    package func components(of node: Int32) -> [ArraySlice<UInt8>] {
        var components: [ArraySlice<UInt8>] = []
        var current = node
        while current != Self.root {
            components.append(name(of: current))
            current = nodes[Int(current)].parent
        }
        components.reverse()
        return components
    }
}
