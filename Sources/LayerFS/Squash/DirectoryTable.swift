internal import ByteKit
internal import SquashFS

/// Writes folder listings: runs of entries under headers, and an index for listings that span metadata blocks.
struct DirectoryTable {
    private let writer: MetadataWriter

    init(_ compressor: BlockCompressor) {
        writer = MetadataWriter(compressor)
    }

    /// One name in a folder.
    struct Entry {
        var name: ArraySlice<UInt8>
        var inode: MetadataWriter.Position
        var inodeNumber: UInt32
        var type: Squash.InodeType
    }

    /// Where a listing is, and the index into it.
    struct Listing {
        var start: MetadataWriter.Position
        /// Bytes of the listing.
        var size: Int
        var index: [Index]

        struct Index {
            var offset: Int
            var block: Int
            var name: ArraySlice<UInt8>
        }
    }

    /// Writes the entries of one folder, which stand in byte order.
    func append(_ entries: [Entry]) -> Listing {
        var listing = Listing(start: writer.position, size: 0, index: [])
        var first = 0
        while first < entries.count {
            let block = writer.position.block
            if block != listing.index.last?.block ?? listing.start.block {
                listing.index.append(Listing.Index(offset: listing.size, block: block, name: entries[first].name))
            }
            let run = entries[first..<end(ofRunAt: first, in: entries)]
            listing.size += append(run)
            first = run.endIndex
        }
        return listing
    }

    /// A run shares a header: its inodes are in one metadata block, with numbers close together, and it stays small
    /// enough that the index can point near every name.
    private func end(ofRunAt first: Int, in entries: [Entry]) -> Int {
        let head = entries[first]
        var room = Squash.metadataBlockSize - writer.position.offset
        var end = first
        while end < entries.count, end - first < Squash.directoryRun, room > 0 || end == first {
            let entry = entries[end]
            let distance = Int64(entry.inodeNumber) - Int64(head.inodeNumber)
            guard entry.inode.block == head.inode.block, Int64(Int16.min)...Int64(Int16.max) ~= distance else { break }
            room -= 8 + entry.name.count
            end += 1
        }
        return end
    }

    private func append(_ run: ArraySlice<Entry>) -> Int {
        guard let head = run.first else { return 0 }
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(run.count - 1))
        bytes.append(littleEndian: UInt32(head.inode.block))
        bytes.append(littleEndian: head.inodeNumber)
        for entry in run {
            bytes.append(littleEndian: UInt16(entry.inode.offset))
            bytes.append(littleEndian: Int16(truncatingIfNeeded: Int64(entry.inodeNumber) - Int64(head.inodeNumber)))
            bytes.append(littleEndian: entry.type.rawValue)
            bytes.append(littleEndian: UInt16(entry.name.count - 1))
            bytes += entry.name
        }
        writer.append(bytes)
        return bytes.count
    }

    /// The whole table, its last block closed.
    func finish() -> [UInt8] {
        writer.flush()
        return writer.bytes
    }
}
