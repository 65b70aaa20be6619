internal import ByteKit
internal import SquashFS

extension FileTree {
    /// Lays one layer over the tree, as an extractor that is anchored in the root would unpack it.
    ///
    /// Whiteouts hide only what lower layers have, wherever in the layer they stand; a folder over a folder merges;
    /// anything else replaces. Symlinked parents are followed inside the tree and never out of it.
    /// OCI image specification, "Applying Changesets".
    ///
    /// - Parameters:
    ///   - object: the layer.
    ///   - layer: its number, from 0 for the base; contents are recorded with it.
    package mutating func apply<Layer: LayerEntries>(_ object: Layer, as layer: Int32) throws {
        var parents = ParentCache()
        for (number, entry) in object.entries.enumerated() {
            // Nobody waits for the end of a layer with millions of entries.
            if number & 0xfff == 0 { try Cancellation.check() }
            do throws(LayerError) {
                try apply(entry, of: object, as: layer, &parents)
            } catch {
                throw error.inLayer(object.layer)
            }
        }
    }

    private mutating func apply<Layer: LayerEntries>(
        _ entry: LayerObject.Entry, of object: Layer, as layer: Int32, _ parents: inout ParentCache
    ) throws(LayerError) {
        let path = object.path(of: entry)
        guard !path.isEmpty else {
            guard entry.kind == .directory
            else { throw LayerError(.badName, "the root of the tree would become something else than a folder") }
            inodes[0] = inode(entry, of: object, layer)
            return
        }
        let (folder, name) = Self.split(path)
        let whiteout = try Whiteout.isReserved(folder: folder) ? .reserved : Whiteout.classify(name)
        if whiteout != .none {
            try apply(whiteout, at: path, layer)
            parents.forget()
            return
        }
        let parent = try parents.lookUp(folder) { () throws(LayerError) in
            try self.resolve(folder, from: FileTree.root, layer: layer)
        }
        try place(entry, of: object, layer, name: name, in: parent, &parents)
    }

    /// Hides what a whiteout says. It makes nothing: neither its parents nor a folder where a file is.
    private mutating func apply(_ whiteout: Whiteout, at path: ArraySlice<UInt8>, _ layer: Int32) throws(LayerError) {
        let folder = try find(Self.split(path).folder)
        switch whiteout {
        case .none: return
        case .opaque:
            if let folder {
                // Said again, it says nothing: what lower layers had is gone, and nothing of theirs comes back.
                guard nodes[Int(folder)].opaqueLayer != layer, nodes[Int(folder)].hiddenLayer != layer else { return }
                for child in unsortedChildren(of: folder) { hide(child, below: layer) }
                nodes[Int(folder)].opaqueLayer = layer
                return
            }
        case .hides(let hidden):
            if let folder, let node = child(of: folder, named: hidden) { return hide(node, below: layer) }
        case .reserved:
            warn("a name of union file systems was left out", path)
            return
        }
        warn("a whiteout hides nothing", path)
    }

    private mutating func warn(_ message: String, _ path: ArraySlice<UInt8>) {
        addWarning("\(message): /\(String(decoding: path, as: UTF8.self))")
    }

    private mutating func place<Layer: LayerEntries>(
        _ entry: LayerObject.Entry, of object: Layer, _ layer: Int32, name: ArraySlice<UInt8>, in parent: Int32,
        _ parents: inout ParentCache
    ) throws(LayerError) {
        try checkRoom()
        let existing = child(of: parent, named: name)
        if entry.kind == .directory, let existing, isDirectory(existing) {
            inodes[Int(nodes[Int(existing)].inode)] = inode(entry, of: object, layer)
            nodes[Int(existing)].layer = layer
            return
        }
        let number: Int32
        if entry.kind == .hardLink {
            number = try hardLinkTarget(entry, of: object, layer)
            if let existing, nodes[Int(existing)].inode == number { return }
        } else {
            number = add(inode(entry, of: object, layer))
        }
        if let existing {
            // What was resolved through the old name may lead elsewhere now.
            parents.forget()
            remove(existing)
        }
        add(name, to: parent, inode: number, layer: layer)
    }

