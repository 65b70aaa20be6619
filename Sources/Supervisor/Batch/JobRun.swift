#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// The supervisor as the entry point of a job: it handles one event, and its exit code is the job's.
///
/// AWS Batch User Guide, "Job environment variables".
package struct JobRun: Sendable {
    private let environment: Environment
    private let jobID: [UInt8]

    /// What a job that could not be tried ends with; the program's own exit codes are the job's otherwise.
    private static var failed: Int32 { 1 }
    /// Longer than any job runs.
    private static var longest: Int64 { 365 * 24 * 3_600_000 }

    /// Nil where this is no job.
    package init?(_ entries: [[UInt8]]) {
        environment = Environment(entries)
        guard environment["AWS_LAMBDA_RUNTIME_API"] == nil, let jobID = environment["AWS_BATCH_JOB_ID"] else {
            return nil
        }
        self.jobID = jobID
    }

    /// Handles the job's event.
    func run(_ make: () throws(Failure) -> FunctionWorker.Setting) -> Int32 {
        do throws(Failure) {
            let setting = try make()
            var worker = FunctionWorker(setting)
            let invocation = try invocation(setting.storages)
            Log.begin(invocation.requestID)
            try worker.prepare()
            let (handled, outcome) = try worker.handle(job: invocation, child: try child())
            Log.bytes(handled.body + [0x0a])
            return outcome
        } catch {
            Log.failure(error)
            return Self.failed
        }
    }

    private func invocation(_ storages: Storages) throws(Failure) -> Invocation {
        let continued = environment["AWS_LAMBDA_REQUEST_ID"].flatMap { RuntimeAPI.isSound($0) ? $0 : nil }
        return Invocation(
            requestID: continued ?? jobID, deadline: Int(Clock.epochMilliseconds + Self.longest), functionARN: [],
            traceID: [], event: try event(storages))
    }

    private func event(_ storages: Storages) throws(Failure) -> [UInt8] {
        guard let place = environment["EVENT_OBJECT"] else { return environment["EVENT"] ?? [UInt8]("{}") }
        let bucket = [UInt8](place.prefix { $0 != UInt8(ascii: "/") })
        let key = [UInt8](place.dropFirst(bucket.count + 1))
        let scratch = environment["SCAR_SCRATCH"] ?? [UInt8]("/tmp/scar")
        let workspace = try Workspace.make(under: scratch, event: [])
        let name = [UInt8]("event")
        let file = try workspace.makeInput(name)
        let deadline = Clock.nanoseconds + 600_000_000_000
        _ = try storages.named([UInt8]("s3")).fetch(bucket, key, to: file, until: deadline)
        do throws(SystemFailure) {
            return try OpenFile(workspace.inputPath.appending(path: name), .plainFile).readAll(limit: 64 << 20)
        } catch {
            throw .system("Staging.Failed", "cannot read the event ", place, error)
        }
    }

    /// Which child of an array job this is.
    private func child() throws(Failure) -> Int? {
        guard let text = environment["AWS_BATCH_JOB_ARRAY_INDEX"] else { return nil }
        guard let index = text.decimalValue else {
            throw Failure("Batch.Malformed", [UInt8]("AWS_BATCH_JOB_ARRAY_INDEX is no number: ") + text)
        }
        return index
    }
}

extension FunctionWorker {
    /// Handles a job's event; gives the exit code as well.
    ///
    /// - Parameter child: of an array job, whose children each have one of the event's objects.
    mutating func handle(
        job invocation: Invocation, child: Int?
    ) throws(Failure) -> (handled: Handled, exitCode: Int32) {
        var run = FunctionRun(setting, workers, invocation, nil)
        defer { conclude(run.tally) }
        do throws(Failure) {
            var event = try Event.classify(invocation.event, inputs: setting.spec.inputs)
            if let child { event = try event.object(child) }
            let handled = try run.handle(event, waitForTree)
            return (handled, run.tally.isFailure ? run.exitCode : 0)
        } catch {
            run.tally.isFailure = true
            Log.failure(error)
            return (.answer(error.document), run.exitCode)
        }
    }
}

extension Event {
    /// The event as if the wanted object of this number were its only one.
    fileprivate func object(_ number: Int) throws(Failure) -> Event {
        guard case .objects(let records) = self else {
            throw Failure("Batch.Malformed", [UInt8]("the children of an array job each have an object of the event"))
        }
        let wanted = records.filter { $0.refusal == nil }
        guard wanted.indices.contains(number) else {
            throw Failure("Batch.Malformed", [UInt8]("the job has more children than its event has objects"))
        }
        return .objects([wanted[number]])
    }
}

extension FunctionRun {
    /// What a job that failed ends with: what the program ended with, where it did.
    fileprivate var exitCode: Int32 {
        switch outcome {
        case .exited(let code) where code != 0: code
        case .signalled(let signal): 128 + signal
        case .exited, .timedOut, .notStarted, nil: 1
        }
    }
}
