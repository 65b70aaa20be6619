internal import ArgumentParser
internal import ByteKit
internal import Glibc
internal import Recipe
internal import Toolchain

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a recipe's function on this machine.",
        discussion: """
            Builds the package and runs the supervisor that ships in it on an event, or on input files as if they had \
            come through the function's input bucket. The function's response goes to stdout, its output files to the \
            output folder, and its own words to stderr. With --serve the function, or all of the recipe's, waits for \
            calls as Lambda would: ‘aws lambda invoke --endpoint-url http://ADDRESS’ reaches it. With bubblewrap \
            installed the function runs in a cage like Lambda's sandbox; docs/cage.md says what that is.
            """)

    @OptionGroup var recipe: RecipeArgument
    @OptionGroup var source: SourceOptions

    @Option(help: ArgumentHelp("A file with the event's JSON.", valueName: "file"), completion: .file())
    var event: String?

    @Option(help: ArgumentHelp("A file for the function's input. Repeatable.", valueName: "file"), completion: .file())
    var input: [String] = []

    @Option(
        name: [.short, .long], help: ArgumentHelp("Where output files go.", valueName: "dir"), completion: .directory)
    var output = "out"

    @Option(
        help: ArgumentHelp(
            "Serve Lambda's Invoke API on this address, such as 127.0.0.1:9000, until Ctrl-C.",
            valueName: "address"))
    var serve: ServiceAddress?

    @Option(
        help: ArgumentHelp(
            "With --serve: the folder that plays the buckets, each a folder in it.", valueName: "dir"),
        completion: .directory)
    var buckets: String?

    @Option(
        help: ArgumentHelp(
            "With --serve: how many calls of a function run at a time; by default one for each processor.",
            valueName: "n"))
    var concurrency: Int?

    @Option(help: ArgumentHelp("Which function, when the recipe has several.", valueName: "name"))
    var function: String?

    @Option(
        help: ArgumentHelp(
            "A variable for the function: its value, or NAME alone for the one it has here. Repeatable.",
            valueName: "name=value"))
    var env: [String] = []

    @OptionGroup var form: FormOptions
    @OptionGroup var caging: CageOptions

    func validate() throws {
        guard event == nil || input.isEmpty else { throw ValidationError("--event and --input exclude each other.") }
        guard serve == nil || (event == nil && input.isEmpty) else {
            throw ValidationError("--serve takes its events from callers, not from --event or --input.")
        }
        guard buckets == nil || serve != nil else { throw ValidationError("--buckets goes with --serve.") }
        guard concurrency == nil || serve != nil else { throw ValidationError("--concurrency goes with --serve.") }
        if let concurrency, !(1...1000).contains(concurrency) {
            throw ValidationError("--concurrency takes a number from 1 to 1000.")
        }
    }

    func run() throws {
        let file = try recipe.read(isQuiet: source.quiet)
        if let serve { return try FunctionService(self, at: serve).run(file) }
        let recipe = try chosen(file)
        let work: LocalRun.Work =
            if !input.isEmpty { .inputs(input) } else {
                .event(try event.map { try InputFile.contents(of: $0, limit: 6 << 20) } ?? Array("{}".utf8))
            }
        // Better known now than after the build.
        for path in input { _ = try InputFile(path) }
        let reporter = TerminalReporter(isQuiet: source.quiet)
        let options = try form.options(source, caging)
        let cage = caging.cage(for: [recipe], reporter)
        let variables = try variables()
        let outcomes = try RunFolder.with { folder in
            let package = try Builder(options, progress: reporter.handler).stage(
                recipe, of: file, in: folder, cage: cage)
            try Folder.create(folder + "/run")
            var run = LocalRun(recipe, package: package, in: folder + "/run", cage: cage)
            run.variables = variables
            // Output files that were written before a failure are kept.
            let outcomes = Result { try run.run(work) }
            for path in try run.collectOutputs(into: output) {
                reporter.handler(.wrote(path, bytes: try InputFile(path).size))
            }
            return try outcomes.get()
        }
        for outcome in outcomes where !outcome.isFailure { try StandardOutput.write(outcome.body) }
        let failures = outcomes.filter(\.isFailure)
        guard failures.isEmpty else {
            for failure in failures {
                StandardError.write(Diagnostic.printable(String(decoding: failure.body, as: UTF8.self)) + "\n")
            }
            throw ToolError(
                "function-failed", "‘\(recipe.name)’ failed on \(failures.count) of \(outcomes.count) events",
                exitCode: .functionFailed)
        }
    }

    private func chosen(_ file: RecipeFile) throws -> Recipe {
        if function == nil, file.functions.count == 1, let only = file.functions.first { return only }
        guard let function else {
            throw ValidationError("The recipe has several functions; choose one with --function.")
        }
        return try file.function(function)
    }

    func variables() throws -> [(name: String, value: String)] { try env.map(Self.variable) }

    private static func variable(_ text: String) throws -> (name: String, value: String) {
        let name = String(text.prefix { $0 != "=" })
        guard !name.isEmpty else { throw ValidationError("--env takes NAME or NAME=VALUE, not ‘\(text)’.") }
        if name.utf8.count < text.utf8.count { return (name, String(text.dropFirst(name.count + 1))) }
        guard let value = unsafe getenv(name) else {
            throw ValidationError("There is no variable \(name) here; give it one with --env \(name)=VALUE.")
        }
        return (name, unsafe String(cString: value))
    }
}
