#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// What has become of an event.
package enum Handled: Sendable, Equatable {
    case answer([UInt8])
    /// The answer, or that there is none, has been sent already.
    case streamed

    /// The answer's bytes; none when it was streamed.
    package var body: [UInt8] {
        guard case .answer(let body) = self else { return [] }
        return body
    }
}

extension FunctionRun {
    // MARK: - Requests and direct events

    /// Runs the program on a request's body.
    mutating func handle(_ request: WebRequest) throws(Failure) -> Handled {
        let workspace = try Workspace.make(under: setting.scratch, event: invocation.event)
        let input = try RequestInput(request, name: [UInt8]("event-file-") + invocation.requestID)
        let variables = RequestVariables(request, input)
        if variables.leftOut > 0 {
            Log.line(
                "some of the request’s parameters or headers are no variables; the event’s file has them", .warning)
        }
        var job = ProgramJob(input: try write(input.files, to: workspace), event: invocation.event)
        job.variables = variables.list
        return try answer(job, in: workspace, request)
    }

    /// Runs what a direct event brings, if it may bring it.
    mutating func handle(_ call: DirectCall) throws(Failure) -> Handled {
        guard call.brings.allSatisfy(handling.eventMayBring.contains) else {
            Log.line(
                "the event has ‘script’ or ‘cmd_args’, which the recipe’s ‘calls.eventMayBring’ does not allow: it is data",
                .warning)
            return try handle()
        }
        let workspace = try Workspace.make(under: setting.scratch, event: invocation.event)
        var job = ProgramJob(input: workspace.eventPath, event: invocation.event)
        job.arguments = try call.arguments()
        if let script = try call.script() {
            let name = [UInt8]("script.sh")
            job.script = try write([.init(name: name, content: script)], to: workspace)
        }
        return try answer(job, in: workspace, nil)
    }

    /// Runs the program on the event itself.
    mutating func handle() throws(Failure) -> Handled {
        let workspace = try Workspace.make(under: setting.scratch, event: invocation.event)
        return try answer(ProgramJob(input: workspace.eventPath, event: invocation.event), in: workspace, nil)
    }

    // MARK: - Answers

    /// Runs the program and answers with what it made: its one output file, or else what it printed.
    private mutating func answer(
        _ job: ProgramJob, in workspace: borrowing Workspace, _ request: WebRequest?
    ) throws(Failure) -> Handled {
        let headPath = workspace.path.appending(path: Self.headName)
        let isWeb = request?.isFromClient == true
        let fields = fields
        stream?.head = { beginning in
            // When the first byte comes, what is to stand before it must have been said.
            var answer = WebAnswer(Self.head(headPath), body: beginning)
            answer.fields += fields
            return isWeb ? .web(answer.prelude()) : .raw(answer.type)
        }
        let isStreamed = request?.isHead != true && request?.isAsynchronous != true
        let output = ProgramOutput(stream: isStreamed ? stream : nil)
        let (report, failure) = try attempt(job, in: workspace, output)
        let head = Self.head(headPath)
        if let failure {
            // A program that has said which error it is has answered, whatever its exit code.
            guard case .exited = report.outcome, let request, let status = head.status, status >= 400,
                stream?.isOpen != true
            else { throw failure }
            tally.isFailure = true
            return try send(WebAnswer(head, body: report.output), request)
        }
        return try answer(report, head, from: workspace, request)
    }

    private mutating func answer(
        _ report: ChildProcess.Report, _ head: ResponseHead, from workspace: borrowing Workspace,
        _ request: WebRequest?
    ) throws(Failure) -> Handled {
        let files = try workspace.outputs()
        // One file that no output is there for goes back with the answer, and nowhere else.
        let isSpared = files.count == 1 && setting.spec.outputs.isEmpty && stream?.isOpen != true
        let stored = isSpared ? [] : try store(files, of: workspace)
        if let stream, stream.isOpen { return stream.finish() }
        if let request, request.isAsynchronous {
            // Nobody waits for it; one who asks so over a gateway that waits all the same gets this.
            return try send(WebAnswer(status: 202, type: [UInt8]("text/plain; charset=utf-8"), body: []), request)
        }
        if files.count == 1, let stream, let handled = try send(files[0], head, stream, workspace, request) {
            return handled
        }
        if files.count == 1, let answer = try fileAnswer(files[0], head, stored, workspace) {
            return try send(answer, request)
        }
        guard report.outputCount <= InvocationLoop.responseLimit else { throw .responseTooLarge(report.outputCount) }
        return try send(WebAnswer(head, body: report.output), request)
    }

