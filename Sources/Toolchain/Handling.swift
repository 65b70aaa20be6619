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
