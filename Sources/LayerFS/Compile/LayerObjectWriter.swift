internal import ByteKit
internal import ELF

/// Writes a layer object: data as it comes, compressed on the way, and the tables at the end.
final class LayerObjectWriter {
    private let layer: Digest
    let settings: BlockSettings
    private(set) var tables = LayerTables()
    /// The first content whose digest has this hash; another with the same one, though never seen, would only be kept
    /// twice.
    private var tailByHash: [UInt64: Int32] = [:]
    private var hasher = Sha256()
    private var xattrSetByValue: [[TarEntry.Xattr]: Int32] = [:]
    private var room: EntryRoom
    /// Blocks numbered so far, holes among them.
    private var blockCount = 0
    private var fragment: BlockPipeline.Block?
    private let output: Output
    private let pipeline: BlockPipeline

    /// What retired blocks go to; apart, because the pipeline holds on to it.
    private final class Output {
        var file: OutputFile?
        var blocks: [LayerObject.Block] = []

        init(_ file: consuming OutputFile) { self.file = consume file }

        func append(_ packed: BlockPipeline.Packed) throws(FileError) {
            unsafe try file?.write(packed.bytes)
            fill(to: unsafe packed.tag)
            let size = unsafe UInt32(packed.bytes.count) | (packed.isStored ? 1 << 24 : 0)
            unsafe blocks.append(LayerObject.Block(size: size, checksum: packed.checksum))
        }

        /// Numbers that no block came for are holes.
        func fill(to count: Int) {
            blocks += repeatElement(LayerObject.Block(size: 0, checksum: 0), count: count - blocks.count)
        }
    }

    init(
        _ path: String, layer: Digest, settings: BlockSettings, pool: WorkerPool, room: EntryRoom = EntryRoom()
    ) throws {
        self.room = room
        self.layer = layer
        self.settings = settings
        var file = try OutputFile(path)
        try file.write(LayerObjectFormat.header(layer: layer, settings: settings))
        let output = Output(file)
        self.output = output
        pipeline = unsafe try BlockPipeline(settings, pool: pool) { packed in
            unsafe try output.append(packed)
        }
    }

    func add(_ entry: TarEntry, content: Int32?) throws(LayerError) {
        guard let pathCount = UInt16(exactly: entry.path.count), let targetCount = UInt16(exactly: entry.target.count)
        else { throw LayerError(.badName, "a name is too long", path: entry.path) }
        try room.take(entry.path.count + entry.target.count, for: entry.path)
        tables.entries.append(
            LayerObject.Entry(
                kind: entry.kind, mode: entry.mode, userID: entry.userID, groupID: entry.groupID,
                modificationTime: entry.modificationTime, deviceMajor: entry.deviceMajor,
                deviceMinor: entry.deviceMinor,
                content: content ?? -1, xattrs: try xattrSet(entry.xattrs, of: entry.path),
                pathStart: UInt32(tables.names.count),
                pathCount: pathCount, targetCount: targetCount))
        tables.names += entry.path
        tables.names += entry.target
    }

    private func xattrSet(_ xattrs: [TarEntry.Xattr], of path: [UInt8]) throws(LayerError) -> Int32 {
        guard !xattrs.isEmpty else { return -1 }
        if let known = xattrSetByValue[xattrs] { return known }
        try room.take(EntryRoom.cost(of: xattrs), for: path)
        let index = Int32(tables.xattrSets.count)
        tables.xattrSets.append(xattrs)
        xattrSetByValue[xattrs] = index
        return index
    }

    // MARK: - Content

