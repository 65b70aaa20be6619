#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// One invocation being handled.
struct FunctionRun {
    let setting: FunctionWorker.Setting
    let workers: WarmWorkers
    let invocation: Invocation
    /// What the invocation adds to the environment.
    let variables: [LaunchSpec.Variable]
    /// When the program must be told to end, in nanoseconds of the monotonic clock.
    let deadline: Int64
    let remaining: Int64

    init(_ setting: FunctionWorker.Setting, _ workers: WarmWorkers, _ invocation: Invocation) {
        self.setting = setting
        self.workers = workers
        self.invocation = invocation
        // Bounded before it is calculated with: the number comes from outside.
        let day: Int64 = 24 * 3_600_000
        let left = min(Int64(invocation.deadline), Clock.epochMilliseconds + day) - Clock.epochMilliseconds
        remaining = max(left, 0) * 1_000_000
        deadline = Clock.nanoseconds + remaining - Int64(setting.spec.timeoutThreshold) * 1_000_000_000
        var variables = [
            LaunchSpec.Variable("REQUEST_ID", invocation.requestID),
            LaunchSpec.Variable("AWS_LAMBDA_REQUEST_ID", invocation.requestID),
        ]
        if !invocation.traceID.isEmpty { variables.append(.init("_X_AMZN_TRACE_ID", invocation.traceID)) }
        self.variables = variables
    }

    // MARK: - Events

    /// Runs the program once for each object, and tells what became of them.
    func handle(_ records: [Event.ObjectRecord], since begin: Int64) throws(Failure) -> [UInt8] {
        var summary = Answer.Summary()
        for (index, record) in records.enumerated() {
            guard record.refusal == nil else {
                summary.ignored.append(record)
                continue
            }
            do throws(Failure) {
                try handle(record, &summary)
            } catch {
                var subject = [UInt8]("record ")
                subject.append(decimal: index + 1)
                subject.append(" of ")
                subject.append(decimal: records.count)
                subject.append(", ")
                throw error.about(subject + record.bucket.appending(path: record.key))
            }
        }
        return summary.document(nanoseconds: Clock.nanoseconds - begin)
    }

    private func handle(_ record: Event.ObjectRecord, _ summary: inout Answer.Summary) throws(Failure) {
        let storage = try setting.storages.holding(record, setting.spec.inputs)
        let event = record.event ?? invocation.event
        let workspace = try Workspace.make(under: setting.scratch, event: event)
        let name = record.key.lastComponent
        // Checked before the file is made: the name becomes one of ours.
        guard record.key.isInnerPath else { throw .badKey(record.key) }
        let size = try storage.fetch(
            record.bucket, record.key, to: try workspace.makeInput(name), until: deadline)
        summary.inputs.append(Answer.Object(bucket: record.bucket, key: record.key, size: size))
        let input = workspace.inputPath.appending(path: name)
        _ = try runProgram(
            workspace, input: input, event: event,
            variables + [.init("STORAGE_OBJECT_KEY", record.key), .init("EVENT_TIME", record.time)])
        summary.outputs += try deliver(try workspace.outputs(), of: workspace)
    }

    /// Runs the program on a request's body, or on the event itself, and answers with what it made.
    func handle(body: [UInt8]?) throws(Failure) -> [UInt8] {
        let workspace = try Workspace.make(under: setting.scratch, event: invocation.event)
        var input = workspace.eventPath
        if let body {
            let name = [UInt8]("event-file-") + invocation.requestID
            input = workspace.inputPath.appending(path: name)
            let file = try workspace.makeInput(name)
            do throws(SystemFailure) { try file.write(body) } catch {
                throw .system("Staging.Failed", "cannot write the input file ", input, error)
            }
        }
        let report = try runProgram(workspace, input: input, event: invocation.event, variables)
        let files = try workspace.outputs()
        let delivered = try deliver(files, of: workspace)
        if files.count == 1, let file = files.first {
            let size = try Self.size(of: file, in: workspace)
            // A result that is in the storage already need not fit into the answer too.
            if size / 3 * 4 <= InvocationLoop.responseLimit || delivered.isEmpty {
                let bytes = try Self.contents(of: file, size, in: workspace)
                return try Answer.http(bytes, isFile: true, invocation.requestID, setting.environment)
            }
        }
        guard report.outputCount <= InvocationLoop.responseLimit else { throw .responseTooLarge(report.outputCount) }
        return try Answer.http(report.output, isFile: false, invocation.requestID, setting.environment)
    }

    private static func size(of file: [UInt8], in workspace: borrowing Workspace) throws(Failure) -> Int {
        do throws(SystemFailure) { return try workspace.openOutput(file).status().size } catch {
            throw .system("Staging.Failed", "cannot read the output file ", file, error)
        }
    }

    private static func contents(
        of file: [UInt8], _ size: Int, in workspace: borrowing Workspace
    ) throws(Failure) -> [UInt8] {
        guard size / 3 * 4 <= InvocationLoop.responseLimit else { throw .responseTooLarge(size / 3 * 4) }
        do throws(SystemFailure) {
            return try workspace.openOutput(file).readAll(limit: InvocationLoop.responseLimit)
        } catch {
            throw .system("Staging.Failed", "cannot read the output file ", file, error)
        }
    }
}

extension LaunchSpec.Variable {
    init(_ name: StaticString, _ value: [UInt8]) { self.init(name: [UInt8](name), value: value) }
}
