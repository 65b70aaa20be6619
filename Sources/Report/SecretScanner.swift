internal import LayerFS

/// Finds, in the beginning of a file, what looks like a secret. It says which rule and nothing of the secret.
struct SecretScanner: Sendable {
    /// How much of each file is looked at.
    static let depth = 64 << 10

    /// For each byte, the signs of rules for every file that begin with it.
    private static let tokens:
        [[(rule: Int, head: [UInt8], characters: SecretRule.Characters, count: ClosedRange<Int>)]] = {
            var table = [[(Int, [UInt8], SecretRule.Characters, ClosedRange<Int>)]](repeating: [], count: 256)
            for (index, rule) in SecretRule.all.enumerated() {
                for case .token(let head, let characters, let count) in rule.signs {
                    let head = Array(head.utf8)
                    table[Int(head[0])].append((index, head, characters, count))
                }
            }
            return table
        }()
    private static let isHead: [Bool] = tokens.indices.map { !tokens[$0].isEmpty || $0 == Int(UInt8(ascii: "-")) }
    private static let named = SecretRule.all.indices.filter { !SecretRule.all[$0].files.isEmpty }
    private static let pemRule = SecretRule.all.firstIndex { $0.name == "private-key" } ?? 0

    /// The rules, by number, that a file with this path and beginning matches.
    static func scan(_ path: [UInt8], _ head: [UInt8]) -> [Int] {
        var found: Set<Int> = []
        let components = path.split(separator: UInt8(ascii: "/"))
        for rule in named where SecretRule.all[rule].files.contains(where: { $0.matches(components) }) {
            if matches(SecretRule.all[rule], head) { found.insert(rule) }
        }
        // Programs carry the heads of keys as constants, and no keys.
        if !head.prefix(512).contains(0) { tokens(in: head, &found) }
        return found.sorted()
    }

    /// Whether a word has a token of any kind in it.
    static func hasToken(_ text: [UInt8]) -> Bool {
        var found: Set<Int> = []
        tokens(in: text, &found)
        return !found.isEmpty
    }

    private static func matches(_ rule: SecretRule, _ head: [UInt8]) -> Bool {
        rule.signs.isEmpty
            || rule.signs.contains { sign in
                guard case .text(let text) = sign else { return false }
                let sought = Array(text.utf8)
                return head.indices.contains { head[$0] == sought[0] && head[$0...].starts(with: sought) }
            }
    }

    private static func tokens(in text: [UInt8], _ found: inout Set<Int>) {
        unsafe isHead.withUnsafeBufferPointer { isHead in
            unsafe text.withUnsafeBufferPointer { bytes in
                for index in bytes.indices where unsafe isHead[Int(bytes[index])] {
                    check(text, at: index, &found)
                }
            }
        }
    }

    private static func check(_ text: [UInt8], at index: Int, _ found: inout Set<Int>) {
        if text[index] == UInt8(ascii: "-") {
            if !found.contains(pemRule), index == 0 || text[index - 1] == UInt8(ascii: "\n"), isPEM(text, at: index) {
                found.insert(pemRule)
            }
            return
        }
        for token in tokens[Int(text[index])] where !found.contains(token.rule) {
            guard text[index...].starts(with: token.head) else { continue }
            guard index == 0 || !SecretRule.Characters.word.contains(text[index - 1]) else { continue }
            let body = text[(index + token.head.count)...].prefix { token.characters.contains($0) }
            guard token.count.contains(body.count) else { continue }
            // `AKIAIOSFODNN7EXAMPLE` stands in half of all documentation.
            guard !body.suffix(7).elementsEqual("EXAMPLE".utf8) else { continue }
            found.insert(token.rule)
        }
    }

    /// Whether a PEM block with a private key begins here. RFC 7468.
    private static func isPEM(_ text: [UInt8], at index: Int) -> Bool {
        guard text[index...].starts(with: "-----BEGIN ".utf8) else { return false }
        let line = text[index...].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }.prefix(80)
        guard String(decoding: line, as: UTF8.self).hasSuffix("PRIVATE KEY-----") else { return false }
        // Headers (`Proc-Type: …`) may stand between the line and the base64.
        let rest = text[line.endIndex...].prefix(1024)
        return rest.split(separator: UInt8(ascii: "\n")).contains { line in
            let body = line.filter { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: " ") }
            return body.count >= 40
                && body.allSatisfy {
                    SecretRule.Characters.alphanumeric.contains($0) || "+/=".utf8.contains($0)
                }
        }
    }
}
