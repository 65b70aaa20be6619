/// A place in a metadata table that reading moves forward.
struct MetadataCursor: Sendable, Equatable {
    /// Where the block's header stands in the image.
    var block: UInt64
    /// The place in the block's decompressed bytes.
    var offset: Int
    /// Where the table ends in the image: no block begins there or later.
    let end: UInt64
}

/// Reads through metadata blocks as if they were one stretch of bytes.
///
/// The only part that knows that metadata comes in compressed pieces of 8 KiB; a few of them are kept.
final class MetadataReader {
    private struct Slot {
        var position: UInt64
        var next: UInt64
        var lastUse: UInt64
        var bytes: [UInt8]
    }

    private static let slotCount = 16
    private let source: ImageSource
    /// One for each table, by its end: they are read in turns.
    private var windows: [UInt64: ImageWindow] = [:]
    private let decompressor: BlockDecompressor
    private let output = BlockBuffer(capacity: Squash.metadataBlockSize)
    private var slots: [Slot] = []
    private var latest = 0
    private var clock: UInt64 = 0

    init(_ source: ImageSource, _ decompressor: BlockDecompressor) {
        self.source = source
        self.decompressor = decompressor
    }

    /// Replaces `bytes` by the next `count` and moves the cursor past them.
    func read(_ count: Int, at cursor: inout MetadataCursor, into bytes: inout [UInt8]) throws(SquashError) {
        bytes.removeAll(keepingCapacity: true)
        while bytes.count < count {
            let slot = try slot(at: cursor.block, end: cursor.end)
            let available = slots[slot].bytes.count
            guard cursor.offset <= available else { throw SquashError(.badMetadata) }
            if cursor.offset == available {
                cursor.block = slots[slot].next
                cursor.offset = 0
                continue
            }
            let taken = min(count - bytes.count, available - cursor.offset)
            bytes.append(contentsOf: slots[slot].bytes[cursor.offset..<cursor.offset + taken])
            cursor.offset += taken
        }
    }

    /// The next 32-bit integer, without memory of its own: block lists are long.
    func integer32(at cursor: inout MetadataCursor, scratch: inout [UInt8]) throws(SquashError) -> UInt32 {
        let slot = try slot(at: cursor.block, end: cursor.end)
        if cursor.offset + 4 <= slots[slot].bytes.count {
            defer { cursor.offset += 4 }
            return slots[slot].bytes.integer32(at: cursor.offset)
        }
        try read(4, at: &cursor, into: &scratch)
        return scratch.integer32(at: 0)
    }

    private func slot(at position: UInt64, end: UInt64) throws(SquashError) -> Int {
        clock += 1
        if latest < slots.count, slots[latest].position == position {
            slots[latest].lastUse = clock
            return latest
        }
        guard position < end else { throw SquashError(.truncated) }
        for index in slots.indices where slots[index].position == position {
            slots[index].lastUse = clock
            latest = index
            return index
        }
        let fresh = try load(position, end: end)
        if slots.count < Self.slotCount {
            slots.append(fresh)
            latest = slots.count - 1
        } else {
            latest = slots.indices.reduce(0) { slots[$1].lastUse < slots[$0].lastUse ? $1 : $0 }
            slots[latest] = fresh
        }
        return latest
    }

    /// A few bytes that stand in the image uncompressed, of a table that ends with them or goes on.
    func plainBytes(_ count: Int, at place: UInt64) throws(SquashError) -> [UInt8] {
        try window(0).bytes(count, at: place)
    }

    private func window(_ end: UInt64) -> ImageWindow {
        if let known = windows[end] { return known }
        // A cursor's end is a table's of the superblock: there are few.
        let made = ImageWindow(source, capacity: Squash.metadataBlockSize + 2)
        windows[end] = made
        return made
    }

    /// Reads a block: a 16-bit header with the stored size, then the bytes. Squashfs documentation, section 3.
    private func load(_ position: UInt64, end: UInt64) throws(SquashError) -> Slot {
        guard end >= 2, position <= end - 2 else { throw SquashError(.truncated) }
        let window = window(end)
        let header = try window.bytes(2, at: position).integer16(at: 0)
        let size = Int(header & ~Squash.metadataStored)
        guard (1...Squash.metadataBlockSize).contains(size) else { throw SquashError(.badMetadata) }
        let next = position + 2 + UInt64(size)
        guard next <= end else { throw SquashError(.truncated) }
        let inside = try window.bring(size, at: position + 2)
        if header & Squash.metadataStored != 0 {
            return Slot(
                position: position, next: next, lastUse: clock, bytes: window.buffer.bytes(at: inside, count: size))
        }
        let made = try decompressor.decompress(
            window.buffer, at: inside, count: size, into: output, at: 0, room: Squash.metadataBlockSize)
        guard made > 0 else { throw SquashError(.badMetadata) }
        return Slot(position: position, next: next, lastUse: clock, bytes: output.bytes(at: 0, count: made))
    }
}
