import Report
import TestKit
import Testing

@Suite("Waste in an image")
struct WasteTests {
    private static func file(_ path: String, _ letter: Character, _ count: Int) -> TarItem {
        .file(path, String(repeating: letter, count: count))
    }

    @Test("is what later layers overwrite and remove, each with the layer that carries and the layer that causes it")
    func hidden() throws {
        let inspection = try InspectionFixture.inspect(
            [Self.file("a", "a", 1000), Self.file("d/b", "b", 200), Self.file("d/c", "c", 30), Self.file("k", "k", 7)],
            [Self.file("a", "x", 500), .whiteout("d")],
            [.whiteout("a")])
        #expect(
            inspection.waste.map {
                "\(InspectionFixture.text($0.path)) \($0.bytes) \($0.cause) \($0.layer) \($0.causedBy)"
            } == [
                "a 1000 overwritten 0 1", "a 500 removed 1 2", "d/b 200 removed 0 1", "d/c 30 removed 0 1",
            ])
        #expect(inspection.wasted == 1730)
        #expect(inspection.totals.unpacked == 7)
        #expect(inspection.totals.carried == inspection.totals.unpacked + inspection.wasted)
        #expect(inspection.layers.map(\.hidden) == [1230, 500, 0])
        #expect(inspection.layers.map(\.hides) == [0, 1230, 500])
        #expect(inspection.layers.map(\.shown) == [7, 0, 0])
    }

    @Test("is not what goes under one name and stays under another")
    func hardLinks() throws {
        let inspection = try InspectionFixture.inspect(
            [Self.file("a", "a", 1000), .hardLink("b", to: "a")], [.whiteout("a")], [Self.file("c", "c", 5)])
        #expect(inspection.waste == [])
        #expect(inspection.totals.unpacked == 1005)
    }

    @Test("has its cause in the layer that took the last name")
    func lastName() throws {
        let inspection = try InspectionFixture.inspect(
            [Self.file("a", "a", 1000), .hardLink("b", to: "a")], [.whiteout("a")], [.whiteout("b")])
        #expect(inspection.waste.map(\.causedBy) == [2])
        #expect(inspection.waste.map { InspectionFixture.text($0.path) } == ["b"])
    }

    @Test("is hidden by an opaque folder and by a file where a folder was")
    func otherWays() throws {
        let inspection = try InspectionFixture.inspect(
            [Self.file("d/a", "a", 100), Self.file("e/b", "b", 20)], [.opaque("d"), Self.file("e", "e", 1)])
        #expect(inspection.waste.map(\.bytes) == [100, 20])
        #expect(inspection.waste.allSatisfy { $0.causedBy == 1 })
    }

    @Test("is what a layer has twice, and what has the same content as another file")
    func twice() throws {
        let inspection = try InspectionFixture.inspect(
            [Self.file("a", "a", 10), Self.file("a", "b", 20), Self.file("c", "b", 20), Self.file("empty", "x", 0)])
        #expect(
            inspection.waste.map { "\(InspectionFixture.text($0.path)) \($0.bytes) \($0.cause)" } == [
                "c 20 duplicated", "a 10 repeated",
            ])
        #expect(inspection.waste.first.map { InspectionFixture.text($0.twin) } == "a")
    }

    @Test("is told with the command that caused it; steps without a layer do not shift the others")
    func instructions() throws {
        let inspection = try InspectionFixture.inspect(
            [Self.file("cache/x.deb", "a", 100_000)], [.whiteout("cache")],
            history: [
                ("/bin/sh -c #(nop)  ENV A=1", true), ("/bin/sh -c apt-get install x", false), ("CMD [\"sh\"]", true),
                ("RUN /bin/sh -c rm -rf /cache # buildkit", false),
            ])
        #expect(inspection.instruction(of: 0) == "RUN apt-get install x")
        let text = InspectionFixture.text(inspection)
        #expect(text.contains("100.0 kB  /cache/x.deb"), "\(text)")
        #expect(text.contains("in layer 1 still, though removed by layer 2, RUN rm -rf /cache"), "\(text)")
    }

    @Test("has no command when the history does not fit the layers")
    func wrongHistory() throws {
        let inspection = try InspectionFixture.inspect(
            [Self.file("a", "a", 1)], [Self.file("b", "b", 1)], history: [("x", false)])
        #expect(inspection.instruction(of: 0) == "")
    }

    @Test("counts for dive's figures as dive counts it")
    func dive() throws {
        // Worked out by hand from dive's definition: paths and all the sizes each was seen with.
        //   a    100, 40            least 40, all 140, seen twice
        //   b    50, removed as 0   least 0,  all 50,  seen twice
        //   d/c  7, and d removed   least 7,  all 7;   the folder itself: 7 and 7, seen once
        //   e    3                  least 3,  all 3
        let inspection = try InspectionFixture.inspect(
            [Self.file("a", "a", 100), Self.file("b", "b", 50), Self.file("d/c", "c", 7)],
            [Self.file("a", "x", 40), .whiteout("b"), .whiteout("d"), Self.file("e", "e", 3)])
        #expect(inspection.dive.leastBytes == 40 + 0 + 7 + 7 + 3)
        #expect(inspection.dive.allBytes == 140 + 50 + 7 + 7 + 3)
        #expect(inspection.dive.wastedBytes == 140 + 50)
        #expect(inspection.dive.userBytes == 43)
        #expect(inspection.dive.efficiency == 57.0 / 207.0)
        #expect(inspection.dive.userWasted == 190.0 / 43.0)
    }

    @Test("is nothing in an image without a byte")
    func empty() throws {
        let inspection = try InspectionFixture.inspect([.folder("a")])
        #expect(inspection.dive.efficiency == 1)
        #expect(inspection.dive.userWasted == 0)
        #expect(InspectionFixture.text(inspection).contains("100.00%"))
    }
}
