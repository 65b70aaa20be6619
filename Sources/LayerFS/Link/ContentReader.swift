internal import ByteKit

/// Gives the data of files one after another, in an order that is known beforehand, while the threads of a pool unpack
/// what comes next.
///
/// Memory does not grow with the files: a fixed number of blocks is unpacked ahead, and a fixed number of fragments is
/// kept, because the files of a fragment are not always neighbours in the tree.
final class ContentReader {
    private let objects: [LayerObject]
    private let pool: WorkerPool
    private let order: [FileTree.ContentID]

    /// Pieces that are on their way, the next one at `head`.
    private var pieces: [Piece] = []
    private var head = 0
    /// How many of them made a block be unpacked.
    private var blocksAhead = 0
    private let mostBlocksAhead: Int
    /// What the next piece to be asked for belongs to.
    private var nextContent = 0
    private var nextBlock = 0
    /// The content that is read next.
    private var current = 0

    private var fragments: [FragmentID: Kept] = [:]
    private let mostFragments: Int
    private var clock = 0
    private let zeros: [UInt8]

    /// A block that a thread unpacks, or has unpacked.
    private final class Unpacked: Sendable {
        let outcome = Monitor<Result<[UInt8], any Error>?>(nil)

        func bytes() throws -> [UInt8] { try outcome.wait { $0 }.get() }
    }

    /// A part of a file: some bytes of a block.
    private struct Piece {
        /// Nil for a hole.
        var block: Unpacked?
        var start = 0
        var count: Int
        /// Whether the block has these bytes and no others.
        var isWhole = false
        var isFirstUse = false
    }

    private struct FragmentID: Hashable {
        var layer: Int32
        var fragment: Int
    }

    private struct Kept {
        var block: Unpacked
        var lastUse: Int
    }

    /// Bytes of blocks that are unpacked ahead, when the pool is not so wide that it needs more.
    private static let bytesAhead = 4 << 20
    /// Bytes of fragments that are kept.
    private static let fragmentBytes = 32 << 20
    private static let mostPieces = 4096

    /// - Parameter order: the contents that will be read. One that comes twice is unpacked twice.
    init(_ objects: [LayerObject], order: [FileTree.ContentID], pool: WorkerPool) {
        self.objects = objects
        self.order = order
        self.pool = pool
        let blockSize = objects.map(\.settings.blockSize).max() ?? 1
        mostBlocksAhead = max(2 * pool.width + 2, Self.bytesAhead / blockSize)
        mostFragments = max(16, Self.fragmentBytes / blockSize)
        zeros = [UInt8](repeating: 0, count: blockSize)
    }

    /// Hands out all bytes of the next content, piece by piece.
    func next(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let id = order[current]
        let object = objects[Int(id.layer)]
        var left = object.contents[Int(id.content)].size
        while left > 0 {
            try askAhead()
            guard head < pieces.count else { throw object.damage }
            let piece = take()
            guard piece.count <= left else { throw object.damage }
            left -= piece.count
            let bytes = try piece.block?.bytes() ?? zeros
            guard piece.start <= bytes.count, piece.count <= bytes.count - piece.start,
                !piece.isWhole || piece.count == bytes.count
            else { throw object.damage }
            unsafe try bytes.withUnsafeBytes {
                unsafe try body(UnsafeRawBufferPointer(rebasing: $0[piece.start..<piece.start + piece.count]))
            }
        }
        current += 1
    }

    private func take() -> Piece {
        let piece = pieces[head]
        // What was read must not be kept alive by the queue.
        pieces[head].block = nil
        head += 1
        if head >= Self.mostPieces {
            pieces.removeFirst(head)
            head = 0
        }
        if piece.isFirstUse { blocksAhead -= 1 }
        return piece
    }

    // MARK: - Asking ahead

    /// Fills the queue, as far as it may be.
    private func askAhead() throws {
        while nextContent < order.count, blocksAhead < mostBlocksAhead, pieces.count - head < Self.mostPieces {
            let id = order[nextContent]
            let object = objects[Int(id.layer)]
            let content = object.contents[Int(id.content)]
            switch content.place {
            case .tail(let fragment, let offset):
                pieces.append(
                    ask(FragmentID(layer: id.layer, fragment: fragment), start: offset, count: content.size))
                nextContent += 1
            case .blocks(let first, let count):
                let done = nextBlock * object.settings.blockSize
                guard nextBlock < count, done < content.size else { throw object.damage }
                ask(object, first + nextBlock, count: min(object.settings.blockSize, content.size - done))
                nextBlock += 1
                guard done + object.settings.blockSize >= content.size else { continue }
                nextContent += 1
                nextBlock = 0
            }
        }
    }

    private func ask(_ object: LayerObject, _ block: Int, count: Int) {
        guard object.blocks[block].size != 0 else {
            pieces.append(Piece(count: count))
            return
        }
        blocksAhead += 1
        pieces.append(Piece(block: unpack(block, of: object), count: count, isWhole: true, isFirstUse: true))
    }

    private func ask(_ id: FragmentID, start: Int, count: Int) -> Piece {
        clock += 1
        if let kept = fragments[id] {
            fragments[id]?.lastUse = clock
            return Piece(block: kept.block, start: start, count: count)
        }
        if fragments.count >= mostFragments, let oldest = fragments.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            fragments[oldest.key] = nil
        }
        let object = objects[Int(id.layer)]
        let block = unpack(Int(object.fragments[id.fragment]), of: object)
        fragments[id] = Kept(block: block, lastUse: clock)
        blocksAhead += 1
        return Piece(block: block, start: start, count: count, isFirstUse: true)
    }

    private func unpack(_ index: Int, of object: LayerObject) -> Unpacked {
        let unpacked = Unpacked()
        pool.submit {
            let outcome = Result { try object.unpack(index) }
            unpacked.outcome.withLock { $0 = outcome }
        }
        return unpacked
    }
}
