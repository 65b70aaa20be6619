import ByteKit
import LayerFS
import TestKit
import Testing

/// Compiles and links layers in a folder of its own.
final class LayerWorkspace {
    let folder: TestFolder
    let pool: WorkerPool
    let settings: BlockSettings
    private var made = 0

    init(_ settings: BlockSettings = .small, threads: Int = 2) throws {
        folder = try TestFolder()
        pool = try WorkerPool(width: threads)
        self.settings = settings
    }

    /// A path in the folder that nothing has yet.
    func freshPath(_ name: String = "file") -> String {
        made += 1
        return "\(folder.path)/\(name)-\(made)"
    }

    /// Compiles a layer as it would come from a registry.
    ///
    /// - Parameters:
    ///   - bytes: the compressed layer.
    ///   - pieces: how many bytes to send at a time, from another thread; nil for all at once.
    ///   - limit: how many bytes it may unpack to.
    ///   - entries: how many bytes its names and attributes may take.
    ///   - path: where the object goes.
    func compile(
        _ bytes: [UInt8], diffID: Digest? = nil, pieces: Int? = nil, limit: Int = 1 << 30,
        entries: Int = EntryRoom.usual, to path: String? = nil
    ) throws -> LayerObject {
        let source = LayerSource()
        let sender = try Thread { source.send(bytes, pieces: pieces ?? max(1, bytes.count)) }
        defer { sender.join() }
        return try LayerCompiler(settings: settings, pool: pool, sizeLimit: limit, roomLimit: entries)
            .compile(source, layer: Digest(of: bytes), diffID: diffID, to: path ?? freshPath("layer"))
    }

    /// Compiles layers and lays them over each other.
    func link(_ layers: [[UInt8]], _ rules: Linker.Rules = Linker.Rules()) throws -> Linker.LinkedTree {
        try Linker(settings: settings, pool: pool).link(try layers.map { try compile($0) }, rules)
    }

    /// Links objects that were compiled before.
    func link(_ objects: [LayerObject], _ rules: Linker.Rules = Linker.Rules()) throws -> Linker.LinkedTree {
        try Linker(settings: settings, pool: pool).link(objects, rules)
    }

    /// Writes a linked tree as squashfs; gives the image's path and the report.
    func squash(_ linked: Linker.LinkedTree, time: UInt32 = 0) throws -> (path: String, report: LinkReport) {
        let path = freshPath("image")
        let report = try Linker(settings: settings, pool: pool).writeSquash(linked, to: path, time: time)
        return (path, report)
    }

    /// The merged tree, a line for each name: what a person would look at first.
    func brief(_ layers: [TarItem]...) throws -> [String] {
        try link(layers.map { TarBuilder.archive($0) }).brief()
    }
}

extension BlockSettings {
    /// Small blocks make small files interesting.
    static let small = BlockSettings(compression: .zstd, level: 1, blockSize: 4096)
}

extension LayerSource {
    /// Sends all bytes and says that they were the right ones.
    func send(_ bytes: [UInt8], pieces: Int) {
        var start = 0
        while start < bytes.count {
            let piece = Array(bytes[start..<min(bytes.count, start + pieces)])
            guard unsafe piece.withUnsafeBytes({ unsafe send($0) }) else { return }
            start += piece.count
        }
        finish()
    }
}

extension Linker.LinkedTree {
    /// A line for each name: `a/`, `a/file=content`, `link -> target`, `null c1:3`, `pipe |`, `b == a` for a second name.
    func brief() throws -> [String] {
        var lines: [String] = []
        var first: [Int32: String] = [:]
        for node in order.preorder.dropFirst() {
            let path = Diagnostic.printable(text(tree.path(of: node)))
            let number = tree.nodes[Int(node)].inode
            let inode = tree.inode(of: node)
            if inode.kind != .directory, let other = first[number] {
                lines.append("\(path) == \(other)")
                continue
            }
            first[number] = path
            switch inode.kind {
            case .directory: lines.append(path + "/")
            case .file, .hardLink: lines.append("\(path)=\(text(try bytes(of: node)))")
            case .symlink: lines.append("\(path) -> \(text(inode.target))")
            case .characterDevice: lines.append("\(path) c\(inode.device.major):\(inode.device.minor)")
            case .blockDevice: lines.append("\(path) b\(inode.device.major):\(inode.device.minor)")
            case .fifo: lines.append("\(path) |")
            }
        }
        return lines
    }

    /// A file's bytes.
    func bytes(of node: Int32) throws -> [UInt8] {
        guard let content = tree.inode(of: node).content else { return [] }
        return try contents.read(content, at: 0, count: contents.size(of: content))
    }

    /// The bytes of the file at a path; nil for nothing.
    func bytes(at path: String) throws -> [UInt8]? {
        try tree.node(at: Array(path.utf8)).map { try bytes(of: $0) }
    }

    /// The inode at a path.
    func inode(at path: String) throws -> FileTree.Inode {
        tree.inode(of: try #require(tree.node(at: Array(path.utf8))))
    }
}

func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

/// Expects a failure of this kind.
func expect<Value>(
    _ code: LayerError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Value
) {
    let error = #expect(throws: LayerError.self, sourceLocation: sourceLocation) { _ = try body() }
    if let error { #expect(error.code == code, "\(error.message)", sourceLocation: sourceLocation) }
}