    /// Removes what lower layers put here; what this layer put in the same folder stays.
    private mutating func hide(_ node: Int32, below layer: Int32) {
        guard isDirectory(node) else {
            if nodes[Int(node)].layer < layer { remove(node) }
            return
        }
        // Said again, it says nothing, as above: layers may say it a million times.
        guard nodes[Int(node)].hiddenLayer != layer else { return }
        nodes[Int(node)].hiddenLayer = layer
        for child in unsortedChildren(of: node) { hide(child, below: layer) }
        if nodes[Int(node)].layer < layer && unsortedChildren(of: node).isEmpty { remove(node) }
    }

    private func inode<Layer: LayerEntries>(
        _ entry: LayerObject.Entry, of object: Layer, _ layer: Int32
    ) -> Inode {
        var inode = Inode(
            kind: entry.kind, mode: entry.mode, userID: entry.userID, groupID: entry.groupID,
            modificationTime: entry.modificationTime)
        inode.device = (entry.deviceMajor, entry.deviceMinor)
        if entry.content >= 0 { inode.content = ContentID(layer: layer, content: entry.content) }
        if entry.xattrs >= 0 { inode.xattrs = object.xattrSets[Int(entry.xattrs)] }
        if entry.kind == .symlink { inode.target = Array(object.target(of: entry)) }
        return inode
    }

    private mutating func hardLinkTarget<Layer: LayerEntries>(
        _ entry: LayerObject.Entry, of object: Layer, _ layer: Int32
    ) throws(LayerError) -> Int32 {
        let target = object.target(of: entry)
        let (folder, name) = Self.split(target)
        guard let parent = try find(folder), let node = child(of: parent, named: name), !isDirectory(node) else {
            throw LayerError(
                .hardLinkTarget,
                "a hard link points to /\(String(decoding: target, as: UTF8.self)), which is not a file here",
                path: Array(object.path(of: entry)))
        }
        return nodes[Int(node)].inode
    }

    private static func split(_ path: ArraySlice<UInt8>) -> (folder: ArraySlice<UInt8>, name: ArraySlice<UInt8>) {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else {
            return (path[path.startIndex..<path.startIndex], path)
        }
        return (path[..<slash], path[(slash + 1)...])
    }

    // MARK: - Resolving

    /// How many symlinks a path may pass, as in Linux.
    static var symlinkLimit: Int { 40 }
    /// How long their targets may be together. In Linux each may be as long as a path; but a million paths that wander about
    /// for thousands of folders each take hours.
    static var symlinkBytesLimit: Int { LayerPath.pathLimit }

    /// The folder a path leads to, made where it is missing: layers need not list every parent.
    private mutating func resolve(
        _ path: ArraySlice<UInt8>, from start: Int32, layer: Int32
    ) throws(LayerError) -> Int32 {
        var walk = Walk(path, from: start)
        while let component = try walk.next(in: self) {
            if let existing = child(of: walk.folder, named: component), isDirectory(existing) {
                walk.enter(existing)
                continue
            }
            // Missing, or a file where a folder must be: the folder replaces it, as extractors do.
            if let existing = child(of: walk.folder, named: component) {
                warn("a file gave way to a folder that something is put into", path)
                remove(existing)
            }
            guard nodes[Int(walk.folder)].depth < Self.depthLimit else { throw Self.tooDeep(path) }
            try checkRoom()
            let number = add(Inode(kind: .directory, mode: 0o755, userID: 0, groupID: 0, modificationTime: 0))
            walk.enter(add(component, to: walk.folder, inode: number, layer: layer))
        }
        guard nodes[Int(walk.folder)].depth < Self.depthLimit else { throw Self.tooDeep(path) }
        return walk.folder
    }

    private static func tooDeep(_ path: ArraySlice<UInt8>) -> LayerError {
        LayerError(.badName, "folders nest deeper than any path can say", path: Array(path))
    }

