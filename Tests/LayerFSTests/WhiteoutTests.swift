import LayerFS
import TestKit
import Testing

/// OCI image specification, "Image Layer Filesystem Changeset", Whiteouts and Opaque Whiteout.
@Suite("Whiteouts") struct WhiteoutTests {
    private static let lower: [TarItem] = [
        .folder("d"), .file("d/a", "1"), .file("d/b", "1"), .folder("d/e"), .file("d/e/f", "1"),
    ]

    static let hiding: [TreeFixture] = [
        TreeFixture("whiteoutOfAFile", lower, [.whiteout("d/a")], becomes: ["d/", "d/b=1", "d/e/", "d/e/f=1"]),
        TreeFixture("whiteoutOfAFolder", lower, [.whiteout("d/e")], becomes: ["d/", "d/a=1", "d/b=1"]),
        TreeFixture("whiteoutAtTheRoot", lower + [.file("x", "1")], [.whiteout("d")], becomes: ["x=1"]),
        TreeFixture(
            "whiteoutOfASymlinkLeavesItsTarget", lower + [.symlink("s", to: "d")], [.whiteout("s"), .whiteout("d/e")],
            becomes: ["d/", "d/a=1", "d/b=1"]),
        TreeFixture(
            "whiteoutInTheOnlyLayer", [.file("a", "1"), .whiteout("a"), .file("b", "1")], becomes: ["a=1", "b=1"]),
        TreeFixture(
            "whiteoutInTheOnlyLayerOfNothing", [.whiteout("gone"), .file("b", "1")], becomes: ["b=1"], warnings: 1),
        TreeFixture(
            "whiteoutOfWhatNeverWas", lower, [.whiteout("d/never"), .whiteout("no/such/folder/x")],
            becomes: ["d/", "d/a=1", "d/b=1", "d/e/", "d/e/f=1"], warnings: 2),
        TreeFixture("whiteoutBelowAFile", [.file("a", "1")], [.whiteout("a/x")], becomes: ["a=1"], warnings: 1),
        TreeFixture(
            "whiteoutThroughASymlinkedParent",
            [.file("usr/lib/x", "1"), .file("usr/lib/y", "1"), .symlink("lib", to: "usr/lib")],
            [.whiteout("lib/x")], becomes: ["lib -> usr/lib", "usr/", "usr/lib/", "usr/lib/y=1"]),
        TreeFixture(
            "whiteoutThroughASymlinkOutOfTheTree", [.file("tmp/x", "1"), .symlink("out", to: "../../tmp")],
            [.whiteout("out/x")], becomes: ["out -> ../../tmp", "tmp/"]),
        TreeFixture("folderCalledWhiteout", lower, [.folder("d/.wh.e")], becomes: ["d/", "d/a=1", "d/b=1"]),
        TreeFixture(
            "whiteoutWithContent", lower, [.file("d/.wh.a", "content")], becomes: ["d/", "d/b=1", "d/e/", "d/e/f=1"]),
        TreeFixture(
            "hiddenThenBackInTheNextLayer", [.file("a", "1")], [.whiteout("a")], [.file("a", "3")], becomes: ["a=3"]),
        TreeFixture(
            "hiddenFolderComesBackEmpty", lower, [.whiteout("d")], [.folder("d"), .file("d/n", "3")],
            becomes: ["d/", "d/n=3"]),
        TreeFixture(
            "whiteoutsOfOneNameTwice", lower, [.whiteout("d/a"), .whiteout("d/a")],
            becomes: ["d/", "d/b=1", "d/e/", "d/e/f=1"], warnings: 1),
    ]

    @Test("a whiteout hides what lower layers have, and only that", arguments: hiding)
    func hides(fixture: TreeFixture) throws { try fixture.check() }

    // MARK: - Order inside a layer

    static let ownFiles: [TreeFixture] = {
        let own: [TarItem] = [.file("d/a", "2"), .file("d/n", "2")]
        let expected = ["d/", "d/a=2", "d/n=2"]
        let hides: [(String, [TarItem], [String])] = [
            ("opaque", [.opaque("d")], expected),
            ("whiteoutOfTheFolder", [.whiteout("d")], expected),
            ("whiteoutOfOwnFile", [.whiteout("d/a"), .whiteout("d/b"), .whiteout("d/e")], expected),
        ]
        return hides.flatMap { name, markers, tree in
            [
                TreeFixture("\(name)First", lower, markers + own, becomes: tree),
                TreeFixture("\(name)InTheMiddle", lower, [own[0]] + markers + [own[1]], becomes: tree),
                TreeFixture("\(name)Last", lower, own + markers, becomes: tree),
            ]
        }
    }()

