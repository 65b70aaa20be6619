#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// One invocation being handled.
struct FunctionRun {
    private let setting: FunctionWorker.Setting
    private let workers: WarmWorkers
    private let invocation: Invocation
    /// What the invocation adds to the environment.
    private let variables: [LaunchSpec.Variable]
    /// When the program must be told to end, in nanoseconds of the monotonic clock.
    private let deadline: Int64
    private let remaining: Int64

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
        guard let storage = setting.storage else { throw .storageUnavailable }
        let event = record.event ?? invocation.event
        let workspace = try Workspace.make(under: setting.scratch, event: event)
        let name = record.key.lastComponent
        // Checked before the file is made: the name becomes one of ours.
        guard record.key.isInnerPath else { throw .badKey(record.key) }
        let size = try storage.fetch(record.bucket, record.key, to: try workspace.makeInput(name))
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
        let delivered: [Answer.Object]
        if files.count == 1, setting.storage == nil {
            // It goes back with the answer, and nowhere else.
            delivered = []
        } else {
            delivered = try deliver(files, of: workspace)
        }
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

// MARK: - Outputs

extension FunctionRun {
    /// Writes each output file to each output that takes it.
    private func deliver(
        _ files: [[UInt8]], of workspace: borrowing Workspace
    ) throws(Failure) -> [Answer.Object] {
        var delivered: [Answer.Object] = []
        for file in files {
            var isTaken = false
            for channel in setting.spec.outputs where channel.accepts(name: file.lastComponent) {
                isTaken = true
                guard let storage = setting.storage else { throw .storageUnavailable }
                guard channel.storage.isEqual(to: "s3") else {
                    throw Failure(
                        "Storage.Unsupported",
                        [UInt8]("this version writes outputs to s3 only, and not to ") + channel.storage)
                }
                let key = channel.folder.appending(path: file)
                let output: OpenFile
                do throws(SystemFailure) { output = try workspace.openOutput(file) } catch {
                    throw .system("Staging.Failed", "cannot read the output file ", file, error)
                }
                let size = try storage.store(output, channel.bucket, key)
                delivered.append(Answer.Object(bucket: channel.bucket, key: key, size: size))
            }
            if !isTaken { Log.line([UInt8]("no output takes this file, and it is not kept: ") + file) }
        }
        return delivered
    }
}

// MARK: - The program

extension FunctionRun {
    /// The longest value an environment variable can have is 128 KiB with its name; the file has the event in any case.
    private static var longestVariable: Int { 100 << 10 }

    private func runProgram(
        _ workspace: borrowing Workspace, input: [UInt8], event: [UInt8], _ variables: [LaunchSpec.Variable]
    ) throws(Failure) -> ChildProcess.Report {
        guard Clock.nanoseconds < deadline else { throw noTime }
        var variables =
            variables + [
                .init("INPUT_FILE_PATH", input), .init("TMP_INPUT_DIR", workspace.inputPath),
                .init("TMP_OUTPUT_DIR", workspace.outputPath), .init("EVENT_FILE", workspace.eventPath),
            ]
        if event.count <= Self.longestVariable, !event.contains(0) { variables.append(.init("EVENT", event)) }
        let folder = workingFolder(workspace)
        let limits = ChildProcess.Limits(
            deadline: deadline, grace: grace, outputBytes: InvocationLoop.responseLimit)
        if let report = try workers.run(invocation.requestID, workspace, in: folder, variables, limits) {
            try check(report, setting.spec.script ?? [], in: folder)
            return report
        }
        var environment = setting.base
        for variable in variables { environment.set(variable.name, variable.value) }
        let start = try setting.finder.find()
        let program = ChildProcess.Program(
            path: start.executable, arguments: start.arguments, environment: environment.entries,
            folder: setting.paths.onHost(folder))
        let report = ChildProcess.run(program, limits, log: Log.program)
        try check(report, program.path, in: program.folder)
        return report
    }

    /// Where the program starts, in its own terms. What runs containers makes the image's folder when it is missing, and
    /// so do we; where nothing can be made, the invocation's own folder serves.
    private func workingFolder(_ workspace: borrowing Workspace) -> [UInt8] {
        guard let wanted = setting.spec.workingDirectory else { return workspace.path }
        do throws(SystemFailure) {
            try FolderTree.make(setting.paths.onHost(wanted))
            return wanted
        } catch {
            Log.failure(
                .system("Launch.NoFolder", "the image’s working folder is missing and cannot be made: ", wanted, error))
            return workspace.path
        }
    }

    /// Until a program that does not end is killed: some of what is kept back for us.
    private var grace: Int64 {
        min(2_000_000_000, max(200_000_000, Int64(setting.spec.timeoutThreshold) * 300_000_000))
    }

    private var noTime: Failure {
        var text = [UInt8]("there is no time to run the program: ")
        text.append(nanosecondsAsSeconds: remaining)
        text.append(" s were left of the function’s time limit, and timeoutThreshold keeps ")
        text.append(decimal: setting.spec.timeoutThreshold)
        text.append(" s back")
        return Failure("Script.Timeout", text)
    }

    private func check(_ report: ChildProcess.Report, _ program: [UInt8], in folder: [UInt8]) throws(Failure) {
        var text: [UInt8] = []
        switch report.outcome {
        case .exited(0): return
        case .exited(let code):
            text.append("the program ended with exit code ")
            text.append(decimal: Int(code))
            throw Failure("Script.ExitCode", text + Self.ending(report))
        case .signalled(let signal):
            text.append("the program was ended by signal ")
            text.append(decimal: Int(signal))
            if signal == 9 { text.append(" (out of memory?)") }
            throw Failure("Script.Signal", text + Self.ending(report))
        case .timedOut:
            text.append("the program was ended because its time was up: ")
            text.append(nanosecondsAsSeconds: remaining)
            text.append(" s were left of the function’s time limit, and timeoutThreshold keeps ")
            text.append(decimal: setting.spec.timeoutThreshold)
            text.append(" s back; its outputs were not kept")
            throw Failure("Script.Timeout", text + Self.ending(report))
        case .notStarted(let number):
            text.append("cannot start ")
            text += program
            text.append(" in ")
            text += folder
            text.append(": ")
            throw Failure("Script.NotStarted", text + SystemFailure(errorNumber: number).text)
        }
    }

    /// The last lines of standard error.
    private static func ending(_ report: ChildProcess.Report) -> [UInt8] {
        var lines = report.errorTail.suffix(2048)[...]
        while let last = lines.last, last == 0x0a || last == 0x20 { lines = lines.dropLast() }
        // Where the kept part begins in the middle of a line, that line is left out.
        if report.errorTail.count > 2048, let feed = lines.firstIndex(of: 0x0a) { lines = lines[(feed + 1)...] }
        return lines.isEmpty ? [] : [0x0a] + lines
    }
}

extension LaunchSpec.Variable {
    fileprivate init(_ name: StaticString, _ value: [UInt8]) { self.init(name: [UInt8](name), value: value) }
}

extension Failure {
    static var storageUnavailable: Failure {
        Failure(
            "Storage.Unavailable",
            [UInt8]("this version stages S3 objects only through SCAR_LOCAL_STORAGE, which is not set"))
    }

    static func badKey(_ key: [UInt8]) -> Failure {
        Failure(
            "Storage.BadKey",
            [UInt8]("the key ‘") + key + [UInt8]("’ is absolute or has empty, ‘.’ or ‘..’ parts, and cannot be a file"))
    }
}
