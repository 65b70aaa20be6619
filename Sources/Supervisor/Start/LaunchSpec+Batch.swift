#if !hasFeature(Embedded)
    internal import JSON
#endif

extension LaunchSpec {
    /// How events reach AWS Batch.
    package struct Batch: Sendable, Equatable {
        /// What there can be too little of in Lambda.
        package enum Shortage: Sendable, Equatable, CaseIterable {
            case timeout, memory, space
        }

        package var queue: [UInt8]
        package var definition: [UInt8]
        /// How many nodes a job has; 1 is an ordinary job.
        package var nodes: Int
        /// Whether Lambda hands over every event, without looking further at it.
        package var takesAll: Bool
        /// Otherwise: after which shortages it does.
        package var takesAfter: [Shortage]
        /// `bucket/folder` of S3 for events that are too long for a job's environment; nil when they are an error.
        package var events: [UInt8]?

        package init(
            queue: [UInt8], definition: [UInt8], nodes: Int = 1, takesAll: Bool = false, takesAfter: [Shortage] = [],
            events: [UInt8]? = nil
        ) {
            self.queue = queue
            self.definition = definition
            self.nodes = nodes
            self.takesAll = takesAll
            self.takesAfter = takesAfter
            self.events = events
        }
    }
}

extension LaunchSpec.Batch.Shortage {
    var name: StaticString {
        switch self {
        case .timeout: "timeout"
        case .memory: "memory"
        case .space: "space"
        }
    }
}

extension LaunchSpec.Batch {
    var json: JSON {
        var members: [(name: StaticString, json: JSON)] = [
            ("queue", .utf8(queue)), ("definition", .utf8(definition)), ("nodes", .integer(nodes)),
            ("takesAll", .bool(takesAll)), ("takesAfter", .array(takesAfter.map { .utf8([UInt8]($0.name)) })),
        ]
        if let events { members.append(("events", .utf8(events))) }
        return .object(members)
    }

    init(_ json: JSON) throws(LaunchSpecError) {
        var object = try ObjectReader(json, name: [UInt8]("batch"))
        self.init(
            queue: try object.text("queue"), definition: try object.text("definition"),
            nodes: try object.number("nodes", in: 1...1000), takesAll: try object.bool("takesAll"),
            takesAfter: try object.choices("takesAfter", Shortage.allCases) { $0.name },
            events: try object.optional("events").map { (json) throws(LaunchSpecError) in
                try json.text("batch.events", .innerPath)
            })
        try object.finish()
    }
}
