internal import ByteKit
internal import SquashFS

/// Cuts a table into metadata blocks of 8 KiB, compresses each, and knows where the next byte will be.
final class MetadataWriter {
    /// Everything written so far that filled a block, compressed.
    private(set) var bytes: [UInt8] = []
    private var open: [UInt8] = []
    private var scratch: [UInt8]
    private let compressor: BlockCompressor

    init(_ compressor: BlockCompressor) {
        self.compressor = compressor
        scratch = [UInt8](repeating: 0, count: Squash.metadataBlockSize)
        open.reserveCapacity(Squash.metadataBlockSize)
    }

    /// Where the next byte goes: its block's offset in the compressed table, and the offset inside the block.
    struct Position {
        var block: Int
        var offset: Int

        /// As inode references and lookup tables have it.
        var reference: UInt64 { UInt64(block) << 16 | UInt64(offset) }
    }

    var position: Position { Position(block: bytes.count, offset: open.count) }

    func append(_ more: [UInt8]) {
        var rest = more[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Squash.metadataBlockSize - open.count)
            open += piece
            rest = rest.dropFirst(piece.count)
            if open.count == Squash.metadataBlockSize { flush() }
        }
    }

    /// Closes the last block.
    func flush() {
        guard !open.isEmpty else { return }
        let size = unsafe open.withUnsafeBytes { input in
            unsafe scratch.withUnsafeMutableBytes { unsafe compressor.compress(input, into: $0) }
        }
        if let size {
            bytes.append(littleEndian: UInt16(size))
            bytes += scratch[..<size]
        } else {
            bytes.append(littleEndian: UInt16(open.count) | Squash.metadataStored)
            bytes += open
        }
        open.removeAll(keepingCapacity: true)
    }
}
