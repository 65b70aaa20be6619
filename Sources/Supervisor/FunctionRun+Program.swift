#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// A run of the program: what it is to work on.
struct ProgramJob {
    /// The path of its input.
    var input: [UInt8]
    var event: [UInt8]
    /// What the event adds to the environment.
    var variables: [LaunchSpec.Variable] = []
    /// More words for the program.
    var arguments: [[UInt8]] = []
    /// A program that is run instead of the recipe's.
    var script: [UInt8]?
}

/// Where a program's output goes while it runs.
struct ProgramOutput {
    /// Gets the standard output, when that is the answer and is sent as it comes.
    var stream: ResponseStream?

    func sink(_ bytes: [UInt8]) { stream?.write(bytes) }

    /// An answer that is streamed is in no log.
    func log(_ source: ChildProcess.Stream, _ text: [UInt8]) {
        if stream == nil || source == .errors { Log.program(source, text) }
    }
}

extension FunctionRun {
    /// The longest value an environment variable can have is 128 KiB with its name; the file has the event in any case.
    private static var longestVariable: Int { 100 << 10 }

    /// Runs the program to its end, which must be a good one.
    mutating func run(_ job: ProgramJob, in workspace: borrowing Workspace) throws(Failure) -> ChildProcess.Report {
        let (report, failure) = try attempt(job, in: workspace, ProgramOutput())
        if let failure { throw failure }
        return report
    }

    /// Runs the program to its end. When that is no good one, what it has left is stored only if the recipe says so.
    mutating func attempt(
        _ job: ProgramJob, in workspace: borrowing Workspace, _ output: ProgramOutput
    ) throws(Failure) -> (report: ChildProcess.Report, failure: Failure?) {
        let begin = Clock.nanoseconds
        outcome = nil
        let (report, program, folder): (ChildProcess.Report, [UInt8], [UInt8])
        do throws(Failure) {
            (report, program, folder) = try runProgram(job, in: workspace, output)
        } catch {
            if error.type == "Worker.Ended" { outcome = workers.ending }
            throw error
        }
        tally.ran(since: begin)
        outcome = report.outcome
        // What a program made of a tree that failed under it is worth nothing, however it ended.
        try setting.tree.check()
        do throws(Failure) {
            try check(report, program, in: folder)
            return (report, nil)
        } catch {
            // What is handed over is done anew, from the beginning.
            if !takesBatch(after: error), keepsOutput(after: report.outcome) { keepOutput(of: workspace) }
            return (report, error)
        }
    }

    private func keepsOutput(after outcome: ChildProcess.Outcome) -> Bool {
        switch outcome {
        case .timedOut: handling.keepOutput.contains(.timeout)
        case .exited, .signalled: handling.keepOutput.contains(.failure)
        case .notStarted: false
        }
    }

    private mutating func keepOutput(of workspace: borrowing Workspace) {
        do throws(Failure) {
            let objects = try store(try workspace.outputs(), of: workspace)
            for object in objects {
                Log.line([UInt8]("kept what there was: ") + object.bucket.appending(path: object.key), .warning)
            }
        } catch {
            // The run's own failure is what the caller is told.
            Log.failure(error)
        }
    }

    private func runProgram(
        _ job: ProgramJob, in workspace: borrowing Workspace, _ output: ProgramOutput
    ) throws(Failure) -> (report: ChildProcess.Report, program: [UInt8], folder: [UInt8]) {
        guard Clock.nanoseconds < deadline else { throw noTime }
        // A NUL would end a variable, and what is behind it would be another one.
        let variables = (job.variables + variables(of: job, in: workspace)).filter {
            !$0.value.contains(0) && $0.value.count <= Self.longestVariable
        }
        let folder = workingFolder(workspace)
        let limits = ChildProcess.Limits(
            deadline: deadline, grace: grace, outputBytes: output.stream == nil ? InvocationLoop.responseLimit : 0)
        // A worker's requests have no place for arguments, and it runs one script only.
        if job.arguments.isEmpty, job.script == nil,
            let report = try workers.run(invocation.requestID, workspace, in: folder, variables, limits, output)
        {
            return (report, setting.spec.script ?? [], folder)
        }
        var environment = setting.base
        for variable in variables { environment.set(variable.name, variable.value) }
        let start =
            if let script = job.script {
                try setting.finder.find(script: script, job.arguments)
            } else {
                try setting.finder.find(job.arguments)
            }
        let program = ChildProcess.Program(
            path: start.executable, arguments: start.arguments, environment: environment.entries,
            folder: setting.paths.onHost(folder))
        let report = ChildProcess.run(program, limits, sink: output.sink, log: output.log)
        return (report, program.path, program.folder)
    }

    /// What every event has.
    private func variables(of job: ProgramJob, in workspace: borrowing Workspace) -> [LaunchSpec.Variable] {
        var variables: [LaunchSpec.Variable] = [
            .init("REQUEST_ID", invocation.requestID), .init("AWS_LAMBDA_REQUEST_ID", invocation.requestID),
            .init("INPUT_FILE_PATH", job.input), .init("TMP_INPUT_DIR", workspace.inputPath),
            .init("TMP_OUTPUT_DIR", workspace.outputPath), .init("EVENT_FILE", workspace.eventPath),
            .init("RESPONSE_HEADERS_FILE", workspace.path.appending(path: Self.headName)),
        ]
        var end: [UInt8] = []
        end.append(decimal: Int(Clock.epochMilliseconds + max(0, deadline - Clock.nanoseconds) / 1_000_000))
        variables.append(.init("DEADLINE_MS", end))
        let texts: [(name: StaticString, text: [UInt8])] = [
            ("_X_AMZN_TRACE_ID", invocation.traceID), ("INVOKED_FUNCTION_ARN", invocation.functionARN),
            ("CLIENT_CONTEXT", invocation.clientContext), ("COGNITO_IDENTITY", invocation.identity),
            ("EVENT", job.event),
        ]
        for (name, text) in texts where !text.isEmpty && text.count <= Self.longestVariable && !text.contains(0) {
            variables.append(.init(name, text))
        }
        return variables
    }

    /// The file with what the program says about its answer.
    static var headName: [UInt8] { [UInt8]("response-headers") }

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

    var noTime: Failure {
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
            text.append(
                handling.keepOutput.contains(.timeout)
                    ? " s back; what it had written is stored" : " s back; its outputs were not kept")
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
