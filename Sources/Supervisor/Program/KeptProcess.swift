internal import CSupervisor

#if !hasFeature(Embedded)
    internal import SquashFS
#endif

/// A program that has been started, and all that it starts, under its keeper until nothing of it is left.
final class KeptProcess {
    typealias Log = (ChildProcess.Stream, [UInt8]) -> Void
    typealias Sink = ([UInt8]) -> Void

    private let child: csupervisor_child
    /// Its streams, a worker's answers and the keeper's news; negative descriptors for what is at its end.
    private var watches: [csupervisor_watch]
    /// Its number and its group's; 0 before that is told, and after its end.
    private var process: Int32 = 0
    /// Whether somebody waits for what it does.
    private var isFollowed = false
    private var isSwept = false
    /// Its keeper has gone, and with it everything.
    private(set) var isGone = false
    /// How it has ended, once that is told.
    private(set) var outcome: ChildProcess.Outcome?
    /// Lines that a worker has said on its descriptor 4 and that nobody has taken yet.
    private var answers: [[UInt8]] = []
    private var line: [UInt8] = []
    private var output = Capture(.output, kept: 0, isTail: false)
    private var errors = Capture(.errors, kept: ChildProcess.tailBytes, isTail: true)

    /// A longer answer is none.
    private static var longestAnswer: Int { 1024 }
    /// How long the keeper may take to sweep up; it gives up after 2 seconds itself.
    private static var sweepPatience: Int64 { 3_000_000_000 }
    /// What a pipe of no one with special rights can hold. pipe(7), `/proc/sys/fs/pipe-max-size`.
    private static var largestPipe: Int { 1 << 20 }

    /// Starts a program.
    ///
    /// - Parameter isWorker: whether it gets requests on its descriptor 3 and answers on its descriptor 4.
    /// - Throws: when there can be no process at all. What else goes wrong is its `outcome`.
    init(_ program: ChildProcess.Program, isWorker: Bool) throws(SystemFailure) {
        guard let texts = ChildProcess.Texts(program) else {
            throw SystemFailure(errorNumber: SystemFailure.invalid)
        }
        var child = csupervisor_child(keeper: -1, output: -1, errors: -1, news: -1, requests: -1, answers: -1)
        let failure = unsafe csupervisor_start(
            texts.path, texts.arguments, program.arguments.count, texts.environment, program.environment.count,
            texts.folder, isWorker ? 1 : 0, &child)
        self.child = child
        watches = [child.output, child.errors, child.answers, child.news].map {
            csupervisor_watch(descriptor: $0, ready: 0)
        }
        if failure != 0 {
            isGone = true
            throw SystemFailure(errorNumber: -failure)
        }
    }

    deinit {
        guard child.keeper > 0 else { return }
        // It is told very soon, and without it there is nobody to signal.
        while process == 0, outcome == nil, !isGone { take(100, { _, _ in }) }
        csupervisor_signal_group(process, ChildProcess.kill)
        csupervisor_reap(child.keeper)
        for pipe in [child.requests, child.answers, child.output, child.errors, child.news] where pipe >= 0 {
            csupervisor_close(pipe)
        }
    }

    /// What of its streams is kept from now on.
    func beginRun(outputBytes: Int) {
        output = Capture(.output, kept: outputBytes, isTail: false)
        errors = Capture(.errors, kept: ChildProcess.tailBytes, isTail: true)
    }

    /// What came of a run that has ended in some way.
    func report(_ outcome: ChildProcess.Outcome) -> ChildProcess.Report {
        ChildProcess.Report(outcome: outcome, output: output.kept, outputCount: output.count, errorTail: errors.kept)
    }

    /// Sends a worker a line; whether it could take it.
    func send(_ line: [UInt8]) -> Bool { unsafe csupervisor_write(child.requests, line, line.count) == 0 }

    /// What a worker has said since it was last asked.
    func takeAnswers() -> [[UInt8]] {
        defer { answers = [] }
        return answers
    }
}

// MARK: - While it runs

