internal import ByteKit
internal import Glibc
internal import JSON

/// One sandbox: a supervisor in its cage, the Runtime API that it speaks to, and the limits it is held to.
final class LocalSandbox: Sendable {
    struct Limits {
        /// MB.
        var memory: Int
        /// Seconds for an event.
        var timeout: Int
        /// When everything must be over; nil when only the events' time counts.
        var end: ContinuousClock.Instant?
    }

    /// Why we ended it.
    private enum Verdict {
        case memory, timeout, silence, end
    }

    private let runtime: LocalRuntime
    private let process: SupervisorProcess
    private let limits: Limits
    private let log: SandboxLog?
    private let verdict = Monitor<Verdict?>(nil)
    private let isOver = Monitor(false)

    /// How long Lambda lets a function start before it asks for an event. The next one it may ask for as late.
    private static let initSeconds = 10

    /// - Parameters:
    ///   - runtime: its own, with the address that is among the variables.
    ///   - start: how the supervisor is started.
    ///   - limits: what it may use.
    ///   - log: what it writes to, where that is kept.
    init(
        _ runtime: LocalRuntime, _ start: SupervisorProcess.Start, _ limits: Limits, _ log: SandboxLog? = nil
    ) throws {
        self.runtime = runtime
        self.limits = limits
        self.log = log
        process = try SupervisorProcess(start) { runtime.close() }
        let watch = Watch(
            runtime: runtime, process: process, limits: limits, verdict: verdict, isOver: isOver)
        do {
            _ = try Thread { watch.run() }
        } catch {
            process.end()
            throw error
        }
    }

    /// Gives the function an event and waits for what comes of it. When the sandbox did not outlive it, `isOver`.
    func invoke(_ event: LocalEvent) throws -> (outcome: LocalRun.Outcome, isOver: Bool) {
        var (outcome, isOver) = try handle(event)
        outcome.log = log?.takeTail() ?? []
        return (outcome, isOver)
    }

    private func handle(_ event: LocalEvent) throws -> (outcome: LocalRun.Outcome, isOver: Bool) {
        runtime.submit(event)
        switch runtime.outcome(of: event.id) {
        case .response(let body): return (LocalRun.Outcome(body: body, isFailure: false), false)
        case .error(let body): return (LocalRun.Outcome(body: body, isFailure: true), false)
        case .initError(let body): return (LocalRun.Outcome(body: body, isFailure: true), true)
        case nil:
            try Cancellation.check()
            let ending = process.ending()
            return (LocalRun.Outcome(body: report(ending, event.id), isFailure: true), true)
        }
    }

    /// Whether its supervisor has gone, for whatever reason.
    var hasEnded: Bool { process.hasEnded }

    /// Ends all that runs in it.
    func stop() {
        isOver.withLock { $0 = true }
        // In this order: a supervisor whose API goes away has something to say about it.
        process.stop()
        runtime.close()
    }

    /// What Lambda would answer the caller, and then in our words why.
    private func report(_ ending: String, _ id: String) -> [UInt8] {
        let (type, reason): (String, String) =
            switch verdict.withLock({ $0 }) {
            case .memory:
                (
                    "Runtime.ExitError",
                    "Runtime exited with error: signal: killed: the function used more than its \(limits.memory) MB"
                )
            case .timeout: ("Sandbox.Timedout", "Task timed out after \(limits.timeout).00 seconds")
            case .silence:
                (
                    "Sandbox.Timedout",
                    "the function did not ask for an event within \(Self.initSeconds + limits.timeout) s"
                )
            case .end: ("Sandbox.Timedout", "ended because the time for the whole was over")
            case nil: ("Runtime.ExitError", "Runtime exited with error: \(ending)")
            }
        return JSON.object([
            ("errorType", .string(type)), ("errorMessage", .string("RequestId: \(id) Error: \(reason)")),
        ]).text()
    }

    /// Holds a sandbox to its limits, on a thread of its own.
    private struct Watch: Sendable {
        let runtime: LocalRuntime
        let process: SupervisorProcess
        let limits: Limits
        let verdict: Monitor<Verdict?>
        let isOver: Monitor<Bool>

        func run() {
            while !isOver.withLock({ $0 }), !process.hasEnded {
                // Whoever waits for an answer must also hear that the person wants no more.
                if Cancellation.isRequested { return runtime.close() }
                if let found = look() {
                    verdict.withLock { $0 = found }
                    return process.end()
                }
                usleep(50_000)
            }
        }

        private func look() -> Verdict? {
            let now = ContinuousClock.now
            if let end = limits.end, now > end { return .end }
            switch runtime.standing {
            case .idle: break
            case .waiting(let since):
                if now - since > .seconds(initSeconds + limits.timeout) { return .silence }
            case .handedOut(let since):
                if now - since > .seconds(limits.timeout) { return .timeout }
            }
            // Looked at twice: while processes are made, one look counts a page that they share for each of them.
            let limit = limits.memory << 20
            return process.holdsMore(than: limit) && process.holdsMore(than: limit) ? .memory : nil
        }
    }
}
