internal import ArgumentParser
internal import JSON
internal import Toolchain

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Report what is in a recipe's image, and what pruning removes.")

    @OptionGroup var recipe: RecipeArgument
    @OptionGroup var source: SourceOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let reporter = TerminalReporter(isQuiet: source.quiet)
        let reports = try Builder(try source.options(), progress: reporter.handler).inspect(
            try recipe.read(isQuiet: source.quiet))
        if json {
            try StandardOutput.write(JSON.array(reports.map(\.json)).text(pretty: true))
        } else {
            for report in reports { try StandardOutput.line(report.text) }
        }
    }
}
