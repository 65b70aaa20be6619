internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// Runs a program to its end, or ends it, with everything it has started.
package struct ChildProcess {
    /// What to run. Nothing is looked up or expanded.
    package struct Program: Sendable, Equatable {
        /// The executable's path.
        package var path: [UInt8]
        /// The arguments, the program's own name first.
        package var arguments: [[UInt8]]
        /// `NAME=value` each.
        package var environment: [[UInt8]]
        /// The folder it starts in.
        package var folder: [UInt8]

        package init(path: [UInt8], arguments: [[UInt8]], environment: [[UInt8]], folder: [UInt8]) {
            self.path = path
            self.arguments = arguments
            self.environment = environment
            self.folder = folder
        }
    }

    package struct Limits: Sendable {
        /// When the program is told to end, in nanoseconds of the monotonic clock.
        package var deadline: Int64
        /// How long it then has until it is killed, in nanoseconds.
        package var grace: Int64
        /// How much of its standard output is kept.
        package var outputBytes: Int

        package init(deadline: Int64, grace: Int64, outputBytes: Int) {
            self.deadline = deadline
            self.grace = grace
            self.outputBytes = outputBytes
        }
    }

    package enum Outcome: Sendable, Equatable {
        case exited(Int32)
        /// A signal ended it that we did not send.
        case signalled(Int32)
        case timedOut
        /// It could not be started: the error number.
        case notStarted(Int32)
    }

    package struct Report: Sendable, Equatable {
        package var outcome: Outcome
        /// The beginning of its standard output, as much as the limit allows.
        package var output: [UInt8]
        /// How much there was in all.
        package var outputCount: Int
        /// The end of its standard error.
        package var errorTail: [UInt8]
    }

    /// Where a line of the program's output came from.
    package enum Stream: Sendable { case output, errors }

    /// How much of standard error is kept for messages.
    static var tailBytes: Int { 4096 }

    private let limits: Limits
    private let child: csupervisor_child
    private var output: Capture
    private var errors: Capture
    private var process: Int32 = 0
    private var outcome: Outcome?
    /// When the program was told to end.
    private var toldAt: Int64?

    /// Runs a program and waits until nothing of it is left.
    ///
    /// - Parameters:
    ///   - program: what to run.
    ///   - limits: how long, and how much output is kept.
    ///   - sink: gets the standard output as it comes.
    ///   - log: hears all output as it comes, in whole lines where they are not too long.
    package static func run(
        _ program: Program, _ limits: Limits, sink: ([UInt8]) -> Void = { _ in }, log: (Stream, [UInt8]) -> Void
    ) -> Report {
        guard let texts = Texts(program) else { return .notStarted(SystemFailure.invalid) }
        var child = csupervisor_child.none
        let failure = unsafe csupervisor_start(
            texts.path, texts.arguments, program.arguments.count, texts.environment, program.environment.count,
            texts.folder, 0, &child)
        guard failure == 0 else { return .notStarted(-failure) }
        defer { for pipe in [child.output, child.errors, child.news] { csupervisor_close(pipe) } }
        var running = ChildProcess(limits, child)
        running.follow(log, sink)
        csupervisor_watch_over(0)
        csupervisor_reap(child.keeper)
        return running.report
    }

    private init(_ limits: Limits, _ child: csupervisor_child) {
        self.limits = limits
        self.child = child
        output = Capture(.output, kept: limits.outputBytes, isTail: false)
        errors = Capture(.errors, kept: Self.tailBytes, isTail: true)
    }

    private var report: Report {
        Report(
            outcome: toldAt != nil ? .timedOut : outcome ?? .signalled(Self.kill), output: output.kept,
            outputCount: output.count, errorTail: errors.kept)
    }

    /// The program's texts, each item ended by a NUL.
    struct Texts {
        var path: [UInt8]
        var arguments: [UInt8]
        var environment: [UInt8]
        var folder: [UInt8]

        /// Nil when one of them has a NUL of its own.
        init?(_ program: Program) {
            let texts = [program.path, program.folder] + program.arguments + program.environment
            guard !texts.contains(where: { $0.contains(0) }), !program.arguments.isEmpty else { return nil }
            path = program.path + [0]
            folder = program.folder + [0]
            arguments = program.arguments.reduce(into: []) { $0 += $1 + [0] }
            environment = program.environment.reduce(into: []) { $0 += $1 + [0] } + [0]
        }
    }
}

extension ChildProcess.Report {
    fileprivate static func notStarted(_ errorNumber: Int32) -> ChildProcess.Report {
        ChildProcess.Report(outcome: .notStarted(errorNumber), output: [], outputCount: 0, errorTail: [])
    }
}

extension csupervisor_child {
    static var none: csupervisor_child {
        csupervisor_child(keeper: -1, output: -1, errors: -1, news: -1, requests: -1, answers: -1)
    }
}

// MARK: - While it runs

extension ChildProcess {
    // Signals of Linux.
    static var terminate: Int32 { 15 }
    static var kill: Int32 { 9 }

    /// Passes output on and keeps the time until the keeper has gone.
    private mutating func follow(_ log: (Stream, [UInt8]) -> Void, _ sink: ([UInt8]) -> Void) {
        var watches = [
            csupervisor_watch(descriptor: child.news, ready: 0),
            csupervisor_watch(descriptor: child.output, ready: 0),
            csupervisor_watch(descriptor: child.errors, ready: 0),
        ]
        while watches[0].descriptor >= 0 {
            enforceDeadline()
            let ready = unsafe csupervisor_wait(&watches, 3, millisecondsToWait)
            guard ready >= 0 else { break }
            if watches[1].ready != 0, !output.take(from: child.output, log, sink) { watches[1].descriptor = -1 }
            if watches[2].ready != 0, !errors.take(from: child.errors, log) { watches[2].descriptor = -1 }
            if watches[0].ready != 0, !takeNews() { watches[0].descriptor = -1 }
        }
        // What the pipes still hold; no more can come.
        while output.take(from: child.output, log, sink) {}
        while errors.take(from: child.errors, log) {}
        output.finish(log)
        errors.finish(log)
    }

    /// Reads what the keeper tells; false when it has gone.
    private mutating func takeNews() -> Bool {
        var news = csupervisor_news(kind: 0, value: 0)
        let size = MemoryLayout<csupervisor_news>.size
        guard unsafe csupervisor_read(child.news, &news, size) == size else { return false }
        switch news.kind {
        case 1:
            process = news.value
            csupervisor_watch_over(process)
        case 2: outcome = .notStarted(news.value)
        default:
            process = 0
            let signal = csupervisor_ending_signal(news.value)
            if outcome == nil {
                outcome = signal == 0 ? .exited(csupervisor_exit_code(news.value)) : .signalled(signal)
            }
        }
        return true
    }

    /// Asks the program to end when its time is up, and makes it when the grace is over.
    private mutating func enforceDeadline() {
        guard process > 0 else { return }
        let now = Clock.nanoseconds
        if let toldAt {
            // Again each time, until the news of its end comes.
            if now - toldAt >= limits.grace { csupervisor_signal_group(process, Self.kill) }
        } else if now >= limits.deadline {
            toldAt = now
            csupervisor_signal_group(process, Self.terminate)
        }
    }

    private var millisecondsToWait: Int64 {
        // Without its number there is no one to signal; it comes at once. After its end the keeper's comes soon.
        guard process > 0 else { return outcome == nil ? 100 : -1 }
        let until = toldAt.map { $0 + limits.grace } ?? limits.deadline
        return max(toldAt == nil ? 0 : 20, (until - Clock.nanoseconds) / 1_000_000 + 1)
    }
}
