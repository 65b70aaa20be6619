internal import CSupervisor

/// Makes an image's whole tree at once and brings the files their bytes while others use it already.
///
/// Folders, links and files, with sizes, modes and times, are there first. Who opens a file that has not got its bytes
/// yet is kept waiting by the kernel, and the file is then the next to get them; the rest follow in the order of the
/// image's data. A descriptor stays open for each such file, and a process can have few: so threads with tables of their
/// own pass the walk on, each when it holds as many files as it can, and then fill theirs.
package final class BackgroundUnpack: Sendable {
    private struct State {
        var hasTree = false
        /// Threads that have files, or the walk.
        var holders = 0
        var failure: SquashError?
        /// One for each that may write, and one more for those that somebody waits for.
        var workers: [UnpackWorker]
        var waiting: [Turn] = []
        var result = SquashUnpacker.Result()
    }

    /// A thread that wants to write.
    private struct Turn {
        var held: HeldFiles
        /// Where its next file's data is in the image.
        var place: UInt64
    }

    private let state: Guarded<State>
    private let mostBytes: Int
    private let whenFailing: @Sendable () -> Void

    private init(_ state: sending State, mostBytes: Int, _ whenFailing: @escaping @Sendable () -> Void) {
        self.state = Guarded(state)
        self.mostBytes = mostBytes
        self.whenFailing = whenFailing
    }

    /// Makes the tree. When it throws, no thread is at work any more, and what was made stays.
    ///
    /// - Parameters:
    ///   - reader: the image, whose file must stay open until the end.
    ///   - folder: where its root's contents go. It is made when it is missing; it must be empty.
    ///   - whenFailing: called when something has gone wrong, before anybody sees a file without its bytes.
    package static func start(
        _ reader: sending SquashReader, into folder: [UInt8], options: SquashUnpacker.Options,
        whenFailing: @escaping @Sendable () -> Void = {}
    ) throws(SquashError) -> BackgroundUnpack {
        let threads = max(1, options.threads)
        var workers: [UnpackWorker] = []
        for _ in 0...threads { workers.append(try UnpackWorker(reader.source, reader.superblock)) }
        // A file is written by one thread: where there are enough files, all threads have some.
        let unpack = BackgroundUnpack(
            State(workers: workers), mostBytes: max(4 << 20, Int(reader.source.length) / 8), whenFailing)
        let walk = Walk(SquashUnpacker(reader, options))
        try walk.unpacker.begin(folder)
        guard unpack.startThread(walk) else { throw SquashError(.noLeases) }
        let failure = unpack.state.wait { state -> SquashError?? in
            if let failure = state.failure { return state.holders == 0 ? .some(failure) : nil }
            return state.hasTree ? .some(nil) : nil
        }
        if let failure = failure ?? nil { throw failure }
        return unpack
    }

    /// Waits until all files have their bytes, and tells what was made.
    package func finish() throws(SquashError) -> SquashUnpacker.Result {
        let end = state.wait { state in state.holders == 0 ? (state.failure, state.result) : nil }
        if let failure = end?.0 { throw failure }
        return end?.1 ?? SquashUnpacker.Result()
    }
}

// MARK: - The walk, from thread to thread

extension BackgroundUnpack {
    /// The walk on its way from one thread to the next.
    private final class Walk: @unchecked Sendable {
        // Unchecked: the thread that has the walk is the only one that touches it, and it waits for the next one's
        // answer, after which it does so no more.
        var unpacker: SquashUnpacker
        /// What the thread before holds: the next one has copies.
        var inherited: [Int32] = []
        let isTaken = Guarded<Bool?>(nil)

        init(_ unpacker: SquashUnpacker) { self.unpacker = unpacker }
    }

    /// Starts a thread that takes the walk over; false when that cannot be, and the walk is still the caller's.
    private func startThread(_ walk: Walk) -> Bool {
        guard BackgroundThread.start({ self.run(walk) }) else { return false }
        return walk.isTaken.wait { $0 } ?? false
    }

    private func run(_ walk: Walk) {
        guard let held = HeldFiles(mostBytes: mostBytes), held.isApart || walk.inherited.isEmpty else {
            walk.isTaken.withLock { $0 = false }
            return
        }
        for descriptor in walk.inherited { csupervisor_close(descriptor) }
        state.withLock { $0.holders += 1 }
        walk.isTaken.withLock { $0 = true }
        do throws(SquashError) {
            try makeTree(walk, held)
            try fill(held)
        } catch {
            // First of all: a program that meets an emptied file must not pass for one that went well.
            whenFailing()
            state.withLock { state in
                if state.failure == nil { state.failure = error }
            }
            held.giveUp()
        }
        state.withLock { $0.holders -= 1 }
    }

