internal import AWS

/// The queue that the function submits its jobs to. It has the function's name, as the package says.
struct JobQueuePart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard let job = deployment.job else { return [] }
        let (name, tags) = (deployment.name, deployment.allTags)
        let environment = ComputePart.name(name, job.compute.kind)
        let arn = session.batchARN("compute-environment", environment)
        let found = try session.batch.queue(name)
        let isLeaving = found?.condition.isLeaving == true
        guard let there = found, !isLeaving else {
            return [
                Change(.create, "job queue", name, [.init("runs on", to: environment)]) { session in
                    if isLeaving {
                        try BatchRemoval.awaitEnd(of: "the job queue \(name)", session) {
                            try session.batch.queue(name)?.condition.isLeaving != true
                        }
                    }
                    try Self.create(name, on: arn, tags, session)
                    try Self.settled(name, session)
                }
            ]
        }
        guard Deployment.isOurs(there.tags, of: name) else { throw Self.notOurs(name) }
        guard there.environments != [arn] || !there.condition.isEnabled || there.condition.status == "INVALID" else {
            guard there.condition.status != "VALID" else { return [] }
            // One that another run has begun with may not be ready.
            let detail = Change.Detail("status", from: there.condition.status, to: "VALID")
            return [Change(.update, "job queue", name, [detail]) { try Self.settled(name, $0) }]
        }
        let old = there.environments.map { String($0.split(separator: "/").last ?? "") }.joined(separator: ", ")
        let state = there.condition.isEnabled ? "" : " (DISABLED)"
        return [
            Change(.update, "job queue", name, [.init("runs on", from: old + state, to: environment)]) { session in
                try session.batch.updateQueue(name, on: arn)
                try Self.settled(name, session)
            }
        ]
    }

    private static func create(
        _ name: String, on environment: String, _ tags: [String: String], _ session: Session
    ) throws {
        do throws(AWSError) {
            try session.batch.createQueue(name, on: environment, tags: tags)
        } catch {
            // It was made, and the answer was lost.
            guard error.kind == .service, let found = try session.batch.queue(name) else { throw error }
            guard Deployment.isOurs(found.tags, of: name) else { throw notOurs(name) }
        }
    }

    private static func settled(_ name: String, _ session: Session) throws {
        _ = try session.wait(for: "the job queue \(name) to be ready", limit: .seconds(600)) { () -> Bool? in
            guard let found = try session.batch.queue(name) else { return nil }
            switch found.condition.status {
            case "VALID": return true
            case "INVALID":
                throw PublishError(
                    .failed, "AWS Batch cannot use the job queue \(name): \(found.condition.reason)",
                    hint: "when that is mended, run the same command again")
            default: return nil
            }
        }
    }

    private static func notOurs(_ name: String) -> PublishError {
        PublishError(
            .notOurs, "there is a job queue \(name) that was not made here",
            hint: "give the recipe another name, or remove it")
    }
}