    /// Streams the one output file, piece by piece; nil when it is longer than a stream may be.
    private func send(
        _ file: [UInt8], _ head: ResponseHead, _ stream: ResponseStream, _ workspace: borrowing Workspace,
        _ request: WebRequest?
    ) throws(Failure) -> Handled? {
        do throws(SystemFailure) {
            let output = try workspace.openOutput(file)
            guard try output.status().size <= ResponseStream.limit else { return nil }
            var piece: [UInt8] = []
            _ = try output.read(Self.pieceSize, appendingTo: &piece)
            var answer = WebAnswer(head, body: piece, name: file.lastComponent)
            answer.fields += fields
            stream.open(request?.isFromClient == true ? .web(answer.prelude()) : .raw(answer.type))
            while !piece.isEmpty, request?.isHead != true {
                stream.write(piece)
                piece.removeAll(keepingCapacity: true)
                _ = try output.read(Self.pieceSize, appendingTo: &piece)
            }
        } catch {
            throw .system("Staging.Failed", "cannot read the output file ", file, error)
        }
        return stream.finish()
    }

    private static var pieceSize: Int { 64 << 10 }

    /// The answer with the one output file; nil when it is stored and does not fit, so that what was printed is the answer.
    private func fileAnswer(
        _ file: [UInt8], _ head: ResponseHead, _ stored: [Answer.Object], _ workspace: borrowing Workspace
    ) throws(Failure) -> WebAnswer? {
        let limit = InvocationLoop.responseLimit / 4 * 3
        var size = 0
        var contents: [UInt8]?
        do throws(SystemFailure) {
            let output = try workspace.openOutput(file)
            size = try output.status().size
            if size <= limit { contents = try output.readAll(limit: limit) }
        } catch {
            throw .system("Staging.Failed", "cannot read the output file ", file, error)
        }
        guard let contents else { return try largeAnswer(size, stored) }
        return WebAnswer(head, body: contents, name: file.lastComponent)
    }

    /// A link to a file that does not fit, or nil when it is at least stored.
    private func largeAnswer(_ size: Int, _ stored: [Answer.Object]) throws(Failure) -> WebAnswer? {
        guard let object = stored.first else { throw Failure.responseTooLarge(size / 3 * 4) }
        guard handling.linksLargeAnswers else { return nil }
        do throws(Failure) {
            let storage = try setting.storages.named(object.storage)
            return WebAnswer(
                linkTo: try storage.presignedURL(bucket: object.bucket, key: object.key, expires: Self.linkSeconds))
        } catch {
            Log.failure(error)
            return nil
        }
    }

    /// How long a link is good for, unless the credentials end sooner.
    private static var linkSeconds: Int { 3600 }

    /// What the program says about its answer; nothing where there is no such file.
    private static func head(_ path: [UInt8]) -> ResponseHead {
        do throws(SystemFailure) {
            let file = try OpenFile(path, .plainFile)
            guard try file.status().isFile else { throw SystemFailure(errorNumber: SystemFailure.invalid) }
            let head = ResponseHead(try file.readAll(limit: ResponseHead.longest))
            if head.refused > 0 { Log.line("$RESPONSE_HEADERS_FILE has lines that are no header fields", .warning) }
            return head
        } catch {
            if !error.isMissing {
                Log.failure(.system("Response.NoHead", "cannot read $RESPONSE_HEADERS_FILE, ", path, error))
            }
            return ResponseHead()
        }
    }

    /// Sends an answer in the form that whoever asked wants.
    func send(_ answer: WebAnswer, _ request: WebRequest?) throws(Failure) -> Handled {
        var answer = answer
        answer.fields += fields
        guard let stream else {
            return .answer(try answer.document(request?.form ?? .plain, isHead: request?.isHead ?? false))
        }
        let isWeb = request?.isFromClient == true
        stream.open(isWeb ? .web(answer.prelude()) : .raw(answer.type))
        if request?.isHead != true { stream.write(answer.body) }
        return stream.finish()
    }

    /// Where the log is, in SCAR's words.
    private var fields: [WebRequest.Field] {
        var fields = [WebRequest.Field(name: [UInt8]("amz-lambda-request-id"), value: invocation.requestID)]
        if let group = FunctionEnvironment.value(of: "AWS_LAMBDA_LOG_GROUP_NAME", in: setting.environment) {
            fields.append(.init(name: [UInt8]("amz-log-group-name"), value: group.validUTF8))
        }
        if let stream = FunctionEnvironment.value(of: "AWS_LAMBDA_LOG_STREAM_NAME", in: setting.environment) {
            fields.append(.init(name: [UInt8]("amz-log-stream-name"), value: stream.validUTF8))
        }
        return fields
    }
}
