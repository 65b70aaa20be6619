/// How far a file's block list has been followed, and the block that lies in the reader's buffer.
struct FilePosition {
    var reference: UInt64
    /// The block that comes next: its number, where its bytes stand, and where its size stands.
    var block: Int
    var start: UInt64
    var cursor: MetadataCursor
    /// The block, or fragment, in the buffer, and its length.
    var loaded: (index: Int, length: Int)?
}

extension SquashReader {
    /// Reads bytes of a regular file from any place; fewer come back only at the file's end.
    ///
    /// Going forward through one file reads and decompresses each block once. Going back follows the block list from
    /// the file's start again.
    package func read(_ inode: SquashInode, at offset: Int, count: Int) throws(SquashError) -> [UInt8] {
        guard let file = inode.file else { throw SquashError(.notFile) }
        guard offset >= 0, count > 0, offset < file.size else { return [] }
        let end = offset + min(count, file.size - offset)
        var bytes: [UInt8] = []
        var place = offset
        while place < end {
            let index = place / superblock.blockSize
            let length = try load(index, of: file, inode.reference)
            let inside = place - index * superblock.blockSize
            let taken = min(length - inside, end - place)
            guard taken > 0 else { throw SquashError(.badBlock) }
            buffer.append(at: inside, count: taken, to: &bytes)
            place += taken
        }
        return bytes
    }

    /// A whole regular file, which must not be longer than `limit` bytes.
    package func contents(of inode: SquashInode, limit: Int) throws(SquashError) -> [UInt8] {
        guard let file = inode.file else { throw SquashError(.notFile) }
        guard file.size <= limit else { throw SquashError(.tooLarge(limit: limit)) }
        return try read(inode, at: 0, count: file.size)
    }

    /// Brings a block, or the last part, of a file into the buffer and gives its length.
    private func load(_ index: Int, of file: SquashFile, _ reference: UInt64) throws(SquashError) -> Int {
        if let known = position, known.reference == reference, let loaded = known.loaded, loaded.index == index {
            return loaded.length
        }
        var position = FilePosition(reference: reference, block: 0, start: file.start, cursor: file.blocks)
        if let known = self.position, known.reference == reference, known.block <= index { position = known }
        self.position = nil
        if buffer.capacity == 0 { buffer = BlockBuffer(capacity: superblock.blockSize) }
        let length: Int
        if index < file.blockCount {
            length = file.blockLength(index, blockSize: superblock.blockSize)
            var size = try nextSize(at: &position)
            while position.block <= index {
                position.start = try after(position.start, size)
                size = try nextSize(at: &position)
            }
            try data.read(position.start, size, length: length, ahead: size.stored, into: buffer, at: 0)
            position.start = try after(position.start, size)
        } else {
            guard let tail = file.fragment else { throw SquashError(.badBlock) }
            length = file.tailLength(blockSize: superblock.blockSize)
            let place = try fragment(tail.index)
            try data.readFragment(
                place.start, place.size, offset: Int(tail.offset), length: length, into: buffer, at: 0)
        }
        position.loaded = (index, length)
        self.position = position
        return length
    }

    /// The size of the next block of a file's list.
    private func nextSize(at position: inout FilePosition) throws(SquashError) -> BlockSize {
        let raw = try metadata.integer32(at: &position.cursor, scratch: &scratch)
        position.block += 1
        return try BlockSize(raw, blockSize: superblock.blockSize)
    }

    private func after(_ start: UInt64, _ size: BlockSize) throws(SquashError) -> UInt64 {
        let sum = start.addingReportingOverflow(UInt64(size.stored))
        guard !sum.overflow else { throw SquashError(.badBlock) }
        return sum.partialValue
    }
}
