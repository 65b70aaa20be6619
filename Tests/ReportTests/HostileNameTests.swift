import JSON
import Report
import TestKit
import Testing

@Suite("Names that are meant to do harm")
struct HostileNameTests {
    /// Names of files, and how reports write them.
    static let names: [(bytes: [UInt8], shown: String)] = [
        (Array("<img src=x onerror=alert(1)>".utf8), "<img src=x onerror=alert(1)>"),
        (Array("</script><script>alert(1)<".utf8), "</script><script>alert(1)<"),
        (Array("line\nbreak".utf8), #"line\nbreak"#), (Array("red\u{1b}[31m".utf8), #"red\x1b[31m"#),
        ([0x66, 0xff, 0xfe], #"f\xff\xfe"#), (Array("\u{202e}txt.exe".utf8), #"\u{202e}txt.exe"#),
        (Array("<!--".utf8), "<!--"), (Array("&amp;\"'".utf8), "&amp;\"'"), (Array(#"a\nb"#.utf8), #"a\\nb"#),
    ]

    static func inspection() throws -> Inspection {
        let items = names.enumerated().map { index, name in
            TarItem("0", Array("d/".utf8) + name.bytes.map { $0 == 0x2f ? 0x7c : $0 }, mode: 0o4644)
                .with { $0.content = [UInt8](repeating: 1, count: 1000 * (index + 1)) }
        }
        var status = "Package: <b>x</b>\nVersion: 1\u{1b}]0;title\u{7}\n"
        status += "\nPackage: </script>\nVersion: 1\n"
        return try InspectionFixture.inspect(
            items + [.file("var/lib/dpkg/status", status)], [.whiteout("d")], items,
            history: [("RUN </script>\u{1b}[2J\n<img src=x>", false), ("b", false), ("c", false)],
            environment: ["X=</script><b>\u{1b}"])
    }

    /// A name as it is in the tree: a slash would be two names.
    private static func shown(_ index: Int) -> String { names[index].shown.map { $0 == "/" ? "|" : "\($0)" }.joined() }

    @Test("do nothing to a terminal", arguments: [72, 80, 160])
    func terminal(width: Int) throws {
        let text = InspectionFixture.text(try Self.inspection(), width: width)
        #expect(!text.utf8.contains { $0 < 0x20 && $0 != 0x0a || $0 == 0x7f })
        #expect(!text.unicodeScalars.contains { (0x80..<0xa0).contains($0.value) || $0.value == 0x202e })
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= width }, "a line is wider than \(width)")
    }

    @Test("are whole in JSON, which is sound")
    func json() throws {
        let json = try JSON.parse(try Self.inspection().json.text())
        let paths = Set(json["files"]?.array?.compactMap { $0["path"]?.string } ?? [])
        for index in Self.names.indices { #expect(paths.contains("/d/" + Self.shown(index)), "\(index)") }
        let versions = json["packages"]?["list"]?.array?.compactMap { $0["version"]?.string } ?? []
        #expect(versions.contains(#"1\x1b]0;title\x07"#))
    }

    @Test("never end the element that a page has its data in")
    func page() throws {
        let html = InspectionFixture.text(InspectionPage(try Self.inspection(), version: "1").html())
        let start = try #require(html.ranges(of: "id=\"data\">").first?.upperBound)
        let end = try #require(html[start...].ranges(of: "</script>").first?.lowerBound)
        let data = try JSON.parse(Array(html[start..<end].utf8))
        #expect(data["files"]?.array?.count == Self.names.count + 1)
        #expect(!html[start..<end].contains("<"))
        #expect(!html.contains("<img"))
    }

    @Test("of files that differ do nothing to a comparison's text, JSON and page")
    func comparison() throws {
        let comparison = Comparison(try InspectionFixture.inspect([.file("a", "1")]), try Self.inspection())
        let text = ComparisonText(comparison, width: 80).text()
        #expect(!text.utf8.contains { $0 < 0x20 && $0 != 0x0a || $0 == 0x7f })
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(try JSON.parse(comparison.json.text())["files"]?.array?.count == comparison.files.count)
        let html = InspectionFixture.text(ComparisonPage(comparison, version: "1").html())
        #expect(!html.contains("<img") && !html.contains("<b>x"))
    }
}
