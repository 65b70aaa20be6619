internal import CSupervisor

/// The SHA-256 digest of each 16 KiB of an image, in a table that stands beside it.
///
/// Squashfs has no digests of its own. These know nothing of its blocks: whatever is read of the image, its superblock,
/// tables, data or fragments, lies in stretches that are checked whole before a byte of them is used.
package struct BlockDigests: Sendable {
    /// How many bytes of the image one digest is of; the last may be of fewer.
    package static var blockSize: Int { 16 << 10 }
    static var digestSize: Int { 32 }

    /// How many bytes the image has.
    package let imageLength: Int
    private let table: [UInt8]

    /// Takes a table, whose own digest the caller has checked.
    ///
    /// - Parameters:
    ///   - table: the digests one after another, and nothing else.
    ///   - imageLength: how many bytes the image has.
    package init(_ table: [UInt8], imageLength: Int) throws(SquashError) {
        guard imageLength > 0, table.count == Self.tableSize(imageLength: imageLength)
        else { throw SquashError(.badDigests) }
        self.table = table
        self.imageLength = imageLength
    }

    /// How long the table of an image is.
    package static func tableSize(imageLength: Int) -> Int {
        guard imageLength > 0 else { return 0 }
        return ((imageLength - 1) / blockSize + 1) * digestSize
    }

    /// Makes the table of an image in an open file.
    ///
    /// - Parameter blocks: which blocks to make the digests of; by default all. So several threads can share the work.
    package static func table(
        of descriptor: Int32, imageLength: Int, blocks: Range<Int>? = nil
    ) throws(SquashError) -> [UInt8] {
        let source = ImageSource(descriptor: descriptor, base: 0, length: UInt64(max(0, imageLength)))
        let blocks = blocks ?? 0..<tableSize(imageLength: imageLength) / digestSize
        let buffer = BlockBuffer(capacity: 64 * blockSize)
        var table: [UInt8] = []
        table.reserveCapacity(blocks.count * digestSize)
        var first = blocks.lowerBound
        while first < blocks.upperBound {
            let last = min(blocks.upperBound, first + 64)
            let (start, end) = (first * blockSize, min(imageLength, last * blockSize))
            try source.read(into: buffer, at: 0, count: end - start, from: UInt64(start))
            for place in stride(from: 0, to: end - start, by: blockSize) {
                table += buffer.sha256(at: place, count: min(blockSize, end - start - place))
            }
            first = last
        }
        return table
    }

    /// The blocks that a stretch of the image lies in, as a stretch.
    func whole(_ stretch: Range<UInt64>) -> Range<UInt64> {
        let size = UInt64(Self.blockSize)
        let end = (stretch.upperBound / size + (stretch.upperBound % size == 0 ? 0 : 1)) * size
        return stretch.lowerBound / size * size..<min(end, max(stretch.upperBound, UInt64(imageLength)))
    }

    /// Compares blocks at a buffer's beginning with their digests.
    ///
    /// - Parameter stretch: where in the image they are, as `whole` gave it.
    func check(_ buffer: borrowing BlockBuffer, _ stretch: Range<UInt64>) throws(SquashError) {
        var place = 0
        while place < stretch.count {
            let block = (Int(stretch.lowerBound) + place) / Self.blockSize
            let count = min(Self.blockSize, stretch.count - place)
            guard buffer.hasSHA256(table, Self.digestSize * block, at: place, count: count)
            else { throw SquashError(.damaged(block: block)) }
            place += count
        }
    }
}

extension BlockBuffer {
    /// The SHA-256 sum of some of the bytes, which are inside.
    fileprivate func sha256(at offset: Int, count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: BlockDigests.digestSize) { digest, filled in
            guard let start = digest.baseAddress else { return }
            unsafe sum(at: offset, count: count, into: start)
            filled = BlockDigests.digestSize
        }
    }

    /// Whether some of the bytes have the sum that stands at a place of a table; no memory is taken for it.
    fileprivate func hasSHA256(_ table: [UInt8], _ entry: Int, at offset: Int, count: Int) -> Bool {
        guard entry >= 0, entry <= table.count - BlockDigests.digestSize else { return false }
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: BlockDigests.digestSize) { digest in
            guard let start = digest.baseAddress else { return false }
            unsafe sum(at: offset, count: count, into: start)
            return unsafe digest.elementsEqual(table[entry..<entry + BlockDigests.digestSize])
        }
    }

    @unsafe private func sum(at offset: Int, count: Int, into digest: UnsafeMutablePointer<UInt8>) {
        var state = csupervisor_sha256()
        unsafe csupervisor_sha256_begin(&state)
        if let region = unsafe region(at: offset, count: count) {
            unsafe csupervisor_sha256_update(&state, region.baseAddress, count)
        }
        unsafe csupervisor_sha256_finish(&state, digest)
    }
}
