/// Reads the blocks that files' data is cut into.
///
/// It knows nothing of inodes and tables, so that the threads that unpack need no metadata.
final class DataReader {
    let blockSize: Int
    private let source: ImageSource
    private let decompressor: BlockDecompressor
    /// A stretch of the image, compressed: neighbouring blocks are read at once.
    private var window = BlockBuffer(capacity: 0)
    private var windowStart: UInt64 = 0
    private var windowCount = 0
    /// The fragment block that was used last.
    private var fragmentBlock = BlockBuffer(capacity: 0)
    private var fragmentStart: UInt64?
    private var fragmentLength = 0

    init(_ source: ImageSource, _ decompressor: BlockDecompressor, blockSize: Int) {
        self.source = source
        self.decompressor = decompressor
        self.blockSize = blockSize
    }

    /// Brings one block's bytes into a buffer.
    ///
    /// - Parameters:
    ///   - start: where the block stands in the image.
    ///   - size: how it stands there.
    ///   - length: how many bytes must come out.
    ///   - ahead: how many bytes of the image from `start` on will be wanted soon.
    func read(
        _ start: UInt64, _ size: BlockSize, length: Int, ahead: Int, into output: borrowing BlockBuffer, at place: Int
    ) throws(SquashError) {
        if size.stored == 0 {
            guard output.clear(at: place, count: length) else { throw SquashError(.badBlock) }
            return
        }
        guard size.isCompressed else {
            guard size.stored == length else { throw SquashError(.badBlock) }
            try source.read(into: output, at: place, count: length, from: start)
            return
        }
        let inside = try fill(start, size.stored, ahead: ahead)
        let made = try decompressor.decompress(
            window, at: inside, count: size.stored, into: output, at: place, room: length)
        guard made == length else { throw SquashError(.badCompression) }
    }

    /// Copies a file's last part out of a fragment block.
    func readFragment(
        _ start: UInt64, _ size: BlockSize, offset: Int, length: Int, into output: borrowing BlockBuffer, at place: Int
    ) throws(SquashError) {
        if fragmentStart != start { try load(fragment: start, size) }
        guard offset <= fragmentLength, length <= fragmentLength - offset,
            output.copy(at: place, from: fragmentBlock, at: offset, count: length)
        else { throw SquashError(.badFragment) }
    }

    private func load(fragment start: UInt64, _ size: BlockSize) throws(SquashError) {
        if fragmentBlock.capacity == 0 { fragmentBlock = BlockBuffer(capacity: blockSize) }
        fragmentStart = nil
        if size.isCompressed {
            let inside = try fill(start, size.stored, ahead: size.stored)
            fragmentLength = try decompressor.decompress(
                window, at: inside, count: size.stored, into: fragmentBlock, at: 0, room: blockSize)
        } else {
            try source.read(into: fragmentBlock, at: 0, count: size.stored, from: start)
            fragmentLength = size.stored
        }
        fragmentStart = start
    }

    /// Makes sure that `count` bytes of the image from `start` are in the window, and says where in it.
    private func fill(_ start: UInt64, _ count: Int, ahead: Int) throws(SquashError) -> Int {
        if start >= windowStart, start - windowStart <= UInt64(windowCount),
            windowCount - Int(start - windowStart) >= count
        {
            return Int(start - windowStart)
        }
        if window.capacity == 0 { window = BlockBuffer(capacity: max(blockSize, Self.windowSize)) }
        windowCount = 0
        guard start <= source.length else { throw SquashError(.truncated) }
        let wanted = max(count, min(ahead, window.capacity))
        let available = min(UInt64(wanted), source.length - start)
        guard available >= UInt64(count) else { throw SquashError(.truncated) }
        try source.read(into: window, at: 0, count: Int(available), from: start)
        windowStart = start
        windowCount = Int(available)
        return 0
    }

    private static let windowSize = 512 << 10
}
