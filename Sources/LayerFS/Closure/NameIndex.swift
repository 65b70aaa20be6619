internal import ByteKit

/// The names in a tree that files refer to without saying where they are.
struct NameIndex: Sendable {
    /// All that a name stands for. A million files may have one name, and as many may say it: so what is said is kept, and
    /// spelled out once.
    struct Group: Sendable {
        var nodes: [Int32] = []
        /// Whether they are folders of which all stays.
        var isWhole = false
    }

    /// What the tables lead to.
    private(set) var groups: [Group] = []
    /// Shared objects, and links to them, by their last component. All of a name: which of them a loader takes depends on
    /// variables and on who asks.
    private(set) var objects: [[UInt8]: Int32] = [:]
    /// What is in the folders of commands, by its name.
    private(set) var commands: [[UInt8]: Int32] = [:]
    /// What words of the function's programs bring in: files of sets.
    private(set) var features: [[UInt8]: Int32] = [:]
    /// Applications of Erlang and Elixir, by the names of theirs.
    private(set) var applications: [[UInt8]: Int32] = [:]
    /// For each file and folder, the links that lead there.
    private(set) var links: [Int32: [Int32]] = [:]
    /// For each file with several names, these.
    private(set) var twins: [Int32: [Int32]] = [:]
    /// Links that lead nowhere in the tree.
    private(set) var dangling: [Int32] = []

    init(
        _ tree: FileTree, _ order: FileTree.Order, _ objects: [LayerObject], _ sets: [KeepSet],
        commandFolders: [[UInt8]]
    ) throws(Cancelled) {
        let linkCounts = tree.linkCounts(order)
        for (number, node) in order.preorder.enumerated() {
            if number & 0xfff == 0 { try Cancellation.check() }
            let inode = tree.nodes[Int(node)].inode
            let facts = tree.inodes[Int(inode)]
            switch facts.kind {
            case .directory: continue
            case .symlink:
                guard let end = tree.trail(of: facts.target[...], from: tree.nodes[Int(node)].parent).end else {
                    dangling.append(node)
                    continue
                }
                links[end, default: []].append(node)
                if Self.isObject(tree.inode(of: end), objects) { add([node], to: \.objects, tree.name(of: node)) }
            default:
                if linkCounts[Int(inode)] > 1 { twins[inode, default: []].append(node) }
                if Self.isObject(facts, objects) { add([node], to: \.objects, tree.name(of: node)) }
            }
        }
        for set in sets where !set.words.isEmpty {
            let members = order.preorder.filter { !tree.isDirectory($0) && set.contains(tree.components(of: $0)) }
            for word in set.words { add(members, to: \.features, Array(word.utf8)[...]) }
        }
        for folder in commandFolders {
            guard let node = tree.trail(of: folder[...], from: FileTree.root).end else { continue }
            for child in order.children[Int(node)] where !tree.isDirectory(child) {
                add([child], to: \.commands, tree.name(of: child))
            }
        }
        for application in ErlangApplication.all(in: tree, order) {
            for name in application.names {
                groups[add(application.folders, to: \.applications, name[...])].isWhole = true
            }
        }
    }

    /// Adds what a name stands for; gives its group.
    @discardableResult
    private mutating func add(
        _ nodes: [Int32], to table: WritableKeyPath<NameIndex, [[UInt8]: Int32]>, _ name: ArraySlice<UInt8>
    ) -> Int {
        let name = Array(name)
        let known = self[keyPath: table][name]
        let group = known.map { Int($0) } ?? groups.count
        if known == nil {
            self[keyPath: table][name] = Int32(group)
            groups.append(Group())
        }
        groups[group].nodes += nodes
        return group
    }

    private static func isObject(_ inode: FileTree.Inode, _ objects: [LayerObject]) -> Bool {
        inode.content.map { objects[Int($0.layer)].contents[Int($0.content)].isELF } ?? false
    }
}

extension FileTree {
    /// Where a path leads, and over which symlinks.
    struct Trail {
        var links: [Int32] = []
        /// Nil when it leads nowhere.
        var end: Int32?
    }

    /// Follows a path as the kernel would if the root were its root.
    func trail(of path: ArraySlice<UInt8>, from folder: Int32) -> Trail {
        let slash = UInt8(ascii: "/")
        var trail = Trail()
        var node = path.first == slash ? Self.root : folder
        var pending = Array(path.split(separator: slash).reversed())
        var linkBytes = 0
        while let component = pending.popLast() {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                node = nodes[Int(node)].parent
                continue
            }
            guard isDirectory(node), component.count <= LayerPath.componentLimit,
                let child = child(of: node, named: component)
            else { return trail }
            let inode = inode(of: child)
            guard inode.kind == .symlink else {
                node = child
                continue
            }
            trail.links.append(child)
            linkBytes += inode.target.count
            guard trail.links.count <= Self.symlinkLimit, linkBytes <= Self.symlinkBytesLimit else { return trail }
            if inode.target.first == slash { node = Self.root }
            pending += inode.target.split(separator: slash).reversed()
        }
        trail.end = node
        return trail
    }
}
