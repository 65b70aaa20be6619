internal import ByteKit

/// Many entries, deflated on many threads and written in their order.
extension ZipWriter {
    /// Bytes that are held in memory, the largest file apart.
    private static let bytesAhead = 64 << 20
    private static let entriesAhead = 256

    /// An entry whose bytes are being summed and deflated.
    private struct Pending {
        let entry: ZipEntry
        let data: [UInt8]
        let packed = Monitor<Packed?>(nil)
    }

    private struct Packed: Sendable {
        let crc: UInt32
        let deflated: [UInt8]?
    }

    /// Writes entries in their order, the bytes of which depend on nothing but them.
    ///
    /// - Parameter image: what entries of the image are read from.
    mutating func add(_ entries: [ZipEntry], reading image: RootView, pool: WorkerPool) throws {
        var pending: [Pending] = []
        var bytes = 0
        for entry in entries {
            try Cancellation.check()
            let data = try Self.contents(of: entry, image)
            // What is not held in memory is written at once, so all before it is as well.
            while let first = pending.first,
                data.map({ bytes + $0.count > Self.bytesAhead || pending.count >= Self.entriesAhead }) ?? true
            {
                bytes -= first.data.count
                try write(pending.removeFirst())
            }
            guard let data else {
                try addLarge(entry, image)
                continue
            }
            try entry.check()
            try claim(entry)
            bytes += data.count
            pending.append(Self.pack(entry, data, pool))
        }
        for entry in pending { try write(entry) }
    }

    /// Starts to pack an entry.
    private static func pack(_ entry: ZipEntry, _ data: [UInt8], _ pool: WorkerPool) -> Pending {
        let pending = Pending(entry: entry, data: data)
        let level = entry.isDeflated ? level(of: entry.content) : nil
        pool.submit { [packed = pending.packed] in
            let deflated = level.flatMap { Deflater(level: $0).deflate(data) }
            let result = Packed(crc: Crc32.update(0, data), deflated: deflated)
            packed.withLock { $0 = result }
        }
        return pending
    }

    /// How hard an entry's bytes are deflated. An image has many of them, and each try harder saves little: from level 6 to
    /// 9 a Debian image with Ruby gets 1 % smaller and takes twice as long.
    private static func level(of content: ZipEntry.Content) -> Int32? {
        switch content {
        case .bytes, .file: 9
        case .image: 6
        case .link, .folder: nil
        }
    }

    private mutating func write(_ pending: Pending) throws(PackagerError) {
        let packed = pending.packed.wait { $0 }
        try begin(
            pending.entry, crc: packed.crc, size: pending.data.count,
            compressedSize: packed.deflated?.count ?? pending.data.count, isDeflated: packed.deflated != nil)
        try write(packed.deflated ?? pending.data)
    }

    /// An entry's bytes; nil for those that are not taken into memory whole.
    private static func contents(of entry: ZipEntry, _ image: RootView) throws -> [UInt8]? {
        switch entry.content {
        case .bytes(let bytes): return bytes
        case .link(let target): return target
        case .folder: return []
        case .file(let path):
            let input = try InputFile(path)
            guard entry.isDeflated, input.size <= largestDeflated else { return nil }
            return try input.read(count: input.size, at: 0)
        case .image(let path, let size):
            guard size <= largestDeflated else { return nil }
            let bytes = try image.read(path, 0, size)
            guard bytes.count == size else { throw unreadable(entry, "it has \(bytes.count) bytes, not \(size)") }
            return bytes
        }
    }

    /// Stores a file without holding it in memory.
    private mutating func addLarge(_ entry: ZipEntry, _ image: RootView) throws {
        guard case .image(let path, let size) = entry.content else { return try add(entry) }
        try entry.check()
        try claim(entry)
        // Two passes: the sum stands before the data.
        var crc: UInt32 = 0
        try Self.forEachPiece(of: path, size, entry, image) { crc = Crc32.update(crc, $0) }
        try begin(entry, crc: crc, size: size, compressedSize: size, isDeflated: false)
        try Self.forEachPiece(of: path, size, entry, image) { try write($0) }
    }

    private static func forEachPiece(
        of path: String, _ size: Int, _ entry: ZipEntry, _ image: RootView, _ body: ([UInt8]) throws -> Void
    ) throws {
        var offset = 0
        while offset < size {
            let bytes = try image.read(path, offset, min(1 << 20, size - offset))
            guard !bytes.isEmpty else { throw unreadable(entry, "it ends after \(offset) bytes") }
            try body(bytes)
            offset += bytes.count
        }
    }
}
