internal import ByteKit

/// A file that a stream is written to, compressed in pieces on the threads of a pool.
@safe final class StreamOutput {
    private let sink: Sink
    private let pipeline: BlockPipeline?
    private var block: BlockPipeline.Block?
    /// The sum over the bytes as they come; nil when nobody asked, or when it is that of the file.
    private let sum: Sum?
    /// Bytes so far, as they came.
    private(set) var count = 0

    /// What was written.
    struct Summary {
        var size: Int
        var digest: Digest
        /// Of the bytes before they were compressed; nil when nobody asked, and they were.
        var streamDigest: Digest?
    }

    /// Where packed pieces go; apart, because the pipeline holds on to it.
    private final class Sink {
        var file: DigestingFile?
        init(_ file: consuming DigestingFile) { self.file = consume file }

        func append(_ bytes: UnsafeRawBufferPointer) throws {
            var rest = unsafe bytes
            while unsafe !rest.isEmpty {
                let piece = unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(DigestingFile.bufferSize))
                unsafe try file?.write(count: piece.count) { unsafe $0.copyMemory(from: piece) }
                unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
            }
        }
    }

    private final class Sum {
        var sha = Sha256()
    }

    /// - Parameter sumsStream: whether the digest of the uncompressed bytes is wanted as well.
    init(_ path: String, _ compression: StreamCompression, pool: WorkerPool, sumsStream: Bool) throws {
        let sink = Sink(try DigestingFile(path))
        self.sink = sink
        let first = try PieceCompressor(compression)
        sum = sumsStream && first != nil ? Sum() : nil
        guard let first else {
            pipeline = nil
            return
        }
        pipeline = unsafe try BlockPipeline(
            capacity: StreamCompression.pieceSize, packedCapacity: first.bound(StreamCompression.pieceSize), pool: pool,
            packer: {
                guard let packer = try PieceCompressor(compression)
                else { throw LayerError(.compressor, "there is nothing to compress with") }
                return packer
            },
            retire: { packed in
                guard unsafe !packed.bytes.isEmpty
                else { throw LayerError(.compressor, "the compressor gave up, probably for want of memory") }
                unsafe try sink.append(packed.bytes)
            })
    }

    /// Appends bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        count += bytes.count
        unsafe sum?.sha.update(bytes)
        guard let pipeline else {
            unsafe try sink.append(bytes)
            return
        }
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            let open = try block ?? pipeline.block()
            block = open
            let piece = unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(open.room))
            unsafe open.append(piece)
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
            if open.room == 0 {
                pipeline.submit(open, tag: 0)
                block = nil
            }
        }
    }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws {
        unsafe try bytes.withUnsafeBytes { unsafe try write($0) }
    }

    /// Compresses what is left and gives the file its name.
    func finish() throws -> Summary {
        if let block { pipeline?.submit(block, tag: 0) }
        block = nil
        try pipeline?.finish()
        guard let file = sink.file.take() else { preconditionFailure("a stream is finished once") }
        let written = try file.finish()
        return Summary(
            size: written.size, digest: written.digest,
            streamDigest: sum?.sha.finalize() ?? (pipeline == nil ? written.digest : nil))
    }
}
