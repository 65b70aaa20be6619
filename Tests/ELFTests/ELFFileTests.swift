import ByteKit
import Packager
import TestKit
import Testing

@Suite("ELF headers")
struct ELFFileTests {
    @Test("A file that was made is read as it was made", arguments: [true, false])
    func handMade(is64Bit: Bool) throws {
        let builder = ELFBuilder(
            is64Bit: is64Bit, machine: 3, interpreter: "/lib/ld-linux.so.2", needed: ["liba.so.1", "libb.so"],
            name: "libme.so.2", rpath: "/a:$ORIGIN/b", runpath: "${ORIGIN}/../c")
        let file = try ELFFile(builder.bytes, path: "x")
        #expect(file.is64Bit == is64Bit && file.machine == 3)
        #expect(file.interpreter == "/lib/ld-linux.so.2")
        #expect(file.needed == ["liba.so.1", "libb.so"])
        #expect(file.name == "libme.so.2")
        #expect(file.rpath == ["/a", "$ORIGIN/b"])
        #expect(file.runpath == ["${ORIGIN}/../c"])
    }

    static let hostFiles = ["/bin/ls", "/bin/sh", "/usr/bin/python3", "/usr/bin/bsdtar", "/lib64/ld-linux-x86-64.so.2"]
        .filter { (try? InputFile($0)) != nil }

    @Test(
        "Files of this machine are read as readelf reads them", .enabled(if: Peer.isInstalled("readelf")),
        arguments: hostFiles)
    func host(path: String) throws {
        let file = try ELFFile(try InputFile.contents(of: path, limit: 1 << 28), path: path)
        let dynamic = try Peer.run("readelf", ["-dW", path], variables: [("LC_ALL", "C")]).text
        let needed = dynamic.split(separator: "\n").filter { $0.contains("(NEEDED)") }
            .compactMap { $0.split(separator: "[").last?.split(separator: "]").first.map(String.init) }
        #expect(file.needed == needed)
        let segments = try Peer.run("readelf", ["-lW", path], variables: [("LC_ALL", "C")]).text
        if let interpreter = file.interpreter {
            #expect(segments.contains("[Requesting program interpreter: \(interpreter)]"))
        } else {
            #expect(!segments.contains("INTERP"))
        }
    }

    @Test("A file cut off anywhere is refused or read, and never a trap")
    func truncated() throws {
        let whole = ELFBuilder(
            interpreter: "/lib64/ld-linux-x86-64.so.2", needed: ["liba.so"], name: "libme.so", runpath: "/x"
        ).bytes
        var refused = 0
        for count in 0..<whole.count {
            do {
                let file = try ELFFile([UInt8](whole[..<count]), path: "x")
                #expect(file.needed.count <= 1)
            } catch {
                #expect(error.code == .malformedELF)
                refused += 1
            }
        }
        // Everything up to the end of the program headers.
        #expect(refused == 64 + 3 * 56)
    }

    @Test("Changed bytes are refused or read, and never a trap", arguments: [true, false])
    func mutated(is64Bit: Bool) throws {
        let builder = ELFBuilder(
            is64Bit: is64Bit, interpreter: "/lib/ld.so.1", needed: ["liba.so", "libb.so"], name: "libme.so",
            rpath: "/x", runpath: "/y")
        let whole = builder.bytes
        var random = SplitMix(state: 5)
        var different = 0
        let original = try ELFFile(whole, path: "x")
        for _ in 0..<5000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let extreme = [0, 0xff, 0x7f, 0x80, UInt8.random(in: 0...255, using: &random)]
                bytes[Int.random(in: 4..<bytes.count, using: &random)] = extreme.randomElement(using: &random) ?? 0
            }
            if (try? ELFFile(bytes, path: "x")) != original { different += 1 }
        }
        #expect(different > 2500)
    }

    @Test(
        "A file that lies in a named way is refused",
        arguments: [
            ("notELF", [UInt8]("#!/bin/sh\n".utf8) + [UInt8](repeating: 0, count: 64)), ("empty", []),
            ("programHeaders65535", patched(56, [0xff, 0xff])), ("programHeaders2000", patched(56, [0xd0, 0x07])),
            ("headersOfOneByte", patched(54, [1, 0])),
            ("headersFarAway", patched(32, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])),
            ("headersAtNegative", patched(32, [UInt8](repeating: 0xff, count: 8))), ("bigEndian", patched(5, [2])),
            ("noClass", patched(4, [3])),
        ] as [(String, [UInt8])])
    func lies(name: String, bytes: [UInt8]) {
        let error = #expect(throws: PackagerError.self) { try ELFFile(bytes, path: "x") }
        #expect(error?.code == .malformedELF)
    }

    @Test("Strings that point nowhere are left out")
    func stringsOutside() throws {
        // DT_STRSZ of 1: every name lies behind the table's end.
        var builder = ELFBuilder(needed: ["liba.so"])
        builder.tail = [UInt8](repeating: 0x41, count: 100)
        var bytes = builder.bytes
        let size = try #require(bytes.firstRange(of: [10, 0, 0, 0, 0, 0, 0, 0]))
        bytes.replaceSubrange(size.upperBound..<size.upperBound + 8, with: [1, 0, 0, 0, 0, 0, 0, 0])
        #expect(try ELFFile(bytes, path: "x").needed.isEmpty)
    }

    private static func patched(_ offset: Int, _ bytes: [UInt8]) -> [UInt8] {
        var file = ELFBuilder(needed: ["liba.so"]).bytes
        file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        return file
    }
}
