internal import ByteKit
internal import SquashFS

/// Puts file data into the artifact: copies compressed blocks from layer objects, packs loose tails anew.
@safe final class DataWriter {
    private let objects: [LayerObject]
    private let plan: DataPlan
    private let settings: BlockSettings
    private let pool: WorkerPool
    private var fragments: [Fragment] = []
    /// Where each copied block landed, for each layer.
    private var blockOffsets: [[Int]]
    /// Which fragment of the artifact a copied fragment became, for each layer.
    private var fragmentNumbers: [[UInt32]]
    private var tails: [FileTree.ContentID: (fragment: UInt32, offset: UInt32)] = [:]

    /// One row of the fragment table.
    struct Fragment {
        var start: UInt64
        var size: UInt32
    }

    /// Compressed bytes are moved in pieces of at most this size.
    private static let pieceSize = DigestingFile.bufferSize
    /// Where the data ends in the artifact.
    private(set) var end: Int
    /// Fragments that were packed anew, in a file without a name, as they may be many: those that come first in the
    /// artifact, up to `firstPacked` in the file, and those that come last.
    private var scratch: InputFile?
    private var firstPacked = 0

    /// Lays the data out: after this it is known where everything will be, and nothing was copied.
    ///
    /// - Parameters:
    ///   - start: where the data begins in the artifact.
    ///   - scratch: a path beside the artifact, for what has to be packed anew; no file appears there.
    init(
        _ plan: DataPlan, _ objects: [LayerObject], settings: BlockSettings, pool: WorkerPool, start: Int,
        scratch: String
    ) throws {
        self.plan = plan
        self.objects = objects
        self.settings = settings
        self.pool = pool
        end = start
        blockOffsets = objects.map { [Int](repeating: 0, count: $0.blocks.count) }
        fragmentNumbers = objects.map { [UInt32](repeating: Squash.noFragment, count: $0.fragments.count) }
        let isPacking = !plan.firstTails.isEmpty || !plan.repacked.isEmpty
        let packed = isPacking ? PackedFragments(try OutputFile(scratch)) : nil
        try pack(plan.firstTails, into: packed)
        firstPacked = end - start
        for (layer, range) in plan.firstCopies { place(range, of: layer) }
        for layer in objects.indices {
            for range in plan.copies[layer] { place(range, of: layer) }
            addFragments(of: layer)
        }
        try pack(plan.repacked, into: packed)
        self.scratch = try packed?.file.reader()
    }

    /// Writes all data, as it was laid out.
    func write(to file: inout DigestingFile) throws {
        try copyPacked(0..<firstPacked, to: &file)
        for (layer, range) in plan.firstCopies { try copy(range, of: layer, to: &file) }
        for layer in objects.indices {
            for range in plan.copies[layer] { try copy(range, of: layer, to: &file) }
        }
        try copyPacked(firstPacked..<(scratch?.size ?? 0), to: &file)
    }

