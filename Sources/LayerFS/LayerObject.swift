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
        var pathStart: Int
        var pathCount: Int
        var targetCount: Int
    }

    /// The data of a file, stored once however many entries have it.
    package struct Content: Sendable {
        package var digest: Digest
        package var size: Int
        package var place: Place

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
        names[entry.pathStart..<entry.pathStart + entry.pathCount]
    }

    package func target(of entry: Entry) -> ArraySlice<UInt8> {
        names[entry.pathStart + entry.pathCount..<entry.pathStart + entry.pathCount + entry.targetCount]
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
