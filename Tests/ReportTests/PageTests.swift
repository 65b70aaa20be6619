import JSON
import Report
import TestKit
import Testing

/// Opens pages in headless Chromium and does with them what a person would.
@Suite(
    "A page in a browser",
    .enabled(if: Peer.isInstalled("chromium"), "needs chromium: scripts/setup test installs it"), .serialized)
struct PageTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// What a browser made of a page.
    private struct Visit {
        var values: [JSON]
        var problems: [String]
        var requests: Int
    }

    private func visit(_ html: [UInt8], _ steps: [String], options: [String] = []) throws -> Visit {
        try TestImage.write([("page.html", html)], to: folder.path)
        let browser = "\(Products.repository)/Tests/Oracles/browse-page.py"
        let result = try Peer.run("python3", [browser] + options + ["--", "\(folder.path)/page.html"] + steps)
        try #require(result.status == 0, "\(result.errorText)")
        let json = try JSON.parse(result.output)
        return Visit(
            values: json["values"]?.array ?? [], problems: json["problems"]?.array?.compactMap(\.string) ?? [],
            requests: json["requests"]?.array?.count ?? 0)
    }

    private static func page() throws -> [UInt8] {
        let inspection = try InspectionFixture.inspect(
            [
                .file("usr/lib/libbig.so", [UInt8](repeating: 1, count: 500_000)),
                .file("usr/lib/libsmall.so", [UInt8](repeating: 2, count: 200_000)),
                .file("var/cache/apt/archives/x.deb", [UInt8](repeating: 3, count: 300_000)),
                .file("opt/gone", [UInt8](repeating: 4, count: 250_000)),
            ], [.whiteout("opt/gone"), .file("opt/here", [UInt8](repeating: 5, count: 100_000))],
            history: [("RUN apt-get install x", false), ("RUN rm /opt/gone", false)])
        return InspectionPage(inspection, version: "1").html()
    }

    @Test("draws its map, and asks for nothing beyond itself")
    func draws() throws {
        let visit = try visit(
            try Self.page(),
            [
                "document.querySelectorAll('#map .tile').length", "document.querySelectorAll('.layers li').length",
                "document.querySelector('#map .tile.prune').textContent",
                "document.querySelector('#map .tile.hid').title",
                "getComputedStyle(document.querySelector('#map')).height",
                "[...document.querySelectorAll('h2')].map((h) => h.textContent).join()",
            ])
        #expect(visit.problems == [])
        #expect(visit.requests == 1)
        #expect((visit.values[0].integer ?? 0) >= 8)
        #expect(visit.values[1].integer == 2)
        #expect(visit.values[2].string?.contains("x.deb") == true)
        #expect(
            visit.values[5].string?.contains("Layers,Where the bytes are,Wasted,What pruning with safe takes") == true)
    }

    @Test("of a package has the account of its build, hostile names as text")
    func account() throws {
        let report = """
            {"removed": [{"rule": "logs", "reason": "logs of the image's making", "files": 2, "bytes": 3000}],
             "removals": {"lines": [{"path": "/var/log/<img src=x onerror=alert(1)>", "rule": "logs", "files": 1, "bytes": 2000}],
                          "moreLines": 1, "moreBytes": 1000},
             "kept": {"sets": [{"set": "gems", "reason": "ruby needs them", "files": 3, "bytes": 70}],
                      "files": [{"path": "/bin/sh", "because": "test ‘plain’ opened it", "bytes": 80}]}}
            """
        var survey = try InspectionFixture.inspect([.file("bin/sh", "#!")]).survey
        survey.removals = RemovalAccount(try JSON.parse([UInt8](report.utf8)))
        let visit = try visit(
            InspectionPage(try Inspection(survey), version: "1").html(),
            [
                "[...document.querySelectorAll('h2')].map((h) => h.textContent).join()",
                "[...document.querySelectorAll('tr')].map((t) => [...t.cells].map((c) => c.textContent).join('|')).join('\\n')",
                "document.querySelectorAll('img').length",
            ])
        #expect(visit.problems == [])
        #expect(visit.values[0].string?.contains("Removed by the build,What went,What the closure kept") == true)
        for row in [
            "3.0 kB|logs|2|logs of the image's making",
            "2.0 kB|/var/log/<img src=x onerror=alert(1)>|1|logs|logs of the image's making", "1.0 kB|lighter ones|1||",
            "70 B|gems|ruby needs them", "80 B|/bin/sh|test ‘plain’ opened it",
        ] { #expect(visit.values[1].string?.contains(row) == true, "\(row) in \(visit.values[1])") }
        #expect(visit.values[2].integer == 0)
    }

    @Test("goes into a folder and back, by mouse and by keyboard")
    func zooms() throws {
        let place = "document.querySelector('nav').textContent"
        let visit = try visit(
            try Self.page(),
            [
                place, "click:.tile.folder", place, "key:Escape", place, "key:Enter", place, "key:ArrowRight",
                "document.activeElement.getAttribute('aria-label')", "key:Backspace", place, "click:.layers button",
                "document.querySelectorAll('.tile.dim').length", "click:.switch button:last-child",
                "document.querySelectorAll('#map .tile.l0').length",
            ])
        #expect(visit.problems == [])
        let values = visit.values.map { $0.string ?? "\($0.integer ?? -1)" }
        #expect(values[0].hasPrefix("everything "))
        #expect(values[1].hasPrefix("everything / usr"))
        #expect(values[2] == values[0])
        #expect(values[3] == values[1])
        #expect(values[4].hasPrefix("/usr/lib/lib"), "\(values[4])")
        #expect(values[5] == values[0])
        #expect(visit.values[6].integer == 1, "what is of the other layer steps back")
        #expect((visit.values[7].integer ?? 0) >= 3)
    }

    @Test("finds files by their names")
    func searches() throws {
        let visit = try visit(
            try Self.page(),
            [
                "(() => { const s = document.querySelector('.tools input'); s.value = 'LIBSMALL'; s.dispatchEvent(new Event('input')); })()",
                "document.querySelector('.results').textContent", "document.querySelectorAll('.tile.hit').length",
                "click:.results button", "document.querySelector('nav').textContent",
            ])
        #expect(visit.values[1].string == "/usr/lib/libsmall.so  200.0 kB")
        #expect(visit.values[2].integer == 1)
        #expect(visit.values[3].string?.hasPrefix("everything / usr / lib") == true)
    }

    @Test("shows hostile names as text and runs nothing of them")
    func hostileNames() throws {
        let visit = try visit(
            InspectionPage(try HostileNameTests.inspection(), version: "1").html(),
            [
                "document.querySelectorAll('img, main b:not(.card b, .about b), iframe').length",
                "document.querySelectorAll('script').length",
                "document.body.textContent.includes('<img src=x onerror=alert(1)>')",
            ])
        #expect(visit.problems == [])
        #expect(visit.requests == 1)
        #expect(visit.values[0].integer == 0)
        #expect(visit.values[1].integer == 2)
        #expect(visit.values[2].bool == true)
    }

    @Test("lets no script in that is not its own")
    func policy() throws {
        let visit = try visit(
            try Self.page(),
            [
                "(() => { const s = document.createElement('script'); s.textContent = 'window.hacked = 1'; document.body.append(s); return window.hacked === undefined; })()",
                "(() => { const i = document.createElement('img'); i.src = 'http://192.0.2.1/x'; document.body.append(i); })()",
                "new Promise((done) => setTimeout(() => done(1), 100))",
            ])
        #expect(visit.values[0].bool == true)
        #expect(visit.problems.count >= 2, "the browser says what it refused: \(visit.problems)")
    }

    @Test("is legible in the dark, on a telephone and on paper", arguments: ["--dark", "--size=390x800", "--print"])
    func otherWays(option: String) throws {
        let visit = try visit(
            try Self.page(),
            [
                "document.documentElement.scrollWidth <= innerWidth", "document.querySelectorAll('#map .tile').length",
                // Luminance of ink and paper, WCAG 2.1's contrast ratio.
                """
                (() => {
                  const light = (c) => { const [r, g, b] = c.match(/[0-9.]+/g).map((v) => { v /= 255;
                    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
                  const style = (e) => getComputedStyle(e);
                  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                  const pairs = [...document.querySelectorAll('.tile.named')].map((t) =>
                    ratio(light(style(t).color), light(style(t).backgroundColor)));
                  pairs.push(ratio(light(style(document.body).color), light(style(document.body).backgroundColor)));
                  return Math.min(...pairs);
                })() >= 3
                """,
            ], options: [option])
        #expect(visit.problems == [])
        #expect(visit.values[0].bool == true)
        #expect((visit.values[1].integer ?? 0) >= 8)
        #expect(visit.values[2].bool == true)
    }

    @Test("of a comparison lists what changed")
    func comparison() throws {
        let comparison = Comparison(
            try InspectionFixture.inspect([.file("<b>gone", "1234")]),
            try InspectionFixture.inspect([.file("new", "1")], environment: ["A=1"]))
        let visit = try visit(
            ComparisonPage(comparison, version: "1").html(),
            [
                "[...document.querySelectorAll('td.path')].map((t) => t.textContent).join()",
                "document.querySelectorAll('b b').length",
            ])
        #expect(visit.problems == [])
        #expect(visit.values[0].string?.contains("/<b>gone,/new") == true, "\(visit.values)")
    }

    @Test("of 100,000 files is small and drawn at once")
    func large() throws {
        let items = (0..<100_000).map { TarItem.file("d\($0 % 331)/e\($0 % 7)/f\($0)", "content \($0)") }
        let html = InspectionPage(try InspectionFixture.inspect(items), version: "1").html()
        #expect(html.count < 2_000_000)
        let visit = try visit(
            html,
            [
                "(() => { const start = performance.now(); dispatchEvent(new Event('resize')); return performance.now() - start < 1000; })()"
            ])
        #expect(visit.problems == [])
        #expect(visit.values[0].bool == true)
    }
}
