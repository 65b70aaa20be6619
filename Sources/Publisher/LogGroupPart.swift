internal import AWS

/// Where the function's log goes. Lambda would make it itself, without a tag and with logs that never end.
struct LogGroupPart: Part {
    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let name = Session.logGroup(deployment.name)
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
