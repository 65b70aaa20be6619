import ByteKit
import TestKit
import Testing

/// A test that is left out says why, so that nobody takes silence for success.
@Suite("Tests that may be left out")
struct SkippedTests {
    @Test("say why")
    func reasons() throws {
        let files = try Peer.run("grep", ["-rlE", #"\.(enabled|disabled)\("#, "\(Products.repository)/Tests"])
        for file in files.text.split(separator: "\n").map(String.init) where !file.hasSuffix("/SkippedTests.swift") {
            let text = String(decoding: try InputFile.contents(of: file, limit: 1 << 20), as: UTF8.self)
            for condition in Self.conditions(in: text) {
                #expect(condition.hasReason, "\(file): \(condition.text)")
            }
        }
    }

    @Test("are told from those that do not")
    func recognition() {
        let found = Self.conditions(
            in: #"@Test(.enabled(if: a(b, c))) @Test(.enabled(if: x, "needs x"), .disabled("why"))"#)
        #expect(found.map(\.hasReason) == [false, true, true])
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
