internal import ByteKit
internal import SquashFS

/// A table that is found through a list of where its metadata blocks are: ids, fragments, exports, attribute ids.
struct LookupTable {
    private let writer: MetadataWriter
    private var blocks: [Int] = []
    private(set) var count = 0

    init(_ compressor: BlockCompressor) {
        writer = MetadataWriter(compressor)
    }

    /// Adds one row. Rows divide a metadata block evenly, so none stands across two.
    mutating func append(_ row: [UInt8]) {
        if writer.position.offset == 0 { blocks.append(writer.position.block) }
        writer.append(row)
        count += 1
    }

    /// Adds the blocks and then the list to what follows the data; gives where the list begins, which is what the
    /// superblock points to.
    ///
    /// - Parameter preamble: what stands before the list.
    func append(to tail: inout SquashTail, preamble: [UInt8] = []) -> UInt64 {
        writer.flush()
        let start = tail.position
        tail.append(writer.bytes)
        let list = tail.position
        tail.append(preamble)
        var bytes: [UInt8] = []
        for block in blocks { bytes.append(littleEndian: UInt64(start + block)) }
        tail.append(bytes)
        return UInt64(list)
    }
}

/// What follows the data in an image: the tables, gathered in memory, and where they will stand.
struct SquashTail {
    private let start: Int
    private(set) var bytes: [UInt8] = []

    /// - Parameter start: where the data ends.
    init(start: Int) { self.start = start }

    /// Where the next byte will stand in the image.
    var position: Int { start + bytes.count }

    mutating func append(_ more: [UInt8]) { bytes += more }
}
