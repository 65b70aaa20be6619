internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// A process that runs the script once for each request and lives on. docs/launchers.md, "Worker protocol".
final class WarmWorker {
    /// Why there is no answer.
    enum Trouble: Error {
        /// It ended, or could not be started, before it was ready: the script has not run.
        case unready(ChildProcess.Outcome?)
        /// It ended while the script ran.
        case ended(ChildProcess.Outcome?)
        /// It said what is no answer to what it was asked.
        case confused([UInt8])
    }

    private let child: csupervisor_child
    /// Its streams, its answers and the keeper's news; negative descriptors for what is at its end.
    private var watches: [csupervisor_watch]
    private var process: Int32 = 0
    private var isReady = false
    /// What it has said of the request at hand.
    private var answer: [UInt8]?
    private var isSwept = false
    /// Its keeper has gone, and with it everything.
    private var isGone = false
    private var outcome: ChildProcess.Outcome?
    private var line: [UInt8] = []
    private var output = Capture(.output, kept: 0, isTail: false)
    private var errors = Capture(.errors, kept: ChildProcess.tailBytes, isTail: true)

    /// A longer answer is none.
    private static var longestAnswer: Int { 1024 }
    /// How long the keeper may take to sweep up; it gives up after 2 seconds itself.
    private static var sweepPatience: Int64 { 3_000_000_000 }

    /// Starts a worker; nil when there can be no process at all.
    init?(_ program: ChildProcess.Program) {
        guard let texts = ChildProcess.Texts(program) else { return nil }
        var child = csupervisor_child.none
        let failure = unsafe csupervisor_start(
            texts.path, texts.arguments, program.arguments.count, texts.environment, program.environment.count,
            texts.folder, 1, &child)
        guard failure == 0 else { return nil }
        self.child = child
        watches = [child.output, child.errors, child.answers, child.news].map {
            csupervisor_watch(descriptor: $0, ready: 0)
        }
    }

    deinit {
        // It is told very soon, and without it there is nobody to signal.
        while process == 0, outcome == nil, !isGone { take(100) { _, _ in } }
        if process > 0 { csupervisor_signal_group(process, ChildProcess.kill) }
        csupervisor_close(child.requests)
        csupervisor_close(child.answers)
        csupervisor_reap(child.keeper)
        for pipe in [child.output, child.errors, child.news] { csupervisor_close(pipe) }
    }

    /// Whether it could take a request now, as far as it has told.
    func isAlive(_ log: (ChildProcess.Stream, [UInt8]) -> Void) -> Bool {
        take(0, log)
        return !isGone && outcome == nil
    }

    /// Sends a request and waits for its end, or ends it.
    ///
    /// - Parameters:
    ///   - id: the request's.
    ///   - file: the file that says what is wanted.
    ///   - limits: how long, and how much output is kept.
    ///   - sink: gets the standard output as it comes.
    ///   - log: hears all output as it comes.
    func run(
        _ id: [UInt8], _ file: [UInt8], _ limits: ChildProcess.Limits, sink: ([UInt8]) -> Void,
        log: (ChildProcess.Stream, [UInt8]) -> Void
    ) throws(Trouble) -> ChildProcess.Report {
        while !isReady, !isGone, Clock.nanoseconds < limits.deadline { take(Self.wait(until: limits.deadline), log) }
        guard isReady, !isGone else { throw .unready(outcome) }
        // What it said between requests belongs to none.
        take(0, log)
        output = Capture(.output, kept: limits.outputBytes, isTail: false)
        errors = Capture(.errors, kept: ChildProcess.tailBytes, isTail: true)
        answer = nil
        csupervisor_watch_over(process)
        let request = id + [0x20] + file + [0x0a]
        guard unsafe csupervisor_write(child.requests, request, request.count) == 0 else { throw .unready(outcome) }
        let isOver = follow(limits, log, sink)
        sweep(log, sink)
        drain(log, sink)
        let ending = try ending(of: id, isOver)
        return ChildProcess.Report(
            outcome: ending, output: output.kept, outputCount: output.count, errorTail: errors.kept)
    }

