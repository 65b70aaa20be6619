#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// Handing events over to AWS Batch.
extension FunctionRun {
    /// Hands over the whole event: as one job, or as one with a child for each object. Jobs with several nodes have no
    /// children, so there each object is a job.
    func handOver(_ event: Event, to batch: LaunchSpec.Batch) throws(Failure) -> Handled {
        var summary = Answer.Summary()
        guard case .objects(let records) = event else {
            summary.jobs.append(try submit(invocation.event, size: 1, to: batch))
            return try answer(with: summary, event)
        }
        let wanted = records.filter { $0.refusal == nil }
        summary.ignored = records.filter { $0.refusal != nil }
        if batch.nodes > 1 {
            for record in wanted {
                summary.jobs.append(try submit(record.event ?? invocation.event, size: 1, to: batch))
            }
        } else if !wanted.isEmpty {
            summary.jobs.append(try submit(invocation.event, size: wanted.count, to: batch))
        }
        return try answer(with: summary, event)
    }

    /// Hands an event over that there was too little of something for here; nil when that is not why it failed, or not
    /// what the recipe wants.
    func handOver(_ event: [UInt8], after failure: Failure) throws(Failure) -> Answer.Job? {
        guard takesBatch(after: failure), let batch = setting.batch else { return nil }
        Log.line([UInt8]("handed over to AWS Batch after: ") + failure.message, .warning)
        return try submit(event, size: 1, to: batch)
    }

    /// Whether an event that failed so is handed over. What has been answered in part cannot be.
    func takesBatch(after failure: Failure) -> Bool {
        guard stream?.isOpen != true, let batch = setting.batch, let shortage = shortage(behind: failure) else {
            return false
        }
        return batch.takesAfter.contains(shortage)
    }

    /// Tells whoever has sent an event which jobs handle it.
    func answer(with summary: Answer.Summary, _ event: Event) throws(Failure) -> Handled {
        let document = summary.document(nanoseconds: Clock.nanoseconds - tally.begin)
        guard case .request(let request) = event, request.isFromClient else { return .answer(document) }
        return try send(WebAnswer(status: 202, type: [UInt8]("application/json"), body: document), request)
    }

    /// What there was too little of, if that is what the failure comes from.
    private func shortage(behind failure: Failure) -> LaunchSpec.Batch.Shortage? {
        switch failure.type {
        case "Artifact.NoSpace", "Staging.NoSpace": .space
        case "Script.Timeout": .timeout
        // Of a store that took too long, part may have been done.
        case "Storage.Timeout" where isLate: .timeout
        // Nothing but a lack of memory has the kernel do this; a shell says it of its children in its own way.
        case "Script.Signal", "Worker.Ended": outcome == .signalled(9) ? .memory : nil
        case "Script.ExitCode" where outcome == .exited(137): .memory
        default: nil
        }
    }

    private func submit(_ event: [UInt8], size: Int, to batch: LaunchSpec.Batch) throws(Failure) -> Answer.Job {
        guard size <= BatchJob.mostChildren else {
            throw Failure("Batch.TooMany", [UInt8]("the event has more objects than an array job has children"))
        }
        let name = BatchJob.name(of: setting.spec.name, invocation.requestID)
        var job = BatchJob(name: name, source: .variable(event), size: size, requestID: invocation.requestID)
        if event.count > BatchJob.longestVariable || event.contains(0)
            || job.request(batch).count > BatchJob.longestRequest
        {
            job.source = .object(try putAway(event, batch))
        }
        let id = try setting.batchService.submit(job, batch, until: end)
        Log.line([UInt8]("submitted the job ") + id + [UInt8](" to ") + batch.queue)
        return Answer.Job(name: name, id: id, size: size)
    }

    /// Stores an event that is too long for a job's environment; gives its place.
    private func putAway(_ event: [UInt8], _ batch: LaunchSpec.Batch) throws(Failure) -> [UInt8] {
        guard let folder = batch.events else {
            throw Failure(
                "Batch.TooLong",
                [UInt8](
                    "the event is too long for a job’s environment; ‘batch.events’ of the recipe can name a place for it"
                )
            )
        }
        let workspace = try Workspace.make(under: setting.scratch, event: event)
        let place = LaunchSpec.Channel(storage: [UInt8]("s3"), path: folder)
        // One invocation may hand over several events: the clock tells them apart.
        var name = invocation.requestID + [UInt8]("-")
        name.append(decimal: Int(Clock.nanoseconds))
        let key = place.folder.appending(path: name + [UInt8](".json"))
        let file: OpenFile
        do throws(SystemFailure) { file = try OpenFile(workspace.eventPath, .plainFile) } catch {
            throw .system("Staging.Failed", "cannot read the event’s file ", workspace.eventPath, error)
        }
        _ = try setting.storages.named(place.storage).store(file, place.bucket, key, until: end)
        return place.bucket.appending(path: key)
    }
}
