internal import ArgumentParser
internal import ByteKit
internal import JSON
internal import Report
internal import Toolchain

struct SBOMCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sbom", abstract: "List the packages in an image or package: a bill of materials.",
        discussion: """
            Takes whatever ‘inspect’ takes. Packages are those of dpkg, apk and RPM, and of Ruby, Python, R, Erlang and \
            Elixir, as their own records in the files say. Equal things give equal bills; the time in one is \
            SOURCE_DATE_EPOCH, or 1970.
            """)

    @Argument(help: "What to look into.", completion: .file())
    var subject: String

    @Option(help: ArgumentHelp("spdx (2.3, JSON) or cyclonedx (1.5, JSON).", valueName: "form"))
    var format = BillFormat.spdx

    @Flag(help: "List all files with their SHA-256 as well; for cyclonedx.")
    var files = false

    @Option(help: ArgumentHelp("Of a recipe with several functions, this one.", valueName: "name"))
    var function: String?

    @Option(
        name: [.short, .long], help: ArgumentHelp("Write the bill into this file.", valueName: "file"),
        completion: .file())
    var output: String?

    @OptionGroup var source: SourceOptions

    func run() throws {
        let reporter = TerminalReporter(isQuiet: source.quiet)
        let builder = try Builder(try source.options(), progress: reporter.handler)
        let inspection = try builder.inspect(
            try InspectionSubject(subject, function: function), sums: files ? .digest : .mark)
        var options = builder.billOptions
        options.hasFiles = files
        let name = subject.split(separator: "/").last.map(String.init) ?? subject
        let bill = Bill(inspection, name: SafeText.line(name), digest: inspection.survey.digest)
        let text = try bill.json(format, options: options).text(pretty: true)
        guard let output else { return try StandardOutput.write(text) }
        try OutputFile.write(text, to: output)
        try StandardOutput.line(output)
    }
}

extension BillFormat: ExpressibleByArgument {}
