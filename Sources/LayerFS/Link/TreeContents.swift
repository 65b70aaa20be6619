internal import ByteKit
internal import SquashFS

/// Reads files of a merged tree back out of the layer objects they were compiled into.
package struct TreeContents {
    private let objects: [LayerObject]
    private let recent = RecentBlocks()

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
            let bytes = try recent.bytes(of: Int(object.fragments[fragment]), in: object, id.layer)
            guard start <= bytes.count, content.size <= bytes.count - start else { throw object.damage }
            return Array(bytes[start + offset..<start + end])
        case .blocks(let first, let blockCount):
            let blockSize = object.settings.blockSize
            var bytes: [UInt8] = []
            for index in offset / blockSize...(end - 1) / blockSize {
                guard index < blockCount else { throw object.damage }
                let base = index * blockSize
                let wanted = max(0, offset - base)..<min(blockSize, end - base)
                guard object.blocks[first + index].size != 0 else {
                    bytes += repeatElement(0, count: wanted.count)
                    continue
                }
                let block = try recent.bytes(of: first + index, in: object, id.layer)
                guard block.count == min(blockSize, content.size - base) else { throw object.damage }
                bytes += block[wanted]
            }
            return bytes
        }
    }
}

/// The blocks that were unpacked last: whoever reads a file's head reads its other headers next, and then its neighbour's.
private final class RecentBlocks {
    private var blocks: [(layer: Int32, index: Int, bytes: [UInt8])] = []
    private static let count = 8

    func bytes(of index: Int, in object: LayerObject, _ layer: Int32) throws -> [UInt8] {
        if let known = blocks.lastIndex(where: { $0.index == index && $0.layer == layer }) {
            let found = blocks.remove(at: known)
            blocks.append(found)
            return found.bytes
        }
        let bytes = try object.unpack(index)
        if blocks.count >= Self.count { blocks.removeFirst() }
        blocks.append((layer, index, bytes))
        return bytes
    }
}

extension LayerObject {
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
