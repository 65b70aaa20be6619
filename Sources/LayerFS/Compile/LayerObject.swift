package import ByteKit

/// The compiled form of one layer: its entries in tar order, and its file data as compressed squashfs blocks.
///
/// Made once for a layer digest and block settings, kept in the cache, shared by every image on the same layer.
/// docs/layer-object.md describes the file.
package final class LayerObject: Sendable {
    /// The digest of the compressed layer it was made from.
    package let layer: Digest
    /// The digest of the uncompressed tar stream.
    package let diffID: Digest
    package let settings: BlockSettings
    package let entries: [Entry]
    package let contents: [Content]
    package let blocks: [Block]
    /// Where each block begins in the file; one more than there are blocks, the last being the end of data.
    package let blockOffsets: [Int]
    /// For each fragment, which block it is.
    package let fragments: [Int32]
    package let xattrSets: [[TarEntry.Xattr]]
    /// Bytes of the tar stream.
    package let tarSize: Int

    /// Paths and targets of all entries, one after another.
    private let names: [UInt8]
    let file: InputFile

    /// One tar entry.
    package struct Entry: Sendable {
        package var kind: TarEntry.Kind
        package var mode: UInt16
        package var userID: UInt32
        package var groupID: UInt32
        package var modificationTime: Int64
        package var deviceMajor: UInt32
        package var deviceMinor: UInt32
        /// An index into `contents`; -1 for what has none, empty files included.
        package var content: Int32
        /// An index into `xattrSets`; -1 for none.
        package var xattrs: Int32
        // Small, because there are as many of these as files.
        var pathStart: UInt32
        var pathCount: UInt16
        var targetCount: UInt16
    }

    /// The data of a file, stored once however many entries have it.
    package struct Content: Sendable {
        /// The same for contents that are the same. For what is in a fragment it is SHA-256 of the data, and says that
        /// they are the same; for what has blocks it is made of their checksums, and only lets that be supposed.
        package var fingerprint: Digest
        package var size: Int
        package var place: Place
        /// Whether it begins as ELF files do, and is long enough for one: what is not need not be looked at.
        package var isELF: Bool

        package enum Place: Sendable {
            /// Whole blocks, the last of them perhaps short, one behind the other.
            case blocks(first: Int, count: Int)
            /// A piece of a fragment, for what is smaller than a block.
            case tail(fragment: Int, offset: Int)
        }
    }

    /// One compressed block.
    package struct Block: Sendable {
        /// As squashfs has it: the size on disk, and a bit for blocks that are stored. 0: all zeros, not on disk.
        package var size: UInt32
        /// CRC-32 of the bytes on disk.
        package var checksum: UInt32

        package var sizeOnDisk: Int { Int(size & 0xff_ffff) }
        package var isStored: Bool { size & (1 << 24) != 0 }
    }

    package func path(of entry: Entry) -> ArraySlice<UInt8> {
        let start = Int(entry.pathStart)
        return names[start..<start + Int(entry.pathCount)]
    }

    package func target(of entry: Entry) -> ArraySlice<UInt8> {
        let start = Int(entry.pathStart) + Int(entry.pathCount)
        return names[start..<start + Int(entry.targetCount)]
    }

    init(
        layer: Digest, diffID: Digest, settings: BlockSettings, tarSize: Int, tables: LayerTables,
        file: consuming InputFile
    ) {
        self.layer = layer
        self.diffID = diffID
        self.settings = settings
        self.tarSize = tarSize
        entries = tables.entries
        contents = tables.contents
        blocks = tables.blocks
        fragments = tables.fragments
        xattrSets = tables.xattrSets
        names = tables.names
        var offsets = [LayerObjectFormat.headerSize]
        offsets.reserveCapacity(tables.blocks.count + 1)
        for block in tables.blocks { offsets.append((offsets.last ?? 0) + block.sizeOnDisk) }
        blockOffsets = offsets
        self.file = file
    }
}

/// The tables of a layer object while it is made, written or read.
struct LayerTables {
    var entries: [LayerObject.Entry] = []
    var names: [UInt8] = []
    var contents: [LayerObject.Content] = []
    var blocks: [LayerObject.Block] = []
    var fragments: [Int32] = []
    var xattrSets: [[TarEntry.Xattr]] = []
}

extension LayerTables {
    /// Gives contents with blocks of their own a fingerprint: SHA-256 over the size and each block's size and checksum.
    ///
    /// The data has not been hashed: nearly all of it is unlike any other, and what looks alike is compared when it is
    /// linked.
    mutating func fingerprintBlocks() {
        var hasher = Sha256()
        for index in contents.indices {
            guard case .blocks(let first, let count) = contents[index].place else { continue }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(8 + 8 * count)
            bytes.append(littleEndian: UInt64(contents[index].size))
            for block in blocks[first..<first + count] {
                bytes.append(littleEndian: block.size)
                bytes.append(littleEndian: block.checksum)
            }
            hasher.update(bytes)
            contents[index].fingerprint = hasher.finalize()
        }
    }
}

extension LayerObject {
    /// Whether two contents with blocks of their own have the same bytes on disk, and so the same data.
    static func haveEqualBlocks(
        _ left: (object: LayerObject, content: Content), _ right: (object: LayerObject, content: Content)
    ) throws -> Bool {
        guard let here = left.object.range(of: left.content), let there = right.object.range(of: right.content),
            here.count == there.count
        else { return false }
        var done = 0
        while done < here.count {
            let count = min(1 << 20, here.count - done)
            let bytes = try left.object.file.read(count: count, at: here.lowerBound + done)
            guard try right.object.file.read(count: count, at: there.lowerBound + done) == bytes else { return false }
            done += count
        }
        return true
    }

    /// Where a content's blocks stand in the file.
    private func range(of content: Content) -> Range<Int>? {
        guard case .blocks(let first, let count) = content.place else { return nil }
        return blockOffsets[first]..<blockOffsets[first + count]
    }
}
