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

    /// What one rule removed, all in all.
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
    /// - Returns: what was removed, and by which rule.
    package func prune(
        _ tree: inout FileTree, size: (FileTree.ContentID) -> Int,
        onRemoval: (PruneRule, _ node: Int32, FileTree.ContentID) -> Void = { _, _, _ in }
    ) -> PruneAccount {
        var account = PruneAccount(tree, rules)
        guard !rules.isEmpty else { return account }
        // Children first, so that a folder is looked at when it may have become empty.
        for node in account.order.preorder.reversed() where node != FileTree.root {
            guard let rule = rule(for: tree.components(of: node)) else { continue }
            guard !tree.isDirectory(node) || tree.unsortedChildren(of: node).isEmpty else { continue }
            account.remove(node, by: rule, from: &tree, size: size) { onRemoval(rules[rule], node, $0) }
        }
        return account
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
