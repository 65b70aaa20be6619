/// Writes files' bytes, decompressing each block straight to where it is written from.
final class UnpackWorker {
    private let data: DataReader
    private let buffer: BlockBuffer
    /// Bytes in the buffer, and where in the file they go.
    private var filled = 0
    private var place = 0
    /// A file that has its time already, which writing must not change.
    private var held: HeldFile?
    private var pause: () throws(SquashError) -> Void = { () throws(SquashError) in }

    init(_ source: ImageSource, _ superblock: SquashSuperblock) throws(SquashError) {
        data = DataReader(source, try BlockDecompressor(superblock.compressor), blockSize: superblock.blockSize)
        buffer = BlockBuffer(capacity: max(superblock.blockSize, 512 << 10))
    }

    /// Writes a batch and tells what was done.
    func write(_ batch: UnpackBatch, _ queue: UnpackQueue) throws(SquashError) -> UnpackQueue.Tally {
        var tally = UnpackQueue.Tally()
        for part in batch.parts {
            do throws(SquashError) {
                if try write(part, &tally) { part.file.folder.release(queue) }
            } catch {
                throw error.at(part.file.path)
            }
        }
        return tally
    }

    /// Writes a part; true when it was its file's last.
    private func write(_ part: UnpackPart, _ tally: inout UnpackQueue.Tally) throws(SquashError) -> Bool {
        let file = part.file
        let output = try open(file)
        try writeBytes(of: part.data, to: output, &tally)
        guard file.isLastUse() else { return false }
        do throws(SystemFailure) {
            // What ends in a hole is shorter than it should be.
            if file.isMade || part.data.endsInHole { try output.truncate(to: file.size) }
        } catch {
            throw SquashError(.writeFailed, errorNumber: error.errorNumber)
        }
        do throws(SystemFailure) {
            tally.skippedAttributes += try file.attributes.set(on: output)
        } catch {
            throw SquashError(.attributesFailed, errorNumber: error.errorNumber)
        }
        return true
    }

    /// Brings a file its bytes that others may be waiting for.
    ///
    /// - Parameter pause: called between writes; when it throws, no more is written.
    func fill(
        _ file: HeldFile, _ tally: inout UnpackQueue.Tally, pause: @escaping () throws(SquashError) -> Void
    ) throws(SquashError) {
        (held, self.pause) = (file, pause)
        defer { (held, self.pause) = (nil, { () throws(SquashError) in }) }
        try writeBytes(of: file.data, to: file.output, &tally)
        do throws(SystemFailure) {
            tally.skippedAttributes += try file.attributes.setAgain(on: file.output)
        } catch {
            throw SquashError(.attributesFailed, errorNumber: error.errorNumber)
        }
    }

    private func open(_ file: UnpackFile) throws(SquashError) -> OpenFile {
        do throws(SystemFailure) {
            return try OpenFile(
                file.name, in: file.folder.file.descriptor, file.isMade ? .rewrite : .newFile(permissions: 0o600))
        } catch {
            throw SquashError(.createFailed, errorNumber: error.errorNumber)
        }
    }

    private func writeBytes(
        of stretch: FileStretch, to output: borrowing OpenFile, _ tally: inout UnpackQueue.Tally
    ) throws(SquashError) {
        var start = stretch.start
        var ahead = stretch.storedBytes
        place = stretch.offset
        filled = 0
        for (index, size) in stretch.blocks.enumerated() {
            let length = index == stretch.blocks.count - 1 ? stretch.lastLength : data.blockSize
            guard size.stored > 0 else {
                try flush(output, &tally)
                place += length
                continue
            }
            try makeRoom(length, output, &tally)
            try data.read(start, size, length: length, ahead: ahead, into: buffer, at: filled)
            filled += length
            // The walk has checked the sum.
            start += UInt64(size.stored)
            ahead -= size.stored
        }
        if let tail = stretch.tail {
            try makeRoom(tail.length, output, &tally)
            try data.readFragment(
                tail.start, tail.size, offset: tail.offset, length: tail.length, into: buffer, at: filled)
            filled += tail.length
        }
        try flush(output, &tally)
    }

    private func makeRoom(
        _ length: Int, _ output: borrowing OpenFile, _ tally: inout UnpackQueue.Tally
    ) throws(SquashError) {
        guard length > buffer.capacity - filled else { return }
        try flush(output, &tally)
        guard let held else { return }
        do throws(SystemFailure) { try output.setTime([], seconds: held.attributes.modified) } catch {
            throw SquashError(.attributesFailed, errorNumber: error.errorNumber)
        }
    }

    private func flush(_ output: borrowing OpenFile, _ tally: inout UnpackQueue.Tally) throws(SquashError) {
        guard filled > 0 else { return }
        do throws(SystemFailure) {
            try buffer.write(filled, to: output, at: place)
        } catch {
            throw SquashError(.writeFailed, errorNumber: error.errorNumber)
        }
        tally.bytes += filled
        place += filled
        filled = 0
        try pause()
    }
}
