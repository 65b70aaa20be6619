#if !hasFeature(Embedded)
    internal import JSON
#endif

extension LaunchSpec {
    /// How events are handled, where the recipe says more than which program runs.
    package struct Handling: Sendable, Equatable {
        /// What of a direct event may be run, and not only read.
        package enum Brought: Sendable, Equatable, CaseIterable {
            case script, arguments
        }

        /// How a run may end whose output is stored all the same.
        package enum Ending: Sendable, Equatable, CaseIterable {
            case failure, timeout
        }

        package var eventMayBring: [Brought] = []
        package var keepOutput: [Ending] = []
        /// Whether a run on an object that leaves no output has failed.
        package var requiresOutput = false
        /// Whether the queue takes a list of the messages that failed (ReportBatchItemFailures).
        package var reportsMessages = false
        /// Whether an answer is sent while the program writes it.
        package var streams = false
        /// Whether an answer that is too large is a link to where it is stored.
        package var linksLargeAnswers = false
        /// The least that the supervisor says.
        package var logLevel = LogLevel.info
        /// Whether each event leaves a line of figures for CloudWatch.
        package var metrics = false

        package init() {}
    }
}

extension LaunchSpec.Handling.Brought {
    var name: StaticString {
        switch self {
        case .script: "script"
        case .arguments: "arguments"
        }
    }
}

extension LaunchSpec.Handling.Ending {
    var name: StaticString {
        switch self {
        case .failure: "failure"
        case .timeout: "timeout"
        }
    }
}

extension LaunchSpec.Handling {
    var json: JSON {
        .object([
            ("eventMayBring", .array(eventMayBring.map { .utf8([UInt8]($0.name)) })),
            ("keepOutput", .array(keepOutput.map { .utf8([UInt8]($0.name)) })),
            ("requiresOutput", .bool(requiresOutput)), ("reportsMessages", .bool(reportsMessages)),
            ("streams", .bool(streams)), ("linksLargeAnswers", .bool(linksLargeAnswers)),
            ("logLevel", .utf8([UInt8](logLevel.name))), ("metrics", .bool(metrics)),
        ])
    }
}
