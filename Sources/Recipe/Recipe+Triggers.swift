package import JSON

extension Recipe {
    /// What calls the function besides buckets and APIs.
    package struct Triggers: Sendable, Equatable {
        package var queues: [Queue]
        package var rules: [Rule]

        /// A queue of SQS.
        package struct Queue: Sendable, Equatable {
            package var arn: String
            /// Messages.
            package var batchSize: Int
            /// Seconds.
            package var window: Int
            /// Calls at a time; nil for no limit of its own.
            package var concurrency: Int?
        }

        /// A rule of EventBridge: either `schedule` or `pattern` is there.
        package struct Rule: Sendable, Equatable {
            package var name: String
            package var schedule: String?
            package var pattern: JSON?
            package var bus: String
        }
    }
}
