internal import AWS
internal import ByteKit

/// The queues whose messages Lambda brings to the function. The queues themselves are the person's own.
struct QueueTriggersPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let function = session.functionARN(deployment.name, alias: deployment.alias)
        let there = try session.lambda.eventSources(of: function)
        var changes: [Change] = []
        for queue in deployment.queues {
            let settings = queue.settings
            guard let old = there.first(where: { $0.source == queue.arn }) else {
                changes.append(creation(queue.arn, settings, for: function, deployment))
                continue
            }
            try Self.check(old, of: deployment.name, session)
            guard old.settings != settings else { continue }
            changes.append(
                Change(.update, "queue trigger", Self.name(queue.arn), Self.details(old.settings, settings)) {
                    session in
                    try Self.settled(old.id, session)
                    try session.lambda.updateEventSource(old.id, settings)
                    try Self.settled(old.id, session)
                })
        }
        let wanted = Set(deployment.queues.map(\.arn))
        let others = there.filter { !wanted.contains($0.source) }
        return try changes + Self.removal(others, of: deployment.name, session)
    }

    /// What takes away those that were made here.
    static func removal(
        _ sources: [LambdaAPI.EventSource], of function: String, _ session: Session
    ) throws -> [Change] {
        try sources.filter { Deployment.isOurs(try session.lambda.tags(of: $0.arn), of: function) }.map { old in
            Change(.remove, "queue trigger", Self.name(old.source)) { session in
                try settled(old.id, session)
                try session.lambda.deleteEventSource(old.id)
            }
        }
    }

    /// Lambda takes one trigger of a queue for a function. Somebody else's has reasons that are not in the recipe.
    private static func check(_ there: LambdaAPI.EventSource, of function: String, _ session: Session) throws {
        guard Deployment.isOurs(try session.lambda.tags(of: there.arn), of: function) else {
            throw PublishError(
                .notOurs, "the queue \(name(there.source)) calls \(function) by a trigger that was not made here",
                hint: "remove that trigger (\(there.id)), or take the queue out of the recipe's ‘triggers’")
        }
    }

    private func creation(
        _ arn: String, _ settings: LambdaAPI.EventSourceSettings, for function: String, _ deployment: Deployment
    ) -> Change {
        Change(.create, "queue trigger", Self.name(arn), Self.details(nil, settings)) { session in
            var id = ""
            do {
                try session.persevering(while: Self.isExpected) {
                    id = try session.lambda.createEventSource(arn, for: function, settings, tags: deployment.allTags)
                }
            } catch let error as AWSError where error.isService("ResourceConflictException") {
                // It was made, and the answer was lost; or somebody else was faster.
                let found = try session.lambda.eventSources(of: function).first { $0.source == arn }
                guard let found else { throw error }
                try Self.check(found, of: deployment.name, session)
                id = found.id
            } catch let error as AWSError where error.message.contains("visibility timeout") {
                var error = error
                error.hint = "raise the queue's visibility timeout to six times ‘function.timeout’, as AWS advises"
                throw error
            }
            try Self.settled(id, session)
        }
    }

    /// A role's new policy is not known everywhere at once.
    private static func isExpected(_ error: AWSError) -> Bool {
        error.isService("InvalidParameterValueException") && error.message.contains("does not have permissions to call")
    }

    /// Waits until it can be changed.
    private static func settled(_ id: String, _ session: Session) throws {
        _ = try session.wait(for: "the queue's trigger to be ready", limit: .seconds(300)) { () -> Bool? in
            guard let found = try session.lambda.eventSource(id) else { return true }
            return ["Creating", "Enabling", "Disabling", "Updating"].contains(found.state) ? nil : true
        }
    }

    private static func name(_ arn: String) -> String { arn.split(separator: ":").last.map(String.init) ?? arn }

    private static func details(
        _ old: LambdaAPI.EventSourceSettings?, _ new: LambdaAPI.EventSourceSettings
    ) -> [Change.Detail] {
        func text(_ count: Int?) -> String { count.map(String.init) ?? "no limit" }
        var details: [Change.Detail] = []
        func compare(_ name: String, _ old: String?, _ new: String) {
            if old != new { details.append(.init(name, from: old, to: new)) }
        }
        compare("messages of a call", old.map { "\($0.batchSize)" }, "\(new.batchSize)")
        compare("gathered for", old.map { "\($0.window) s" }, "\(new.window) s")
        compare("calls at a time", old.map { text($0.concurrency) }, text(new.concurrency))
        compare(
            "failed messages", old.map { $0.reportsFailures ? "come back alone" : "bring all back" },
            new.reportsFailures ? "come back alone" : "bring all back")
        if old?.isEnabled == false { details.append(.init("state", from: "disabled", to: "enabled")) }
        return details
    }
}

extension Deployment.QueueTrigger {
    /// As Lambda has them.
    var settings: LambdaAPI.EventSourceSettings {
        LambdaAPI.EventSourceSettings(
            batchSize: batchSize, window: window, concurrency: concurrency, reportsFailures: reportsFailures)
    }
}
