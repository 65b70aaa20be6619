import ByteKit
import Glibc
import LayerFS
import TestKit
import Testing

@Suite("A folder that we unpack into") struct FolderWriterTests {
    static let isRoot = geteuid() == 0

    @Test("has the tree in it, with all that belongs to its files", .enabled(if: isRoot, "needs root"))
    func everything() throws {
        for threads in [1, 4] {
            let workspace = try LayerWorkspace(threads: threads)
            for linked in try TarWriterTests.trees(workspace) {
                let (path, report) = try workspace.unpacked(linked)
                expectSame(try Listing(folder: path), try Listing(linked))
                #expect(report.warnings == linked.report.warnings)
            }
        }
    }

    @Test("has long files written by several threads, and holes where there were zeros")
    func long() throws {
        let workspace = try LayerWorkspace(BlockSettings(), threads: 4)
        var numbers = SeededNumbers(seed: 4)
        let noise = numbers.bytes(500_000)
        let zeros = [UInt8](repeating: 0, count: 9 << 20)
        let linked = try workspace.link([
            TarBuilder.archive([
                .file("d/a", noise + zeros + noise), .file("d/b", zeros), .file("d/c", noise + zeros),
                .hardLink("d/e", to: "d/a"),
            ])
        ])
        let path = try workspace.unpacked(linked).path
        for name in ["d/a", "d/b", "d/c", "d/e"] {
            #expect(try InputFile.contents(of: "\(path)/\(name)", limit: 1 << 26) == linked.bytes(at: name), "\(name)")
        }
        #expect(try (Int(Peer.run("stat", ["-c", "%b", "\(path)/d/b"]).text.dropLast()) ?? .max) < 100)
    }

    @Test("keeps names that are no UTF-8")
    func bytes() throws {
        let workspace = try LayerWorkspace()
        let linked = try workspace.link([TarBuilder.archive([TarItem("0", [0xff, 0xfe, 0x41], mode: 0o644)])])
        let names = try Peer.run("find", [try workspace.unpacked(linked).path, "-type", "f", "-printf", "%f"]).output
        #expect(names == [0xff, 0xfe, 0x41])
    }

    @Test("must be empty of what the tree has: nothing is written over, or through a symlink")
    func occupied() throws {
        let workspace = try LayerWorkspace()
        let linked = try workspace.link([TarBuilder.archive([.file("d/f", "new"), .file("g", "new")])])
        let outside = workspace.freshPath("outside")
        try Folder.create(outside)
        let path = workspace.freshPath("folder")
        try Folder.create(path)
        #expect(unsafe symlink(outside, "\(path)/d") == 0)
        let error = #expect(throws: FileError.self) { try linked.writeFolder(to: path, pool: workspace.pool) }
        #expect(error?.errorNumber == EEXIST && error?.path == "\(path)/d")
        #expect(try Folder.names(in: outside) == [])
    }

    @Test(
        "says that the disk is full",
        .enabled(if: isRoot && Peer.isInstalled("mount"), "needs root, and mount: scripts/setup test"))
    func full() throws {
        let workspace = try LayerWorkspace()
        let linked = try workspace.link([TarBuilder.archive([.file("f", [UInt8](repeating: 1, count: 3 << 20))])])
        let path = workspace.freshPath("small")
        try Folder.create(path)
        try #require(try Peer.run("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", path]).status == 0)
        defer { _ = try? Peer.run("umount", [path]) }
        for write in [
            { try linked.writeFolder(to: path, pool: workspace.pool) },
            {
                try linked.writeTar(to: path + "/archive", .none, pool: workspace.pool)
            },
        ] {
            let error = #expect(throws: FileError.self) { _ = try write() }
            #expect(error?.diagnostic.code == "disk-full")
        }
        #expect(unsafe access(path + "/archive", F_OK) != 0)
    }
}