    @Test("files of the same layer stay, wherever in it the whiteout stands", arguments: ownFiles)
    func ownFilesStay(fixture: TreeFixture) throws { try fixture.check() }

    static let opaque: [TreeFixture] = [
        TreeFixture("opaqueAlone", lower, [.opaque("d")], becomes: ["d/"]),
        TreeFixture("opaqueAtTheRoot", lower, [.file("x", "2"), .opaque("")], becomes: ["x=2"]),
        TreeFixture(
            "opaqueOfAFolderThatNeverWas", lower, [.opaque("no/such")],
            becomes: ["d/", "d/a=1", "d/b=1", "d/e/", "d/e/f=1"], warnings: 1),
        TreeFixture(
            "opaqueOfAFolderOfTheSameLayer", [.folder("n"), .file("n/a", "1"), .opaque("n")], becomes: ["n/", "n/a=1"]),
        TreeFixture(
            "opaqueAndReAdded", lower, [.opaque("d"), .folder("d/e"), .file("d/e/g", "2")],
            becomes: ["d/", "d/e/", "d/e/g=2"]),
        TreeFixture(
            "reAddedAndOpaque", lower, [.folder("d/e"), .file("d/e/g", "2"), .opaque("d")],
            becomes: ["d/", "d/e/", "d/e/g=2"]),
        TreeFixture("opaqueBelow", lower, [.opaque("d/e")], becomes: ["d/", "d/a=1", "d/b=1", "d/e/"]),
        TreeFixture(
            "opaqueThroughASymlink", lower + [.symlink("s", to: "d")], [.opaque("s")], becomes: ["d/", "s -> d"]),
        TreeFixture(
            "opaqueInEveryLayer", lower, [.opaque("d"), .file("d/2", "2")], [.opaque("d"), .file("d/3", "3")],
            becomes: ["d/", "d/3=3"]),
    ]

    @Test("an opaque marker hides a folder's lower content and leaves the folder", arguments: opaque)
    func opaqueMarkers(fixture: TreeFixture) throws { try fixture.check() }

    // MARK: - Odd markers

    static let reserved: [TreeFixture] = [
        TreeFixture("reservedPlnk", [.file(".wh..wh.plnk", "x"), .file("a", "1")], becomes: ["a=1"], warnings: 1),
        TreeFixture("reservedAufs", [.file(".wh..wh.aufs", "x"), .file("a", "1")], becomes: ["a=1"], warnings: 1),
        TreeFixture(
            "reservedFolderWithContent", [.folder(".wh..wh.plnk"), .file(".wh..wh.plnk/12.34", "x"), .file("a", "1")],
            becomes: ["a=1"], warnings: 2),
        TreeFixture(
            "reservedOrphanBelow", lower, [.folder("d/.wh..wh.orph"), .file("d/c", "2")],
            becomes: ["d/", "d/a=1", "d/b=1", "d/c=2", "d/e/", "d/e/f=1"], warnings: 1),
    ]

    @Test("names that union file systems keep for themselves are left out, and told", arguments: reserved)
    func reservedNames(fixture: TreeFixture) throws { try fixture.check() }

    static let refused: [RefusedFixture] = [
        RefusedFixture("whiteoutWithNoName", [.file(".wh.")], refused: .badWhiteout),
        RefusedFixture("whiteoutWithNoNameBelow", lower, [.file("d/.wh.")], refused: .badWhiteout),
        RefusedFixture("whiteoutOfDot", [.file("d/.wh..")], refused: .badWhiteout),
        RefusedFixture("whiteoutOfDotDot", [.file("d/.wh...")], refused: .badWhiteout),
        RefusedFixture("fileInsideAWhiteout", lower, [.folder(".wh.d"), .file(".wh.d/a", "x")], refused: .badWhiteout),
    ]

    @Test("a whiteout that names nothing is refused", arguments: refused)
    func refuses(fixture: RefusedFixture) throws { try fixture.check() }
}
