internal import ByteKit

/// What of a tree a function can reach: the least set of files that has the roots, and with each file what that refers to.
///
/// Every step only adds, and what it adds depends on nothing that is absent. So one root more, or one file more in the tree,
/// never takes another file away.
struct Closure {
    let tree: FileTree
    let order: FileTree.Order
    private let pool: WorkerPool
    private let surroundings: FileReferences.Surroundings
    let sets: [KeepSet]
    let tests: [ClosurePlan.Trace.Test]
    let texts: [ClosureRoots.Text]
    /// For each set, the files that are in it.
    private var members: [[Int32]]
    /// For each file that brings sets in, these.
    private var triggers: [Int32: [Int]] = [:]
    private var isIn: [Bool]
    /// For each node, why it stays; nil when it does not.
    private(set) var causes: [Cause?]
    /// What stays and has not been looked at.
    private var pending: [Int32] = []
    /// What need not be gone through again, however often it is named: folders of which all stays, files with several names,
    /// groups of the index.
    private var isWhole: [Bool]
    private var twinned: Set<Int32> = []
    private var isSpelledOut: [Bool]
    /// Bytes of the files that were looked into.
    private var readBytes = 0

    init(
        _ tree: FileTree, _ order: FileTree.Order, _ objects: [LayerObject], _ plan: ClosurePlan, _ roots: ClosureRoots,
        keep: [PathPattern], pool: WorkerPool
    ) throws(Cancelled) {
        self.tree = tree
        self.order = order
        self.pool = pool
        tests = plan.trace?.tests ?? []
        texts = roots.texts
        let isTraced = plan.trace != nil
        sets = plan.sets.filter { !isTraced || !$0.isTraced }
        surroundings = FileReferences.Surroundings(
            tree: tree, index: try NameIndex(tree, order, objects, sets, commandFolders: roots.commandFolders),
            objects: objects,
            sets: plan.sets, isGenerous: !isTraced)
        members = Array(repeating: [], count: sets.count)
        isIn = Array(repeating: false, count: sets.count)
        causes = Array(repeating: nil, count: tree.nodes.count)
        isWhole = Array(repeating: false, count: tree.nodes.count)
        isSpelledOut = Array(repeating: false, count: surroundings.index.groups.count)
        sort()
        begin(roots, keep)
    }

    /// Whether a node stays.
    func keeps(_ node: Int32) -> Bool { causes[Int(node)] != nil }

    /// Finds which files are in which sets, or bring them in.
    private mutating func sort() {
        for node in order.preorder where !tree.isDirectory(node) {
            let path = tree.components(of: node)
            for (number, set) in sets.enumerated() {
                if set.contains(path) { members[number].append(node) }
                if set.isTriggered(by: path) { triggers[node, default: []].append(number) }
            }
        }
    }

    // MARK: - Where it begins

    private mutating func begin(_ roots: ClosureRoots, _ keep: [PathPattern]) {
        // Folders that were empty were made on purpose; what lies high is where everybody expects it.
        for node in order.preorder {
            let isOutermost = Int(tree.nodes[Int(node)].depth) <= 2
            switch tree.inode(of: node).kind {
            case .directory:
                if isOutermost || order.children[Int(node)].isEmpty { self.keep(node, Cause(kind: .unchanged)) }
            case .symlink, .file, .hardLink: break
            default: self.keep(node, Cause(kind: .unchanged))
            }
        }
        for node in surroundings.index.dangling { self.keep(node, Cause(kind: .unchanged)) }
        for path in roots.programs { self.keep(path, Cause(kind: .program)) }
        for path in roots.folders {
            let trail = tree.trail(of: path[...], from: FileTree.root)
            guard let end = trail.end else { continue }
            for link in trail.links { self.keep(link, Cause(kind: .folder)) }
            if !tree.isDirectory(end) || surroundings.isOwn(end) { keepWhole(end, Cause(kind: .folder)) }
        }
        for node in order.preorder where node != FileTree.root {
            let path = tree.components(of: node)
            if keep.contains(where: { $0.matches(path) }) { self.keep(node, Cause(kind: .kept)) }
        }
        for (number, test) in tests.enumerated() {
            for path in test.opened { self.keep(path, Cause(kind: .opened, source: Int32(number))) }
        }
        let references = FileReferences(surroundings)
        for (number, text) in texts.enumerated() {
            apply(references.references(of: text), from: Int32(number), isText: true)
        }
        for (number, set) in sets.enumerated() where set.isAlwaysIn { bringIn(number) }
    }

    private mutating func keep(_ path: [UInt8], _ cause: Cause) {
        let trail = tree.trail(of: path[...], from: FileTree.root)
        for link in trail.links { keep(link, cause) }
        if let end = trail.end { keep(end, cause) }
    }

    private mutating func keep(_ node: Int32, _ cause: Cause) {
        guard causes[Int(node)] == nil else { return }
        causes[Int(node)] = cause
        pending.append(node)
    }

