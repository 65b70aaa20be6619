internal import ByteKit

/// Writes a layer object: data as it comes, compressed on the way, and the tables at the end.
final class LayerObjectWriter {
    private let layer: Digest
    private let settings: BlockSettings
    private let path: String
    private var tables = LayerTables()
    private var contentByDigest: [Digest: Int32] = [:]
    private var xattrSetByValue: [[TarEntry.Xattr]: Int32] = [:]
    private var fragment: BlockPipeline.Block?
    private let output: Output
    private let pipeline: BlockPipeline

    /// What retired blocks go to; apart, because the pipeline holds on to it.
    private final class Output {
        var file: OutputFile?
        var packed: [(tag: Int, block: LayerObject.Block)] = []
        init(_ file: consuming OutputFile) { self.file = consume file }
    }

    init(_ path: String, layer: Digest, settings: BlockSettings, pool: WorkerPool) throws {
        self.path = path
        self.layer = layer
        self.settings = settings
        var file = try OutputFile(path)
        try file.write(LayerObjectFormat.header(layer: layer, settings: settings))
        let output = Output(file)
        self.output = output
        pipeline = unsafe try BlockPipeline(settings, pool: pool) { packed in
            unsafe try output.file?.write(packed.bytes)
            let size = unsafe UInt32(packed.bytes.count) | (packed.isStored ? 1 << 24 : 0)
            unsafe output.packed.append((packed.tag, LayerObject.Block(size: size, checksum: packed.checksum)))
        }
    }

    func add(_ entry: TarEntry, content: Int32?) throws(LayerError) {
        guard entry.path.count <= UInt16.max, entry.target.count <= UInt16.max
        else { throw LayerError(.badName, "a name is too long", path: entry.path) }
        tables.entries.append(
            LayerObject.Entry(
                kind: entry.kind, mode: entry.mode, userID: entry.userID, groupID: entry.groupID,
                modificationTime: entry.modificationTime, deviceMajor: entry.deviceMajor,
                deviceMinor: entry.deviceMinor,
                content: content ?? -1, xattrs: xattrSet(entry.xattrs), pathStart: tables.names.count,
                pathCount: entry.path.count, targetCount: entry.target.count))
        tables.names += entry.path
        tables.names += entry.target
    }

    private func xattrSet(_ xattrs: [TarEntry.Xattr]) -> Int32 {
        guard !xattrs.isEmpty else { return -1 }
        if let known = xattrSetByValue[xattrs] { return known }
        let index = Int32(tables.xattrSets.count)
        tables.xattrSets.append(xattrs)
        xattrSetByValue[xattrs] = index
        return index
    }

    // MARK: - Content

    /// Takes the data of the entry the reader stands at; gives the index of its content.
    func addContent<Stream: ByteStream & ~Copyable>(size: Int, from tar: inout TarReader<Stream>) throws -> Int32 {
        size < settings.blockSize ? try addTail(size: size, from: &tar) : try addBlocks(size: size, from: &tar)
    }

    /// A small file shares a fragment with its neighbours.
    private func addTail<Stream: ByteStream & ~Copyable>(size: Int, from tar: inout TarReader<Stream>) throws -> Int32 {
        if let open = fragment, open.room < size { submitFragment() }
        let block = try fragment ?? pipeline.block()
        fragment = block
        let start = block.count
        try Self.fill(block, count: size, from: &tar)
        var hasher = Sha256()
        unsafe hasher.update(block.filled(from: start))
        let digest = hasher.finalize()
        if let known = contentByDigest[digest] {
            block.count = start
            return known
        }
        return add(
            LayerObject.Content(
                digest: digest, size: size, place: .tail(fragment: tables.fragments.count, offset: start)))
    }

    /// A file of a block or more has blocks of its own, the last of them perhaps short.
    private func addBlocks<Stream: ByteStream & ~Copyable>(size: Int, from tar: inout TarReader<Stream>) throws -> Int32
    {
        let first = tables.blocks.count
        var hasher = Sha256()
        var left = size
        while left > 0 {
            let block = try pipeline.block()
            try Self.fill(block, count: min(left, settings.blockSize), from: &tar)
            unsafe hasher.update(block.filled())
            left -= block.count
            submit(block)
        }
        let digest = hasher.finalize()
        if let known = contentByDigest[digest] { return known }
        let count = tables.blocks.count - first
        return add(LayerObject.Content(digest: digest, size: size, place: .blocks(first: first, count: count)))
    }

    private static func fill<Stream: ByteStream & ~Copyable>(
        _ block: BlockPipeline.Block, count: Int, from tar: inout TarReader<Stream>
    ) throws {
        var left = count
        while left > 0 {
            let piece = unsafe try tar.read(atMost: left)
            unsafe block.append(piece)
            left -= piece.count
        }
    }

    private func add(_ content: LayerObject.Content) -> Int32 {
        let index = Int32(tables.contents.count)
        tables.contents.append(content)
        contentByDigest[content.digest] = index
        return index
    }

    /// Gives the block the next number and, unless it is all zeros, sends it off.
    private func submit(_ block: BlockPipeline.Block) {
        let index = tables.blocks.count
        tables.blocks.append(LayerObject.Block(size: 0, checksum: 0))
        if block.isZero { pipeline.recycle(block) } else { pipeline.submit(block, tag: index) }
    }

    private func submitFragment() {
        guard let block = fragment else { return }
        fragment = nil
        let index = tables.blocks.count
        tables.blocks.append(LayerObject.Block(size: 0, checksum: 0))
        tables.fragments.append(Int32(index))
        // A fragment of zeros is compressed like any other: squashfs knows holes only among a file's own blocks.
        pipeline.submit(block, tag: index)
    }

    // MARK: - The end

    /// Writes the tables and gives the file its name.
    func finish(diffID: Digest, tarSize: Int) throws -> LayerObject {
        if let open = fragment, open.count == 0 {
            pipeline.recycle(open)
            fragment = nil
        }
        submitFragment()
        try pipeline.finish()
        for (tag, block) in output.packed { tables.blocks[tag] = block }
        guard var file = output.file.take() else { preconditionFailure("a layer object is finished once") }
        let encoded = tables.encoded(diffID: diffID, tarSize: tarSize)
        let header = LayerObjectFormat.header(layer: layer, settings: settings)
        let trailer = LayerObjectFormat.Trailer(
            tablesOffset: file.count, tablesSize: encoded.count, checksum: Digest(of: header + encoded))
        try file.write(encoded)
        try file.write(trailer.encoded())
        let reader = try file.reader()
        try file.finish()
        return LayerObject(
            layer: layer, diffID: diffID, settings: settings, tarSize: tarSize, tables: tables, file: reader)
    }
}
