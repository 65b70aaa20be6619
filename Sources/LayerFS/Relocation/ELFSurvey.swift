internal import ByteKit
internal import ELF

/// What the programs and libraries of a tree say of themselves, each content looked at once.
struct ELFSurvey {
    /// An ELF file, or what begins as one.
    struct Entry: Sendable {
        var content: FileTree.ContentID
        /// The first name that has it.
        var node: Int32
        var size: Int
        /// Whether somebody may run it, by any of its names.
        var isExecutable = false
        var outcome: Outcome = .sound(nil)
    }

    enum Outcome: Sendable {
        /// Nil until it was read.
        case sound(ELFFile?)
        case unsound(ELFError)
    }

    /// In the order of the tree.
    private(set) var entries: [Entry]

    init(_ tree: FileTree, _ order: FileTree.Order, _ objects: [LayerObject], pool: WorkerPool) throws {
        entries = Self.candidates(tree, order, objects)
        try read(objects, pool)
    }

    /// What the layers' objects say may be ELF files.
    private static func candidates(
        _ tree: FileTree, _ order: FileTree.Order, _ objects: [LayerObject]
    ) -> [Entry] {
        var entries: [Entry] = []
        var known: [FileTree.ContentID: Int] = [:]
        for node in order.preorder {
            let inode = Int(tree.nodes[Int(node)].inode)
            guard let id = tree.inodes[inode].content else { continue }
            let content = objects[Int(id.layer)].contents[Int(id.content)]
            guard content.isELF else { continue }
            let isExecutable = tree.inodes[inode].mode & 0o111 != 0
            if let index = known[id] {
                entries[index].isExecutable = entries[index].isExecutable || isExecutable
            } else {
                known[id] = entries.count
                entries.append(Entry(content: id, node: node, size: content.size, isExecutable: isExecutable))
            }
        }
        return entries
    }

    /// Reads all headers on all threads. Neighbours in a layer share blocks, so each thread reads a run of neighbours.
    private mutating func read(_ objects: [LayerObject], _ pool: WorkerPool) throws {
        let contents = entries.map(\.content)
        let places = contents.indices.sorted {
            (contents[$0].layer, contents[$0].content) < (contents[$1].layer, contents[$1].content)
        }
        let runs = stride(from: 0, to: places.count, by: Self.runLength).map {
            $0..<min(places.count, $0 + Self.runLength)
        }
        let results = Monitor([Result<[Outcome], any Error>?](repeating: nil, count: runs.count))
        pool.forEach(runs.count) { number in
            let reader = TreeContents(objects)
            let result = Result {
                try runs[number].map { index in
                    try Cancellation.check()
                    return try Self.look(at: contents[places[index]], in: reader)
                }
            }
            results.withLock { $0[number] = result }
        }
        for (run, result) in zip(runs, results.withLock { $0 }) {
            for (index, outcome) in zip(run, try result?.get() ?? []) { entries[places[index]].outcome = outcome }
        }
    }

    private static let runLength = 64

    private static func look(at id: FileTree.ContentID, in contents: TreeContents) throws -> Outcome {
        do {
            return .sound(try ELFFile { offset, count in try contents.read(id, at: offset, count: count) })
        } catch let error as ELFError {
            return .unsound(error)
        }
    }
}
