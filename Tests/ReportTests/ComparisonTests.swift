import JSON
import Report
import TestKit
import Testing

@Suite("A comparison of two images")
struct ComparisonTests {
    @Test("is empty for the same files in other layers")
    func same() throws {
        let one = try InspectionFixture.inspect([.file("a", "1"), .file("b", "2")])
        let two = try InspectionFixture.inspect([.file("a", "x"), .file("b", "2")], [.file("a", "1")])
        let comparison = Comparison(one, two)
        #expect(comparison.isEmpty)
        #expect(ComparisonText(comparison, width: 80).text().contains("no difference"))
    }

    @Test("names what was added, removed and changed, and in which way")
    func files() throws {
        let before = try InspectionFixture.inspect([
            .file("content", "1"), .file("mode", "m"), .file("owner", "o"), .symlink("link", to: "a"),
            .file("kind", "k"),
            .file("gone", "12345"), .file("same", "s"),
        ])
        let after = try InspectionFixture.inspect([
            .file("content", "23"), TarItem.file("mode", "m").with { $0.mode = 0o600 },
            TarItem.file("owner", "o").with { $0.owner = 7 }, .symlink("link", to: "b"), .folder("kind"),
            .file("new", "123"), TarItem.file("same", "s").with { $0.time = 5 },
        ])
        let comparison = Comparison(before, after)
        #expect(
            comparison.files.map { "\(InspectionFixture.text($0.path)) \($0.kind) \($0.before) \($0.after) \($0.what)" }
                == [
                    #"content changed 1 2 ["content"]"#, "gone removed 5 0 []", #"kind changed 1 0 ["type"]"#,
                    #"link changed 0 0 ["target"]"#, #"mode changed 1 1 ["mode"]"#, "new added 0 3 []",
                    #"owner changed 1 1 ["owner"]"#,
                ])
    }

    @Test("names packages with other versions, and what is started otherwise")
    func packages() throws {
        let before = try InspectionFixture.inspect(
            [.file("var/lib/dpkg/status", "Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n")],
            environment: ["A=1", "C=3"])
        let after = try InspectionFixture.inspect(
            [.file("var/lib/dpkg/status", "Package: a\nVersion: 2\n\nPackage: c\nVersion: 1\n")],
            environment: ["A=2", "B=1"])
        let comparison = Comparison(before, after)
        #expect(
            comparison.packages.map { "\($0.name) \($0.before ?? "-") \($0.after ?? "-")" } == [
                "a 1 2", "b 1 -", "c - 1",
            ])
        #expect(
            comparison.config.map { "\($0.name) \($0.before ?? "-") \($0.after ?? "-")" } == [
                "environment A 1 2", "environment B - 1", "environment C 3 -",
            ])
    }

    @Test("has all files in its JSON, and sums that are those of its sides")
    func document() throws {
        let before = try InspectionFixture.inspect((0..<300).map { TarItem.file("f\($0)", "x") })
        let after = try InspectionFixture.inspect([.file("d/e/f/g", "1234567")])
        let json = try JSON.parse(Comparison(before, after).json.text())
        #expect(json["files"]?.array?.count == 304)
        #expect(json["counts"]?["removed"]?.integer == 300)
        #expect(json["from"]?["unpacked"]?.integer == 300)
        #expect(json["folders"]?[1]?["path"]?.string == "/d/e/f")
    }
}
