internal import AWS
internal import JSON

extension CloudFormation {
    /// The queues and rules that call a function.
    mutating func addTriggers(_ deployment: Deployment, _ function: Function) {
        for (number, queue) in deployment.queues.enumerated() {
            var properties: [(name: StaticString, json: JSON)] = [
                ("EventSourceArn", .string(queue.arn)), ("FunctionName", function.alias),
            ]
            properties += queue.settings.members
            properties.append(("Tags", Self.tags(deployment.tags)))
            resource(
                labels.joined(function.title, "Queue\(number + 1)"), "AWS::Lambda::EventSourceMapping", properties)
        }
        for rule in deployment.rules { add(rule, deployment, function) }
    }

    /// A rule calls a function that lets it.
    private mutating func add(_ rule: Deployment.RuleTrigger, _ deployment: Deployment, _ function: Function) {
        let place = RulesPart.Place(rule, deployment.name)
        let permission = add(
            RulesPart.permission(rule, place, names), for: function, "Rule\(rule.name)Permission")
        let target = JSON.object([("Id", .string(RulesPart.target)), ("Arn", function.alias)])
        let cause: (name: StaticString, json: JSON) =
            switch rule.cause {
            case .schedule(let text): ("ScheduleExpression", .string(text))
            case .pattern(let json): ("EventPattern", json)
            }
        resource(
            labels.joined(function.title, "Rule\(rule.name)"), "AWS::Events::Rule", after: [permission],
            [
                ("Name", .string(place.name)), ("EventBusName", .string(place.bus)), cause,
                ("State", .string("ENABLED")), ("Description", .string(RulesPart.purpose(deployment.name))),
                ("Targets", .array([target])), ("Tags", Self.tags(deployment.tags)),
            ])
    }
}
