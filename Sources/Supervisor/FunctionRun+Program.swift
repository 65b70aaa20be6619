#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

extension FunctionRun {
    /// The longest value an environment variable can have is 128 KiB with its name; the file has the event in any case.
    private static var longestVariable: Int { 100 << 10 }

    func runProgram(
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
        try setting.tree.check()
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
