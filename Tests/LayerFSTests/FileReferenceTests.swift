import LayerFS
import TestKit
import Testing

@Suite("References in bytes") struct FileReferenceTests {
    /// What a program with these bytes behind its headers leads to, of the files that there are.
    private static func found(_ bytes: [UInt8], _ files: [String]) throws -> Set<String> {
        let program = TarItem.file("program", RelocationTests.library() + bytes).with { $0.mode = 0o755 }
        let linked = try ClosureTests.linked(
            [program] + files.map { .file($0, $0.contains(".so") ? RelocationTests.library() : Array("1".utf8)) },
            programs: ["program"])
        return ClosureTests.left(linked).subtracting(["program"])
    }

    @Test(
        "are found between all bytes that are rare in names",
        arguments: [
            "\0/usr/lib/x\0", "\"/usr/lib/x\"", "=/usr/lib/x:", "(/usr/lib/x)", "a b /usr/lib/x c", "/usr/lib/x",
            "see /usr/lib/x.", "{/usr/lib//x}", "<!/usr/lib/./x>", "\n/usr/lib/../lib/x,",
        ])
    func separated(text: String) throws {
        #expect(try Self.found(Array(text.utf8), ["usr/lib/x", "usr/lib/y"]) == ["usr/lib/x"])
    }

    @Test(
        "are shared objects where ‘.so’ ends a name or a version follows",
        arguments: [("libx.so", true), ("x.so.1.2", true), ("a/b/libx.so.1", true), ("x.sock", false), (".so", false)])
    func objects(name: String, isFound: Bool) throws {
        let file = "usr/lib/" + (name.split(separator: "/").last.map(String.init) ?? "")
        let found = try Self.found(Array("\0\(name)\0".utf8), [file])
        #expect(found == (isFound ? [file] : []))
    }

    @Test("are found across the pieces that a file is read in", arguments: [-12, -9, -1, 0, 1])
    func acrossPieces(offset: Int) throws {
        let before = (1 << 20) + offset - RelocationTests.library().count
        #expect(
            try Self.found([UInt8](repeating: 0, count: before) + Array("/usr/lib/x\0".utf8), ["usr/lib/x"]) == [
                "usr/lib/x"
            ])
    }

    @Test("are those of the first 16 MB of different paths: a file that has more is made to fill memory")
    func many() throws {
        func paths(_ count: Int) -> [UInt8] {
            var bytes: [UInt8] = []
            for number in 0..<count {
                bytes += Array("/\(number)".utf8)
                bytes += repeatElement(UInt8(ascii: "a"), count: 4000)
                bytes.append(0)
            }
            return bytes + Array("/usr/lib/x\0".utf8)
        }
        #expect(try Self.found(paths(100), ["usr/lib/x"]) == ["usr/lib/x"])
        #expect(try Self.found(paths(4200), ["usr/lib/x"]) == [])
    }

    @Test("are no names longer than any path, and random bytes do no harm", arguments: 0..<20)
    func hostile(seed: Int) throws {
        var numbers = SeededNumbers(seed: UInt64(seed))
        let long = Array("/usr/lib/".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: 10_000)
        let noise = (0..<5000).map { _ in UInt8(numbers.below(256)) }
        #expect(try Self.found(long + noise + Array("/../..//\0/".utf8), ["usr/lib/a"]) == [])
    }
}