    private func makeTree(_ walk: Walk, _ held: HeldFiles) throws(SquashError) {
        walk.unpacker.held = held
        if try !walk.unpacker.makeEntries() {
            let next = Walk(walk.unpacker)
            next.inherited = held.descriptors
            if held.isApart, startThread(next) {
                walk.unpacker.forgetFolders()
                return
            }
            // Nobody else can hold files: what is left is written before the tree is used.
            walk.unpacker.held = nil
            try walk.unpacker.writeFiles()
            _ = try walk.unpacker.makeEntries()
            try walk.unpacker.flush()
        }
        let result = walk.unpacker.result
        state.withLock { state in
            state.result.add(result)
            state.hasTree = true
        }
    }
}

// MARK: - The files

extension BackgroundUnpack {
    /// How much a thread writes until others may have its turn.
    private static var turnBytes: Int { 4 << 20 }
    private static var turnFiles: Int { 64 }

    private func fill(_ held: HeldFiles) throws(SquashError) {
        held.sort()
        var isYielding = false
        while let place = held.place {
            guard let turn = takeTurn(held, place) else { throw SquashError(.stopped) }
            if turn.hasTree, !isYielding {
                // The function goes first: it is why the tree is made.
                csupervisor_yield_processors()
                isYielding = true
            }
            defer { state.withLock { $0.workers.append(turn.worker) } }
            var tally = UnpackQueue.Tally()
            var files = 0
            repeat {
                guard let index = held.next() else { break }
                try fill(held, index, turn.worker, &tally)
                try held.letGo(index)
                files += 1
            } while turn.isExpress ? held.isWanted : tally.bytes < Self.turnBytes && files < Self.turnFiles
            state.withLock { state in
                state.result.bytes += tally.bytes
                state.result.skippedAttributes += tally.skippedAttributes
            }
        }
    }

    /// A function of its own, so that nothing keeps the file open behind it.
    private func fill(
        _ held: HeldFiles, _ index: Int, _ worker: UnpackWorker, _ tally: inout UnpackQueue.Tally
    ) throws(SquashError) {
        guard let file = held.files[index] else { return }
        let makeWaitingKnown = makeWaitingKnown()
        do throws(SquashError) {
            try worker.fill(file, &tally) { () throws(SquashError) in
                makeWaitingKnown()
                try held.checkPatience(index)
            }
        } catch {
            throw error.at(file.path)
        }
    }

    /// Waits until this thread may write: who is waited for first, then in the order of the data. Nil when something
    /// went wrong elsewhere.
    private func takeTurn(
        _ held: HeldFiles, _ place: UInt64
    ) -> (worker: UnpackWorker, isExpress: Bool, hasTree: Bool)? {
        state.withLock { $0.waiting.append(Turn(held: held, place: place)) }
        let turn = state.wait { state -> (worker: UnpackWorker, isExpress: Bool, hasTree: Bool)?? in
            guard state.failure == nil else {
                state.waiting.removeAll { $0.held === held }
                return .some(nil)
            }
            let isExpress = held.isWanted
            // The walk needs a processor, too.
            let kept = isExpress ? 0 : state.hasTree ? 1 : 2
            guard state.workers.count > kept, isExpress || !state.waiting.contains(where: { $0.place < place }),
                let worker = state.workers.popLast()
            else { return nil }
            state.waiting.removeAll { $0.held === held }
            return .some((worker, isExpress, state.hasTree))
        }
        return turn ?? nil
    }

    /// What a thread does between writes: when somebody has begun to wait, it wakes the threads, so that theirs is found
    /// whose file it is.
    private func makeWaitingKnown() -> () -> Void {
        var known = HeldFiles.waits
        return { [state] in
            let waits = HeldFiles.waits
            guard waits != known else { return }
            known = waits
            state.withLock { _ in }
        }
    }
}

extension SquashUnpacker.Result {
    fileprivate mutating func add(_ other: SquashUnpacker.Result) {
        files += other.files
        folders += other.folders
        symlinks += other.symlinks
        hardLinks += other.hardLinks
        skippedDevices += other.skippedDevices
        skippedAttributes += other.skippedAttributes
        bytes += other.bytes
    }
}
