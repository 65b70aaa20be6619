import ByteKit
import TestKit
import Testing

/// A test that is left out says why, so that nobody takes silence for success.
@Suite("Tests that may be left out")
struct SkippedTests {
    @Test("say why")
    func reasons() throws {
        for (file, text) in try Self.files(with: #"\.(enabled|disabled)\("#) {
            for condition in Self.conditions(in: text) {
                #expect(condition.hasReason, "\(file): \(condition.text)")
            }
        }
    }

    @Test("do not end in the middle because of what this machine has not")
    func silence() throws {
        for (file, text) in try Self.files(with: "guard") { #expect(Self.silentEnds(in: text) == [], "\(file)") }
    }

    @Test("are told from those that do not")
    func recognition() {
        let found = Self.conditions(
            in: #"@Test(.enabled(if: a(b, c))) @Test(.enabled(if: x, "needs x"), .disabled("why"))"#)
        #expect(found.map(\.hasReason) == [false, true, true])
        let ends = Self.silentEnds(
            in: """
                guard geteuid() == 0 else { return }
                guard let a else { return }
                guard b,
                    shell(c)
                else { return }
                """)
        #expect(ends == ["geteuid() == 0", "b, shell(c)"])
    }

    /// All tests' sources with a match but this one, which has examples.
    private static func files(with pattern: String) throws -> [(path: String, text: String)] {
        let found = try Peer.run("grep", ["-rlE", "--include=*.swift", pattern, "\(Products.repository)/Tests"])
        try #require(found.status == 0, "\(found.errorText)")
        return try found.text.split(separator: "\n").filter { !$0.hasSuffix("/SkippedTests.swift") }.map { path in
            let text = try InputFile.contents(of: String(path), limit: 1 << 20)
            return (String(path), String(decoding: text, as: UTF8.self))
        }
    }

    /// Conditions about the machine, or the user, without which a function ends and says nothing.
    private static func silentEnds(in text: String) -> [String] {
        text.split(separator: "guard ", omittingEmptySubsequences: false).dropFirst().compactMap { piece in
            let words = piece.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            guard let end = words.firstRange(of: " else { "), words[end.upperBound...].hasPrefix("return }")
            else { return nil }
            let condition = String(words[..<end.lowerBound])
            let isOfMachine = ["geteuid(", "getuid(", "isInstalled", "isPossible", "shell("].contains {
                condition.contains($0)
            }
            return isOfMachine ? condition : nil
        }
    }

    /// What stands in the brackets of each condition: a reason is a second argument, or the only one of `disabled`.
    private static func conditions(in text: String) -> [(text: String, hasReason: Bool)] {
        var found: [(text: String, hasReason: Bool)] = []
        for word in [".enabled(", ".disabled("] {
            for piece in text.split(separator: word, omittingEmptySubsequences: false).dropFirst() {
                var (depth, commas, inside) = (1, 0, "")
                for character in piece {
                    if "([{".contains(character) { depth += 1 }
                    if ")]}".contains(character) { depth -= 1 }
                    if depth == 0 { break }
                    if character == ",", depth == 1 { commas += 1 }
                    inside.append(character)
                }
                found.append((inside, commas > 0 || inside.hasPrefix("\"")))
            }
        }
        return found
    }
}
