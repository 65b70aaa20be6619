import ByteKit
import LayerFS
import TestKit
import Testing

@Suite("Times of files") struct ClampTests {
    @Test("that are later than the clamp become it, and older ones stay, whatever is written")
    func clamp() throws {
        let workspace = try LayerWorkspace()
        let layer = TarBuilder.archive([
            TarItem.folder(".").with { $0.time = 3000 }, TarItem.folder("d").with { $0.time = 2001 },
            TarItem.file("old", "1").with { $0.time = -7 }, TarItem.file("same", "2").with { $0.time = 2000 },
            TarItem.file("new", "3").with { $0.time = 1 << 40 }, TarItem.symlink("s", to: "x").with { $0.time = 5000 },
        ])
        let linked = try workspace.link([layer], Linker.Rules(latestTime: 2000))
        let expected: [String: Int64] = ["": 2000, "d": 2000, "old": -7, "same": 2000, "new": 2000, "s": 2000]
        for (path, time) in expected { #expect(try linked.inode(at: path).modificationTime == time, "\(path)") }
        let tar = try Listing(workspace.link([try workspace.tarBytes(linked)]))
        let squash = try Listing(squash: try workspace.squash(linked).path)
        for (path, time) in expected {
            #expect(tar.times[Array(path.utf8)] == time)
            #expect(squash.times[Array(path.utf8)] == max(0, time))
        }
    }

    @Test("are as they were without a clamp")
    func none() throws {
        let workspace = try LayerWorkspace()
        let linked = try workspace.link([TarBuilder.archive([TarItem.file("f", "1").with { $0.time = 1 << 40 }])])
        #expect(try linked.inode(at: "f").modificationTime == 1 << 40)
    }
}
