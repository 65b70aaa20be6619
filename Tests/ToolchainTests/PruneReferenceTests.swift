import ByteKit
import LayerFS
import Packager
import TestKit
import Testing
import Toolchain

@Suite("docs/prune.md")
struct PruneReferenceTests {
    private static let path = Golden.repositoryPath("docs/prune.md", from: #filePath)

    @Test("lists the rules and the sets there are, each with its reason")
    func tables() throws {
        var page = String(decoding: try InputFile.contents(of: Self.path, limit: 1 << 20), as: UTF8.self)
        try Self.replace("rules", in: &page, by: Self.rules)
        try Self.replace("sets", in: &page, by: Self.sets)
        #expect(
            try Golden.matches([UInt8](page.utf8), Self.path), "run the tests with UPDATE_GOLDEN=1 to write it anew")
    }

    @Test("Every set has a name of its own, a reason and files")
    func sets() {
        let sets = FunctionRoots.sets
        #expect(Set(sets.map(\.name)).count == sets.count)
        #expect(sets.allSatisfy { !$0.reason.isEmpty && !$0.patterns.isEmpty })
        // A set of a language that nothing brings in would stay in every image.
        let languages = Set(Launcher.all.flatMap(\.sets).map(\.name))
        #expect(sets.filter { languages.contains($0.name) }.allSatisfy { !$0.isAlwaysIn })
    }

    private static func replace(_ name: String, in page: inout String, by table: String) throws {
        let begin = try #require(page.firstRange(of: "<!-- \(name): made from"))
        let line = try #require(page[begin.lowerBound...].firstIndex(of: "\n"))
        let end = try #require(page.firstRange(of: "<!-- end of \(name) -->"))
        page.replaceSubrange(page.index(after: line)..<end.lowerBound, with: table)
    }

    private static var rules: String {
        table(
            ["rule", "what goes", "but for", "why"],
            PruneRule.safe.map { ["`\($0.name)`", list($0.patterns), list($0.exceptions), $0.reason] })
    }

    private static var sets: String {
        table(
            ["set", "brought in by", "what stays", "but for", "why", "traced"],
            FunctionRoots.sets.map {
                [
                    "`\($0.name)`",
                    $0.isAlwaysIn ? "always" : list($0.triggers, $0.words),
                    list($0.patterns),
                    list($0.exceptions), $0.reason, $0.isTraced ? "yes" : "",
                ]
            })
    }

    private static func list(_ patterns: [PathPattern], _ words: [String] = []) -> String {
        (patterns.map { "`\($0.text)`" } + words.map { "“\($0)”" }).joined(separator: " ")
    }

    private static func table(_ head: [String], _ rows: [[String]]) -> String {
        let line = "|" + String(repeating: "---|", count: head.count)
        let lines = ([head] + rows).map { "| " + $0.joined(separator: " | ") + " |" }
        return "\n" + ([lines[0], line] + lines.dropFirst()).joined(separator: "\n") + "\n\n"
    }
}