    /// Takes the data of the entry the reader stands at; gives the index of its content.
    func addContent<Stream: ByteStream & ~Copyable>(size: Int, from tar: inout TarReader<Stream>) throws -> Int32 {
        guard size >= settings.blockSize else {
            let (block, start) = try openFragment(for: size)
            try Self.fill(block, count: size, from: &tar)
            return addTail(in: block, from: start)
        }
        let content = beginBlocks(size: size)
        var left = size
        while left > 0 {
            let block = try block()
            try Self.fill(block, count: min(left, settings.blockSize), from: &tar)
            left -= block.count
            submit(block, of: content)
        }
        return content
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

    /// A small file shares a fragment with its neighbours: the fragment that has room for it, and where it begins there.
    func openFragment(for size: Int) throws -> (block: BlockPipeline.Block, start: Int) {
        if let open = fragment, open.room < size { submitFragment() }
        let block = try fragment ?? pipeline.block()
        fragment = block
        return (block, block.count)
    }

    /// Makes what the open fragment has from `start` on a content, unless there is one like it.
    func addTail(in block: BlockPipeline.Block, from start: Int) -> Int32 {
        let bytes = unsafe block.filled(from: start)
        let digest = unsafe hasher.digest(of: bytes)
        let known = tailByHash[digest.shortHash]
        if let known, tables.contents[Int(known)].fingerprint == digest {
            block.count = start
            return known
        }
        let index = add(
            LayerObject.Content(
                fingerprint: digest, size: bytes.count, place: .tail(fragment: tables.fragments.count, offset: start),
                isELF: unsafe Self.isELF(bytes)))
        if known == nil { tailByHash[digest.shortHash] = index }
        return index
    }

    /// A file of a block or more has blocks of its own, the last of them perhaps short, which are submitted next.
    func beginBlocks(size: Int) -> Int32 {
        let count = (size + settings.blockSize - 1) / settings.blockSize
        return add(
            LayerObject.Content(
                fingerprint: Self.unknown, size: size, place: .blocks(first: blockCount, count: count), isELF: false))
    }

    /// Stands for a fingerprint until the content's blocks are compressed.
    private static let unknown = Digest(of: [])

    /// Whether bytes may be an ELF file: they begin as one and have room for its header.
    private static func isELF(_ bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe bytes.count >= 64 && bytes.starts(with: ELFFile.magic)
    }

    private func add(_ content: LayerObject.Content) -> Int32 {
        tables.contents.append(content)
        return Int32(tables.contents.count - 1)
    }

    /// An empty block to fill.
    func block() throws -> BlockPipeline.Block { try pipeline.block() }

    /// Gives the block the next number and, unless it is all zeros, sends it off.
    func submit(_ block: BlockPipeline.Block, of content: Int32) {
        if case .blocks(blockCount, _) = tables.contents[Int(content)].place {
            tables.contents[Int(content)].isELF = unsafe Self.isELF(block.filled())
        }
        if block.isZero {
            pipeline.recycle(block)
        } else {
            pipeline.submit(block, tag: blockCount)
        }
        blockCount += 1
    }

    /// Gives a block of another object the next number.
    func submit(_ packed: LayerObject.Block, in block: BlockPipeline.Block) {
        if packed.size == 0 {
            pipeline.recycle(block)
        } else {
            pipeline.submit(block, tag: blockCount, packed: packed)
        }
        blockCount += 1
    }

    private func submitFragment() {
        guard let block = fragment else { return }
        fragment = nil
        tables.fragments.append(Int32(blockCount))
        // A fragment of zeros is compressed like any other: squashfs knows holes only among a file's own blocks.
        pipeline.submit(block, tag: blockCount)
        blockCount += 1
    }

    // MARK: - The end

    /// Writes the tables and gives the file its name.
    func finish(diffID: Digest, tarSize: Int) throws -> LayerObject {
        var file = try finishData()
        let header = LayerObjectFormat.header(layer: layer, settings: settings)
        let start = file.count
        hasher.update(header)
        try tables.encode(diffID: diffID, tarSize: tarSize) { bytes in
            hasher.update(bytes)
            try file.write(bytes)
        }
        let trailer = LayerObjectFormat.Trailer(
            tablesOffset: start, tablesSize: file.count - start, checksum: hasher.finalize())
        try file.write(trailer.encoded())
        let reader = try file.reader()
        try file.finish()
        return LayerObject(
            layer: layer, diffID: diffID, settings: settings, tarSize: tarSize, tables: tables, file: reader)
    }

    /// Ends an object that is only needed now: its file gets no name, and is gone when nobody reads it any more.
    func finishUnnamed() throws -> LayerObject {
        var file = try finishData()
        let reader = try file.reader()
        return LayerObject(layer: layer, diffID: layer, settings: settings, tarSize: 0, tables: tables, file: reader)
    }

    private func finishData() throws -> OutputFile {
        if let open = fragment, open.count == 0 {
            pipeline.recycle(open)
            fragment = nil
        }
        submitFragment()
        try pipeline.finish()
        output.fill(to: blockCount)
        tables.blocks = output.blocks
        tables.fingerprintBlocks()
        guard let file = output.file.take() else { preconditionFailure("a layer object is finished once") }
        return file
    }
}