extension KeptProcess {
    /// Passes output on until it has gone or is done. When its time is up it is asked to end, and made to when the grace
    /// is over.
    ///
    /// - Returns: whether its time was up.
    func follow(
        _ limits: ChildProcess.Limits, until isDone: () -> Bool = { false }, _ log: Log, _ sink: Sink
    ) -> Bool {
        isFollowed = true
        csupervisor_watch_over(process)
        defer {
            isFollowed = false
            csupervisor_watch_over(0)
        }
        var toldAt: Int64?
        while !isDone(), !isGone {
            let now = Clock.nanoseconds
            if process > 0, let toldAt {
                // Again each time, until the news of its end comes.
                if now - toldAt >= limits.grace { csupervisor_signal_group(process, ChildProcess.kill) }
            } else if process > 0, now >= limits.deadline {
                toldAt = now
                csupervisor_signal_group(process, ChildProcess.terminate)
            }
            take(milliseconds(toldAt.map { $0 + limits.grace } ?? limits.deadline, toldAt != nil), log, sink)
        }
        return toldAt != nil
    }

    private func milliseconds(_ until: Int64, _ isTold: Bool) -> Int64 {
        // Without its number there is no one to signal; it comes at once. After its end the keeper's comes soon.
        guard process > 0 else { return outcome == nil ? 100 : -1 }
        return max(isTold ? 20 : 0, (until - Clock.nanoseconds) / 1_000_000 + 1)
    }

    /// Takes what comes within some milliseconds; negative for no limit.
    func take(_ milliseconds: Int64, _ log: Log, _ sink: Sink = { _ in }) {
        guard !isGone else { return }
        let ready = unsafe csupervisor_wait(&watches, Int32(watches.count), milliseconds)
        if ready < 0 { isGone = true }
        guard ready > 0 else { return }
        // A pipe that is ready and has nothing is at its end. The news come last: with them everything may be over.
        if watches[0].ready != 0, !output.take(from: child.output, log, sink) { watches[0].descriptor = -1 }
        if watches[1].ready != 0, !errors.take(from: child.errors, log) { watches[1].descriptor = -1 }
        if watches[2].ready != 0, !readAnswers() { watches[2].descriptor = -1 }
        if watches[3].ready != 0, !readNews() { isGone = true }
    }

    /// Passes on what the pipes still hold. Of a worker, which lives on, no more than a pipe can have held when it gave its
    /// answer: one that goes on writing would never be done.
    func drain(_ log: Log, _ sink: Sink) {
        let ends = (output.count + Self.largestPipe, errors.count + Self.largestPipe)
        while isGone || output.count < ends.0, output.take(from: child.output, log, sink) {}
        while isGone || errors.count < ends.1, errors.take(from: child.errors, log) {}
        output.finish(log)
        errors.finish(log)
    }

    /// Has everything ended that a worker's script has left behind.
    func sweep(_ log: Log, _ sink: Sink) {
        isSwept = false
        csupervisor_sweep(child.keeper)
        let limit = Clock.nanoseconds + Self.sweepPatience
        while !isSwept, !isGone, Clock.nanoseconds < limit {
            take(max(0, (limit - Clock.nanoseconds) / 1_000_000 + 1), log, sink)
        }
    }

    private func readAnswers() -> Bool {
        var got = 0
        let descriptor = child.answers
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.longestAnswer) { buffer, filled in
            got = unsafe csupervisor_read(descriptor, buffer.baseAddress, buffer.count)
            filled = max(0, got)
        }
        for byte in bytes {
            guard byte == 0x0a || line.count == Self.longestAnswer else {
                line.append(byte)
                continue
            }
            answers.append(line)
            line = []
        }
        return got > 0
    }

    /// Reads what the keeper tells; false when it has gone.
    private func readNews() -> Bool {
        var news = csupervisor_news(kind: 0, value: 0)
        let size = MemoryLayout<csupervisor_news>.size
        guard unsafe csupervisor_read(child.news, &news, size) == size else { return false }
        switch news.kind {
        case 1:
            process = news.value
            if isFollowed { csupervisor_watch_over(process) }
        case 2: outcome = .notStarted(news.value)
        case 4: isSwept = true
        default:
            process = 0
            let signal = csupervisor_ending_signal(news.value)
            if outcome == nil {
                outcome = signal == 0 ? .exited(csupervisor_exit_code(news.value)) : .signalled(signal)
            }
        }
        return true
    }
}
