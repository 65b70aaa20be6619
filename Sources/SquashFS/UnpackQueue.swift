/// Hands batches of files from the walk to the threads that write them, and gathers what became of them.
final class UnpackQueue: Sendable {
    struct Tally: Sendable {
        /// The first thing that went wrong.
        var failure: SquashError?
        var bytes = 0
        var skippedAttributes = 0
    }

    private struct State: Sendable {
        var batches: [UnpackBatch] = []
        /// Parts sent and not yet done. Each may keep a folder open, so this bounds open descriptors too.
        var parts = 0
        var workers = 0
        var isClosed = false
        var tally = Tally()
    }

    private static let mostParts = 256
    private let state = Guarded(State())

    /// Waits for room and hands on a batch; throws what went wrong in a thread.
    func send(_ batch: UnpackBatch) throws(SquashError) {
        let failure = state.wait { state -> SquashError?? in
            if let failure = state.tally.failure { return .some(failure) }
            guard state.parts == 0 || state.parts + batch.parts.count <= Self.mostParts else { return nil }
            state.parts += batch.parts.count
            state.batches.append(batch)
            return .some(nil)
        }
        if let failure = failure ?? nil { throw failure }
    }

    /// How many threads are at work.
    var workers: Int { state.withLock { $0.workers } }
    func begin() { state.withLock { $0.workers += 1 } }
    func end() { state.withLock { $0.workers -= 1 } }

    /// Adds to the tally what a worker has done.
    func add(_ done: Tally) {
        state.withLock { state in
            state.tally.bytes += done.bytes
            state.tally.skippedAttributes += done.skippedAttributes
        }
    }

    func skip(attributes count: Int) {
        if count > 0 { add(Tally(skippedAttributes: count)) }
    }

    /// Notes what went wrong, unless something had already; those who wait hear of it. What nobody has taken goes, and
    /// with it the folders that it keeps open.
    func fail(_ error: SquashError) {
        state.withLock { state in
            if state.tally.failure == nil { state.tally.failure = error }
            state.batches = []
        }
    }

    /// The life of a thread: takes batches until there are no more, which a failure sees to.
    func work(_ make: () throws(SquashError) -> UnpackWorker) {
        defer { end() }
        do throws(SquashError) {
            let worker = try make()
            while let batch = take() {
                let done = try worker.write(batch, self)
                state.withLock { state in
                    state.parts -= batch.parts.count
                    state.tally.bytes += done.bytes
                    state.tally.skippedAttributes += done.skippedAttributes
                }
            }
        } catch {
            fail(error)
        }
    }

    private func take() -> UnpackBatch? {
        let batch = state.wait { state -> UnpackBatch?? in
            if state.tally.failure != nil { return .some(nil) }
            if !state.batches.isEmpty { return .some(state.batches.removeFirst()) }
            return state.isClosed ? .some(nil) : nil
        }
        return batch ?? nil
    }

    /// Waits until the threads have done all they were sent.
    func finish() -> Tally {
        state.withLock { $0.isClosed = true }
        return state.wait { $0.workers == 0 ? $0.tally : nil } ?? Tally()
    }
}
