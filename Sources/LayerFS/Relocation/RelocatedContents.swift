internal import ByteKit
internal import ELF

/// The contents that relocation makes, kept as one more layer object: whatever reads contents reads these as well.
final class RelocatedContents {
    private let layers: [LayerObject]
    private let contents: TreeContents
    private let settings: BlockSettings
    private let pool: WorkerPool
    private let scratch: String
    private var writer: LayerObjectWriter?
    /// For each content, the layer that has what it was made of.
    private(set) var origins: [Int32] = []

    /// - Parameter scratch: a folder for the object; no file appears there.
    init(_ layers: [LayerObject], settings: BlockSettings, pool: WorkerPool, scratch: String) {
        self.layers = layers
        self.settings = settings
        self.pool = pool
        self.scratch = scratch
        contents = TreeContents(layers)
    }

    /// The layers' objects and, when anything was added, the one that has it. Nothing can be added after this.
    func objects() throws -> [LayerObject] {
        guard let writer = writer.take() else { return layers }
        return layers + [try writer.finishUnnamed()]
    }

    /// Adds a stretch of another content.
    func add(_ stretch: Range<Int>, of id: FileTree.ContentID) throws -> FileTree.ContentID {
        try add(size: stretch.count, of: id.layer) { range, block in
            block.append(try contents.read(id, at: stretch.lowerBound + range.lowerBound, count: range.count))
            return nil
        }
    }

    /// Adds a file with changes. Its blocks that have none are taken over as they are compressed.
    func add(_ patch: ELFPatch, to id: FileTree.ContentID) throws -> FileTree.ContentID {
        let old = contents.size(of: id)
        let object = layers[Int(id.layer)]
        var places: Range<Int>?
        if case .blocks(let first, let count) = object.contents[Int(id.content)].place {
            places = first..<first + count
        }
        return try add(size: old + patch.appended.count, of: id.layer) { range, block in
            if let places, range.upperBound <= old, patch.leaves(range) {
                let index = places.lowerBound + range.lowerBound / settings.blockSize
                try object.fill(block, with: index)
                return object.blocks[index]
            }
            var bytes = try contents.read(
                id, at: range.lowerBound, count: min(range.upperBound, old) - range.lowerBound)
            patch.edit(&bytes, at: range.lowerBound)
            block.append(bytes)
            block.append(patch.appended[max(0, range.lowerBound - old)..<max(0, range.upperBound - old)])
            return nil
        }
    }

    /// - Parameter fill: puts a stretch of the content into a block; or what it is packed to, and says how it is packed.
    private func add(
        size: Int, of layer: Int32, _ fill: (Range<Int>, BlockPipeline.Block) throws -> LayerObject.Block?
    ) throws -> FileTree.ContentID {
        let writer = try openWriter()
        let content: Int32
        if size < settings.blockSize {
            let (block, start) = try writer.openFragment(for: size)
            _ = try fill(0..<size, block)
            content = writer.addTail(in: block, from: start)
        } else {
            content = writer.beginBlocks(size: size)
            for start in stride(from: 0, to: size, by: settings.blockSize) {
                try Cancellation.check()
                let block = try writer.block()
                if let packed = try fill(start..<min(size, start + settings.blockSize), block) {
                    writer.submit(packed, in: block)
                } else {
                    writer.submit(block, of: content)
                }
            }
        }
        if Int(content) == origins.count { origins.append(layer) }
        return FileTree.ContentID(layer: Int32(layers.count), content: content)
    }

    private func openWriter() throws -> LayerObjectWriter {
        if let writer { return writer }
        let made = try LayerObjectWriter(
            scratch + "/relocated", layer: Self.digest, settings: settings, pool: pool)
        writer = made
        return made
    }

    /// Stands for a layer's digest: the object is found by nobody, and made of no layer.
    private static let digest = Digest(of: Array("relocated".utf8))
}

extension LayerObject {
    /// Fills a block with what one of this object's is packed to.
    fileprivate func fill(_ block: BlockPipeline.Block, with index: Int) throws {
        let bytes = try read(count: blocks[index].sizeOnDisk, at: blockOffsets[index])
        guard unsafe bytes.withUnsafeBytes({ unsafe crc32($0) }) == blocks[index].checksum else { throw damage }
        block.append(bytes)
    }
}
