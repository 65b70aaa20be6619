/// Reads where a file's data stands, a stretch at a time.
struct StretchReader {
    private let file: SquashFile
    private var start: UInt64
    private var cursor: MetadataCursor
    private var index = 0

    init(_ file: SquashFile) {
        self.file = file
        start = file.start
        cursor = file.blocks
    }

    var isAtEnd: Bool { index == file.blockCount }

    /// The next stretch, of at most so many blocks; the last has the file's tail.
    mutating func next(atMost count: Int, _ reader: SquashReader) throws(SquashError) -> FileStretch {
        let blockSize = reader.superblock.blockSize
        var data = FileStretch(offset: index * blockSize, start: start)
        let end = min(file.blockCount, index + count)
        while index < end {
            let raw = try reader.metadata.integer32(at: &cursor, scratch: &reader.scratch)
            let size = try BlockSize(raw, blockSize: blockSize)
            data.append(size, length: file.blockLength(index, blockSize: blockSize))
            let next = start.addingReportingOverflow(UInt64(size.stored))
            guard !next.overflow else { throw SquashError(.badBlock) }
            start = next.partialValue
            index += 1
        }
        if isAtEnd { data.tail = try tail(reader) }
        return data
    }

    private func tail(_ reader: SquashReader) throws(SquashError) -> FileStretch.Tail? {
        let length = file.tailLength(blockSize: reader.superblock.blockSize)
        guard let fragment = file.fragment, length > 0 else { return nil }
        let place = try reader.fragment(fragment.index)
        return FileStretch.Tail(start: place.start, size: place.size, offset: Int(fragment.offset), length: length)
    }
}
