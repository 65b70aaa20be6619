internal import ByteKit
internal import SquashFS

/// Reads files of a merged tree back out of the layer objects they were compiled into.
package struct TreeContents {
    private let objects: [LayerObject]

    package init(_ objects: [LayerObject]) {
        self.objects = objects
    }

    /// The size of a content in bytes.
    package func size(of id: FileTree.ContentID) -> Int {
        objects[Int(id.layer)].contents[Int(id.content)].size
    }

    /// Bytes of a content from `offset` on, at most `count`; fewer only at its end.
    package func read(_ id: FileTree.ContentID, at offset: Int, count: Int) throws -> [UInt8] {
        let object = objects[Int(id.layer)]
        let content = object.contents[Int(id.content)]
        guard offset >= 0, count > 0, offset < content.size else { return [] }
        let end = offset + min(count, content.size - offset)
        switch content.place {
        case .tail(let fragment, let start):
            let bytes = try object.unpack(Int(object.fragments[fragment]))
            guard start <= bytes.count, content.size <= bytes.count - start else { throw object.damage }
            return Array(bytes[start + offset..<start + end])
        case .blocks(let first, let blockCount):
            let blockSize = object.settings.blockSize
            var bytes: [UInt8] = []
            for index in offset / blockSize...(end - 1) / blockSize {
                guard index < blockCount else { throw object.damage }
                let base = index * blockSize
                let block = try object.unpack(first + index, size: min(blockSize, content.size - base))
                bytes += block[max(0, offset - base)..<min(block.count, end - base)]
            }
            return bytes
        }
    }
}

extension LayerObject {
    /// The bytes of one block of a file, which must be as many as said.
    fileprivate func unpack(_ index: Int, size: Int) throws -> [UInt8] {
        if blocks[index].size == 0 { return [UInt8](repeating: 0, count: size) }
        let bytes = try unpack(index)
        guard bytes.count == size else { throw damage }
        return bytes
    }

    /// The bytes of one block, checked and decompressed.
    func unpack(_ index: Int) throws -> [UInt8] {
        let block = blocks[index]
        let stored = try read(count: block.sizeOnDisk, at: blockOffsets[index])
        guard unsafe stored.withUnsafeBytes({ unsafe crc32($0) }) == block.checksum else { throw damage }
        if block.isStored { return stored }
        let decompressor = BlockDecompressor(settings.compression)
        var size: Int?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: settings.blockSize) { output, count in
            size = unsafe stored.withUnsafeBytes {
                unsafe decompressor.decompress($0, into: UnsafeMutableRawBufferPointer(output))
            }
            count = size ?? 0
        }
        guard size != nil else { throw damage }
        return bytes
    }

    /// Reads stored bytes. Somebody may cut the file off after it was opened, and a disk may lose what it had: either way
    /// the object is damaged, and compiling the layer again is the remedy.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(LayerError) {
        do throws(FileError) { unsafe try file.read(into: buffer, at: offset) } catch { throw damage }
    }

    /// Reads stored bytes into fresh memory.
    func read(count: Int, at offset: Int) throws(LayerError) -> [UInt8] {
        do throws(FileError) { return try file.read(count: count, at: offset) } catch { throw damage }
    }

    /// What to say when a cached object is not what it was.
    var damage: LayerError {
        LayerError(
            .damagedObject, "a compiled layer in the cache is damaged: \(file.path)", layer: layer,
            hint: "remove this file; the next build compiles the layer again")
    }
}
