internal import JSON

/// What calls a function besides buckets and APIs.
extension RecipeReader {
    func triggers() throws(RecipeError) -> Recipe.Triggers {
        let triggers = json["triggers"]
        return Recipe.Triggers(queues: try queues(triggers?["queues"]), rules: try rules(triggers?["rules"]))
    }

    private func queues(_ json: JSON?) throws(RecipeError) -> [Recipe.Triggers.Queue] {
        var queues: [Recipe.Triggers.Queue] = []
        for (index, json) in (json?.array ?? []).enumerated() {
            let key = "triggers.queues[\(index)]"
            let queue = Recipe.Triggers.Queue(
                arn: text(json["arn"]), batchSize: number(json["batchSize"]), window: number(json["window"]),
                concurrency: json["concurrency"]?.integer)
            guard !queues.contains(where: { $0.arn == queue.arn }) else {
                throw error(
                    .conflict, "‘triggers.queues’ has the same queue twice", "\(key).arn", "remove one of the two")
            }
            if queue.arn.hasSuffix(".fifo"), queue.batchSize > 10 || queue.window > 0 {
                throw error(
                    .conflict, "a queue that keeps its order gives at most 10 messages, and gathers none", "\(key).arn",
                    "set ‘batchSize’ to 10 or less, and leave ‘window’ out")
            }
            guard queue.batchSize <= 10 || queue.window > 0 else {
                throw error(
                    .conflict, "‘batchSize’ is \(queue.batchSize), and without a ‘window’ a queue gives at most 10",
                    "\(key).batchSize", "add a ‘window’ of a second or more")
            }
            queues.append(queue)
        }
        return queues
    }

    private func rules(_ json: JSON?) throws(RecipeError) -> [Recipe.Triggers.Rule] {
        var rules: [Recipe.Triggers.Rule] = []
        for (index, json) in (json?.array ?? []).enumerated() {
            let key = "triggers.rules[\(index)]"
            let rule = Recipe.Triggers.Rule(
                name: text(json["name"]), schedule: json["schedule"]?.string, pattern: json["pattern"],
                bus: text(json["bus"]))
            guard !rules.contains(where: { $0.name == rule.name }) else {
                throw error(
                    .conflict, "two rules are called ‘\(rule.name)’", "\(key).name", "choose another name for one")
            }
            guard (rule.schedule == nil) != (rule.pattern == nil) else {
                throw error(
                    .conflict, "the rule ‘\(rule.name)’ must have either ‘schedule’ or ‘pattern’", key,
                    "‘schedule’ is for times, ‘pattern’ for events; two rules can have one each")
            }
            guard rule.schedule == nil || rule.bus == "default" else {
                throw error(
                    .conflict, "the rule ‘\(rule.name)’ has a ‘schedule’, which only the default bus knows",
                    "\(key).bus", "remove ‘bus’")
            }
            rules.append(rule)
        }
        return rules
    }
}
