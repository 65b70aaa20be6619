internal import ByteKit
internal import SquashFS

/// Makes the regular files of an unpacked tree: in the order of their data, so that each block is unpacked once.
struct FolderFiles: Sendable {
    private let tree: FileTree
    private let objects: [LayerObject]
    private let root: FolderPath.Root
    private let path: String
    private let rights: FolderRights
    private let losses: Monitor<FolderRights.Losses>

    /// What one thread does at a time.
    private enum Job: Sendable {
        case empty([Int32])
        case fragment(layer: Int32, Int, [Int32])
        case whole(Int32)
        /// Some blocks of a long file, which is there already.
        case part(Int32, Range<Int>)
    }

    private struct FragmentID: Hashable {
        var layer: Int32
        var fragment: Int
    }

    /// Files longer than this are written by several threads.
    private static let partSize = 8 << 20

    init(
        _ linked: Linker.LinkedTree, _ root: FolderPath.Root, path: String, rights: FolderRights,
        losses: Monitor<FolderRights.Losses>
    ) {
        tree = linked.tree
        objects = linked.objects
        self.root = root
        self.path = path
        self.rights = rights
        self.losses = losses
    }

    /// Writes these files, whose folders are there.
    func write(_ files: [Int32], on pool: WorkerPool) throws {
        let (jobs, long) = try plan(files)
        for node in long { try makeEmpty(node) }
        let failure = Monitor<(any Error)?>(nil)
        pool.forEach(jobs.count) { index in
            guard failure.withLock({ $0 == nil }) else { return }
            do {
                try Cancellation.check()
                try run(jobs[index])
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
        for node in long { try finish(node) }
    }

    private func plan(_ files: [Int32]) throws -> (jobs: [Job], long: [Int32]) {
        var empty: [Int32] = []
        var fragments: [FragmentID: [Int32]] = [:]
        var jobs: [Job] = []
        var long: [Int32] = []
        for node in files {
            guard let id = tree.inode(of: node).content else {
                empty.append(node)
                continue
            }
            switch objects[Int(id.layer)].contents[Int(id.content)].place {
            case .tail(let fragment, _):
                fragments[FragmentID(layer: id.layer, fragment: fragment), default: []].append(node)
            case .blocks(_, let count):
                let step = Self.partSize / objects[Int(id.layer)].settings.blockSize
                guard count > step else {
                    jobs.append(.whole(node))
                    continue
                }
                long.append(node)
                for start in stride(from: 0, to: count, by: step) {
                    jobs.append(.part(node, start..<min(count, start + step)))
                }
            }
        }
        let ids = fragments.keys.sorted { ($0.layer, $0.fragment) < ($1.layer, $1.fragment) }
        for id in ids { jobs.append(.fragment(layer: id.layer, id.fragment, fragments[id] ?? [])) }
        if !empty.isEmpty { jobs.append(.empty(empty)) }
        return (jobs, long)
    }

    private func run(_ job: Job) throws {
        var folder = FolderPath(root, tree)
        switch job {
        case .empty(let nodes):
            for node in nodes { try write(node, &folder, to: nil) { _ in } }
        case .fragment(let layer, let fragment, let nodes):
            let object = objects[Int(layer)]
            let bytes = try object.unpack(Int(object.fragments[fragment]))
            for node in nodes { try writeTail(node, of: bytes, object, &folder) }
        case .whole(let node):
            guard let found = content(of: node), case .blocks(_, let count) = found.content.place else { return }
            try write(node, &folder, to: found.content.size) { file in
                try writeBlocks(0..<count, of: node, to: file)
            }
        case .part(let node, let blocks):
            try open(node, &folder, .rewrite) { file in try writeBlocks(blocks, of: node, to: file) }
        }
    }

    private func content(of node: Int32) -> (object: LayerObject, content: LayerObject.Content)? {
        guard let id = tree.inode(of: node).content else { return nil }
        let object = objects[Int(id.layer)]
        return (object, object.contents[Int(id.content)])
    }

    // MARK: - One file

    /// Makes a file, has it filled, and gives it all else that it has.
    ///
    /// - Parameter size: how long it must be in the end, when that may be more than was written.
    private func write(
        _ node: Int32, _ folder: inout FolderPath, to size: Int?, _ fill: (borrowing OpenFile) throws -> Void
    ) throws {
        try open(node, &folder, .newFile(permissions: 0o600)) { file in
            try fill(file)
            try checked("write", node) { () throws(SystemFailure) in
                if let size { try file.truncate(to: size) }
                let lost = try rights.set(tree.inode(of: node), on: file)
                losses.withLock { $0.add(lost) }
            }
        }
    }

    private func writeTail(
        _ node: Int32, of fragment: [UInt8], _ object: LayerObject, _ folder: inout FolderPath
    ) throws {
        guard let found = content(of: node), case .tail(_, let start) = found.content.place,
            start <= fragment.count, found.content.size <= fragment.count - start
        else { throw object.damage }
        try write(node, &folder, to: nil) { file in
            unsafe try fragment.withUnsafeBytes { fragment in
                let bytes = unsafe UnsafeRawBufferPointer(rebasing: fragment[start..<start + found.content.size])
                try checked("write", node) { () throws(SystemFailure) in unsafe try file.write(bytes, at: 0) }
            }
        }
    }

    /// Blocks of zeros become holes.
    private func writeBlocks(_ blocks: Range<Int>, of node: Int32, to file: borrowing OpenFile) throws {
        guard let (object, content) = content(of: node), case .blocks(let first, _) = content.place else { return }
        for index in blocks where object.blocks[first + index].size != 0 {
            try Cancellation.check()
            let start = index * object.settings.blockSize
            let bytes = try object.unpack(first + index)
            guard bytes.count == min(object.settings.blockSize, content.size - start) else { throw object.damage }
            unsafe try bytes.withUnsafeBytes { bytes in
                try checked("write", node) { () throws(SystemFailure) in unsafe try file.write(bytes, at: start) }
            }
        }
    }

    private func makeEmpty(_ node: Int32) throws {
        var folder = FolderPath(root, tree)
        try open(node, &folder, .newFile(permissions: 0o600)) { _ in }
    }

    private func finish(_ node: Int32) throws {
        var folder = FolderPath(root, tree)
        guard let found = content(of: node) else { return }
        try open(node, &folder, .rewrite) { file in
            try checked("write", node) { () throws(SystemFailure) in
                try file.truncate(to: found.content.size)
                let lost = try rights.set(tree.inode(of: node), on: file)
                losses.withLock { $0.add(lost) }
            }
        }
    }

    private func open(
        _ node: Int32, _ folder: inout FolderPath, _ way: OpenFile.Way, _ body: (borrowing OpenFile) throws -> Void
    ) throws {
        let file: OpenFile
        do throws(SystemFailure) {
            try folder.enter(tree.nodes[Int(node)].parent)
            file = try folder.withFile { folder throws(SystemFailure) in
                try OpenFile(Array(tree.name(of: node)), in: folder.descriptor, way)
            }
        } catch {
            throw tree.refusal("create", node, in: path, error)
        }
        try body(file)
    }

    private func checked(_ operation: String, _ node: Int32, _ body: () throws(SystemFailure) -> Void) throws {
        do throws(SystemFailure) {
            try body()
        } catch {
            throw tree.refusal(operation, node, in: path, error)
        }
    }
}
