internal import ByteKit

/// Sandboxes of one function: an event gets an idle one, or a new one, or waits when there are as many as may be.
final class SandboxPool: Sendable {
    private let limit: Int
    private let make: @Sendable (Int) throws -> LocalSandbox
    /// A cage ends with the thread that has started it, so that nothing outlives us: one thread starts them all.
    private let starter: WorkerPool
    private let state = Monitor(State())

    private struct State {
        var idle: [(number: Int, sandbox: LocalSandbox)] = []
        /// Numbers of sandboxes that are at work or starting.
        var busy: Set<Int> = []
        var isClosed = false
    }

    /// - Parameters:
    ///   - limit: how many there may be at a time.
    ///   - make: starts one; each of those there are at a time has another number.
    init(limit: Int, make: @escaping @Sendable (Int) throws -> LocalSandbox) throws(FileError) {
        starter = try WorkerPool(width: 1)
        self.limit = max(1, limit)
        self.make = make
    }

    /// Has an event handled; nil when the pool is closed.
    func invoke(_ event: LocalEvent) throws -> LocalRun.Outcome? {
        guard let (number, idle) = take() else { return nil }
        var kept: LocalSandbox?
        defer { giveBack(number, kept) }
        let sandbox = try idle ?? start(number)
        do {
            let (outcome, isOver) = try sandbox.invoke(event)
            if isOver { sandbox.stop() } else { kept = sandbox }
            return outcome
        } catch {
            sandbox.stop()
            throw error
        }
    }

    private func start(_ number: Int) throws -> LocalSandbox {
        let started = Monitor<Result<LocalSandbox, any Error>?>(nil)
        starter.submit { [make] in
            let result = Result { try make(number) }
            started.withLock { $0 = result }
        }
        return try started.wait { $0 }.get()
    }

    private func take() -> (number: Int, sandbox: LocalSandbox?)? {
        state.wait { state -> (number: Int, sandbox: LocalSandbox?)?? in
            if state.isClosed { return .some(nil) }
            if let (number, sandbox) = state.idle.popLast() {
                state.busy.insert(number)
                guard sandbox.hasEnded else { return .some((number, sandbox)) }
                // It ended between events, and another takes its place.
                sandbox.stop()
                return .some((number, nil))
            }
            guard let number = (1...limit).first(where: { !state.busy.contains($0) }) else { return nil }
            state.busy.insert(number)
            return .some((number, nil))
        }
    }

    private func giveBack(_ number: Int, _ sandbox: LocalSandbox?) {
        let isUnwanted = state.withLock { state in
            state.busy.remove(number)
            guard let sandbox, !state.isClosed else { return true }
            state.idle.append((number, sandbox))
            return false
        }
        if isUnwanted { sandbox?.stop() }
    }

    /// Ends all sandboxes; those at work as soon as they are done.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for (_, sandbox) in idle { sandbox.stop() }
        state.wait { $0.busy.isEmpty ? () : nil }
    }
}
