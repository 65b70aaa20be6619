internal import AWS

/// Where the function's log goes, and that of its jobs. Lambda would make its own, without a tag and with logs that never
/// end; Batch would put all jobs of the region into one.
struct LogGroupPart: Part {
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
                    try session.logs.createGroup(name, tags: tags)
                    try session.logs.setRetention(days, of: name)
                }
            ]
        }
        guard group.retention != days else { return [] }
        let old = group.retention.map { "\($0) days" } ?? "for ever"
        return [
            Change(.update, "log group", name, [.init("retention", from: old, to: "\(days) days")]) { session in
                try session.logs.setRetention(days, of: name)
            }
        ]
    }
}
