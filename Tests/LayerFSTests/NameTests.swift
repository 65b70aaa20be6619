import LayerFS
import TestKit
import Testing

@Suite("Names and links in layers") struct NameTests {
    static let long: String = String(repeating: "n", count: 255)
    static let deepPath: String = Array(repeating: long, count: 16).joined(separator: "/")

    static let cleaned: [TreeFixture] = [
        TreeFixture("dotDotPrefix", [.file("../../etc/passwd", "x")], becomes: ["etc/", "etc/passwd=x"]),
        TreeFixture("absoluteName", [.file("/etc/passwd", "x")], becomes: ["etc/", "etc/passwd=x"]),
        TreeFixture("climbsOutInTheMiddle", [.file("a/../../b", "x")], becomes: ["b=x"]),
        TreeFixture("dotSlash", [.folder("./"), .file("./a", "x")], becomes: ["a=x"]),
        TreeFixture("slashSlash", [.folder("//"), .file("b//c", "x")], becomes: ["b/", "b/c=x"]),
        TreeFixture("slashDotSlash", [.folder("/./"), .file("/./a/./b", "x")], becomes: ["a/", "a/b=x"]),
        TreeFixture("trailingSlashOnAFile", [.file("a/", "x")], becomes: ["a=x"]),
        TreeFixture("dotDotAsAFolderIsTheRoot", [.folder(".."), .file("a", "x")], becomes: ["a=x"]),
        TreeFixture(
            "backslashesAndDriveLetters", [.file(#"C:\windows\x"#, "1"), .file(#"..\..\y"#, "2")],
            becomes: [#"..\..\y=2"#, #"C:\windows\x=1"#]),
        TreeFixture(
            "newlineAndEscape", [.file("a\nb", "1"), .file("\u{1b}[2J", "2")], becomes: ["\\x1b[2J=2", "a\\nb=1"]),
        TreeFixture("caseTwins", [.file("README", "1"), .file("readme", "2")], becomes: ["README=1", "readme=2"]),
        TreeFixture(
            "namesLikeDots", [.file("...", "1"), .file("..a", "2"), .file(".b", "3")],
            becomes: ["...=1", "..a=2", ".b=3"]),
        TreeFixture("longestComponent", [.file(long, "x")], becomes: ["\(long)=x"]),
        TreeFixture(
            "paxLinkPathOver100Bytes",
            [.file("d/\(long)", "x"), .symlink("s", to: "d/\(long)"), .hardLink("z", to: "d/\(long)")],
            becomes: ["d/", "d/\(long)=x", "s -> d/\(long)", "z == d/\(long)"]),
    ]

    @Test("a name becomes a path below the root and nothing else", arguments: cleaned)
    func cleansNames(fixture: TreeFixture) throws { try fixture.check() }

    static let refusedNames: [RefusedFixture] = [
        RefusedFixture("nulInPaxPath", refused: .badName) {
            $0.addPax([(Array("path".utf8), Array("etc/passwd\0.txt".utf8))])
            $0.add(TarBlock("x"))
        },
        RefusedFixture("nulInPaxLinkPath", refused: .badName) {
            $0.addPax([(Array("linkpath".utf8), Array("a\0b".utf8))])
            $0.add(TarBlock("x", type: "2"))
        },
        RefusedFixture("nulInGNULongName", refused: .badName) {
            $0.addGNULong("L", Array("a\0b".utf8))
            $0.add(TarBlock("x"))
        },
        RefusedFixture("emptyName", [.file("", "x")], refused: .badName),
        RefusedFixture("dotAsAFile", [.file(".", "x")], refused: .badName),
        RefusedFixture("dotAsASymlink", [.symlink(".", to: "/etc")], refused: .badName),
        RefusedFixture("slashAsASymlink", [.symlink("/", to: "/etc")], refused: .badName),
        RefusedFixture("dotDotAsAFile", [.file("..", "x")], refused: .badName),
        RefusedFixture("rootAsAHardLink", [.file("a", "x"), .hardLink(".", to: "a")], refused: .badName),
        RefusedFixture("componentOf256Bytes", [.file("a/" + long + "n", "x")], refused: .badName),
        RefusedFixture("pathOver4095Bytes", [.file(deepPath + "/x", "x")], refused: .badName),
        RefusedFixture("symlinkWithoutTarget", [.symlink("a", to: "")], refused: .badName),
        RefusedFixture(
            "symlinkTargetOver4095Bytes", [.symlink("a", to: String(repeating: "t", count: 4096))], refused: .badName),
        RefusedFixture(
            "symlinkedParentWithALongName", [.symlink("a", to: long + "n"), .file("a/b", "x")], refused: .badName),
    ]

    @Test("a name that Linux or common sense would not take is refused", arguments: refusedNames)
    func refusesNames(fixture: RefusedFixture) throws { try fixture.check() }

    @Test("the longest path that Linux takes is kept")
    func longestPath() throws {
        #expect(Self.deepPath.utf8.count == 4095)
        let linked = try LayerWorkspace().link([TarBuilder.archive([.file(Self.deepPath, "end")])])
        #expect(try linked.bytes(at: Self.deepPath) == Array("end".utf8))
    }

    @Test("composed and decomposed spellings of one name stay two files, byte for byte")
    func unicodeTwins() throws {
        let workspace = try LayerWorkspace()
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")
        let linked = try workspace.link([TarBuilder.archive([.file(composed, "1"), .file(decomposed, "2")])])
        #expect(try linked.bytes(at: composed) == Array("1".utf8))
        #expect(try linked.bytes(at: decomposed) == Array("2".utf8))
        let listing = try Listing(squash: workspace.squash(linked).path)
        #expect(Set(listing.facts.keys) == [[], Array(composed.utf8), Array(decomposed.utf8)])
    }

    @Test("a name that is no UTF-8 keeps its bytes")
    func invalidUTF8() throws {
        let workspace = try LayerWorkspace()
        let name: [UInt8] = [0x61, 0xff, 0xfe, 0x80]
        let linked = try workspace.link([TarBuilder.archive([TarItem.file("x").with { $0.path = name }])])
        #expect(linked.tree.path(of: 1) == name)
        #expect(Set(try Listing(squash: workspace.squash(linked).path).facts.keys) == [[], name])
    }

    // MARK: - Symlinks on the way

    static let symlinkedParents: [TreeFixture] = [
        TreeFixture(
            "symlinkThenWriteThrough", [.symlink("out", to: "../../../tmp/x"), .file("out/f", "1")],
            becomes: ["out -> ../../../tmp/x", "tmp/", "tmp/x/", "tmp/x/f=1"]),
        TreeFixture(
            "symlinkThenWriteThroughInTheNextLayer", [.symlink("out", to: "/etc")], [.file("out/f", "1")],
            becomes: ["etc/", "etc/f=1", "out -> /etc"]),
        TreeFixture(
            "usrMerge", [.folder("usr/lib"), .symlink("lib", to: "usr/lib"), .file("lib/a", "1")],
            [.file("lib/b", "2")],
            becomes: ["lib -> usr/lib", "usr/", "usr/lib/", "usr/lib/a=1", "usr/lib/b=2"]),
        TreeFixture(
            "legitimateAbsoluteSymlink", [.symlink("lib64", to: "/usr/lib64"), .file("lib64/ld.so", "1")],
            becomes: ["lib64 -> /usr/lib64", "usr/", "usr/lib64/", "usr/lib64/ld.so=1"]),
        TreeFixture(
            "symlinkRelativeToItsOwnFolder", [.symlink("a/b", to: "../c"), .file("a/b/f", "1")],
            becomes: ["a/", "a/b -> ../c", "c/", "c/f=1"]),
        TreeFixture(
            "symlinkThroughASymlink",
            [.symlink("one", to: "two"), .symlink("two", to: "three/four"), .file("one/f", "1")],
            becomes: ["one -> two", "three/", "three/four/", "three/four/f=1", "two -> three/four"]),
        TreeFixture(
            "folderReplacesASymlink", [.folder("real"), .symlink("d", to: "real")], [.folder("d"), .file("d/f", "1")],
            becomes: ["d/", "d/f=1", "real/"]),
        TreeFixture(
            "symlinkReplacesAFolder", [.file("d/f", "1"), .file("e/g", "2")],
            [.symlink("d", to: "e"), .file("d/h", "3")],
            becomes: ["d -> e", "e/", "e/g=2", "e/h=3"]),
        TreeFixture(
            "folderBecomesSymlinkAndFolderAgainInOneLayer",
            [.file("d/1", "1"), .symlink("d", to: "e"), .file("d/2", "2"), .folder("d"), .file("d/3", "3")],
            becomes: ["d/", "d/3=3", "e/", "e/2=2"]),
        TreeFixture(
            "symlinkLoopThatNobodyFollows", [.symlink("a", to: "b"), .symlink("b", to: "a")],
            becomes: ["a -> b", "b -> a"]),
        TreeFixture(
            "fileWhereAFolderMustBe", [.file("a", "1"), .file("a/b", "2")], becomes: ["a/", "a/b=2"], warnings: 1),
    ]

    @Test("symlinked parents are followed inside the tree and never out of it", arguments: symlinkedParents)
    func followsParents(fixture: TreeFixture) throws { try fixture.check() }

    /// Symlinks that lead to each other by long ways, each of them no longer than a path may be.
    private static let wanderers: [TarItem] = {
        let way = String(repeating: "x/../", count: 300)
        return [
            .symlink("w0", to: way + "w1"), .symlink("w1", to: way + "w2"), .symlink("w2", to: way + "w3"),
            .folder("x"), .folder("w3"), .file("w0/f", "x"),
        ]
    }()

    static func chain(_ length: Int) -> [TarItem] {
        (0..<length).map { TarItem.symlink("s\($0)", to: $0 + 1 == length ? "end" : "s\($0 + 1)") } + [
            .file("s0/f", "x")
        ]
    }

    static let loops: [RefusedFixture] = [
        RefusedFixture("symlinkToItself", [.symlink("a", to: "a"), .file("a/f", "x")], refused: .symlinkLoop),
        RefusedFixture(
            "symlinksInACircle", [.symlink("a", to: "b"), .symlink("b", to: "a"), .file("b/f", "x")],
            refused: .symlinkLoop),
        RefusedFixture("symlinkBelowItself", [.symlink("a", to: "a/b"), .file("a/f", "x")], refused: .symlinkLoop),
        RefusedFixture("symlinksThatWander", wanderers, refused: .symlinkLoop),
        RefusedFixture("fortyOneSymlinks", chain(41), refused: .symlinkLoop),
        RefusedFixture(
            "hardLinkThroughALoop", [.symlink("a", to: "a"), .hardLink("h", to: "a/f")], refused: .symlinkLoop),
    ]

    @Test("symlinks in a circle are refused when something is written through them", arguments: loops)
    func refusesLoops(fixture: RefusedFixture) throws { try fixture.check() }

    @Test("forty symlinks in a row are followed, as Linux does")
    func fortySymlinks() throws {
        let linked = try LayerWorkspace().link([TarBuilder.archive(Self.chain(40))])
        #expect(try linked.bytes(at: "end/f") == Array("x".utf8))
    }

    // MARK: - Hard links

    static let hardLinks: [TreeFixture] = [
        TreeFixture(
            "hardLinkToAbsoluteName", [.file("a", "1"), .hardLink("b", to: "/a")], becomes: ["a=1", "b == a"]),
        TreeFixture("escapingHardLink", [.file("a", "1"), .hardLink("b", to: "../../a")], becomes: ["a=1", "b == a"]),
        TreeFixture(
            "hardLinkToASymlink", [.symlink("a", to: "x"), .hardLink("b", to: "a")], becomes: ["a -> x", "b == a"]),
        TreeFixture("hardLinkToAPipe", [.pipe("a"), .hardLink("b", to: "a")], becomes: ["a |", "b == a"]),
        TreeFixture(
            "hardLinkThroughASymlinkedFolder", [.file("d/a", "1"), .symlink("e", to: "d"), .hardLink("b", to: "e/a")],
            becomes: ["b=1", "d/", "d/a == b", "e -> d"]),
        TreeFixture("hardLinkToALowerLayer", [.file("a", "1")], [.hardLink("b", to: "a")], becomes: ["a=1", "b == a"]),
        TreeFixture(
            "hardLinkToALowerLayerWhoseNameIsHiddenLater", [.file("a", "1")],
            [.hardLink("b", to: "a"), .whiteout("a")],
            becomes: ["b=1"]),
        TreeFixture("hardLinkToItself", [.file("a", "1"), .hardLink("a", to: "a")], becomes: ["a=1"]),
        TreeFixture(
            "hardLinkReplacesItsOwnFolder", [.file("d/a", "1"), .hardLink("d", to: "d/a")], becomes: ["d=1"]),
        TreeFixture(
            "oneNameOfTwoIsWrittenAnew", [.file("a", "1"), .hardLink("b", to: "a")], [.file("a", "2")],
            becomes: ["a=2", "b=1"]),
        TreeFixture(
            "oneNameOfTwoIsHidden", [.file("a", "1"), .hardLink("b", to: "a")], [.whiteout("a")], becomes: ["b=1"]),
        TreeFixture(
            "hardLinkToAHardLink", [.file("c", "1"), .hardLink("b", to: "c"), .hardLink("a", to: "b")],
            becomes: ["a=1", "b == a", "c == a"]),
    ]

    @Test("a hard link is a second name of what its target is at that moment", arguments: hardLinks)
    func linksNames(fixture: TreeFixture) throws { try fixture.check() }

    static let refusedHardLinks: [RefusedFixture] = [
        RefusedFixture("hardLinkToNothing", [.hardLink("b", to: "a")], refused: .hardLinkTarget),
        RefusedFixture("hardLinkToALaterFile", [.hardLink("b", to: "a"), .file("a", "1")], refused: .hardLinkTarget),
        RefusedFixture(
            "hardlinkToWhiteout", [.file("a", "1")], [.whiteout("a"), .hardLink("b", to: "a")], refused: .hardLinkTarget
        ),
        RefusedFixture(
            "hardLinkBelowAHiddenFolder", [.file("d/a", "1")], [.opaque(""), .hardLink("b", to: "d/a")],
            refused: .hardLinkTarget),
        RefusedFixture("hardLinkToItselfAlone", [.hardLink("a", to: "a")], refused: .hardLinkTarget),
        RefusedFixture(
            "hardLinksInACircle", [.hardLink("a", to: "b"), .hardLink("b", to: "a")], refused: .hardLinkTarget),
        RefusedFixture("hardLinkToAFolder", [.folder("d"), .hardLink("b", to: "d")], refused: .hardLinkTarget),
        RefusedFixture("hardLinkToTheRoot", [.hardLink("b", to: "/")], refused: .hardLinkTarget),
        RefusedFixture("hardLinkBelowAFile", [.file("a", "1"), .hardLink("b", to: "a/x")], refused: .hardLinkTarget),
    ]

    @Test("a hard link to what is no file is refused", arguments: refusedHardLinks)
    func refusesHardLinks(fixture: RefusedFixture) throws { try fixture.check() }
}
