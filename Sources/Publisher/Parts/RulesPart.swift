internal import AWS
internal import ByteKit
internal import JSON

/// The rules of EventBridge that call the function. The permission to call comes before its rule and goes after it, and so
/// says which rules there are: also those of a bus that no recipe names any more.
struct RulesPart: Part {
    private static let prefix = "scar-build-rule-"
    /// What the function is called among those that a rule calls.
    static let target = "function"

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        let permissions = try session.lambda.permissions(deployment.name, qualifier: deployment.alias)
        var changes: [Change] = []
        var wanted: [LambdaAPI.Permission] = []
        for rule in deployment.rules {
            let place = Place(rule, deployment.name)
            let permission = Self.permission(rule, place, session)
            wanted.append(permission)
            // One that has gone to another bus must be gone from where it was.
            let old = permissions.first { $0.id == permission.id && $0 != permission }
            if let old { changes += try Self.removal(old, deployment, session) }
            changes += PermissionChanges.changes([permission], old == nil ? permissions : [], deployment)
            changes += try self.changes(rule, place, deployment, session)
        }
        for old in permissions where old.id.hasPrefix(Self.prefix) && !wanted.contains(where: { $0.id == old.id }) {
            changes += try Self.removal(old, deployment, session)
        }
        return changes
    }

    /// What lets a rule call the function.
    static func permission(
        _ rule: Deployment.RuleTrigger, _ place: Place, _ names: some Naming
    ) -> LambdaAPI.Permission {
        LambdaAPI.Permission(
            id: prefix + rule.name, principal: "events.amazonaws.com", sourceARN: place.arn(names))
    }

    /// For people who look at the rule.
    static func purpose(_ function: String) -> String { "Calls the function \(function)" }

    /// Where a rule is.
    struct Place {
        var bus: String
        var name: String

        init(_ rule: Deployment.RuleTrigger, _ function: String) {
            bus = rule.bus
            // No function's name holds a dot, so one's rules are never another's.
            let full = "scar-build.\(function).\(rule.name)"
            name =
                full.utf8.count <= 64 ? full : full.prefix(55) + "-" + Digest(of: Array(full.utf8)).hex.prefix(8)
        }

        /// Takes a rule's ARN apart: `…:rule/NAME`, or `…:rule/BUS/NAME`.
        init?(arn: String) {
            let parts = arn.split(separator: ":").last?.split(separator: "/").map(String.init) ?? []
            guard parts.count == 2 || parts.count == 3, parts[0] == "rule" else { return nil }
            (bus, name) = (parts.count == 3 ? parts[1] : "default", parts[parts.count - 1])
        }

        func arn(_ names: some Naming) -> String { names.ruleARN(bus == "default" ? name : "\(bus)/\(name)") }
    }

    private func changes(
        _ rule: Deployment.RuleTrigger, _ place: Place, _ deployment: Deployment, _ session: Session
    ) throws -> [Change] {
        let calls = session.functionARN(deployment.name, alias: deployment.alias)
        let there = try session.events.rule(place.name, on: place.bus)
        if let there, !Deployment.isOurs(there.tags, of: deployment.name) {
            throw PublishError(
                .notOurs, "there is a rule \(place.name) that was not made here",
                hint: "give the rule of the recipe another name, or remove it")
        }
        var details: [Change.Detail] = []
        let cause = Self.text(rule.cause)
        if there.map(Self.cause) != rule.cause {
            details.append(.init("calls for", from: there.map { Self.text(Self.cause($0)) }, to: cause))
        }
        if there?.targets.contains(where: { $0.arn == calls }) != true { details.append(.init("calls", to: calls)) }
        if there?.isEnabled == false { details.append(.init("state", from: "disabled", to: "enabled")) }
        guard !details.isEmpty else { return [] }
        let tags = deployment.allTags
        return [
            Change(there == nil ? .create : .update, "rule", place.name, details) { session in
                try session.events.put(
                    place.name, on: place.bus, schedule: rule.cause.schedule, pattern: rule.cause.pattern,
                    description: Self.purpose(deployment.name), tags: tags)
                try session.persevering(while: \.isNotFound) {
                    try session.events.target(place.name, on: place.bus, id: Self.target, arn: calls)
                }
            }
        ]
    }

    private static func cause(_ rule: EventsAPI.Rule) -> Deployment.RuleTrigger.Cause {
        rule.schedule.map { .schedule($0) } ?? .pattern(rule.pattern ?? .null)
    }

    private static func text(_ cause: Deployment.RuleTrigger.Cause) -> String {
        switch cause {
        case .schedule(let text): text
        case .pattern(let json): "events like " + String(decoding: json.text(), as: UTF8.self)
        }
    }

    // MARK: Removal

    /// What takes all of a function's rules away.
    ///
    /// - Parameter kept: gets those that call something else as well.
    static func removal(
        of permissions: [LambdaAPI.Permission], for function: String, alias: String, _ kept: inout [String],
        _ session: Session
    ) throws -> [Change] {
        let calls = session.functionARN(function, alias: alias)
        let changes = try permissions.filter { $0.id.hasPrefix(prefix) }.flatMap {
            try rule(of: $0, for: function, calling: calls, session)
        }
        for change in changes where change.action == .update {
            kept.append("the rule \(change.name), which calls something else as well")
        }
        return changes
    }

    private static func removal(
        _ permission: LambdaAPI.Permission, _ deployment: Deployment, _ session: Session
    ) throws -> [Change] {
        let (name, alias) = (deployment.name, deployment.alias)
        let calls = session.functionARN(name, alias: alias)
        return try rule(of: permission, for: name, calling: calls, session) + [
            Change(.remove, "permission", permission.id) {
                try $0.lambda.removePermission(permission.id, from: name, qualifier: alias)
            }
        ]
    }

    private static func rule(
        of permission: LambdaAPI.Permission, for function: String, calling arn: String, _ session: Session
    ) throws -> [Change] {
        guard let place = permission.sourceARN.flatMap({ Place(arn: $0) }),
            let rule = try session.events.rule(place.name, on: place.bus), Deployment.isOurs(rule.tags, of: function)
        else { return [] }
        // What else it calls is somebody else's wish, and keeps the rule.
        @Sendable func isOurs(_ target: EventsAPI.Target) -> Bool { target.id == Self.target || target.arn == arn }
        let isShared = !rule.targets.allSatisfy(isOurs)
        let details = isShared ? [Change.Detail("calls", from: arn, to: "only what others let it call")] : []
        return [
            Change(isShared ? .update : .remove, "rule", place.name, details) { session in
                try session.events.delete(place.name, on: place.bus, calling: isOurs)
            }
        ]
    }
}
