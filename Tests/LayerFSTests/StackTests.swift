import Glibc
import LayerFS
import TestKit
import Testing

/// Our merged tree against that of an unpacker that works on a real file system.
@Suite(
    "Layer stacks",
    .enabled(
        if: geteuid() == 0 && Peer.isInstalled("umoci") && Peer.isInstalled("unsquashfs"),
        "needs root, and umoci and unsquashfs: scripts/setup test"))
struct StackTests {
    /// Folders that no layer lists get the clock's time from umoci, and folders that it reaches into lose theirs.
    private static let clock: Int64 = 1_650_000_000

    private func compare(_ layers: [[TarItem]]) throws {
        let workspace = try LayerWorkspace()
        let archives = layers.map { TarBuilder.archive($0) }
        let linked = try workspace.link(archives)
        let rootfs = workspace.freshPath("umoci")
        try Umoci.unpack(archives, into: rootfs, workingIn: workspace.folder.path)
        let expected = try Listing(folder: rootfs)
        expectSame(try Listing(linked), expected, clock: Self.clock)
        let image = try workspace.checkedSquash(linked).path
        expectSame(try Listing(squash: image), expected, clock: Self.clock)
    }

    @Test("generated stacks become what umoci makes of them", arguments: 0..<200)
    func generated(seed: Int) throws { try compare(LayerStack(seed: UInt64(seed)).layers) }

    @Test("generated stacks have every kind of entry that there is")
    func variety() {
        var kinds: [String: Int] = [:]
        for seed in 0..<200 {
            for (index, item) in LayerStack(seed: UInt64(seed)).layers.flatMap({ $0.enumerated() }) {
                let name = text(item.path).split(separator: "/").last ?? ""
                let marker = name == ".wh..wh..opq" ? "opaque" : name.hasPrefix(".wh.") ? "whiteout" : "\(item.type)"
                kinds[marker, default: 0] += 1
                if index == 0 { kinds["layer", default: 0] += 1 }
            }
        }
        for kind in ["0", "1", "2", "3", "4", "5", "6", "opaque", "whiteout", "layer"] {
            #expect(kinds[kind, default: 0] > 50, "\(kind)")
        }
    }

    /// Fixtures that umoci reads as the specification says. The others are:
    /// - links that it refuses because it unlinks the name before it makes the link (to itself, to what is below it);
    /// - a file where a folder must be, which it reports as an error of the file system;
    /// - names of union file systems, and folders made of whiteouts, which it treats as any whiteout.
    static let shared: [TreeFixture] = {
        let apart: Set = [
            "hardLinkToItself", "hardLinkReplacesItsOwnFolder", "fileWhereAFolderMustBe", "whiteoutBelowAFile",
        ]
        let fixtures =
            NameTests.cleaned + NameTests.symlinkedParents + NameTests.hardLinks + WhiteoutTests.hiding
            + WhiteoutTests.ownFiles + WhiteoutTests.opaque
        return fixtures.filter { !apart.contains($0.testDescription) }
    }()

    @Test("the fixtures of the other suites become what umoci makes of them", arguments: shared)
    func fixtures(fixture: TreeFixture) throws { try compare(fixture.layers) }
}
