internal import ByteKit
internal import SquashFS

/// The table of the digests of an image's blocks, which the supervisor reads beside it.
enum BlockTable {
    /// How many blocks are one thread's at a time.
    private static let blocksAtOnce = 512

    /// Makes the table from the image as it lies on disk.
    ///
    /// - Parameter size: how many bytes the image has.
    static func make(ofImage path: String, size: Int, pool: WorkerPool) throws -> [UInt8] {
        let file = try InputFile(path)
        let descriptor = file.descriptor
        let blocks = (size + BlockDigests.blockSize - 1) / BlockDigests.blockSize
        let pieces = (blocks + blocksAtOnce - 1) / blocksAtOnce
        let made = Monitor([Result<[UInt8], SquashError>](repeating: .success([]), count: pieces))
        pool.forEach(pieces) { piece in
            let first = piece * blocksAtOnce
            let part = Result { () throws(SquashError) in
                try BlockDigests.table(
                    of: descriptor, imageLength: size, blocks: first..<min(blocks, first + blocksAtOnce))
            }
            made.withLock { $0[piece] = part }
        }
        do {
            return try made.withLock { try $0.flatMap { try $0.get() } }
        } catch let error as SquashError {
            throw ToolError(
                "\(error.name)", "\(error.reason)", location: Diagnostic.printable(path),
                hint: "look whether the disk is sound")
        }
    }
}
