internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
#endif

/// One of the program's streams: passed on whole, kept in part.
struct Capture {
    private let stream: ChildProcess.Stream
    private let limit: Int
    private let isTail: Bool
    private var line: [UInt8] = []
    private var isBinary = false
    private(set) var kept: [UInt8] = []
    private(set) var count = 0

    /// Lines longer than this are passed on in pieces.
    static var longestLine: Int { 16 << 10 }

    init(_ stream: ChildProcess.Stream, kept limit: Int, isTail: Bool) {
        self.stream = stream
        self.limit = limit
        self.isTail = isTail
    }

    /// Reads what is there; false at the end, or when nothing is.
    mutating func take(
        from descriptor: Int32, _ log: (ChildProcess.Stream, [UInt8]) -> Void, _ sink: ([UInt8]) -> Void = { _ in }
    ) -> Bool {
        var got = 0
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, filled in
            got = unsafe csupervisor_read(descriptor, buffer.baseAddress, buffer.count)
            filled = max(0, got)
        }
        guard got > 0 else { return false }
        count += got
        sink(chunk)
        keep(chunk)
        pass(chunk, log)
        return true
    }

    private mutating func keep(_ chunk: [UInt8]) {
        if isTail {
            kept.append(contentsOf: chunk.suffix(limit))
            if kept.count > 2 * limit { kept.removeFirst(kept.count - limit) }
        } else if kept.count < limit {
            kept.append(contentsOf: chunk.prefix(limit - kept.count))
        }
    }

    /// Passes on up to the last line break; the rest waits for its own.
    private mutating func pass(_ chunk: [UInt8], _ log: (ChildProcess.Stream, [UInt8]) -> Void) {
        guard !isBinary else { return }
        // A picture is an answer and no text for a log.
        if chunk.contains(0) {
            isBinary = true
            line = []
            return
        }
        var rest = chunk[...]
        if let end = chunk.lastIndex(of: 0x0a) {
            log(stream, line + chunk[...end])
            line = []
            rest = chunk[(end + 1)...]
        }
        line += rest
        while line.count > Self.longestLine {
            let piece = Self.piece(of: line)
            log(stream, line[..<piece] + [0x0a])
            line.removeFirst(piece)
        }
    }

    /// How much of a line that is too long goes first: as much as may, and no part of a character.
    private static func piece(of line: [UInt8]) -> Int {
        var end = longestLine
        while end > longestLine - 4, line[end] & 0xc0 == 0x80 { end -= 1 }
        return end
    }

    /// Passes on what has no line break yet.
    mutating func finish(_ log: (ChildProcess.Stream, [UInt8]) -> Void) {
        guard !line.isEmpty else { return }
        log(stream, line + [0x0a])
        line = []
    }
}
