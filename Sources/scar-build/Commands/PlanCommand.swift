internal import ArgumentParser
internal import JSON
internal import Toolchain

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Say what build would do, and what is cached already.")

    @OptionGroup var recipe: RecipeArgument
    @OptionGroup var source: SourceOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let reporter = TerminalReporter(isQuiet: true)
        let plans = try Builder(try source.options(), progress: reporter.handler).plan(
            try recipe.read(isQuiet: source.quiet))
        if json {
            try StandardOutput.write(JSON.array(plans.map(\.json)).text(pretty: true))
        } else {
            for plan in plans { try StandardOutput.line(plan.description) }
        }
    }
}
