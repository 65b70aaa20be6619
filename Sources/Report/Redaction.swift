/// Takes what may be secret out of commands and variables before they are shown.
package enum Redaction {
    /// Parts of a variable's name that say that its value is nobody's business.
    private static let words = [
        "PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY",
        "CREDENTIAL", "AUTH",
    ]
    /// Names with such a part that are no secrets.
    private static let harmless = ["SSH_AUTH_SOCK", "XAUTHORITY", "GPG_KEY", "AUTHOR", "AUTHORS"]

    package static let mark = "‹not shown›"

    /// Whether a variable of this name holds a secret, as far as names can tell.
    package static func isSecret(_ name: some StringProtocol) -> Bool {
        let upper = name.uppercased()
        return !harmless.contains(upper) && words.contains { contains(upper, $0) }
    }

    /// A variable `NAME=value` as it may be shown.
    package static func variable(_ text: String) -> String {
        guard let equals = text.firstIndex(of: "=") else { return text }
        let name = text[..<equals]
        let value = text[text.index(after: equals)...]
        if isSecret(name), !value.isEmpty { return "\(name)=\(mark)" }
        return "\(name)=\(command(String(value)))"
    }

    /// A command as it may be shown: without passwords in addresses, values of variables and options that are named
    /// after secrets, and keys that look like keys.
    package static func command(_ text: String) -> String {
        var words: [String] = []
        var isNextSecret = false
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            words.append(isNextSecret && !word.isEmpty ? mark : self.word(String(word)))
            // `--password hunter2` and the header of `curl -H "Authorization: Bearer …"`.
            let bare = word.filter { $0 != "\"" && $0 != "'" }
            isNextSecret =
                isNextSecret && (word.isEmpty || bare == "Bearer" || bare == "Basic")
                || bare.hasPrefix("--") && !bare.contains("=") && isSecret(bare.dropFirst(2).replacing("-", with: "_"))
                || bare == "Bearer" || bare == "Basic" || bare.lowercased() == "authorization:"
        }
        return words.joined(separator: " ")
    }

    private static func word(_ word: String) -> String {
        if let equals = word.firstIndex(of: "="), equals != word.startIndex {
            let name = word[..<equals].drop { $0 == "-" || $0 == "\"" || $0 == "'" }.replacing("-", with: "_")
            if isSecret(name), word.index(after: equals) != word.endIndex { return "\(word[...equals])\(mark)" }
        }
        if let address = withoutPassword(word) { return address }
        return SecretScanner.hasToken(Array(word.utf8)) ? mark : word
    }

    /// An address without the user's name and password; nil when it has none.
    private static func withoutPassword(_ word: String) -> String? {
        let bytes = Array(word.utf8)
        guard let scheme = bytes.indices.first(where: { bytes[$0...].starts(with: "://".utf8) }) else { return nil }
        let rest = bytes[(scheme + 3)...]
        let host = rest.prefix { $0 != UInt8(ascii: "/") }
        guard let at = host.lastIndex(of: UInt8(ascii: "@")) else { return nil }
        return String(decoding: bytes[..<(scheme + 3)], as: UTF8.self) + mark
            + String(decoding: bytes[at...], as: UTF8.self)
    }

    private static func contains(_ text: String, _ part: String) -> Bool {
        let (text, part) = (Array(text.utf8), Array(part.utf8))
        guard text.count >= part.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0...].starts(with: part) }
    }
}

extension StringProtocol {
    /// The text with one character in place of another; without Foundation.
    fileprivate func replacing(_ character: Character, with other: Character) -> String {
        String(map { $0 == character ? other : $0 })
    }
}
