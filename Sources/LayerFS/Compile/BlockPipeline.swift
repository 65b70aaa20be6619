internal import ByteKit
internal import CInflate

/// What a pipeline does with a block on its way.
protocol BlockPacker: AnyObject {
    /// Compresses `input` into `output`; nil when the input is to be kept as it is.
    func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int?
}

extension BlockCompressor: BlockPacker {}

/// Compresses blocks on all threads of a pool and gives them back in the order they were handed in.
///
/// The caller fills a block, submits it and, when all blocks are in flight, retires the oldest. So memory is a fixed
/// number of blocks, and the output does not depend on how many threads there are or which was faster.
@safe final class BlockPipeline {
    /// A block that has been through the compressor.
    @unsafe struct Packed {
        /// What the caller said when submitting.
        var tag: Int
        /// The bytes on disk: compressed, or as they were.
        var bytes: UnsafeRawBufferPointer
        /// Whether the bytes are as they were.
        var isStored: Bool
        /// CRC-32 of `bytes`.
        var checksum: UInt32
    }

    private let pool: WorkerPool
    private let packers: Monitor<[any BlockPacker]>
    private var free: [Block]
    private var inFlight: [Block] = []
    private let retire: (Packed) throws -> Void

    /// A pipeline for the blocks of layer objects and squashfs images.
    ///
    /// - Parameter retire: called with each packed block, in order of submission, on the caller's thread.
    convenience init(_ settings: BlockSettings, pool: WorkerPool, retire: @escaping (Packed) throws -> Void) throws {
        unsafe try self.init(
            capacity: settings.blockSize, packedCapacity: settings.blockSize, pool: pool,
            packer: { try BlockCompressor(settings) }, retire: retire)
    }

    /// - Parameters:
    ///   - capacity: bytes in a block.
    ///   - packedCapacity: bytes that a packer may need for what it makes of a block.
    ///   - packer: makes a packer; there is one for each thread.
    ///   - retire: called with each packed block, in order of submission, on the caller's thread.
    init(
        capacity: Int, packedCapacity: Int, pool: WorkerPool, packer: () throws -> any BlockPacker,
        retire: @escaping (Packed) throws -> Void
    ) throws {
        self.pool = pool
        unsafe self.retire = unsafe retire
        var packers: [any BlockPacker] = []
        for _ in 0..<pool.width { packers.append(try packer()) }
        self.packers = Monitor(packers)
        // Two blocks for each thread, so that none waits for the caller, and a few the caller is filling.
        free = (0..<(2 * pool.width + 2)).map { _ in Block(capacity: capacity, packedCapacity: packedCapacity) }
    }

    /// An empty block to fill; waits for the oldest in flight when none is free.
    func block() throws -> Block {
        if let block = free.popLast() { return block }
        try retireOldest()
        return try block()
    }

    /// Gives a block back unused.
    func recycle(_ block: Block) {
        block.count = 0
        free.append(block)
    }

    /// Hands a filled block in.
    func submit(_ block: Block, tag: Int) {
        block.tag = tag
        inFlight.append(block)
        let packers = packers
        pool.submit {
            // There are as many packers as threads, so there always is one.
            let packer = packers.wait { $0.popLast() }
            block.pack(with: packer)
            packers.withLock { $0.append(packer) }
            block.isDone.withLock { $0 = true }
        }
    }

    /// Hands in a block that was filled with what another pipeline packed: it passes as it is.
    func submit(_ block: Block, tag: Int, packed: LayerObject.Block) {
        block.tag = tag
        block.keep(as: packed)
        inFlight.append(block)
        block.isDone.withLock { $0 = true }
    }

    /// Retires everything in flight.
    func finish() throws {
        while !inFlight.isEmpty { try retireOldest() }
    }

    private func retireOldest() throws {
        let block = inFlight.removeFirst()
        block.isDone.wait { $0 ? () : nil }
        unsafe try retire(
            Packed(tag: block.tag, bytes: block.packed, isStored: block.isStored, checksum: block.checksum))
        block.isDone.withLock { $0 = false }
        recycle(block)
    }

    deinit {
        // A caller that gave up leaves blocks with the workers: they must end before the memory goes.
        for block in inFlight { block.isDone.wait { $0 ? () : nil } }
    }
}

extension BlockPipeline {
    /// One block's memory, before and after compression.
    ///
    /// Unchecked: the caller touches it before `submit` and after `isDone`, a worker in between.
    @safe final class Block: @unchecked Sendable {
        /// Bytes filled so far, from the start.
        var count = 0
        fileprivate var tag = 0
        fileprivate var isStored = false
        fileprivate var checksum: UInt32 = 0
        fileprivate let isDone = Monitor(false)
        private let input: UnsafeMutableRawBufferPointer
        private let output: UnsafeMutableRawBufferPointer
        private var packedCount = 0
        /// Whether what it was filled with is packed already.
        private var isKept = false

        init(capacity: Int, packedCapacity: Int) {
            unsafe input = .allocate(byteCount: capacity, alignment: 64)
            unsafe output = .allocate(byteCount: packedCapacity, alignment: 64)
        }

        /// How many bytes fit.
        var capacity: Int { unsafe input.count }
        var room: Int { capacity - count }

        /// Adds bytes at the end. They must fit.
        func append(_ bytes: UnsafeRawBufferPointer) {
            unsafe UnsafeMutableRawBufferPointer(rebasing: input[count..<count + bytes.count]).copyMemory(from: bytes)
            count += bytes.count
        }

        /// The filled bytes from `start` on.
        func filled(from start: Int = 0) -> UnsafeRawBufferPointer {
            unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(input)[start..<count])
        }

        /// Adds bytes at the end. They must fit.
        func append(_ bytes: some Collection<UInt8>) {
            unsafe UnsafeMutableRawBufferPointer(rebasing: input[count..<count + bytes.count]).copyBytes(from: bytes)
            count += bytes.count
        }

        /// Whether all filled bytes are zero: such a block takes no room in squashfs.
        var isZero: Bool {
            let bytes = unsafe filled()
            let words = bytes.count / 8
            for index in 0..<words where unsafe bytes.load(fromByteOffset: index * 8, as: UInt64.self) != 0 {
                return false
            }
            return unsafe bytes[(words * 8)...].allSatisfy { $0 == 0 }
        }

        fileprivate var packed: UnsafeRawBufferPointer {
            unsafe UnsafeRawBufferPointer(
                rebasing: UnsafeRawBufferPointer(isStored || isKept ? input : output)[..<packedCount])
        }

        fileprivate func pack(with packer: any BlockPacker) {
            let size = unsafe packer.compress(filled(), into: output)
            isStored = size == nil
            isKept = false
            packedCount = size ?? count
            checksum = unsafe crc32(packed)
        }

        fileprivate func keep(as packed: LayerObject.Block) {
            isStored = packed.isStored
            isKept = true
            packedCount = count
            checksum = packed.checksum
        }

        deinit {
            unsafe input.deallocate()
            unsafe output.deallocate()
        }
    }
}

/// CRC-32 as gzip has it, at memory speed.
func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    unsafe crc32_gzip_refl(0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
}