    private func copyPacked(_ range: Range<Int>, to file: inout DigestingFile) throws {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let count = min(Self.pieceSize, range.upperBound - offset)
            unsafe try file.write(count: count) { buffer throws(FileError) in
                unsafe try scratch?.read(into: buffer, at: offset)
            }
            offset += count
        }
    }

    /// The rows of the fragment table.
    var fragmentTable: [Fragment] { fragments }

    /// Where the data of a content is.
    func place(of content: FileTree.ContentID) throws(LayerError) -> InodeTable.FileData {
        guard let id = plan.canonical(for: content) else {
            throw LayerError(.damagedObject, "a file's data was not planned for")
        }
        let object = objects[Int(id.layer)]
        let found = object.contents[Int(id.content)]
        var data = InodeTable.FileData(size: found.size)
        switch found.place {
        case .blocks(let first, let count):
            let blocks = object.blocks[first..<first + count]
            data.blockSizes = blocks.map(\.size)
            data.start = blocks.contains { $0.size != 0 } ? UInt64(blockOffsets[Int(id.layer)][first]) : 0
            for (index, block) in blocks.enumerated() where block.size == 0 {
                data.sparse += min(settings.blockSize, found.size - index * settings.blockSize)
            }
        case .tail(let fragment, let offset):
            if let tail = tails[id] {
                (data.fragment, data.fragmentOffset) = tail
            } else {
                (data.fragment, data.fragmentOffset) = (fragmentNumbers[Int(id.layer)][fragment], UInt32(offset))
            }
        }
        return data
    }

    // MARK: - Copying

    private func place(_ range: Range<Int>, of layer: Int) {
        let offsets = objects[layer].blockOffsets
        for block in range { blockOffsets[layer][block] = end + offsets[block] - offsets[range.lowerBound] }
        end += offsets[range.upperBound] - offsets[range.lowerBound]
    }

    private func copy(_ range: Range<Int>, of layer: Int, to file: inout DigestingFile) throws {
        let object = objects[layer]
        var first = range.lowerBound
        while first < range.upperBound {
            try Cancellation.check()
            var last = first + 1
            while last < range.upperBound, object.blockOffsets[last + 1] - object.blockOffsets[first] <= Self.pieceSize
            {
                last += 1
            }
            let blocks = first..<last
            let count = object.blockOffsets[last] - object.blockOffsets[first]
            // No block of an object is larger than the largest squashfs knows, unless the object is not what it says.
            guard count <= Self.pieceSize else { throw object.damage }
            unsafe try file.write(count: count) { buffer in
                unsafe try object.read(into: buffer, at: object.blockOffsets[blocks.lowerBound])
                unsafe try Self.check(blocks, of: object, in: UnsafeRawBufferPointer(buffer))
            }
            first = last
        }
    }

    /// Compares blocks with their checksums: an object is a cache file, and disks lie.
    private static func check(_ range: Range<Int>, of object: LayerObject, in bytes: UnsafeRawBufferPointer) throws {
        let start = object.blockOffsets[range.lowerBound]
        for index in range where object.blocks[index].size != 0 {
            let from = object.blockOffsets[index] - start
            let block = unsafe UnsafeRawBufferPointer(rebasing: bytes[from..<from + object.blocks[index].sizeOnDisk])
            guard unsafe crc32(block) == object.blocks[index].checksum else { throw object.damage }
        }
    }

    private func addFragments(of layer: Int) {
        let object = objects[layer]
        for (index, block) in object.fragments.enumerated() where plan.isFragmentCopied[layer][index] {
            fragmentNumbers[layer][index] = UInt32(fragments.count)
            fragments.append(
                Fragment(start: UInt64(blockOffsets[layer][Int(block)]), size: object.blocks[Int(block)].size))
        }
    }

    // MARK: - Packing tails anew

    private func pack(_ ids: [FileTree.ContentID], into output: PackedFragments?) throws {
        guard let output, !ids.isEmpty else { return }
        let pipeline = unsafe try BlockPipeline(settings, pool: pool) { block in unsafe try output.append(block) }
        try fill(pipeline, with: ids)
        try pipeline.finish()
        for size in output.sizes {
            fragments.append(Fragment(start: UInt64(end), size: size))
            end += Int(size & ~Squash.dataStored)
        }
        output.sizes = []
    }

    private func fill(_ pipeline: BlockPipeline, with ids: [FileTree.ContentID]) throws {
        let firstNew = fragments.count
        var count = 0
        var open: BlockPipeline.Block?
        var source = FragmentSource(settings)
        for id in ids {
            let object = objects[Int(id.layer)]
            let content = object.contents[Int(id.content)]
            guard case .tail(let fragment, let offset) = content.place else { continue }
            if let full = open, full.room < content.size {
                pipeline.submit(full, tag: count)
                count += 1
                open = nil
            }
            let block = try open ?? pipeline.block()
            open = block
            tails[id] = (UInt32(firstNew + count), UInt32(block.count))
            unsafe try source.withTail(of: object, fragment: fragment, offset: offset, size: content.size) {
                unsafe block.append($0)
            }
        }
        if let open { pipeline.submit(open, tag: count) }
    }

    /// Where newly packed fragments go; apart, because the pipeline holds on to it.
    private final class PackedFragments {
        var file: OutputFile
        /// Of what was packed since this was last emptied.
        var sizes: [UInt32] = []

        init(_ file: consuming OutputFile) { self.file = file }

        func append(_ block: BlockPipeline.Packed) throws {
            unsafe try file.write(block.bytes)
            sizes.append(unsafe UInt32(block.bytes.count) | (block.isStored ? Squash.dataStored : 0))
        }
    }

    /// The fragment that tails are being taken out of, decompressed once.
    @safe private struct FragmentSource: ~Copyable {
        private let decompressor: BlockDecompressor
        private let bytes: UnsafeMutableRawBufferPointer
        private var count = 0
        private var current: (object: ObjectIdentifier, fragment: Int)?

        init(_ settings: BlockSettings) {
            decompressor = BlockDecompressor(settings.compression)
            unsafe bytes = .allocate(byteCount: settings.blockSize, alignment: 64)
        }

        mutating func withTail(
            of object: LayerObject, fragment: Int, offset: Int, size: Int, _ body: (UnsafeRawBufferPointer) -> Void
        ) throws {
            if current?.object != ObjectIdentifier(object) || current?.fragment != fragment {
                try load(object, fragment)
                current = (ObjectIdentifier(object), fragment)
            }
            guard offset <= count, size <= count - offset else { throw object.damage }
            unsafe body(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + size]))
        }

        private mutating func load(_ object: LayerObject, _ fragment: Int) throws {
            let index = Int(object.fragments[fragment])
            let block = object.blocks[index]
            let stored = try object.read(count: block.sizeOnDisk, at: object.blockOffsets[index])
            let loaded: Int? = unsafe stored.withUnsafeBytes { stored in
                guard unsafe crc32(stored) == block.checksum else { return nil }
                guard block.isStored else { return unsafe decompressor.decompress(stored, into: bytes) }
                guard unsafe stored.count <= bytes.count else { return nil }
                unsafe bytes.copyMemory(from: stored)
                return stored.count
            }
            guard let loaded else { throw object.damage }
            count = loaded
        }

        deinit { unsafe bytes.deallocate() }
    }
}
