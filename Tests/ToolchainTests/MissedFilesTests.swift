import Testing
import Toolchain

@testable import LayerFS

@Suite("Files that a test did not find") struct MissedFilesTests {
    private func files(_ noted: String, log: String = "") -> [String] {
        let removed = [("usr/share/zoneinfo", "closure"), ("usr/lib/libx.so.1", "drop"), ("opt/y", "safe")].map {
            PruneAccount.Line(path: Array($0.0.utf8), rule: $0.1, files: 1, bytes: 1)
        }
        return MissedFiles(removed, libraryFolders: [Array("usr/lib".utf8)]).files(noted: Array(noted.utf8), log: log)
            .map { "\($0.path): \($0.rule)" }
    }

    @Test("are those that pruning took, itself or a folder above, the last one first and each once")
    func order() {
        #expect(
            files("/opt/y\n/nowhere\n/usr/share/zoneinfo/Europe/Bonn\n/opt/y\n/opt/yes\n")
                == ["opt/y: safe", "usr/share/zoneinfo/Europe/Bonn: closure"])
    }

    @Test("are found by whatever way their paths were written, and where distributions have merged folders")
    func ways() {
        #expect(files("//opt/./x/../y\n") == ["opt/y: safe"])
        #expect(files("/lib/libx.so.1\n") == ["usr/lib/libx.so.1: drop"])
        #expect(files("/../../opt/y") == ["opt/y: safe"])
    }

    @Test("are libraries, too, that a loader complains of")
    func libraries() {
        let words = "program: error while loading shared libraries: libx.so.1: cannot open shared object file"
        #expect(files("", log: words) == ["usr/lib/libx.so.1: drop"])
    }

    @Test("have no longer paths than the kernel takes: a line of megabytes would take hours to be looked up")
    func longLines() {
        let path = String(repeating: "/.", count: 2044) + "/opt/y"
        #expect(files("/" + path) == ["opt/y: safe"])
        #expect(files("//" + path) == [])
    }

    @Test("are looked for in any bytes")
    func anyBytes() {
        let noted: [UInt8] = [0xff, 0x0a, 0x2f, 0x00, 0x0a, 0x0a, 0x2f, 0x2e, 0x2e, 0x0a]
        let removed = [PruneAccount.Line(path: [0xff], rule: "closure", files: 1, bytes: 1)]
        #expect(MissedFiles(removed, libraryFolders: []).files(noted: noted, log: "\u{0}.so").isEmpty)
    }
}
