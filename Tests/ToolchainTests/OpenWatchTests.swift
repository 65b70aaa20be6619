import ByteKit
import TestKit
import Testing
import Toolchain

@Suite("Watching what is opened")
final class OpenWatchTests {
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
        try Folder.create("\(folder.path)/root/a/b")
        for name in ["root/x", "root/a/y", "root/a/b/z", "root/a/unread", "outside"] {
            try OutputFile.write(Array("#!/bin/sh\nexit 0\n".utf8), to: "\(folder.path)/\(name)", permissions: 0o755)
        }
        #expect(try Peer.run("ln", ["-s", "../x", "\(folder.path)/root/a/link"]).status == 0)
    }

    private func opened(_ watch: OpenWatch) throws -> [String] {
        try watch.take().map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("tells files that were read or started, by the names that links lead to, and each once")
    func tells() throws {
        let root = "\(folder.path)/root"
        let watch = try OpenWatch(root)
        #expect(try opened(watch) == [])
        #expect(try Peer.run("cat", ["\(root)/a/link", "\(root)/a/b/z", "\(root)/a/b/z"]).status == 0)
        #expect(try opened(watch) == ["a/b/z", "x"])
        #expect(try Peer.run("\(root)/a/y", []).status == 0)
        #expect(try opened(watch) == ["a/y"])
    }

    @Test("does not tell what is outside, nor who only looks whether a file is there, nor folders")
    func doesNotTell() throws {
        let watch = try OpenWatch("\(folder.path)/root")
        #expect(try Peer.run("cat", ["\(folder.path)/outside"]).status == 0)
        #expect(try Peer.run("ls", ["-lR", "\(folder.path)/root"]).status == 0)
        #expect(try opened(watch) == [])
    }
}
