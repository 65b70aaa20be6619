internal import Glibc

/// A large output file whose digest is made while it is written, on a thread of its own: neither waits for the other.
///
/// Everything goes through a few buffers in order, so what is written cannot be changed afterwards. It goes past the page
/// cache where that can be (`OutputFile.init`).
@safe package struct DigestingFile: ~Copyable {
    private var file: OutputFile
    private let hasher: Hasher
    private let lifetime: Lifetime
    private var current: Int?
    private var filled = 0

    /// How much is handed to the hasher at a time.
    package static let bufferSize = 4 << 20

    package init(_ path: String) throws(FileError) {
        let hasher = try Hasher()
        let lifetime = Lifetime(hasher)
        file = try OutputFile(path, bufferSize: DirectWriting.alignment, isReadSoon: false)
        self.hasher = hasher
        self.lifetime = lifetime
    }

    /// Bytes written so far.
    package var count: Int { file.count + filled }

    /// Lets `fill` put up to `count` bytes straight into the buffer, which saves a copy.
    package mutating func write<Failure: Error>(
        count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws {
        if count > Self.bufferSize - filled { try flush() }
        let buffer = unsafe hasher.buffers[openBuffer()]
        unsafe try fill(UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count]))
        filled += count
    }

    /// Appends bytes.
    package mutating func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Self.bufferSize)
            unsafe try write(count: piece.count) { unsafe $0.copyBytes(from: piece) }
            rest = rest.dropFirst(piece.count)
        }
    }

    private mutating func openBuffer() -> Int {
        let index = current ?? hasher.emptyBuffer()
        current = index
        return index
    }

    /// Hands on what is in the buffer, up to the last place where a direct write can end; the rest moves to the next one.
    private mutating func flush(isLast: Bool = false) throws {
        guard let index = current else { return }
        let count = isLast ? filled : filled & ~(DirectWriting.alignment - 1)
        let rest = unsafe UnsafeRawBufferPointer(rebasing: hasher.buffers[index][count..<filled])
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: hasher.buffers[index][..<count])
        current = nil
        filled = 0
        if unsafe !rest.isEmpty {
            unsafe hasher.buffers[openBuffer()].copyMemory(from: rest)
            filled = rest.count
        }
        hasher.hash(index, count: count)
        // The hasher only reads: both may work on the buffer at once, and it is given out again when both are done.
        unsafe try file.write(bytes)
        hasher.release(index)
    }

    /// Gives the file its name; gives the digest and size of its bytes.
    package consuming func finish() throws -> (digest: Digest, size: Int) {
        try flush(isLast: true)
        let size = file.count
        let digest = hasher.finish()
        try file.finish()
        return (digest, size)
    }

    /// The buffers and the thread that hashes them.
    @safe private final class Hasher: Sendable {
        nonisolated(unsafe) let buffers: [UnsafeMutableRawBufferPointer]
        private let state: Monitor<State>

        private struct State {
            var free: [Int]
            /// How many of writer and hasher still use each buffer.
            var users: [Int]
            var queue: [(index: Int, count: Int)] = []
            var isClosed = false
            var digest: Digest?
        }

        init() throws(FileError) {
            unsafe buffers = (0..<3).map { _ in
                .allocate(
                    byteCount: DigestingFile.bufferSize + DirectWriting.alignment, alignment: DirectWriting.alignment)
            }
            let state = Monitor(State(free: [0, 1, 2], users: [0, 0, 0]))
            self.state = state
            _ = try Thread { [self] in run() }
        }

        func emptyBuffer() -> Int { state.wait { $0.free.popLast() } }

        func hash(_ index: Int, count: Int) {
            state.withLock { state in
                state.users[index] = 2
                state.queue.append((index, count))
            }
        }

        func release(_ index: Int) {
            state.withLock { state in
                state.users[index] -= 1
                if state.users[index] == 0 { state.free.append(index) }
            }
        }

        func finish() -> Digest {
            close()
            return state.wait { $0.digest }
        }

        func close() { state.withLock { $0.isClosed = true } }

        private func run() {
            var sum = Sha256()
            while let (index, count) = next() {
                unsafe sum.update(UnsafeRawBufferPointer(rebasing: buffers[index][..<count]))
                release(index)
            }
            let digest = sum.finalize()
            state.withLock { $0.digest = digest }
        }

        private func next() -> (index: Int, count: Int)? {
            state.wait { state -> (index: Int, count: Int)?? in
                if !state.queue.isEmpty { return .some(state.queue.removeFirst()) }
                return state.isClosed ? .some(nil) : nil
            }
        }

        deinit {
            unsafe buffers.forEach { unsafe $0.deallocate() }
        }
    }

    /// Ends the hasher's thread when the file goes, finished or not. Apart, because a struct that is taken apart by
    /// `finish` cannot have a `deinit`.
    private final class Lifetime {
        private let hasher: Hasher
        init(_ hasher: Hasher) { self.hasher = hasher }
        deinit { hasher.close() }
    }
}
