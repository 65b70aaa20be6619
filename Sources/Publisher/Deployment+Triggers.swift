package import JSON

extension Deployment {
    /// A queue of SQS whose messages call the function.
    package struct QueueTrigger: Sendable, Equatable {
        package var arn: String
        /// The most messages of one call.
        package var batchSize: Int
        /// Seconds that messages are gathered for.
        package var window: Int
        /// How many calls at a time; nil for no limit of its own.
        package var concurrency: Int?
        /// Whether the function says which messages have failed, so that only those come back.
        package var reportsFailures: Bool

        package init(
            arn: String, batchSize: Int = 10, window: Int = 0, concurrency: Int? = nil, reportsFailures: Bool = false
        ) {
            self.arn = arn
            self.batchSize = batchSize
            self.window = window
            self.concurrency = concurrency
            self.reportsFailures = reportsFailures
        }
    }

    /// A rule of EventBridge that calls the function.
    package struct RuleTrigger: Sendable, Equatable {
        package enum Cause: Sendable, Equatable {
            /// `rate(1 day)`, `cron(0 6 * * ? *)`.
            case schedule(String)
            /// Events that look like this.
            case pattern(JSON)

            var schedule: String? { if case .schedule(let text) = self { text } else { nil } }
            var pattern: JSON? { if case .pattern(let json) = self { json } else { nil } }
        }

        /// Unlike those of the function's other rules.
        package var name: String
        package var cause: Cause
        package var bus: String

        package init(name: String, cause: Cause, bus: String = "default") {
            self.name = name
            self.cause = cause
            self.bus = bus
        }
    }
}
