import ByteKit
import Glibc
import TestKit
import Testing

@Suite("Folders that are removed") struct FolderTests: ~Copyable {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    @Test(
        "go with all that is in them, also when they are deeper than a path can say",
        .enabled(if: Peer.isInstalled("python3"), "needs python3, to make such folders"))
    func deep() throws {
        let script = """
            import os, sys
            os.chdir(sys.argv[1])
            # Names that the removal itself would choose for what it moves.
            for number in range(3): open(f".removing-{number}", "w").close()
            for level in range(3000):
                open("file", "w").close()
                os.mkdir("folder")
                os.chdir("folder")
                if level % 700 == 0: os.chmod("..", 0o500)
            """
        let made = try Peer.run("python3", ["-c", script, folder.path])
        try #require(made.status == 0, "\(made.errorText)")
        Folder.remove(folder.path)
        #expect(unsafe access(folder.path, F_OK) != 0)
    }

    @Test("are abandoned ones, and never a private folder that is in use")
    func inUse() throws {
        let (parent, isDone) = (folder.path, Monitor(false))
        let remover = try Thread {
            while !isDone.withLock({ $0 }) { Folder.removeAbandoned(in: parent) }
        }
        defer {
            isDone.withLock { $0 = true }
            remover.join()
        }
        for _ in 0..<2000 {
            try Folder.withTemporary(in: parent) { path in
                try Folder.create("\(path)/a")
                sched_yield()
                #expect(unsafe access("\(path)/a", F_OK) == 0)
            }
        }
    }
}
