internal import ArgumentParser
internal import ByteKit
internal import JSON
internal import Recipe
internal import Toolchain

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Build a package anew from its lock, and compare.",
        discussion: """
            Builds with an empty cache of its own what the lock pins, and compares byte for byte with the package that is \
            given: a zip, a layer, a squashfs image, an archive or an image layout. A difference is explained, down to the \
            byte, with what it likely comes from; the status is then 4. The recipe is looked for by the package's name, \
            here, beside it and above it.
            """)

    @Argument(help: "The package.", completion: .file())
    var package: String

    @Argument(
        help: "The recipe that it is said to be built from.", completion: .file(extensions: ["json", "yaml", "yml"]))
    var recipe: String?

    @Option(help: ArgumentHelp("Of a recipe with several functions, this one.", valueName: "name"))
    var function: String?

    @Option(
        help: ArgumentHelp("The lock, when it does not stand beside the recipe.", valueName: "file"),
        completion: .file())
    var lock: String?

    @Option(
        help: ArgumentHelp(
            "Take the image's blobs from this OCI layout; what it lacks comes from the registry. Repeatable.",
            valueName: "dir"), completion: .directory)
    var blobs: [String] = []

    @Option(help: ArgumentHelp("What was built, when it was not the recipe's own target.", valueName: "form"))
    var target: Recipe.Target?

    @OptionGroup var signature: SignatureOptions

    @Flag(help: "Check the signature only; needs --key.")
    var noRebuild = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: RegistryOptions

    func validate() throws {
        if noRebuild, signature.key == nil {
            throw ValidationError("--no-rebuild needs --key: nothing would be checked.")
        }
    }

    func run() throws {
        try signature.verify(package)
        if noRebuild {
            return try StandardOutput.line("\(Diagnostic.printable(package)): signed by this key")
        }
        let reporter = TerminalReporter(isQuiet: source.quiet)
        let file = try RecipeArgument.read(
            try recipe ?? Verifier.recipePath(for: package), isQuiet: source.quiet)
        let verification = try RunFolder.with { scratch in
            var options = try source.options(cache: "\(scratch)/cache")
            options.lock = lock
            options.target = target
            var verifier = Verifier(options, progress: reporter.handler)
            verifier.layouts = blobs
            var found = try verifier.verify(package, file, function: function, in: scratch)
            found.isSigned = signature.key != nil
            return found
        }
        if json {
            try StandardOutput.write(verification.json.text(pretty: true))
        } else {
            try StandardOutput.line(verification.text)
        }
        guard verification.isSame else {
            throw ToolError(
                "not-the-same", "\(package) is not what its lock builds",
                hint: verification.causes.first.map { "likely cause: \($0)" }, exitCode: .differed)
        }
    }
}
