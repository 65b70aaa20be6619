/// What was removed from a tree, name by name, and which rule did it.
package struct PruneAccount: Sendable {
    /// The tree's order before anything was removed.
    let order: FileTree.Order
    private var rules: [PruneRule]
    /// For each node, the number of the rule that removed it; -1 when it is there.
    private var ruleOf: [Int16]
    /// For each node, the bytes that went with it: those of a file go with its last name.
    private var bytesOf: [Int]
    private var linksLeft: [UInt32]
    private var removals: [Pruner.Removal]

    init(_ tree: FileTree, _ rules: [PruneRule]) {
        order = tree.ordered()
        self.rules = rules
        removals = rules.map { Pruner.Removal(rule: $0.name, reason: $0.reason) }
        ruleOf = Array(repeating: -1, count: tree.nodes.count)
        bytesOf = Array(repeating: 0, count: tree.nodes.count)
        linksLeft = tree.linkCounts(order)
    }

    /// Adds a rule behind the others; gives its number.
    mutating func add(_ rule: PruneRule) -> Int {
        rules.append(rule)
        removals.append(Pruner.Removal(rule: rule.name, reason: rule.reason))
        return rules.count - 1
    }

    /// Removes a name, or a folder that has nothing left in it.
    ///
    /// - Parameter onLast: told of a content that went with its last name.
    mutating func remove(
        _ node: Int32, by rule: Int, from tree: inout FileTree, size: (FileTree.ContentID) -> Int,
        onLast: (FileTree.ContentID) -> Void = { _ in }
    ) {
        tree.remove(node)
        ruleOf[Int(node)] = Int16(rule)
        guard !tree.isDirectory(node) else { return }
        let number = Int(tree.nodes[Int(node)].inode)
        removals[rule].files += 1
        linksLeft[number] -= 1
        guard linksLeft[number] == 0, let content = tree.inodes[number].content else { return }
        let bytes = size(content)
        bytesOf[Int(node)] = bytes
        removals[rule].bytes += bytes
        onLast(content)
    }

    /// One account for each rule that removed something, in the rules' order.
    package var byRule: [Pruner.Removal] { removals.filter { $0.files > 0 } }

    /// One line of the account: a file, or a folder that one rule has removed with all that was in it.
    package struct Line: Sendable, Equatable {
        /// Relative to the root.
        package var path: [UInt8]
        package var rule: String
        /// How many files, links and devices.
        package var files: Int
        package var bytes: Int
    }

    /// The account in the order of the tree.
    ///
    /// - Parameter tree: the tree that things were removed from: it still knows their names.
    package func lines(of tree: FileTree) -> [Line] {
        guard removals.contains(where: { $0.files > 0 }) else { return [] }
        // Children first: how much went below each folder, and whether it was all one rule's.
        var files = [Int](repeating: 0, count: ruleOf.count)
        var bytes = bytesOf
        var isWhole = [Bool](repeating: false, count: ruleOf.count)
        for node in order.preorder.reversed() where node != FileTree.root && ruleOf[Int(node)] >= 0 {
            let children = order.children[Int(node)]
            isWhole[Int(node)] = children.allSatisfy { isWhole[Int($0)] && ruleOf[Int($0)] == ruleOf[Int(node)] }
            files[Int(node)] =
                tree.isDirectory(node) ? children.reduce(0) { $0 + files[Int($1)] } : 1
            bytes[Int(node)] += children.reduce(0) { $0 + bytes[Int($1)] }
        }
        var lines: [Line] = []
        var pending = [FileTree.root]
        while let node = pending.popLast() {
            guard isWhole[Int(node)] else {
                pending += order.children[Int(node)].reversed()
                continue
            }
            // What had nothing in it needs no line.
            guard files[Int(node)] > 0 else { continue }
            lines.append(
                Line(
                    path: tree.path(of: node), rule: rules[Int(ruleOf[Int(node)])].name, files: files[Int(node)],
                    bytes: bytes[Int(node)]))
        }
        return lines
    }
}

extension [PruneAccount.Line] {
    /// The line that accounts for a path: its own, or that of a folder above it. Nil for what was not removed.
    ///
    /// - Parameter path: relative to the root, with or without a leading slash; no link is followed.
    package func line(for path: [UInt8]) -> PruneAccount.Line? {
        let components = path.split(separator: UInt8(ascii: "/"))
        let above: Set<[UInt8]> = Set(
            (0...components.count).map { [UInt8](components[..<$0].joined(separator: [UInt8(ascii: "/")])) })
        return first { above.contains($0.path) }
    }
}
