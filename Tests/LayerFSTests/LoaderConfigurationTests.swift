import LayerFS
import TestKit
import Testing

/// Configurations of the loader that nobody has who means well.
@Suite("Hostile loader configurations") struct LoaderConfigurationTests {
    typealias Image = RelocationTests

    private func folders(_ items: [TarItem]) throws -> [String] {
        try LibraryFolderTests.folders(
            [.file("opt/first/x", Image.library()), .file("opt/last/x", Image.library())] + items)
    }

    @Test("with a pattern on each of many lines for a folder of many files end soon", .timeLimit(.minutes(1)))
    func patterns() throws {
        let lines = "/opt/first\n" + String(repeating: "include /many/*x\n", count: 60_000)
        let files = (0..<3000).map { TarItem.file("many/\($0)", "") }
        #expect(try folders([.file("etc/ld.so.conf", lines)] + files).first == "opt/first")
    }

    @Test("with patterns of nothing but stars through a wide and deep tree end soon", .timeLimit(.minutes(1)))
    func stars() throws {
        let pattern = "include " + String(repeating: "/*", count: 1000) + "\n"
        let items = (0..<40).flatMap { first in (0..<40).map { TarItem.file("many/\(first)/\($0)/a/b/c/d", "") } }
        let lines = "/opt/first\n" + String(repeating: pattern, count: 500)
        #expect(try folders([.file("etc/ld.so.conf", lines)] + items).first == "opt/first")
    }

    @Test("count up to a limit for all files together")
    func size() throws {
        let comments = String(repeating: "#", count: 900_000)
        let found = try folders([
            .file("etc/ld.so.conf", "include /etc/a\ninclude /etc/b\n"), .file("etc/a", "/opt/first\n" + comments),
            .file("etc/b", "/opt/last\n" + comments),
        ])
        #expect(found.contains("opt/first") && !found.contains("opt/last"))
    }
}