    private mutating func keepWhole(_ node: Int32, _ cause: Cause) {
        var rest = [node]
        while let next = rest.popLast() {
            guard !isWhole[Int(next)] else { continue }
            isWhole[Int(next)] = true
            keep(next, cause)
            rest += order.children[Int(next)]
        }
    }

    private mutating func bringIn(_ number: Int) {
        guard !isIn[number] else { return }
        isIn[number] = true
        for node in members[number] {
            let cause = Cause(kind: .set, source: Int32(number))
            keep(node, cause)
            // A link to a folder stands for what is in it.
            let inode = tree.inode(of: node)
            guard inode.kind == .symlink,
                let end = tree.trail(of: inode.target[...], from: tree.nodes[Int(node)].parent).end,
                tree.isDirectory(end), end != FileTree.root,
                !KeepSet.commonFolders.contains(where: { $0.matches(tree.components(of: end)) })
            else { continue }
            keepWhole(end, cause)
        }
    }

    // MARK: - Going on

    /// Goes on until nothing comes along any more.
    mutating func solve() throws {
        while !pending.isEmpty {
            try Cancellation.check()
            var round: [Int32] = []
            while let node = pending.popLast() {
                try Cancellation.check()
                round.append(node)
                spread(node)
            }
            let files = round.filter { tree.inode(of: $0).content != nil }.sorted()
            // A slice at a time: what one file names can be as large as the file.
            for start in stride(from: 0, to: files.count, by: sliceLength) {
                let slice = files[start..<min(files.count, start + sliceLength)]
                try charge(slice)
                for (node, found) in zip(slice, try read(slice)) { apply(found, from: node, isText: false) }
            }
        }
    }

    /// Counts what is to be read. A file of a gigabyte takes hardly any room in an archive when it is empty, nor do a hundred
    /// thousand more names for it.
    private mutating func charge(_ files: ArraySlice<Int32>) throws(LayerError) {
        for node in files {
            guard let content = tree.inode(of: node).content else { continue }
            readBytes += FileReferences.bytes(of: content, in: surroundings.objects)
            guard readBytes <= Self.readLimit else {
                throw LayerError(
                    .tooLarge,
                    "the files that a closure has to look into are larger than \(Self.readLimit) bytes together",
                    path: tree.path(of: node), hint: "‘prune.profile’ safe does not look into files")
            }
        }
    }

    /// Several times what unpacked images may have.
    private static let readLimit = 64 << 30

    /// Has what belongs to a node stay with it: the folders that it is in, links that lead to it, its other names, where it
    /// leads itself, and the sets that it brings in.
    private mutating func spread(_ node: Int32) {
        let facts = tree.nodes[Int(node)]
        if node != FileTree.root { keep(facts.parent, Cause(kind: .unchanged)) }
        for link in surroundings.index.links[node] ?? [] { keep(link, Cause(kind: .leads, source: node)) }
        if let twins = surroundings.index.twins[facts.inode], twinned.insert(facts.inode).inserted {
            for twin in twins { keep(twin, Cause(kind: .twin, source: node)) }
        }
        let inode = tree.inode(of: node)
        if inode.kind == .symlink {
            let trail = tree.trail(of: inode.target[...], from: facts.parent)
            for link in trail.links { keep(link, Cause(kind: .leads, source: node)) }
            if let end = trail.end { keep(end, Cause(kind: .leads, source: node)) }
        }
        for number in triggers[node] ?? [] { bringIn(number) }
    }

    private mutating func apply(_ found: [FileReferences.Found], from source: Int32, isText: Bool) {
        for found in found {
            let cause = Cause(kind: isText ? .text : found.kind, source: source)
            switch found.thing {
            case .node(let node): keep(node, cause)
            case .folder(let folder): keepWhole(folder, cause)
            case .group(let number): keep(group: Int(number), cause)
            }
        }
    }

    private mutating func keep(group number: Int, _ cause: Cause) {
        guard !isSpelledOut[number] else { return }
        isSpelledOut[number] = true
        let group = surroundings.index.groups[number]
        for node in group.nodes { if group.isWhole { keepWhole(node, cause) } else { keep(node, cause) } }
    }

    /// Looks into files on all threads. Neighbours share blocks, so each thread looks into a run of neighbours.
    private func read(_ files: ArraySlice<Int32>) throws -> [[FileReferences.Found]] {
        let runs = stride(from: files.startIndex, to: files.endIndex, by: Self.runLength).map {
            $0..<min(files.endIndex, $0 + Self.runLength)
        }
        let surroundings = surroundings
        let results = Monitor([Result<[[FileReferences.Found]], any Error>?](repeating: nil, count: runs.count))
        pool.forEach(runs.count) { number in
            let reader = FileReferences(surroundings)
            let result = Result {
                try runs[number].map { index in
                    try Cancellation.check()
                    return try reader.references(of: files[index])
                }
            }
            results.withLock { $0[number] = result }
        }
        return try results.withLock { $0 }.flatMap { try $0?.get() ?? [] }
    }

    private static let runLength = 16
    private var sliceLength: Int { 8 * pool.width * Self.runLength }
}
