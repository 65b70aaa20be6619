import ByteKit
import Glibc
import LayerFS
import TestKit
import Testing

/// Whether this process may stack folders with overlayfs.
private enum Overlay {
    static let isPossible: Bool = {
        let systems = (try? Peer.run("cat", ["/proc/filesystems"]).text) ?? ""
        return Mount.isPossible && systems.contains("overlay")
    }()
}

/// The kernel's overlayfs as the oracle of whiteouts.
@Suite("Layers in the kernel's overlayfs", .enabled(if: Overlay.isPossible, "needs root and overlayfs"))
struct OverlayTests {
    /// What overlayfs cannot be asked: it follows no symlinks on the way to a marker, it takes the folders above a
    /// marker for wanted though nothing is hidden there, and it merges roots whatever they say.
    private static let beyond: Set<String> = [
        "whiteoutThroughASymlinkedParent", "whiteoutThroughASymlinkOutOfTheTree", "opaqueThroughASymlink",
        "whiteoutOfWhatNeverWas", "whiteoutBelowAFile", "opaqueOfAFolderThatNeverWas", "opaqueAtTheRoot",
    ]

    static let fixtures = (WhiteoutTests.hiding + WhiteoutTests.ownFiles + WhiteoutTests.opaque)
        .filter { !beyond.contains($0.testDescription) }

    @Test("are the tree that we make of them, whatever they hide", arguments: fixtures)
    func whiteouts(fixture: TreeFixture) throws {
        let folder = try TestFolder()
        let archives = try fixture.layers.enumerated().map { number, items in
            let path = "\(folder.path)/\(number).tar"
            try OutputFile.write(TarBuilder.archive(items), to: path)
            return path
        }
        let work = "\(folder.path)/work"
        try Folder.create(work)
        let result = try Peer.run(
            "python3", [Golden.repositoryPath("Tests/Oracles/overlay-tree.py", from: #filePath), work] + archives)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(result.text.split(separator: "\n").map(String.init).sorted() == fixture.tree.sorted())
    }
}
