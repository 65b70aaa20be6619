import ByteKit
import LayerFS
import TestKit
import Testing

/// GNU tar manual, "Storing Sparse Files".
@Suite("Sparse files in layers") struct SparseTests {
    /// A file as the places of its data, and its size with holes.
    struct Shape: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let size: Int
        let pieces: [TarBuilder.Piece]

        var bytes: [UInt8] {
            var bytes = [UInt8](repeating: 0, count: size)
            for piece in pieces {
                bytes.replaceSubrange(piece.offset..<piece.offset + piece.data.count, with: piece.data)
            }
            return bytes
        }
    }

    private static func run(_ count: Int, _ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: count) }

    static let shapes: [Shape] = [
        Shape(testDescription: "holeInFront", size: 10_000, pieces: [(9000, run(1000, 1))]),
        Shape(testDescription: "holeBehind", size: 10_000, pieces: [(0, run(1000, 1)), (10_000, [])]),
        Shape(testDescription: "holeBetween", size: 20_000, pieces: [(0, run(513, 1)), (19_999, run(1, 2))]),
        Shape(testDescription: "nothingButHole", size: 100_000, pieces: [(100_000, [])]),
        Shape(testDescription: "noHole", size: 5000, pieces: [(0, run(5000, 3))]),
        Shape(testDescription: "smallerThanABlock", size: 100, pieces: [(50, run(2, 3))]),
        Shape(
            testDescription: "fourPieces", size: 50_000,
            pieces: (0..<4).map { ($0 * 9000, run(100 + $0, UInt8($0 + 1))) }),
        Shape(
            testDescription: "fivePieces", size: 50_000,
            pieces: (0..<5).map { ($0 * 9000, run(100 + $0, UInt8($0 + 1))) }),
        Shape(
            testDescription: "twentyFivePieces", size: 250_000,
            pieces: (0..<25).map { ($0 * 9000, run(100, UInt8($0 + 1))) }),
        Shape(
            testDescription: "hundredPieces", size: 900_000,
            pieces: (0..<100).map { ($0 * 9000, run(512, UInt8($0 + 1))) }),
    ]

    @Test(
        "a sparse file has its holes back, in whichever form it was written", arguments: shapes,
        TarBuilder.SparseForm.allCases)
    func forms(shape: Shape, form: TarBuilder.SparseForm) throws {
        var builder = TarBuilder()
        builder.addSparse("dir/sparse", size: shape.size, shape.pieces, form: form)
        builder.add(.file("after", "1"))
        let linked = try LayerWorkspace().link([builder.finished()])
        #expect(try linked.bytes(at: "dir/sparse") == shape.bytes)
        #expect(try linked.bytes(at: "after") == [0x31])
        #expect(try linked.brief().count == 3)
    }

    private static func pax01(_ map: String, size: String = "1000", stored: Int = 10) -> (inout TarBuilder) -> Void {
        {
            $0.addPax([
                "GNU.sparse.size": size, "GNU.sparse.numblocks": "1", "GNU.sparse.name": "a", "GNU.sparse.map": map,
            ])
            $0.add(TarBlock("x", size: stored), data: run(stored, 1))
        }
    }

    private static func pax10(_ map: String, blocks: Int = 1) -> (inout TarBuilder) -> Void {
        {
            $0.addPax([
                "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "a", "GNU.sparse.realsize": "1000",
            ])
            let text = Array(map.utf8)
            let data = text + run(512 * blocks - text.count, 0) + run(10, 1)
            $0.add(TarBlock("x", size: data.count), data: data)
        }
    }

    /// Every block of the map says that another one follows, until the archive ends.
    private static let endlessMap: [UInt8] = {
        var builder = TarBuilder()
        var block = TarBlock("a", type: "S", size: 0, form: .gnu)
        block.patches = [(482, [1]), (483, TarBlock.number(1000, width: 12))]
        builder.add(block)
        for _ in 0..<100 { builder.append(run(504, 0) + [1] + run(7, 0)) }
        return builder.bytes
    }()

    static let refused: [RefusedFixture] = [
        RefusedFixture("piecesOverlap", refused: .damagedTar, pax01("0,6,5,4")),
        RefusedFixture("piecesOutOfOrder", refused: .damagedTar, pax01("50,5,0,5")),
        RefusedFixture("pieceBehindTheEnd", refused: .damagedTar, pax01("995,10")),
        RefusedFixture("pieceOffsetOverflows", refused: .damagedTar, pax01("18446744073709551615,10")),
        RefusedFixture("pieceLengthOverflows", refused: .damagedTar, pax01("5,9223372036854775807")),
        RefusedFixture("moreDataThanPieces", refused: .damagedTar, pax01("0,9")),
        RefusedFixture("lessDataThanPieces", refused: .damagedTar, pax01("0,11")),
        RefusedFixture("oddMap", refused: .damagedTar, pax01("0,10,20")),
        RefusedFixture("mapOfWords", refused: .damagedTar, pax01("zero,ten")),
        RefusedFixture("sizeOver2To63", refused: .damagedTar, pax01("0,10", size: "9223372036854775808")),
        RefusedFixture("mapInDataWithoutEnd", refused: .damagedTar, pax10("3\n0\n5\n")),
        RefusedFixture("mapInDataThatIsNone", refused: .damagedTar, pax10("many\n0\n10\n")),
        RefusedFixture("mapInDataOfABillionPieces", refused: .damagedTar, pax10("1000000000\n")),
        RefusedFixture("mapInDataWithALongLine", refused: .damagedTar, pax10(String(repeating: "1", count: 300))),
        RefusedFixture("sparseFileOfAnExabyte", refused: .tooLarge, pax01("0,10", size: "1152921504606846976")),
        RefusedFixture("oldMapContinuesForever", archives: [endlessMap], refused: .damagedTar),
    ]

    @Test("a map that does not fit its file is refused", arguments: refused)
    func refuses(fixture: RefusedFixture) throws { try fixture.check() }

    @Test("holes count towards what a layer may unpack to")
    func bombs() throws {
        var builder = TarBuilder()
        for index in 0..<4 { builder.addSparse("bomb\(index)", size: 300_000, [(300_000, [])], form: .pax10) }
        let workspace = try LayerWorkspace()
        expect(.tooLarge) { try workspace.compile(builder.finished(), limit: 1_000_000) }
        #expect(try workspace.compile(builder.finished(), limit: 1_200_000).entries.count == 4)
    }

    @Test("GNU tar keeps a long name in two records, and the file's own is taken whichever comes last")
    func longName() throws {
        var builder = TarBuilder()
        builder.addPax([
            "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "right", "GNU.sparse.realsize": "1000",
            "path": "GNUSparseFile.0/right",
        ])
        builder.add(TarBlock("wrong", size: 512), data: Array("1\n1000\n0\n".utf8))
        #expect(try LayerWorkspace().link([builder.finished()]).brief() == ["right=\(text(Self.run(1000, 0)))"])
    }

    @Test(
        "sparse files that GNU tar packs come out as they were",
        .enabled(if: Peer.isInstalled("tar"), "needs tar: scripts/setup test"),
        arguments: [
            ["--format=gnu"], ["--format=pax", "--sparse-version=0.0"], ["--format=pax", "--sparse-version=0.1"],
            ["--format=pax", "--sparse-version=1.0"],
        ])
    func gnuTar(options: [String]) throws {
        let workspace = try LayerWorkspace()
        let tree = "\(workspace.folder.path)/tree"
        let long = String(repeating: "l", count: 180)
        try Folder.create("\(tree)/\(long)")
        let script = """
            cd "$1"; truncate -s 300000 holes; printf end | dd of=holes bs=1 seek=250000 conv=notrunc status=none
            i=0; while [ $i -lt 30 ]; do printf x$i | dd of=many bs=1 seek=$((i * 20000)) conv=notrunc status=none; i=$((i+1)); done
            truncate -s 700000 many; cp --sparse=always holes "$2/holes"; truncate -s 50000 empty
            """
        #expect(try Peer.run("sh", ["-ec", script, "sh", tree, long]).status == 0)
        let archive = workspace.freshPath("archive")
        #expect(
            try Peer.run("tar", ["--create", "--sparse", "--file=\(archive)", "--directory=\(tree)"] + options + ["."])
                .status == 0)
        let linked = try workspace.link([try InputFile.contents(of: archive, limit: 1 << 26)])
        expectSame(try Listing(linked), try Listing(folder: tree))
    }
}
