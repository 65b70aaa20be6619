import ByteKit
import ELF
import TestKit
import Testing

@Suite("ELF headers")
struct ELFFileTests {
    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("A file that was made is read as it was made", arguments: [true, false])
    func handMade(is64Bit: Bool) throws {
        let builder = ELFBuilder(
            is64Bit: is64Bit, machine: 3, interpreter: "/lib/ld-linux.so.2", needed: ["liba.so.1", "libb.so"],
            name: "libme.so.2", rpath: "/a:$ORIGIN/b", runpath: "${ORIGIN}/../c")
        let file = try ELFFile(builder.bytes)
        #expect(file.is64Bit == is64Bit && file.machine == 3 && file.kind == .shared)
        #expect(file.interpreter == Self.bytes("/lib/ld-linux.so.2"))
        #expect(file.needed == ["liba.so.1", "libb.so"].map(Self.bytes))
        #expect(file.name == Self.bytes("libme.so.2"))
        #expect(file.rpath == ["/a", "$ORIGIN/b"].map(Self.bytes))
        #expect(file.runpath == ["${ORIGIN}/../c"].map(Self.bytes))
        #expect(!file.isStaticProgram && !file.isGo)
    }

    static let hostFiles = ["/bin/ls", "/bin/sh", "/usr/bin/python3", "/usr/bin/bsdtar", "/lib64/ld-linux-x86-64.so.2"]
        .filter { (try? InputFile($0)) != nil }

    @Test(
        "Files of this machine are read as readelf reads them",
        .enabled(if: Peer.isInstalled("readelf"), "needs readelf: scripts/setup test"),
        arguments: hostFiles)
    func host(path: String) throws {
        let file = try ELFFile(try InputFile.contents(of: path, limit: 1 << 28))
        let dynamic = try Peer.run("readelf", ["-dW", path], variables: [("LC_ALL", "C")]).text
        let needed = dynamic.split(separator: "\n").filter { $0.contains("(NEEDED)") }
            .compactMap { $0.split(separator: "[").last?.split(separator: "]").first.map(String.init) }
        #expect(file.needed == needed.map(Self.bytes))
        #expect(file.isPIE == dynamic.contains("PIE"))
        let segments = try Peer.run("readelf", ["-lW", path], variables: [("LC_ALL", "C")]).text
        if let interpreter = file.interpreter {
            #expect(
                segments.contains("[Requesting program interpreter: \(String(decoding: interpreter, as: UTF8.self))]"))
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
                let file = try ELFFile([UInt8](whole[..<count]))
                #expect(file.needed.count <= 1)
            } catch {
                #expect(error.code == .malformed)
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
        var random = SeededNumbers(seed: 5)
        var different = 0
        let original = try ELFFile(whole)
        for _ in 0..<5000 {
            var bytes = whole
            for _ in 0...random.below(6) {
                bytes[4 + random.below(bytes.count - 4)] = random.pick([0, 0xff, 0x7f, 0x80, UInt8(random.below(256))])
            }
            let file = try? ELFFile(bytes)
            if file != original { different += 1 }
            _ = file?.patch(interpreter: [0x2f], size: bytes.count)
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
            ("headersAtNegative", patched(32, [UInt8](repeating: 0xff, count: 8))), ("noClass", patched(4, [3])),
            ("noByteOrder", patched(5, [0])),
        ] as [(String, [UInt8])])
    func lies(name: String, bytes: [UInt8]) {
        let error = #expect(throws: ELFError.self) { try ELFFile(bytes) }
        #expect(error?.code == .malformed)
    }

    @Test("A big-endian file is told from a broken one")
    func bigEndian() {
        let error = #expect(throws: ELFError.self) { try ELFFile(Self.patched(5, [2])) }
        #expect(error?.code == .foreign)
    }

    @Test("x32, 32 bits and other processors are recognised")
    func otherProcessors() throws {
        for (is64Bit, machine) in [(false, 62), (false, 3), (true, 183), (true, 243)] as [(Bool, UInt16)] {
            let file = try ELFFile(ELFBuilder(is64Bit: is64Bit, machine: machine, interpreter: "/ld").bytes)
            #expect(file.is64Bit == is64Bit && file.machine == machine)
        }
    }

    @Test("Segments that overlap, or reach out of the file, are only segments")
    func overlapping() throws {
        var bytes = ELFBuilder(interpreter: "/lib/ld.so", needed: ["liba.so"]).bytes
        // The dynamic section (the second program header) begins where the ELF header does, and has no end.
        bytes.replaceSubrange(64 + 56 + 8..<64 + 56 + 16, with: [UInt8](repeating: 0, count: 8))
        bytes.replaceSubrange(64 + 56 + 32..<64 + 56 + 40, with: [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])
        let file = try ELFFile(bytes)
        #expect(file.needed.isEmpty && file.interpreter == Self.bytes("/lib/ld.so"))
    }

    @Test("A string table of 4 GB gives the strings that are there, and its names have a bound together")
    func giantStrings() throws {
        var builder = ELFBuilder(needed: ["liba.so"])
        var bytes = builder.bytes
        let size = try #require(bytes.firstRange(of: [10, 0, 0, 0, 0, 0, 0, 0]))
        bytes.replaceSubrange(size.upperBound..<size.upperBound + 8, with: [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])
        #expect(try ELFFile(bytes).needed == [Self.bytes("liba.so")])
        builder.needed = Array(repeating: String(repeating: "n", count: 4000), count: 400)
        #expect(try ELFFile(builder.bytes).needed.reduce(0) { $0 + $1.count } <= 1 << 20)
    }

