#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// The worker of a function that keeps one, and what is done when it fails.
///
/// A worker that ends, hangs or talks nonsense is replaced for the next event. After a few failures one after the
/// other there is none any more, and every event gets a process of its own. A spare, which serves one event, is replaced
/// when that event has been answered.
final class WarmWorkers {
    private let setting: FunctionWorker.Setting
    private var worker: WarmWorker?
    private var failures = 0
    /// Until when the event at hand may keep us; nil before the first one.
    private var deadline: Int64?
    /// How a worker has ended under the script that it ran; nil when none has.
    private(set) var ending: ChildProcess.Outcome?

    private static var mostFailures: Int { 3 }

    init(_ setting: FunctionWorker.Setting) { self.setting = setting }

    /// Starts a worker if there is to be one and there is none.
    func warmUp() {
        guard let wanted = setting.spec.worker, failures < Self.mostFailures, worker == nil else { return }
        do throws(Failure) {
            let start = try setting.finder.find(wanted)
            worker = WarmWorker(
                ChildProcess.Program(
                    path: start.executable, arguments: start.arguments, environment: setting.base.entries,
                    folder: setting.paths.isMoved ? setting.paths.root : [UInt8]("/")), isSpare: wanted.isSpare)
            if worker == nil { note([UInt8]("it cannot be started")) }
        } catch {
            note(error.message)
        }
    }

    /// Ends the worker, if there is one.
    func discard() { worker = nil }

    /// Makes the next spare ready, while nobody waits for an answer: what is still starting when the next event is asked
    /// for stands still until it comes.
    func refill() {
        guard let deadline, setting.spec.worker?.isSpare == true else { return }
        self.deadline = nil
        warmUp()
        worker?.awaitReady(until: deadline, Log.program)
    }

    /// Runs the script for one event; nil when it must be run in a process of its own, because there is no worker.
    ///
    /// - Parameters:
    ///   - id: the invocation's.
    ///   - workspace: the folders of this run.
    ///   - folder: where the script starts, in the image's terms.
    ///   - variables: what the event adds to the environment.
    ///   - limits: how long, and how much output is kept.
    ///   - output: where its output goes.
    func run(
        _ id: [UInt8], _ workspace: borrowing Workspace, in folder: [UInt8], _ variables: [LaunchSpec.Variable],
        _ limits: ChildProcess.Limits, _ output: ProgramOutput
    ) throws(Failure) -> ChildProcess.Report? {
        guard let wanted = setting.spec.worker, let script = setting.spec.script else { return nil }
        deadline = limits.deadline
        if worker?.isAlive(Log.program) == false {
            note([UInt8]("it ended between two events"))
            worker = nil
        }
        warmUp()
        ending = nil
        guard let worker else { return nil }
        let request = try workspace.write(
            request: [folder, setting.package.appending(path: script)]
                + variables.map { $0.name + [UInt8(ascii: "=")] + $0.value })
        do throws(WarmWorker.Trouble) {
            let report = try worker.run(id, request, limits, sink: output.sink, log: output.log)
            failures = 0
            if wanted.isSpare { self.worker = nil }
            return report
        } catch {
            self.worker = nil
            return try recover(from: error)
        }
    }

    /// Before the script has run nothing is lost, and it can be run otherwise; afterwards the event has failed.
    private func recover(from trouble: WarmWorker.Trouble) throws(Failure) -> ChildProcess.Report? {
        switch trouble {
        case .unready(let outcome):
            note([UInt8]("it is not ready, and") + Self.text(outcome))
            return nil
        case .ended(let outcome):
            ending = outcome
            let text = [UInt8]("the worker that ran the script") + Self.text(outcome) + [UInt8](" before it answered")
            note(text)
            throw Failure("Worker.Ended", text)
        case .confused(let answer):
            let text = [UInt8]("the worker that ran the script gave what is no answer: ") + answer.prefix(200)
            note(text)
            throw Failure("Worker.Confused", text.validUTF8)
        }
    }

    private func note(_ reason: [UInt8]) {
        failures += 1
        Log.line([UInt8]("the worker has failed: ") + reason, .warning)
        if failures == Self.mostFailures {
            Log.line("the worker has failed too often: from now on each event has a process of its own", .warning)
        }
    }

    private static func text(_ outcome: ChildProcess.Outcome?) -> [UInt8] {
        var text: [UInt8] = []
        switch outcome {
        case .exited(let code):
            text.append(" ended with exit code ")
            text.append(decimal: Int(code))
        case .signalled(let signal):
            text.append(" was ended by signal ")
            text.append(decimal: Int(signal))
        case .notStarted(let number):
            text.append(" could not be started: ")
            text += SystemFailure(errorNumber: number).text
        case .timedOut, nil: text.append(" has not ended")
        }
        return text
    }
}
