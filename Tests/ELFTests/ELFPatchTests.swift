import ByteKit
import ELF
import TestKit
import Testing

@Suite("A program's other interpreter")
struct ELFPatchTests {
    static let path = Array("/tmp/scar/root/lib64/ld-linux-x86-64.so.2".utf8)

    static func applied(_ patch: ELFPatch, to bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        patch.edit(&bytes, at: 0)
        return bytes + patch.appended
    }

    @Test("stands behind the old end, and nothing but the program header changes")
    func appended() throws {
        let builder = ELFBuilder(
            interpreter: "/lib64/ld-linux-x86-64.so.2", needed: ["liba.so"], runpath: "/x",
            tail: [UInt8](repeating: 7, count: 333))
        let old = builder.bytes
        let patch = try #require(try ELFFile(old).patch(interpreter: Self.path, size: old.count))
        #expect(patch.appended == Self.path + [0])
        let new = Self.applied(patch, to: old)
        let file = try ELFFile(new)
        #expect(file.interpreter == Self.path && file.needed == [Array("liba.so".utf8)])
        let segment = try #require(file.segment(.interpreter))
        #expect(segment.offset == old.count && segment.fileSize == Self.path.count + 1)
        #expect(segment.address == (try ELFFile(old).segment(.interpreter)?.address))
        let changed = old.indices.filter { old[$0] != new[$0] }
        #expect(changed.allSatisfy { (segment.headerOffset + 8..<segment.headerOffset + 48).contains($0) })
    }

    @Test("is the same whether the file is changed whole or in pieces of any length", arguments: [1, 7, 64, 100, 4096])
    func pieces(length: Int) throws {
        let old = ELFBuilder(interpreter: "/lib/ld", tail: [UInt8](repeating: 7, count: 500)).bytes
        let patch = try #require(try ELFFile(old).patch(interpreter: Self.path, size: old.count))
        var new: [UInt8] = []
        var untouched = 0
        for start in stride(from: 0, to: old.count, by: length) {
            let range = start..<min(old.count, start + length)
            var piece = Array(old[range])
            patch.edit(&piece, at: start)
            if patch.leaves(range) {
                untouched += 1
                #expect(piece == Array(old[range]))
            }
            new += piece
        }
        #expect(new + patch.appended == Self.applied(patch, to: old))
        #expect(untouched > 0 || length > 100)
    }

    @Test("is refused for what has none, for 32 bits, for headers in headers, and for a path that Linux does not take")
    func refused() throws {
        let old = ELFBuilder(interpreter: "/lib/ld").bytes
        let file = try ELFFile(old)
        #expect(file.patch(interpreter: [], size: old.count) == nil)
        #expect(file.patch(interpreter: [0x2f, 0, 0x2f], size: old.count) == nil)
        #expect(file.patch(interpreter: [UInt8](repeating: 0x2f, count: 4096), size: old.count) == nil)
        #expect(file.patch(interpreter: [UInt8](repeating: 0x2f, count: 4095), size: old.count) != nil)
        #expect(try ELFFile(ELFBuilder(needed: ["a"]).bytes).patch(interpreter: Self.path, size: 9) == nil)
        let short = ELFBuilder(is64Bit: false, interpreter: "/lib/ld").bytes
        #expect(try ELFFile(short).patch(interpreter: Self.path, size: short.count) == nil)
        // A program header that begins inside the ELF header: its table lies 8 bytes further up, over e_shnum.
        var golfed = old
        golfed.replaceSubrange(32..<40, with: [56, 0, 0, 0, 0, 0, 0, 0])
        golfed.replaceSubrange(56..<64, with: [1, 0, 0, 0, 0, 0, 0, 0])
        #expect((try? ELFFile(golfed))?.patch(interpreter: Self.path, size: golfed.count) == nil)
    }
}