    @Test("Strings that point nowhere are left out")
    func stringsOutside() throws {
        // DT_STRSZ of 1: every name lies behind the table's end.
        var builder = ELFBuilder(needed: ["liba.so"])
        builder.tail = [UInt8](repeating: 0x41, count: 100)
        var bytes = builder.bytes
        let size = try #require(bytes.firstRange(of: [10, 0, 0, 0, 0, 0, 0, 0]))
        bytes.replaceSubrange(size.upperBound..<size.upperBound + 8, with: [1, 0, 0, 0, 0, 0, 0, 0])
        #expect(try ELFFile(bytes).needed.isEmpty)
    }

    @Test("An interpreter that Linux would not take is none: not terminated, too short, too long, cut off")
    func interpreters() throws {
        let path = "/lib/ld.so"
        let builder = ELFBuilder(interpreter: path)
        let whole = builder.bytes
        // The second program header's p_filesz.
        let size = 64 + 56 + 32
        #expect(whole[size] == UInt8(path.utf8.count + 1))
        for wrong in [UInt8(path.utf8.count), 1, 0] as [UInt8] {
            var bytes = whole
            bytes[size] = wrong
            let file = try ELFFile(bytes)
            #expect(file.interpreter == nil && file.hasMalformedInterpreter && !file.isStaticProgram)
        }
        #expect(try ELFFile([UInt8](whole.dropLast(2))).hasMalformedInterpreter)
        let long = ELFBuilder(interpreter: "/" + String(repeating: "x", count: 4096)).bytes
        #expect(try ELFFile(long).hasMalformedInterpreter)
    }

    @Test(
        "Programs of real compilers are what they are",
        .enabled(if: Peer.isInstalled("cc"), "needs cc: scripts/setup test"))
    func compiled() throws {
        let folder = try TestFolder()
        try Self.write("int main(void) { return 0; }", "\(folder.path)/a.c")
        func make(_ flags: String...) throws -> ELFFile {
            let made = try Peer.run("cc", ["-o", "\(folder.path)/a", "\(folder.path)/a.c"] + flags)
            try #require(made.status == 0, "\(made.errorText)")
            return try ELFFile(try InputFile.contents(of: "\(folder.path)/a", limit: 1 << 24))
        }
        let library = try make("-shared", "-fPIC", "-nostdlib")
        #expect(library.kind == .shared && !library.isStaticProgram && library.interpreter == nil)
        let dynamic = try make("-pie", "-fPIE")
        #expect(dynamic.kind == .shared && dynamic.isPIE && !dynamic.isStaticProgram)
        let fixed = try make("-no-pie")
        #expect(fixed.kind == .executable && !fixed.isPIE && fixed.interpreter != nil && !fixed.isStaticProgram)
        let plain = try make("-static")
        #expect(plain.kind == .executable && plain.isStaticProgram)
        let staticPIE = try make("-static-pie", "-fPIE")
        #expect(staticPIE.kind == .shared && staticPIE.isStaticProgram)
        #expect(try make("-c").kind == .other)
    }

    @Test("Go's note is seen among others, and notes that lie end the search")
    func goNote() throws {
        func note(_ name: [UInt8], _ content: [UInt8]) -> [UInt8] {
            var bytes: [UInt8] = []
            for number in [UInt32(name.count), UInt32(content.count), 4] { bytes.append(littleEndian: number) }
            func padded(_ part: [UInt8]) -> [UInt8] { part + [UInt8](repeating: 0, count: -part.count & 3) }
            return bytes + padded(name) + padded(content)
        }
        let gnu = note(Self.bytes("GNU\0"), [1, 2, 3])
        let go = note(Self.bytes("Go\0\0"), [UInt8](repeating: 65, count: 83))
        #expect(try ELFFile(Self.withNote(gnu + go)).isGo)
        #expect(try ELFFile(Self.withNote(go)).isGo)
        #expect(try !ELFFile(Self.withNote(gnu)).isGo)
        #expect(try !ELFFile(Self.withNote([UInt8](repeating: 0xff, count: 40) + go)).isGo)
    }

    /// A file whose interpreter's program header is one of notes instead.
    private static func withNote(_ notes: [UInt8]) -> [UInt8] {
        var builder = ELFBuilder(interpreter: String(repeating: "i", count: notes.count - 1))
        builder.code = [0xc3]
        var bytes = builder.bytes
        bytes[64 + 56] = 4
        // Behind it comes one byte, of the empty string table.
        bytes.replaceSubrange(bytes.count - 1 - notes.count..<bytes.count - 1, with: notes)
        return bytes
    }

    private static func patched(_ offset: Int, _ bytes: [UInt8]) -> [UInt8] {
        var file = ELFBuilder(needed: ["liba.so"]).bytes
        file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        return file
    }

    static func write(_ text: String, _ path: String) throws {
        try OutputFile.write(Array(text.utf8), to: path)
    }
}