    /// Folders nest as deep as the reader of our images follows them, the root counted.
    private static var depthLimit: UInt16 { UInt16(SquashWalker.deepest - 1) }

    /// The node at a path whose folders may be symlinks, the last component not followed; nil for nothing.
    package func node(through path: [UInt8]) -> Int32? {
        let (folder, name) = Self.split(path[...])
        guard let parent = try? find(folder), !name.isEmpty else { return nil }
        return child(of: parent, named: name)
    }

    /// The folder a path leads to; nil when it does not exist.
    func find(_ path: ArraySlice<UInt8>, from start: Int32 = FileTree.root) throws(LayerError) -> Int32? {
        var walk = Walk(path, from: start)
        while let component = try walk.next(in: self) {
            guard let existing = child(of: walk.folder, named: component), isDirectory(existing) else { return nil }
            walk.enter(existing)
        }
        return walk.folder
    }

    /// The file that a path leads to, symlinks followed; nil when there is none.
    func file(at path: [UInt8]) -> Int32? {
        var path = path[...]
        // The walk follows the folders' links; the last component's are followed here.
        for _ in 0..<Self.symlinkLimit {
            let (folder, name) = Self.split(path)
            guard let parent = try? find(folder), let node = child(of: parent, named: name) else { return nil }
            let inode = inode(of: node)
            switch inode.kind {
            case .file, .hardLink: return node
            case .symlink:
                let isAbsolute = inode.target.first == UInt8(ascii: "/")
                path = (isAbsolute ? [] : self.path(of: parent) + [UInt8(ascii: "/")])[...] + inode.target
            default: return nil
            }
        }
        return nil
    }

    /// A walk along a path that follows symlinks and stays inside the root.
    private struct Walk {
        var folder: Int32
        private let path: [UInt8]
        /// What is still to be walked, the next component last.
        private var components: [ArraySlice<UInt8>]
        private var symlinks = 0
        private var symlinkBytes = 0

        init(_ path: ArraySlice<UInt8>, from folder: Int32) {
            self.folder = folder
            self.path = Array(path)
            components = path.split(separator: UInt8(ascii: "/")).reversed()
        }

        mutating func enter(_ folder: Int32) { self.folder = folder }

        /// The next component that is a real name here; nil when the walk is over.
        mutating func next(in tree: borrowing FileTree) throws(LayerError) -> ArraySlice<UInt8>? {
            while let component = components.popLast() {
                if component.elementsEqual(".".utf8) { continue }
                if component.elementsEqual("..".utf8) {
                    folder = tree.nodes[Int(folder)].parent
                    continue
                }
                guard component.count <= LayerPath.componentLimit
                else { throw LayerError(.badName, "a symlink leads through a name that is too long", path: path) }
                guard let node = tree.child(of: folder, named: component), tree.inode(of: node).kind == .symlink
                else { return component }
                let target = tree.inode(of: node).target
                symlinks += 1
                symlinkBytes += target.count
                guard symlinks <= FileTree.symlinkLimit, symlinkBytes <= FileTree.symlinkBytesLimit else {
                    throw LayerError(
                        .symlinkLoop, "symlinks on the way to this path lead in a circle, or nowhere near it",
                        path: path)
                }
                if target.first == UInt8(ascii: "/") { folder = FileTree.root }
                components += target.split(separator: UInt8(ascii: "/")).reversed()
            }
            return nil
        }
    }
}

/// Remembers the folder of the entry before: nearly always it is the next entry's too.
private struct ParentCache {
    private var path: [UInt8] = []
    private var node: Int32 = -1

    mutating func lookUp(
        _ folder: ArraySlice<UInt8>, _ resolve: () throws(LayerError) -> Int32
    ) throws(LayerError) -> Int32 {
        if node >= 0, folder.elementsEqual(path) { return node }
        let found = try resolve()
        path = Array(folder)
        node = found
        return found
    }

    mutating func forget() { node = -1 }
}
