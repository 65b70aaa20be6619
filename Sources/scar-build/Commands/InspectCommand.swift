internal import ArgumentParser
internal import ByteKit
internal import JSON
internal import Report
internal import Toolchain

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what is in an image or package, and what is wasted.",
        discussion: """
            Takes an image's name, oci:DIR, docker-archive:FILE, tar:FILE, a recipe, or a file that a build wrote. An image \
            is read straight from its registry: nothing is compiled, and no layer is kept.
            """)

    @Argument(help: "What to look into.", completion: .file())
    var subject: String

    @Option(help: ArgumentHelp("Of a recipe with several functions, this one.", valueName: "name"))
    var function: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Option(
        help: ArgumentHelp("Write the report as one page that browsers show.", valueName: "file"), completion: .file())
    var html: String?

    @OptionGroup var gates: GateOptions
    @OptionGroup var source: SourceOptions

    func run() throws {
        let gate = try gates.rules()
        let reporter = TerminalReporter(isQuiet: source.quiet)
        let inspection = try Builder(try source.options(), progress: reporter.handler)
            .inspect(try InspectionSubject(subject, function: function))
        if let html { try OutputFile.write(InspectionPage(inspection, version: ToolVersion.version).html(), to: html) }
        if json {
            try StandardOutput.write(inspection.json.text(pretty: true))
        } else {
            try StandardOutput.line(InspectionText(inspection, width: StandardOutput.width).text())
        }
        try gates.apply(gate, to: inspection)
    }
}
