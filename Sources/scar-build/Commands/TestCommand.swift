internal import ArgumentParser
internal import ByteKit
internal import JSON
internal import Recipe
internal import Toolchain

struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run a recipe's tests on the built package.",
        discussion: """
            Builds each function once and runs its ‘tests’, each in a fresh cage. Prints a line for each test, and ends \
            with status 5 when one fails.
            """)

    @OptionGroup var recipe: RecipeArgument
    @OptionGroup var source: SourceOptions

    @Option(help: ArgumentHelp("Only this function's tests.", valueName: "name"))
    var function: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var form: FormOptions
    @OptionGroup var caging: CageOptions

    func run() throws {
        let file = try recipe.read(isQuiet: source.quiet)
        let functions = try function.map { [try file.function($0)] } ?? file.functions
        let reporter = TerminalReporter(isQuiet: source.quiet)
        let builder = try Builder(try form.options(source, caging), progress: reporter.handler)
        for recipe in functions where recipe.tests.isEmpty {
            reporter.handler(.warning("‘\(recipe.name)’ has no tests"))
        }
        var results: [RecipeTest.Result] = []
        let tested = functions.filter { !$0.tests.isEmpty }
        let cage = tested.isEmpty ? Cage.none : caging.cage(for: tested, reporter)
        for recipe in tested {
            try RunFolder.with { folder in
                let test = try RecipeTest(recipe, of: file, in: folder, cage: cage, builder: builder)
                try test.run { result in
                    results.append(result)
                    if !json { try StandardOutput.line(Self.text(of: result)) }
                }
            }
        }
        if json { try StandardOutput.write(JSON.array(results.map(\.json)).text(pretty: true)) }
        let failures = results.count { !$0.isPassed }
        guard failures == 0 else {
            throw ToolError("test-failed", "\(failures) of \(results.count) tests failed", exitCode: .functionFailed)
        }
    }

    private static func text(of result: RecipeTest.Result) -> String {
        let name = "\(result.function): \(Diagnostic.printable(result.test))"
        guard !result.isPassed else { return "ok      \(name)  \(seconds(result.seconds))" }
        let problems = result.problems.flatMap { $0.split(separator: "\n").map(String.init) }
        let words = result.log.split(separator: "\n").map { "| \($0)" }
        let missed = result.missed.prefix(10).map {
            "asked for /\($0.path), which the rule ‘\($0.rule)’ has removed: \"\($0.path)\" in ‘prune.keep’ keeps it"
        }
        let more = result.missed.count > 10 ? ["and \(result.missed.count - 10) more; --json has them all"] : []
        let lines = problems + missed + more + words
        return (["FAILED  \(name)  \(seconds(result.seconds))"] + lines.map { "        \(Diagnostic.printable($0))" })
            .joined(separator: "\n")
    }

    private static func seconds(_ seconds: Double) -> String {
        let tenths = Int(seconds * 10)
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
