internal import ArgumentParser
internal import AWS
internal import ByteKit
internal import JSON
internal import Publisher
internal import Recipe
internal import Toolchain

struct PublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Publish a recipe's package as a Lambda function.",
        discussion: """
            Builds the package, reads what is in the account, and changes what differs: role, log group, function, \
            version and alias, API, buckets and their notifications. Doing it again changes nothing; after an \
            interruption it goes on. Prints where each function can be called.
            """)

    @OptionGroup var recipe: RecipeArgument
    @OptionGroup var source: SourceOptions
    @OptionGroup var caging: CageOptions
    @OptionGroup var account: AccountOptions

    @Option(
        name: [.short, .long], help: ArgumentHelp("The folder for what is built.", valueName: "dir"),
        completion: .directory)
    var output = "out"

    @Option(
        help: ArgumentHelp("Publish this zip, built before, instead of building one.", valueName: "file"),
        completion: .file(extensions: ["zip"]))
    var package: String?

    @Flag(help: "Say what would change, and change nothing.")
    var plan = false

    @Option(
        help: ArgumentHelp(
            "Print a template of what should be there instead: cloudformation, sam or terraform. No account is asked.",
            valueName: "form"))
    var emit: Template?

    @Flag(help: "Print the plan, or what was published, as JSON.")
    var json = false

    @Flag(help: "Take over a function of this name, and its log group, that were not published from here.")
    var adopt = false

    func validate() throws {
        guard emit == nil || !(plan || json || adopt) else {
            throw ValidationError("--emit asks no account, so --plan, --json and --adopt say nothing to it.")
        }
    }

    func run() throws {
        let file = try recipe.read(isQuiet: source.quiet)
        for function in file.functions { try Deployments.check(function) }
        if emit != nil { try Deployments.checkOneRegion(file) }
        let deployments = try zip(file.functions, code(file)).map { Deployments.deployment(of: $0, $1) }
        if let emit { return try StandardOutput.write(emit.text(for: deployments)) }
        try Recursion.check(deployments)
        let report = PublishReport(isQuiet: source.quiet)
        var results: [JSON] = []
        for (function, deployment) in zip(file.functions, deployments) {
            let session = try account.session(recipe: function.function.region)
            var options = FunctionPublisher.Options()
            options.adopts = adopt
            let pusher = ImagePush(try source.options().registry, session.client)
            options.push = { try pusher.push($0, to: $1) }
            let publisher = FunctionPublisher(session, options: options)
            let found = try publisher.plan(deployment)
            if plan {
                if json { results.append(found.json) } else { try StandardOutput.write(PublishReport.text(of: found)) }
                continue
            }
            try publisher.apply(found) { report.show($0, isDone: $1) }
            if found.isEmpty { report.unchanged(deployment.name) }
            let outcome = try publisher.outcome(of: deployment)
            if json { results.append(outcome.json) } else { try StandardOutput.line(outcome.text) }
        }
        if json {
            try StandardOutput.write((results.count == 1 ? results[0] : .array(results)).text(pretty: true))
        }
    }

    /// What each function is made from: built, or the zip that was given.
    private func code(_ file: RecipeFile) throws -> [PublishableCode] {
        guard let package else {
            var options = try source.options()
            options.output = output
            options.tracesUncaged = caging.isUncaged
            let reporter = TerminalReporter(isQuiet: source.quiet)
            return try PublishableCode.build(file, options, progress: reporter.handler)
        }
        guard let only = file.functions.first, file.functions.count == 1 else {
            throw ValidationError("--package is for recipes of one function; this one has \(file.functions.count).")
        }
        guard only.execution == .lambda, [.auto, .zip].contains(only.target) else {
            throw ValidationError(
                "--package is for a function that is made from a zip, and hands nothing over to AWS Batch.")
        }
        return [PublishableCode(package: try Deployment.Package(at: package))]
    }
}

extension Template: ExpressibleByArgument {}
