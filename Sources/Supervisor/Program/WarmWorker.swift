#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// A process with the script's language loaded that waits for a request, to run the script. docs/launchers.md, "Worker
/// protocol".
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

    private let kept: KeptProcess
    /// Whether it becomes the script, so that its end is the answer.
    private let isSpare: Bool
    private var isReady = false
    /// What it has said of the request at hand.
    private var answer: [UInt8]?

    /// Starts a worker; nil when there can be no process at all.
    init?(_ program: ChildProcess.Program, isSpare: Bool) {
        guard let kept = try? KeptProcess(program, isWorker: true) else { return nil }
        self.kept = kept
        self.isSpare = isSpare
    }

    /// Whether it could take a request now, as far as it has told.
    func isAlive(_ log: KeptProcess.Log) -> Bool {
        kept.take(0, log)
        return !kept.isGone && kept.outcome == nil
    }

    /// Waits until it can take a request at once, has ended, or it is late.
    func awaitReady(until deadline: Int64, _ log: KeptProcess.Log) {
        hear()
        while !isReady, !kept.isGone, Clock.nanoseconds < deadline {
            kept.take(max(0, (deadline - Clock.nanoseconds) / 1_000_000 + 1), log)
            hear()
        }
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
        _ id: [UInt8], _ file: [UInt8], _ limits: ChildProcess.Limits, sink: KeptProcess.Sink, log: KeptProcess.Log
    ) throws(Trouble) -> ChildProcess.Report {
        awaitReady(until: limits.deadline, log)
        // What it said between requests belongs to none.
        guard isReady, isAlive(log) else { throw .unready(kept.outcome) }
        hear()
        answer = nil
        kept.beginRun(outputBytes: limits.outputBytes)
        guard kept.send(id + [0x20] + file + [0x0a]) else { throw .unready(kept.outcome) }
        let isOver = kept.follow(limits, until: isAnswered, log, sink)
        if !isSpare { kept.sweep(log, sink) }
        kept.drain(log, sink)
        return kept.report(isOver ? .timedOut : try ending(of: id))
    }

    /// Takes note of what it has said.
    private func hear() {
        for line in kept.takeAnswers() {
            if line.isEqual(to: "ready") { isReady = true } else { answer = line }
        }
    }

    /// A spare gives no answer but its end.
    private func isAnswered() -> Bool {
        hear()
        return !isSpare && answer != nil
    }

    private func ending(of id: [UInt8]) throws(Trouble) -> ChildProcess.Outcome {
        if isSpare { return kept.outcome ?? .signalled(ChildProcess.kill) }
        guard let answer else { throw .ended(kept.outcome) }
        let words = answer.parts(separatedBy: 0x20)
        guard words.count == 3, words[1] == id, let number = words[2].decimalValue, number < 256 else {
            throw .confused(answer)
        }
        if words[0].isEqual(to: "exit") { return .exited(Int32(number)) }
        guard words[0].isEqual(to: "signal") else { throw .confused(answer) }
        return .signalled(Int32(number))
    }
}
