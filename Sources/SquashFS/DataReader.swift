/// Reads the blocks that files' data is cut into.
///
/// It knows nothing of inodes and tables, so that the threads that unpack need no metadata.
final class DataReader {
    let blockSize: Int
    private let decompressor: BlockDecompressor
    /// A stretch of the image, compressed: neighbouring blocks are read at once.
    private let window: ImageWindow
    /// The fragment block that was used last.
    private var fragmentBlock = BlockBuffer(capacity: 0)
    private var fragmentStart: UInt64?
    private var fragmentLength = 0

    init(_ source: ImageSource, _ decompressor: BlockDecompressor, blockSize: Int) {
        window = ImageWindow(source, capacity: max(blockSize, Self.windowSize))
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
        let inside = try window.bring(size.stored, at: start, ahead: ahead)
        guard size.isCompressed else {
            guard size.stored == length, output.copy(at: place, from: window.buffer, at: inside, count: length)
            else { throw SquashError(.badBlock) }
            return
        }
        let made = try decompressor.decompress(
            window.buffer, at: inside, count: size.stored, into: output, at: place, room: length)
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
        let inside = try window.bring(size.stored, at: start)
        if size.isCompressed {
            fragmentLength = try decompressor.decompress(
                window.buffer, at: inside, count: size.stored, into: fragmentBlock, at: 0, room: blockSize)
        } else {
            guard fragmentBlock.copy(at: 0, from: window.buffer, at: inside, count: size.stored)
            else { throw SquashError(.badFragment) }
            fragmentLength = size.stored
        }
        fragmentStart = start
    }

    private static let windowSize = 512 << 10
}
