package import JSON
internal import Transport

/// Queues whose messages Lambda brings to a function. Lambda API reference, "CreateEventSourceMapping".
extension LambdaAPI {
    package struct EventSource: Sendable, Equatable {
        package var id: String
        package var arn: String
        /// The queue's ARN.
        package var source: String
        package var state: String
        package var settings: EventSourceSettings
    }

    /// How messages are brought: the same for what is wanted and for what is there.
    package struct EventSourceSettings: Sendable, Equatable {
        /// The most messages of one call.
        package var batchSize: Int
        /// Seconds that messages are gathered for.
        package var window: Int
        /// How many calls at a time; nil for as many as the function has.
        package var concurrency: Int?
        /// Whether the function says which messages have failed.
        package var reportsFailures: Bool
        package var isEnabled: Bool

        package init(
            batchSize: Int, window: Int, concurrency: Int?, reportsFailures: Bool, isEnabled: Bool = true
        ) {
            self.batchSize = batchSize
            self.window = window
            self.concurrency = concurrency
            self.reportsFailures = reportsFailures
            self.isEnabled = isEnabled
        }

        init(_ json: JSON) {
            batchSize = json["BatchSize"]?.integer ?? 10
            window = json["MaximumBatchingWindowInSeconds"]?.integer ?? 0
            concurrency = json["ScalingConfig"]?["MaximumConcurrency"]?.integer
            reportsFailures = (json["FunctionResponseTypes"]?.array ?? []).contains {
                $0.string == "ReportBatchItemFailures"
            }
            isEnabled = !["Disabled", "Disabling"].contains(json["State"]?.string)
        }

        /// As `CreateEventSourceMapping` takes them.
        package var members: [(name: StaticString, json: JSON)] {
            [
                ("BatchSize", .integer(batchSize)), ("MaximumBatchingWindowInSeconds", .integer(window)),
                ("FunctionResponseTypes", .array(reportsFailures ? [.string("ReportBatchItemFailures")] : [])),
                ("ScalingConfig", .object(concurrency.map { [("MaximumConcurrency", .integer($0))] } ?? [])),
                ("Enabled", .bool(isEnabled)),
            ]
        }
    }

    private static let sources = "/2015-03-31/event-source-mappings"

    private static func eventSource(_ json: JSON) -> EventSource {
        EventSource(
            id: json["UUID"]?.string ?? "", arn: json["EventSourceMappingArn"]?.string ?? "",
            source: json["EventSourceArn"]?.string ?? "", state: json["State"]?.string ?? "",
            settings: EventSourceSettings(json))
    }

    /// What brings events to a function, or to one of its aliases, by its ARN; what is on its way out is left out.
    package func eventSources(of function: String) throws(AWSError) -> [EventSource] {
        do throws(AWSError) {
            return try pages(
                "ListEventSourceMappings", Self.sources, "EventSourceMappings",
                query: [("FunctionName", function)]
            ).map { Self.eventSource($0) }.filter { $0.state != "Deleting" }
        } catch {
            // There is no such function yet.
            guard error.isNotFound else { throw error }
            return []
        }
    }

    package func eventSource(_ id: String) throws(AWSError) -> EventSource? {
        try optional(
            AWSRequest(.lambda, "GetEventSourceMapping", .get, "\(Self.sources)/\(URL.encode(id))")
        ).map { Self.eventSource($0) }
    }

    package func createEventSource(
        _ source: String, for function: String, _ settings: EventSourceSettings, tags: [String: String]
    ) throws(AWSError) -> String {
        let members: [(name: StaticString, json: JSON)] =
            [("EventSourceArn", .string(source)), ("FunctionName", .string(function))]
            + settings.members + [("Tags", .record(tags))]
        let json = try client.json(
            AWSRequest(.lambda, "CreateEventSourceMapping", .post, Self.sources, json: .object(members)))
        return json["UUID"]?.string ?? ""
    }

    package func updateEventSource(_ id: String, _ settings: EventSourceSettings) throws(AWSError) {
        _ = try client.json(
            AWSRequest(
                .lambda, "UpdateEventSourceMapping", .put, "\(Self.sources)/\(URL.encode(id))",
                json: .object(settings.members)))
    }

    package func deleteEventSource(_ id: String) throws(AWSError) {
        try unlessGone(
            AWSRequest(.lambda, "DeleteEventSourceMapping", .delete, "\(Self.sources)/\(URL.encode(id))"))
    }

    /// The tags of a function or of what brings events to one.
    package func tags(of arn: String) throws(AWSError) -> [String: String] {
        try client.json(
            AWSRequest(.lambda, "ListTags", .get, "/2017-03-31/tags/\(URL.encode(arn))"))["Tags"]?.texts ?? [:]
    }
}
