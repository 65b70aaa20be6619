internal import ArgumentParser
internal import ByteKit
internal import JSON
internal import Report
internal import Toolchain

struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show what changed between two images or packages.",
        discussion: """
            Takes whatever ‘inspect’ takes, also two things of different kinds. Differences are no failure: the status is 0, \
            or 4 with --exit-code.
            """)

    @Argument(help: "What was.", completion: .file())
    var from: String

    @Argument(help: "What is.", completion: .file())
    var to: String

    @Flag(help: "Print JSON.")
    var json = false

    @Option(
        help: ArgumentHelp("Write the report as one page that browsers show.", valueName: "file"), completion: .file())
    var html: String?

    @Flag(help: "End with status 4 when anything is different.")
    var exitCode = false

    @OptionGroup var source: SourceOptions

    func run() throws {
        let reporter = TerminalReporter(isQuiet: source.quiet)
        let builder = try Builder(try source.options(), progress: reporter.handler)
        let comparison = Comparison(
            try builder.inspect(try InspectionSubject(from)), try builder.inspect(try InspectionSubject(to)))
        if let html {
            try OutputFile.write(ComparisonPage(comparison, version: ToolVersion.version).html(), to: html)
        }
        if json {
            try StandardOutput.write(comparison.json.text(pretty: true))
        } else {
            try StandardOutput.line(ComparisonText(comparison, width: StandardOutput.width).text())
        }
        if exitCode, !comparison.isEmpty {
            throw ToolError("different", "\(from) and \(to) are not the same", exitCode: .differed)
        }
    }
}
