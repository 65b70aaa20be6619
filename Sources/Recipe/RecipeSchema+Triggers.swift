internal import JSON

/// What calls a function besides buckets and APIs.
extension RecipeSchema {
    static var triggers: SchemaObject {
        SchemaObject(
            "‘triggers’",
            [
                SchemaKey(
                    "queues", .list(.object(queue), count: 0...16), .defaulting(.array([])),
                    "Queues of SQS whose messages call the function. They are there already: `publish` makes none."),
                SchemaKey(
                    "rules", .list(.object(rule), count: 0...32), .defaulting(.array([])),
                    "Rules of EventBridge that call the function: at certain times, or for certain events."),
            ])
    }

    private static var queue: SchemaObject {
        SchemaObject(
            "a queue",
            [
                SchemaKey("arn", .text(.queue), .required, "The queue's ARN, in the function's region."),
                SchemaKey(
                    "batchSize", .integer(1...10_000, unit: "messages"), .defaulting(.integer(10)),
                    "The most messages of one call. More than 10 want a `window`."),
                SchemaKey(
                    "window", .integer(0...300, unit: "seconds"), .defaulting(.integer(0)),
                    "How long messages are gathered for, in seconds."),
                SchemaKey(
                    "concurrency", .integer(2...1000, unit: "calls"),
                    "How many calls of this queue may run at a time. As many as the function may when absent."),
            ])
    }

    private static var rule: SchemaObject {
        SchemaObject(
            "a rule",
            [
                SchemaKey("name", .text(.ruleName), .required, "The rule's name among those of the function."),
                SchemaKey(
                    "schedule", .text(.schedule),
                    "When it calls: `rate(1 day)`, or `cron(0 6 * * ? *)`, in UTC. Either this or `pattern`."),
                SchemaKey(
                    "pattern", .document(most: 4096),
                    "Which events it calls for: an event pattern of EventBridge, such as "
                        + "`{\"source\": [\"aws.ecr\"]}`."),
                SchemaKey(
                    "bus", .text(.bus), .defaulting(.string("default")),
                    "The bus that events come by. It is there already; schedules are for the default one."),
            ])
    }
}

extension TextRule {
    static var queue: TextRule {
        TextRule(
            "the ARN of an SQS queue", pattern: "arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+(\\.fifo)?",
            length: 1...512, example: "arn:aws:sqs:eu-west-1:123456789012:videos")
    }

    static var ruleName: TextRule {
        TextRule("1 to 32 letters, digits, ‘-’ and ‘_’", pattern: "[A-Za-z0-9_-]+", length: 1...32, example: "nightly")
    }

    static var schedule: TextRule {
        TextRule(
            "rate(…) or cron(…)",
            pattern: "rate\\([1-9][0-9]* (minutes?|hours?|days?)\\)|cron\\([^ ()]+( [^ ()]+){5}\\)", length: 1...256,
            example: "rate(1 day)")
    }

    static var bus: TextRule {
        TextRule("an event bus's name", pattern: "[A-Za-z0-9._-]+", length: 1...256, example: "default")
    }
}
