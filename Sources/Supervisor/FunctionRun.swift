#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// One invocation being handled.
struct FunctionRun {
    let setting: FunctionWorker.Setting
    let workers: WarmWorkers
    let invocation: Invocation
    /// Where an answer goes while it is written; nil for one that goes as a whole.
    let stream: ResponseStream?
    /// When the program must be told to end, in nanoseconds of the monotonic clock.
    let deadline: Int64
    let remaining: Int64
    var tally = Tally()
    /// Whether there was too little time to bring the object in that came last.
    var isLate = false
    /// How the program has ended that ran last.
    var outcome: ChildProcess.Outcome?

    init(
        _ setting: FunctionWorker.Setting, _ workers: WarmWorkers, _ invocation: Invocation, _ stream: ResponseStream?
    ) {
        self.setting = setting
        self.workers = workers
        self.invocation = invocation
        self.stream = stream
        // Bounded before it is calculated with: the number comes from outside.
        let most: Int64 = 366 * 24 * 3_600_000
        let left = min(Int64(invocation.deadline), Clock.epochMilliseconds + most) - Clock.epochMilliseconds
        remaining = max(left, 0) * 1_000_000
        deadline = Clock.nanoseconds + remaining - Int64(setting.spec.timeoutThreshold) * 1_000_000_000
        stream?.deadlines = (deadline, end)
    }

    var handling: LaunchSpec.Handling { setting.spec.handling }

    /// Handles the event, whatever it is. A client is told in HTTP of what goes wrong.
    ///
    /// - Parameter prepare: waits for what handling it here needs; false when there is no more time for that.
    mutating func handle(
        _ event: Event, _ prepare: (Int64) throws(Failure) -> Bool
    ) throws(Failure) -> Handled {
        do throws(Failure) {
            return try handleOrHandOver(event, prepare)
        } catch {
            // One who does not wait is told by Lambda's own ways: another try, a queue for what failed.
            guard case .request(let request) = event, request.isFromClient, !request.isAsynchronous,
                stream?.isOpen != true
            else { throw error }
            Log.failure(error)
            tally.isFailure = true
            return try send(WebAnswer(error, invocation.requestID), request)
        }
    }

    private mutating func handleOrHandOver(
        _ event: Event, _ prepare: (Int64) throws(Failure) -> Bool
    ) throws(Failure) -> Handled {
        if let batch = setting.batch, batch.takesAll { return try handOver(event, to: batch) }
        do throws(Failure) {
            guard try prepare(deadline) else { throw noTime }
            return try handleHere(event)
        } catch {
            guard let job = try handOver(invocation.event, after: error) else { throw error }
            var summary = Answer.Summary()
            summary.jobs.append(job)
            return try answer(with: summary, event)
        }
    }

    private mutating func handleHere(_ event: Event) throws(Failure) -> Handled {
        switch event {
        case .objects(let records):
            var summary = Answer.Summary()
            try handle(records, &summary)
            return .answer(summary.document(nanoseconds: Clock.nanoseconds - tally.begin))
        case .messages(let messages): return .answer(try handle(messages))
        case .request(let request): return try handle(request)
        case .call(let call): return try handle(call)
        case .direct: return try handle()
        }
    }

    // MARK: - Objects

    /// Runs the program once for each object, and notes what became of them.
    mutating func handle(_ records: [ObjectRecord], _ summary: inout Answer.Summary) throws(Failure) {
        for (index, record) in records.enumerated() {
            guard record.refusal == nil else {
                summary.ignored.append(record)
                continue
            }
            do throws(Failure) {
                try handle(record, &summary)
            } catch {
                if let job = try handOver(record.event ?? invocation.event, after: error) {
                    summary.jobs.append(job)
                    continue
                }
                throw error.about("record ", index, of: records.count, record.bucket.appending(path: record.key))
            }
        }
    }

    private mutating func handle(_ record: ObjectRecord, _ summary: inout Answer.Summary) throws(Failure) {
        isLate = false
        guard Clock.nanoseconds < deadline else { throw noTime }
        let storage = try setting.storages.holding(record, setting.spec.inputs)
        let event = record.event ?? invocation.event
        let workspace = try Workspace.make(under: setting.scratch, event: event)
        let name = record.key.lastComponent
        // Checked before the file is made: the name becomes one of ours.
        guard record.key.isInnerPath else { throw .badKey(record.key) }
        let begin = Clock.nanoseconds
        let size: Int
        do throws(Failure) {
            size = try storage.fetch(record.bucket, record.key, to: try workspace.makeInput(name), until: deadline)
        } catch {
            // What takes longer to bring in than there is time for is a matter of time, not of the storage.
            isLate = error.type == "Storage.Timeout"
            throw error
        }
        tally.stagedIn(size, since: begin)
        summary.inputs.append(Answer.Object(bucket: record.bucket, key: record.key, size: size))
        var job = ProgramJob(input: workspace.inputPath.appending(path: name), event: event)
        job.variables = [.init("STORAGE_OBJECT_KEY", record.key), .init("EVENT_TIME", record.time)]
        _ = try run(job, in: workspace)
        summary.outputs += try storeOutput(of: workspace)
    }

