internal import ArgumentParser
internal import ByteKit
internal import JSON
internal import Registry
internal import Toolchain

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what this machine has of what is needed, and what to type.",
        discussion: """
            Changes nothing, and asks no server but those named with --registry. Fails when something is missing \
            without which nothing can be built.
            """)

    @OptionGroup var place: CacheOption

    @Option(
        help: ArgumentHelp(
            "Ask this registry, and the mirrors for it, whether they answer. Repeatable.", valueName: "host"))
    var registry: [String] = []

    @OptionGroup var servers: ServerOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let checkups = Doctor(cache: try place.folder(), registry: try servers.configuration()).examine(
            registries: registry)
        if json {
            let list = JSON.array(checkups.map(\.json))
            try StandardOutput.write(JSON.object([("checks", list)]).text(pretty: true))
        } else {
            try StandardOutput.write(Table.text(checkups.flatMap(Self.rows)))
        }
        let missing = checkups.filter { $0.state == .missing }.map(\.subject)
        guard missing.isEmpty else {
            throw ToolError("not-ready", "what building needs is missing: \(missing.joined(separator: ", "))")
        }
    }

    /// A line for what was found, and one for what to do.
    private static func rows(_ checkup: Checkup) -> [[String]] {
        let mark =
            switch checkup.state {
            case .present: "ok"
            case .limited: "limited"
            case .missing: "missing"
            }
        return [[mark, checkup.subject, checkup.detail]] + (checkup.advice.map { [["", "", "→ \($0)"]] } ?? [])
    }
}
