import ByteKit
import LayerFS
import TestKit
import Testing

/// A layer of a few hundred kilobytes unpacks to millions of entries that say one thing again and again. Each must cost
/// what an entry costs, and not what the folder it is about holds.
@Suite("Entries that repeat") struct RepetitionTests {
    private static let names = 2000
    private static let lower = TarBuilder.archive((0..<names).map { .file("d/f\($0)") })
    /// How long it takes for what has nothing to do with that folder.
    private static let plain = Result { try duration([], thenOften: [.file("other"), .folder("other")]) }

    /// How long it takes to lay a layer that repeats some entries over a folder of many files.
    private static func duration(_ first: [TarItem], thenOften repeated: [TarItem]) throws -> Duration {
        let workspace = try LayerWorkspace(threads: 1)
        let times = 3000 / repeated.count
        let block = repeated.flatMap { item in
            var builder = TarBuilder()
            builder.add(item)
            return builder.bytes
        }
        var upper = TarBuilder()
        for item in first { upper.add(item) }
        upper.append(Array([[UInt8]](repeating: block, count: times).joined()))
        let objects = try [lower, upper.finished()].map { try workspace.compile($0) }
        return try ContinuousClock().measure { _ = try workspace.link(objects) }
    }

    @Test(
        "cost no more for being about a folder that holds much",
        arguments: [
            ("whiteouts of a folder that stays", [.file("d/new")], [.whiteout("d")]),
            ("whiteouts of a folder that is kept by what is listed last", [.file("d/f0", "x")], [.whiteout("d")]),
            ("opaque marks", [.file("d/new")], [.opaque("d")]),
            ("whiteouts of a folder that comes back", [.whiteout("d")], [.folder("d"), .whiteout("d")]),
            ("a folder that is now a file and now a folder", [], [.file("d"), .folder("d")]),
            ("a file that gives way to a folder", [], [.file("d"), .file("d/f1")]),
        ] as [(String, [TarItem], [TarItem])])
    func cheap(what: String, first: [TarItem], repeated: [TarItem]) throws {
        let plain = try Self.plain.get()
        let measured = try Self.duration(first, thenOften: repeated)
        // It was many times as much. The machine may be busy, so this is generous.
        #expect(measured < plain * 5 + .milliseconds(800), "\(what): \(measured), and \(plain) elsewhere")
    }

    @Test("mean what they mean when they are said once")
    func meaning() throws {
        let workspace = try LayerWorkspace()
        let lower: [TarItem] = [.folder("d/e"), .file("d/a", "1"), .file("d/b", "2"), .file("d/e/f", "3")]
        // What was taken away with its folder comes back by name only.
        #expect(
            try workspace.brief(
                lower,
                [.file("d", "x"), .folder("d"), .file("d/b", "4"), .file("d", "y"), .folder("d"), .file("d/a", "5")])
                == ["d/", "d/a=5"])
        #expect(
            try workspace.brief(
                lower, [.file("d/e/new", "4"), .whiteout("d"), .whiteout("d"), .opaque("d"), .whiteout("d")])
                == ["d/", "d/e/", "d/e/new=4"])
        #expect(try workspace.brief(lower, [.opaque("d"), .whiteout("d"), .whiteout("d")]) == [])
        // Another layer's whiteout is another whiteout.
        #expect(
            try workspace.brief(
                lower, [.whiteout("d"), .file("d/a", "4")], [.whiteout("d"), .file("d/b", "5")], [.opaque("d")])
                == ["d/"])
        #expect(
            try workspace.brief(
                lower, [.whiteout("d"), .folder("d"), .file("d/a", "4")], [.file("d/c", "5")], [.whiteout("d/a")])
                == ["d/", "d/c=5"])
    }
}
