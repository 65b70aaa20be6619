internal import ArgumentParser
internal import ByteKit
internal import JSON
internal import Recipe
internal import Report
internal import Toolchain

struct BuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Build a recipe's package.",
        discussion: """
            Writes the package, build.json and report.json into the output folder, and prints the package's path. \
            Equal inputs give equal bytes; what is there already, built from the same, is left alone.
            """)

    @OptionGroup var recipe: RecipeArgument
    @OptionGroup var source: SourceOptions
    @OptionGroup var caging: CageOptions

    @Option(
        name: [.short, .long], help: ArgumentHelp("The folder for what is built.", valueName: "dir"),
        completion: .directory)
    var output = "out"

    @Option(
        help: ArgumentHelp(
            "What to build instead of the recipe's target: auto, zip, layer, image, runtime, squashfs, tar, oci or dir.",
            valueName: "form"))
    var target: Recipe.Target?

    @Option(
        help: ArgumentHelp(
            "List the packages in the result in a file beside it: spdx (2.3) or cyclonedx (1.5). Repeatable.",
            valueName: "form"))
    var sbom: [BillFormat] = []

    @Flag(help: "Write down what the result was made from: SLSA provenance, in NAME.provenance.json.")
    var provenance = false

    @Option(
        help: ArgumentHelp("Sign what is built with this private key (PEM), in PACKAGE.sig.", valueName: "file"),
        completion: .file(extensions: ["pem"]))
    var signKey: String?

    @Flag(help: "Print build.json instead of the path.")
    var json = false

    func run() throws {
        let reporter = TerminalReporter(isQuiet: source.quiet)
        var options = try source.options()
        options.output = output
        options.target = target
        options.tracesUncaged = caging.isUncaged
        options.attestations.bills = sbom
        options.attestations.hasProvenance = provenance
        options.attestations.key = try signKey.map { try SigningKey(file: $0) }
        for outcome in try Builder(options, progress: reporter.handler).build(try recipe.read(isQuiet: source.quiet)) {
            if json {
                try StandardOutput.write(outcome.record)
            } else {
                try StandardOutput.line(outcome.path)
            }
        }
    }
}

extension Recipe.Target: ExpressibleByArgument {}
