import LayerFS
import TestKit
import Testing

@Suite("Path patterns") struct PatternTests {
    static let matching: [(pattern: String, path: String)] = [
        ("usr/share", "usr/share"), ("usr/*", "usr/share"), ("usr/**", "usr/share"), ("usr/**", "usr/share/doc/a"),
        ("**", "a"), ("**", "a/b/c"), ("*", "a"), ("*", "deep/down/a"), ("*.a", "lib.a"), ("*.a", "usr/lib/x/lib.a"),
        ("**/x", "x"), ("**/x", "a/x"), ("**/x", "a/b/x"), ("a/**/b", "a/b"), ("a/**/b", "a/x/b"),
        ("a/**/b", "a/x/y/b"),
        ("a/**/b/**", "a/b/c"), ("**/__pycache__/**", "__pycache__/m.pyc"),
        ("**/__pycache__/**", "usr/lib/__pycache__/a/b"),
        ("/etc", "etc"), ("etc/", "etc"), ("//usr//lib", "usr/lib"),
        ("a?c", "abc"), ("?", "x"), ("a*", "a"), ("a*c", "ac"), ("a*c", "abbbc"), ("a**c", "abc"), ("*a*b*", "xaxbx"),
        ("[abc]", "b"), ("[a-z]1", "q1"), ("[!a-z]", "1"), ("[a-]", "-"), ("[-a]", "-"), ("[]", "[]"), ("[a", "[a"),
        ("a]", "a]"),
        ("[!]", "!"), ("x[0-9][0-9]", "x42"), (".*", ".hidden"), ("*", ".hidden"), ("en_*", "en_GB"), ("ü", "ü"),
        ("\\", "\\"),
    ]

    @Test("a pattern matches what it says", arguments: matching)
    func matches(pattern: String, path: String) { #expect(Self.matches(pattern, path)) }

    static let different: [(pattern: String, path: String)] = [
        ("usr/share", "usr"), ("usr/share", "usr/share/doc"), ("usr/*", "usr"), ("usr/*", "usr/a/b"), ("usr/**", "usr"),
        ("a/b", "x/a/b"), ("/x", "a/x"), ("x/", "a/x"), ("**/x", "a/xx"), ("a/**/b", "a"), ("a/**/b", "ab"),
        ("a/**/b", "a/x/c"),
        ("**/__pycache__/**", "usr/__pycache__"), ("", "a"), ("", "a/b"), ("/", "a"), ("*.a", "lib.ab"),
        ("*.a", "a.a/b"),
        ("a?c", "ac"), ("?", "ab"), ("a*c", "abd"), ("[abc]", "d"), ("[a-c]", "-"), ("[!a-z]", "q"), ("[b-a]", "a"),
        ("[a/b]", "a"), ("A", "a"), ("caf\u{e9}", "cafe\u{301}"), ("a\u{0}", "a"),
    ]

    @Test("a pattern does not match anything else", arguments: different)
    func differs(pattern: String, path: String) { #expect(!Self.matches(pattern, path)) }

    static func matches(_ pattern: String, _ path: String) -> Bool {
        PathPattern(pattern).matches(Array(path.utf8).split(separator: UInt8(ascii: "/")))
    }

    @Test("no pattern matches the root, which nobody can remove", arguments: ["*", "**", "**/*", "*/**"])
    func root(pattern: String) { #expect(!PathPattern(pattern).matches([])) }

    @Test("no pattern takes long, however many stars there are")
    func stars() {
        let name = String(repeating: "a", count: 255)
        #expect(!Self.matches(String(repeating: "*a", count: 120) + "b", name))
        #expect(Self.matches(String(repeating: "*a", count: 120), name))
        let path = Array(repeating: "a", count: 500).joined(separator: "/")
        #expect(!Self.matches(Array(repeating: "**/a", count: 40).joined(separator: "/") + "/b", path))
        #expect(Self.matches(Array(repeating: "**/a", count: 40).joined(separator: "/"), path))
    }

    @Test("a pattern of any length is taken whole")
    func length() {
        for count in [61, 62, 63, 64, 65, 200] {
            func path(_ count: Int) -> String { Array(repeating: "a", count: count).joined(separator: "/") }
            #expect(Self.matches(path(count), path(count)))
            for other in [1, 61, count - 1, count + 1] where other != count {
                #expect(!Self.matches(path(count), path(other)))
            }
            #expect(Self.matches("**/\(path(count))/**", path(count + 5)))
            #expect(!Self.matches("**/\(path(count))/**", path(count)))
            #expect(!Self.matches("\(path(count))/**/b", path(count + 5)))
        }
    }

    @Test("a pattern keeps its text")
    func keepsText() { #expect(PathPattern("usr//share/**").text == "usr//share/**") }

    /// A slow matcher that follows the definition, for names over a small alphabet.
    private static func reference(_ pattern: ArraySlice<[UInt8]>, _ path: ArraySlice<[UInt8]>) -> Bool {
        guard let head = pattern.first else { return path.isEmpty }
        if head == Array("**".utf8) {
            let isLast = pattern.count == 1
            if isLast { return !path.isEmpty }
            return reference(pattern.dropFirst(), path) || (!path.isEmpty && reference(pattern, path.dropFirst()))
        }
        guard let name = path.first else { return false }
        return glob(head[...], name[...]) && reference(pattern.dropFirst(), path.dropFirst())
    }

    private static func glob(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        guard let head = pattern.first else { return name.isEmpty }
        if head == UInt8(ascii: "*") {
            return glob(pattern.dropFirst(), name) || (!name.isEmpty && glob(pattern, name.dropFirst()))
        }
        guard let first = name.first else { return false }
        return (head == UInt8(ascii: "?") || head == first) && glob(pattern.dropFirst(), name.dropFirst())
    }

    @Test("patterns match as their definition says, thousands of random ones")
    func random() {
        var numbers = SeededNumbers(seed: 41)
        var matched = 0
        for _ in 0..<20_000 {
            let parts = (0...numbers.below(4)).map { _ in
                numbers.once(in: 4)
                    ? "**" : (0...numbers.below(2)).map { _ in numbers.pick(["a", "b", "*", "?"]) }.joined()
            }
            let path = (0...numbers.below(4)).map { _ in
                (0...numbers.below(2)).map { _ in numbers.pick(["a", "b"]) }.joined()
            }
            let pattern = "/" + parts.joined(separator: "/")
            let expected = Self.reference(parts.map { Array($0.utf8) }[...], path.map { Array($0.utf8) }[...])
            let found = Self.matches(pattern, path.joined(separator: "/"))
            if found { matched += 1 }
            if found != expected { Issue.record("\(pattern) and \(path.joined(separator: "/")): \(found)") }
        }
        #expect((2000..<18_000).contains(matched))
    }
}
