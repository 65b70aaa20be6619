internal import ArgumentParser
internal import JSON
internal import Toolchain

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what an error's code means, and what to do about it.",
        discussion: """
            Takes the code in ‘error[CODE]’, or the type of an error in a function's log, such as Script.ExitCode. \
            Without one it lists all codes.
            """)

    @Argument(help: "The code.", completion: .list(ErrorCatalogue.entries.map(\.code)))
    var code: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        guard let code else { return try listAll() }
        let entry = try ErrorCatalogue.entry(code)
        if json { return try StandardOutput.write(entry.json.text(pretty: true)) }
        try StandardOutput.line("\(entry.code)\n  \(entry.cause)\n  help: \(entry.cure)")
    }

    private func listAll() throws {
        if json { return try StandardOutput.write(ErrorCatalogue.json.text(pretty: true)) }
        for (number, chapter) in ErrorCatalogue.chapters.enumerated() {
            if number > 0 { try StandardOutput.line("") }
            try StandardOutput.line(chapter.title)
            try StandardOutput.write(Table.text(chapter.entries.map { ["  " + $0.code, $0.cause] }))
        }
    }
}
