internal import AWS

/// Where the function's log goes, and that of its jobs. Lambda would make its own, without a tag and with logs that never
/// end; Batch would put all jobs of the region into one.
struct LogGroupPart: Part {
    var options: FunctionPublisher.Options

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        var groups = [Session.logGroup(deployment.name)]
        if deployment.job != nil { groups.append(Session.jobLogGroup(deployment.name)) }
        return try groups.flatMap { try changes($0, deployment, session) }
    }

    private func changes(_ name: String, _ deployment: Deployment, _ session: Session) throws -> [Change] {
        let days = deployment.logRetention
        let tags = deployment.allTags
        guard let group = try session.logs.group(name) else {
            return [
                Change(.create, "log group", name, [.init("retention", to: "\(days) days")]) { session in
                    try Self.create(name, of: deployment, session)
                    try session.logs.setRetention(days, of: name)
                }
            ]
        }
        var details: [Change.Detail] = []
        let isOurs = Deployment.isOurs(try session.logs.tags(ofGroup: group.arn), of: deployment.name)
        if !isOurs {
            // Lambda has made one for a function that wrote to none: it goes over with the function.
            guard options.adopts else { throw Self.notOurs(name) }
            details.append(.init("tag \(Deployment.ownerTag)", to: deployment.name))
        }
        if group.retention != days {
            let old = group.retention.map { "\($0) days" } ?? "for ever"
            details.append(.init("retention", from: old, to: "\(days) days"))
        }
        guard !details.isEmpty else { return [] }
        return [
            Change(.update, "log group", name, details) { session in
                if !isOurs { try session.logs.tag(group: group.arn, tags) }
                try session.logs.setRetention(days, of: name)
            }
        ]
    }

    private static func create(_ name: String, of deployment: Deployment, _ session: Session) throws {
        do throws(AWSError) {
            try session.logs.createGroup(name, tags: deployment.allTags)
        } catch {
            // It was made, and the answer was lost; or somebody else was faster.
            guard error.isService("ResourceAlreadyExistsException"), let group = try session.logs.group(name) else {
                throw error
            }
            guard Deployment.isOurs(try session.logs.tags(ofGroup: group.arn), of: deployment.name) else {
                throw notOurs(name)
            }
        }
    }

    private static func notOurs(_ name: String) -> PublishError {
        PublishError(
            .notOurs, "there is a log group \(name) that was not made here",
            hint: "give the recipe another name, remove the group, or take it over with --adopt")
    }
}
