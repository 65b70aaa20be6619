internal import AWS
internal import JSON

extension Terraform {
    /// The queues and rules that call a function.
    mutating func addTriggers(_ deployment: Deployment, _ function: Function) {
        for (number, queue) in deployment.queues.enumerated() {
            var members: Spelling.Members = [
                ("event_source_arn", .string(queue.arn)), ("function_name", Self.attribute(function.alias, "arn")),
            ]
            members += Spelling.lined(queue.settings.members)
            members.append(("tags", .record(deployment.tags)))
            resource(
                "aws_lambda_event_source_mapping", labels.lined(function.label, "queue_\(number + 1)"),
                named: members)
        }
        for rule in deployment.rules { add(rule, deployment, function) }
    }

    /// A rule calls a function that lets it.
    private mutating func add(_ rule: Deployment.RuleTrigger, _ deployment: Deployment, _ function: Function) {
        let place = RulesPart.Place(rule, deployment.name)
        let permission = add(RulesPart.permission(rule, place, names), for: function, "rule_\(rule.name)")
        let cause: (name: StaticString, json: JSON) =
            switch rule.cause {
            case .schedule(let text): ("schedule_expression", .string(text))
            case .pattern(let json): ("event_pattern", Self.document(json))
            }
        let label = labels.lined(function.label, "on", rule.name)
        let made = resource(
            "aws_cloudwatch_event_rule", label, after: [permission],
            [
                ("name", .string(place.name)), ("event_bus_name", .string(place.bus)), cause,
                ("description", .string(RulesPart.purpose(deployment.name))), ("tags", .record(deployment.tags)),
            ])
        resource(
            "aws_cloudwatch_event_target", label,
            [
                ("rule", Self.attribute(made, "name")), ("event_bus_name", Self.attribute(made, "event_bus_name")),
                ("target_id", .string(RulesPart.target)), ("arn", Self.attribute(function.alias, "arn")),
            ])
    }
}
