package import JSON

/// EventBridge's rules, as far as functions made here are called by them. Amazon EventBridge API reference, 2015-10-07.
package struct EventsAPI: Sendable {
    package let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// A rule and whom it calls.
    package struct Rule: Sendable, Equatable {
        package var schedule: String?
        package var pattern: JSON?
        package var isEnabled: Bool
        package var targets: [Target]
        package var tags: [String: String]
    }

    /// Something that a rule calls.
    package struct Target: Sendable, Hashable {
        /// One of the rule's own.
        package var id: String
        package var arn: String
    }

    private func ask(_ operation: String, _ members: [(name: StaticString, json: JSON)]) throws(AWSError) -> JSON {
        try client.json(AWSRequest(.events, target: "AWSEvents", operation, json: .object(members)))
    }

    private static func place(_ name: StaticString, _ rule: String, _ bus: String) -> [(name: StaticString, json: JSON)]
    {
        [(name, .string(rule)), ("EventBusName", .string(bus))]
    }

    /// A rule; nil when there is none of this name on the bus.
    package func rule(_ name: String, on bus: String) throws(AWSError) -> Rule? {
        let json: JSON
        do throws(AWSError) {
            json = try ask("DescribeRule", Self.place("Name", name, bus))
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
        var tags: [String: String] = [:]
        let listed = try ask("ListTagsForResource", [("ResourceARN", .string(json["Arn"]?.string ?? ""))])
        for tag in listed["Tags"]?.array ?? [] { tags[tag["Key"]?.string ?? ""] = tag["Value"]?.string ?? "" }
        return Rule(
            schedule: json["ScheduleExpression"]?.string,
            pattern: json["EventPattern"]?.utf8.flatMap { try? JSON.parse($0) },
            isEnabled: json["State"]?.string != "DISABLED",
            targets: try targets(of: name, on: bus), tags: tags)
    }

    private func targets(of rule: String, on bus: String) throws(AWSError) -> [Target] {
        var found: [Target] = []
        var (tokens, token) = (PageTokens(), String?.none)
        repeat {
            let json = try ask(
                "ListTargetsByRule",
                Self.place("Rule", rule, bus) + (token.map { [("NextToken", .string($0))] } ?? []))
            found += (json["Targets"]?.array ?? []).map {
                Target(id: $0["Id"]?.string ?? "", arn: $0["Arn"]?.string ?? "")
            }
            token = try tokens.next(json["NextToken"]?.string, after: "events ListTargetsByRule")
        } while token != nil
        return found
    }

    /// Makes a rule, or changes the one there is; of that the tags stay as they are.
    package func put(
        _ name: String, on bus: String, schedule: String?, pattern: JSON?, description: String,
        tags: [String: String]
    ) throws(AWSError) {
        var members = Self.place("Name", name, bus)
        if let schedule { members.append(("ScheduleExpression", .string(schedule))) }
        if let pattern { members.append(("EventPattern", .utf8(pattern.text()))) }
        let list = tags.sorted { $0.key < $1.key }.map {
            JSON.object([("Key", .string($0.key)), ("Value", .string($0.value))])
        }
        _ = try ask(
            "PutRule",
            members + [
                ("State", .string("ENABLED")), ("Description", .string(description)), ("Tags", .array(list)),
            ])
    }

    /// Has a rule call something; it keeps whom it called under another id.
    package func target(_ rule: String, on bus: String, id: String, arn: String) throws(AWSError) {
        let target = JSON.object([("Id", .string(id)), ("Arn", .string(arn))])
        let answer = try ask("PutTargets", Self.place("Rule", rule, bus) + [("Targets", .array([target]))])
        try check(answer, "PutTargets")
    }

    /// Removes some of a rule's targets, and the rule itself when it has no others. What is not there is no error.
    package func delete(
        _ rule: String, on bus: String, calling isOurs: (Target) -> Bool
    ) throws(AWSError) {
        do throws(AWSError) {
            let there = try targets(of: rule, on: bus)
            let ids = there.filter(isOurs).map { JSON.string($0.id) }
            if !ids.isEmpty {
                try check(
                    try ask("RemoveTargets", Self.place("Rule", rule, bus) + [("Ids", .array(ids))]), "RemoveTargets")
            }
            guard ids.count == there.count else { return }
            _ = try ask("DeleteRule", Self.place("Name", rule, bus))
        } catch {
            guard error.isNotFound else { throw error }
        }
    }

    /// These say yes as a whole, and no to each.
    private func check(_ answer: JSON, _ operation: String) throws(AWSError) {
        guard let failure = answer["FailedEntries"]?[0] else { return }
        var error = AWSError(
            .service, failure["ErrorMessage"]?.string ?? "", code: failure["ErrorCode"]?.string ?? "")
        error.operation = "events \(operation)"
        throw error
    }
}
