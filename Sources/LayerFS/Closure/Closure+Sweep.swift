extension PruneRule {
    /// What a closure leaves out.
    static let closure = PruneRule("closure", "nothing that the function starts leads to it", [])
    /// The same, where sets were replaced by what tests opened.
    static let traced = PruneRule("traced", "no test opened it, and nothing that the function starts leads to it", [])
}

extension Closure {
    /// Removes from a tree what does not stay. What a folder had in it that stays, keeps the folder.
    func sweep(_ tree: inout FileTree, _ account: inout PruneAccount, size: (FileTree.ContentID) -> Int) {
        let rule = account.add(tests.isEmpty ? .closure : .traced)
        for node in order.preorder.reversed() where node != FileTree.root && !keeps(node) {
            account.remove(node, by: rule, from: &tree, size: size)
        }
    }

    /// What stays, by what it stays for: sets whole, and files one by one.
    func keepings(size: (FileTree.ContentID) -> Int) -> [Keeping] {
        var ofSets = [Keeping](repeating: Keeping(), count: sets.count)
        var others: [Keeping] = []
        var seen: Set<Int32> = []
        for node in order.preorder {
            guard let cause = causes[Int(node)], !tree.isDirectory(node) else { continue }
            let number = tree.nodes[Int(node)].inode
            let bytes = seen.insert(number).inserted ? tree.inodes[Int(number)].content.map(size) ?? 0 : 0
            if cause.kind == .set {
                ofSets[Int(cause.source)].files += 1
                ofSets[Int(cause.source)].bytes += bytes
            } else if bytes > 0 {
                others.append(
                    Keeping(path: tree.path(of: node), reason: reason(for: cause), files: 1, bytes: bytes))
            }
        }
        for (number, set) in sets.enumerated() {
            ofSets[number].set = set.name
            ofSets[number].reason = set.reason
        }
        return ofSets.filter { $0.files > 0 } + others
    }

    /// The words for a cause, as in “test ‘two pages’ opened it”.
    private func reason(for cause: Cause) -> String {
        var source: String { "/" + String(decoding: tree.path(of: cause.source), as: UTF8.self) }
        return switch cause.kind {
        case .program: "the function starts it"
        case .folder: "it is in the working folder"
        case .kept: "the recipe keeps it"
        case .unchanged: "it was there before"
        case .text: "\(texts[Int(cause.source)].name) names it"
        case .set: sets[Int(cause.source)].reason
        case .opened: "test ‘\(tests[Int(cause.source)].name)’ opened it"
        case .needs: "\(source) needs it"
        case .interpreter: "\(source) is run by it"
        case .loads: "\(source) may load it"
        case .names: "\(source) names it"
        case .runs: "\(source) may run it"
        case .uses: "\(source) may use it"
        case .leads: "\(source) leads to it"
        case .twin: "\(source) is the same file"
        }
    }
}

/// Something that a closure left in a tree.
package struct Keeping: Sendable, Equatable {
    /// Relative to the root; nil for the files of a set.
    package var path: [UInt8]?
    package var set: String?
    package var reason = ""
    package var files = 0
    package var bytes = 0
}
