internal import JSON
internal import LayerFS

/// The tree as a page's map has it: as deep and as wide as its bytes are worth, and never more than some thousand nodes.
struct PageTree {
    private let inspection: Inspection
    /// For each node, the bytes of it and below that pruning would take.
    private let prunable: [Int]
    private var children: [Int32: Children] = [:]

    /// The children of a folder that is shown open.
    private struct Children {
        var nodes: [Int32] = []
        var rest = (count: 0, bytes: 0, prunable: 0)
    }

    private static let nodeLimit = 5000
    private static let childLimit = 80

    init(_ inspection: Inspection) {
        self.inspection = inspection
        var prunable = [Int](repeating: 0, count: inspection.tree.nodes.count)
        for node in inspection.savings.first?.nodes ?? [] { prunable[Int(node)] = inspection.bytes[Int(node)] }
        for node in inspection.order.preorder.reversed() where node != FileTree.root {
            prunable[Int(inspection.tree.nodes[Int(node)].parent)] += prunable[Int(node)]
        }
        self.prunable = prunable
        open()
    }

    /// Opens the heaviest folder that is closed, again and again.
    private mutating func open() {
        var pending: [Int32] = [FileTree.root]
        var count = 1
        while count < Self.nodeLimit {
            guard
                let index = pending.indices.max(by: {
                    inspection.bytes[Int(pending[$0])] < inspection.bytes[Int(pending[$1])]
                })
            else { return }
            let folder = pending.remove(at: index)
            let sorted = inspection.order.children[Int(folder)].filter { inspection.bytes[Int($0)] > 0 }
                .sorted { inspection.bytes[Int($0)] > inspection.bytes[Int($1)] }
            var opened = Children(nodes: Array(sorted.prefix(Self.childLimit)))
            for node in sorted.dropFirst(Self.childLimit) {
                opened.rest.count += 1
                opened.rest.bytes += inspection.bytes[Int(node)]
                opened.rest.prunable += prunable[Int(node)]
            }
            children[folder] = opened
            count += opened.nodes.count
            pending += opened.nodes.filter { inspection.tree.isDirectory($0) }
        }
    }

    /// `[name, bytes, layer, prunable bytes, package, kind, children]`; the root has what is hidden beside what is seen.
    var json: JSON {
        let hidden = WasteGroup.groups(inspection.waste.filter { $0.cause != .duplicated })
        let hiddenBytes = hidden.reduce(0) { $0 + $1.bytes }
        var top = children[FileTree.root].map { list($0) } ?? []
        if hiddenBytes > 0 {
            let groups = hidden.prefix(Self.childLimit).map { group in
                node(
                    SafeText.path(group.path), group.bytes, layer: group.layer, kind: 3,
                    note: "\(group.cause.rawValue) by layer \(group.causedBy + 1)")
            }
            let rest = hidden.dropFirst(Self.childLimit)
            let more =
                rest.isEmpty ? [] : [node("\(rest.count) more places", rest.reduce(0) { $0 + $1.bytes }, kind: 3)]
            top.append(node("hidden by later layers", hiddenBytes, kind: 3, children: groups + more))
        }
        return node(
            "everything", inspection.totals.unpacked + hiddenBytes, prunable: prunable[Int(FileTree.root)], kind: 1,
            children: top)
    }

    private func list(_ opened: Children) -> [JSON] {
        var nodes = opened.nodes.map { json(of: $0) }
        if opened.rest.count > 0 {
            nodes.append(
                node("\(opened.rest.count) more", opened.rest.bytes, prunable: opened.rest.prunable, kind: 2))
        }
        return nodes
    }

    private func json(of number: Int32) -> JSON {
        let inode = inspection.tree.inode(of: number)
        let isFolder = inode.kind == .directory
        let isOpen = children[number] != nil
        return node(
            SafeText.name(inspection.tree.name(of: number)), inspection.bytes[Int(number)],
            layer: isFolder ? layer(of: number) : inode.content.map { Int($0.layer) } ?? -1,
            prunable: prunable[Int(number)], package: Int(inspection.packages.owner[Int(number)]),
            kind: isFolder ? (isOpen ? 1 : 2) : 0, children: children[number].map { list($0) })
    }

    /// The layer that a closed folder's heaviest file is of; an open one's does not show.
    private func layer(of folder: Int32) -> Int {
        var node = folder
        while let heaviest = inspection.order.children[Int(node)].max(by: {
            inspection.bytes[Int($0)] < inspection.bytes[Int($1)]
        }) {
            node = heaviest
        }
        return inspection.tree.inode(of: node).content.map { Int($0.layer) } ?? -1
    }

    private func node(
        _ name: String, _ bytes: Int, layer: Int = -1, prunable: Int = 0, package: Int = -1, kind: Int,
        children: [JSON]? = nil, note: String? = nil
    ) -> JSON {
        var members: [JSON] = [
            .string(name), .integer(bytes), .integer(layer), .integer(prunable), .integer(package), .integer(kind),
        ]
        if children != nil || note != nil { members.append(children.map { .array($0) } ?? .null) }
        if let note { members.append(.string(note)) }
        return .array(members)
    }
}