    /// Waits for the answer, or the worker's end; whether the time was up.
    private func follow(
        _ limits: ChildProcess.Limits, _ log: (ChildProcess.Stream, [UInt8]) -> Void, _ sink: ([UInt8]) -> Void
    ) -> Bool {
        var toldAt: Int64?
        while answer == nil, !isGone {
            let now = Clock.nanoseconds
            if let toldAt {
                if now - toldAt >= limits.grace { csupervisor_signal_group(process, ChildProcess.kill) }
            } else if now >= limits.deadline {
                toldAt = now
                csupervisor_signal_group(process, ChildProcess.terminate)
            }
            let until = toldAt.map { $0 + limits.grace } ?? limits.deadline
            take(max(toldAt == nil ? 0 : 20, Self.wait(until: until)), log, sink)
        }
        return toldAt != nil
    }

    /// Has everything ended that the script has left behind.
    private func sweep(_ log: (ChildProcess.Stream, [UInt8]) -> Void, _ sink: ([UInt8]) -> Void) {
        isSwept = false
        csupervisor_sweep(child.keeper)
        let limit = Clock.nanoseconds + Self.sweepPatience
        while !isSwept, !isGone, Clock.nanoseconds < limit { take(Self.wait(until: limit), log, sink) }
    }

    private func ending(of id: [UInt8], _ isOver: Bool) throws(Trouble) -> ChildProcess.Outcome {
        if isOver { return .timedOut }
        guard let answer else { throw .ended(outcome) }
        let words = answer.parts(separatedBy: 0x20)
        guard words.count == 3, words[1] == id, let number = words[2].decimalValue, number < 256 else {
            throw .confused(answer)
        }
        if words[0].isEqual(to: "exit") { return .exited(Int32(number)) }
        guard words[0].isEqual(to: "signal") else { throw .confused(answer) }
        return .signalled(Int32(number))
    }

    private static func wait(until time: Int64) -> Int64 { max(0, (time - Clock.nanoseconds) / 1_000_000 + 1) }
}

// MARK: - Hearing it

extension WarmWorker {
    /// Takes what comes within some milliseconds.
    private func take(
        _ milliseconds: Int64, _ log: (ChildProcess.Stream, [UInt8]) -> Void, _ sink: ([UInt8]) -> Void = { _ in }
    ) {
        guard !isGone else { return }
        let count = Int32(watches.count)
        guard unsafe csupervisor_wait(&watches, count, milliseconds) > 0 else { return }
        // A pipe that is ready and has nothing is at its end. The news come last: with them everything may be over.
        if watches[0].ready != 0, !output.take(from: child.output, log, sink) { watches[0].descriptor = -1 }
        if watches[1].ready != 0, !errors.take(from: child.errors, log) { watches[1].descriptor = -1 }
        if watches[2].ready != 0, !takeAnswers() { watches[2].descriptor = -1 }
        if watches[3].ready != 0, !takeNews() { isGone = true }
    }

    /// Passes on what the pipes still hold.
    private func drain(_ log: (ChildProcess.Stream, [UInt8]) -> Void, _ sink: ([UInt8]) -> Void) {
        while output.take(from: child.output, log, sink) {}
        while errors.take(from: child.errors, log) {}
        output.finish(log)
        errors.finish(log)
    }

    private func takeAnswers() -> Bool {
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
            if line.isEqual(to: "ready") { isReady = true } else { answer = line }
            line = []
        }
        return got > 0
    }

    /// Reads what the keeper tells; false when it has gone.
    private func takeNews() -> Bool {
        var news = csupervisor_news(kind: 0, value: 0)
        let size = MemoryLayout<csupervisor_news>.size
        guard unsafe csupervisor_read(child.news, &news, size) == size else { return false }
        switch news.kind {
        case 1:
            process = news.value
            csupervisor_watch_over(process)
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