    // MARK: - Messages

    /// Runs the program for each message of a queue or topic.
    ///
    /// A failure is the whole event's, which then comes again, unless the queue takes a list of the messages that failed.
    /// Where it keeps an order, those behind a failed one fail unseen, so that they come again behind it.
    private mutating func handle(_ messages: [Message]) throws(Failure) -> [UInt8] {
        var summary = Answer.Summary()
        var failed: [[UInt8]] = []
        for (index, message) in messages.enumerated() {
            if message.isOrdered, !failed.isEmpty {
                failed.append(message.identifier)
                continue
            }
            do throws(Failure) {
                try handle(message, index, &summary)
            } catch {
                var failure = error
                do throws(Failure) {
                    if let job = try handOver(message.event ?? invocation.event, after: error) {
                        summary.jobs.append(job)
                        continue
                    }
                } catch {
                    failure = error
                }
                let told = failure.about("message ", index, of: messages.count, message.identifier)
                guard handling.reportsMessages, !message.identifier.isEmpty else { throw told }
                Log.failure(told)
                failed.append(message.identifier)
            }
        }
        tally.isFailure = !failed.isEmpty
        guard handling.reportsMessages, messages.first?.identifier.isEmpty == false else {
            return summary.document(nanoseconds: Clock.nanoseconds - tally.begin)
        }
        // Nothing but what the queue asks for: an answer that it cannot read is a batch that failed.
        return JSON.object([
            ("batchItemFailures", .array(failed.map { .object([("itemIdentifier", .utf8($0))]) }))
        ]).text()
    }

    private mutating func handle(
        _ message: Message, _ index: Int, _ summary: inout Answer.Summary
    ) throws(Failure) {
        switch message.content {
        case .malformed(let failure): throw failure
        case .objects(let records):
            let alone = records.map { record in
                var record = record
                record.event = record.event ?? message.event
                return record
            }
            try handle(alone, &summary)
        case .text(let text):
            let event = message.event ?? invocation.event
            let workspace = try Workspace.make(under: setting.scratch, event: event)
            var name = [UInt8]("message-")
            name.append(decimal: index + 1)
            name.append(Event.parse(text) == nil ? ".txt" : ".json")
            var job = ProgramJob(input: try write([.init(name: name, content: text)], to: workspace), event: event)
            job.variables = [.init("MESSAGE_ID", message.identifier)]
            _ = try run(job, in: workspace)
            summary.outputs += try storeOutput(of: workspace)
        }
    }

    // MARK: - Files

    /// Writes files into the input folder; gives the first one's path.
    func write(
        _ files: [RequestInput.File], to workspace: borrowing Workspace
    ) throws(Failure) -> [UInt8] {
        for file in files {
            let made = try workspace.makeInput(file.name)
            do throws(SystemFailure) { try made.write(file.content) } catch {
                throw .system("Staging.Failed", "cannot write the input file ", file.name, error)
            }
        }
        return files.first.map { workspace.inputPath.appending(path: $0.name) } ?? workspace.eventPath
    }

    /// Stores what the program has left, and notes how long that took.
    mutating func store(_ files: [[UInt8]], of workspace: borrowing Workspace) throws(Failure) -> [Answer.Object] {
        if setting.isHelper { return [] }
        let begin = Clock.nanoseconds
        let objects = try deliver(files, of: workspace)
        tally.stagedOut(objects, since: begin)
        return objects
    }

    private mutating func storeOutput(of workspace: borrowing Workspace) throws(Failure) -> [Answer.Object] {
        if setting.isHelper { return [] }
        let files = try workspace.outputs()
        if files.isEmpty, !setting.spec.outputs.isEmpty {
            guard !handling.requiresOutput else {
                throw Failure("Script.NoOutput", [UInt8]("the program has left no file in $TMP_OUTPUT_DIR"))
            }
            Log.line("the program has left no file in $TMP_OUTPUT_DIR, so nothing is stored", .warning)
        }
        return try store(files, of: workspace)
    }
}

extension LaunchSpec.Variable {
    init(_ name: StaticString, _ value: [UInt8]) { self.init(name: [UInt8](name), value: value) }
}

extension Failure {
    /// The same failure, told of one of several things: `record 2 of 3, NAME: …`.
    fileprivate func about(_ kind: StaticString, _ index: Int, of count: Int, _ name: [UInt8]) -> Failure {
        var subject = [UInt8](kind)
        subject.append(decimal: index + 1)
        subject.append(" of ")
        subject.append(decimal: count)
        return about(name.isEmpty ? subject : subject + [UInt8](", ") + name)
    }
}
