import ByteKit
import TestKit
import Testing

@testable import Recipe

/// The files that other people's pipelines, and our own, are made of.
@Suite("Pipelines")
struct PipelineTests {
    static let files = [
        "action.yml", "templates/scar-build.gitlab-ci.yml", ".github/workflows/ci.yml",
        ".github/workflows/release.yml",
    ]

    @Test("are sound YAML, and their commands are such as the programs take", arguments: files)
    func commands(file: String) throws {
        let scripts = Self.scripts(in: try Self.document(file))
        #expect(!scripts.isEmpty)
        for words in scripts.flatMap({ ShellText($0).commands }) where Self.isOurs(words) {
            #expect(DocumentedCommand.fault(words) == nil, "\(file): \(words)")
        }
    }

    @Test("build what is locked, hold it against rules and keep the report", arguments: files.prefix(2))
    func locked(file: String) throws {
        let commands = Self.scripts(in: try Self.document(file)).flatMap { ShellText($0).commands }
        let ours = commands.filter { $0.first == "scar-build" }
        for verb in ["build", "test", "inspect"] {
            let those = ours.filter { $0.dropFirst().first == verb }
            #expect(!those.isEmpty && those.allSatisfy { $0.contains("--locked") }, "\(file): \(verb)")
        }
        #expect(ours.contains { $0.contains("--gate") && $0.contains("--html") && $0.contains("--junit") })
        #expect(ours.contains { $0.dropFirst().starts(with: ["cache", "gc"]) })
    }

    @Test("of GitHub put no input into a script's text, where it would be run", arguments: files)
    func noInjection(file: String) throws {
        for script in Self.scripts(in: try Self.document(file)) { #expect(!script.contains("${{"), "\(file)") }
    }

    @Test("name the version that this is")
    func version() throws {
        let version = try Peer.run(Products.scarBuild, ["--version"]).text.split(whereSeparator: \.isWhitespace).last
        let action = try Self.document("action.yml")
        let template = try Self.document("templates/scar-build.gitlab-ci.yml")
        #expect(action["inputs"]?["version"]?["default"]?.text == version.map(String.init))
        #expect(
            template[".scar-build"]?["variables"]?["SCAR_BUILD_VERSION"]?.text == version.map(String.init))
    }

    /// What is no program of the system.
    private static func isOurs(_ words: [String]) -> Bool {
        words.first == "scar-build" || words.first == "make" || words.first?.hasPrefix("scripts/") == true
    }

    private static func document(_ file: String) throws -> YAMLNode {
        let path = "\(Products.repository)/\(file)"
        return try YAMLParser.parse(try InputFile.contents(of: path, limit: 1 << 20), file: path)
    }

    /// Every text that a runner gives to a shell.
    private static func scripts(in node: YAMLNode) -> [String] {
        let members = node.members ?? []
        let here = members.filter { ["run", "script", "before_script"].contains($0.name) }
            .flatMap { member in (member.node.elements ?? [member.node]).compactMap(\.text) }
        return here + members.flatMap { scripts(in: $0.node) } + (node.elements ?? []).flatMap(scripts)
    }
}
