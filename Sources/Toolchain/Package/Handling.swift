internal import Recipe
internal import Supervisor

extension LaunchSpec.Handling {
    /// What a recipe says of its calls, as the supervisor is told it.
    init(_ recipe: Recipe) {
        self.init()
        eventMayBring = Self.Brought.allCases.filter { recipe.calls.eventMayBring.contains("\($0)") }
        keepOutput = Self.Ending.allCases.filter { recipe.calls.keepOutput.contains("\($0)") }
        requiresOutput = recipe.calls.requireOutput
        reportsMessages = recipe.calls.partialBatches
        streams = recipe.calls.streaming
        linksLargeAnswers = recipe.calls.linkLargeAnswers
        logLevel = LogLevel.allCases.first { "\($0)" == recipe.function.logLevel } ?? .info
        metrics = recipe.function.metrics
    }
}

extension LaunchSpec.Batch {
    /// What a recipe says of AWS Batch; nil when its calls run in Lambda alone. Queue and job definition have the
    /// function's name.
    init?(_ recipe: Recipe) {
        guard recipe.execution != .lambda else { return nil }
        let name = Array(recipe.name.utf8)
        let takesAfter = recipe.batch?.takesAfter
        self.init(
            queue: name, definition: name, nodes: recipe.batch?.nodes ?? 1, takesAll: recipe.execution == .batch,
            takesAfter: Shortage.allCases.filter { takesAfter?.contains("\($0)") ?? true },
            events: recipe.batch?.events.map { Array($0.utf8) })
    }
}
