/// What a server wants before it answers: one challenge of a `WWW-Authenticate` field. RFC 9110, section 11.
struct Challenge: Equatable {
    /// Lower case: `bearer`, `basic`.
    let scheme: String
    /// Names in lower case; of duplicates the first counts.
    var parameters: [String: String] = [:]

    /// The challenges of all fields, in order. What cannot be read is left out: the other challenges may do.
    static func parse(_ fields: [String]) -> [Challenge] {
        fields.prefix(16).flatMap { field in
            var scanner = ChallengeScanner(field)
            return scanner.challenges()
        }
    }
}

/// Reads a list in which commas separate challenges as well as their parameters.
private struct ChallengeScanner {
    private let bytes: [UInt8]
    private var index = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func challenges() -> [Challenge] {
        var challenges: [Challenge] = []
        while true {
            skip(while: { $0 == UInt8(ascii: ",") || Self.isSpace($0) })
            guard let word = token() else { return challenges }
            let afterWord = index
            skip(while: Self.isSpace)
            if peek == UInt8(ascii: "="), !challenges.isEmpty {
                index += 1
                skip(while: Self.isSpace)
                guard let value = quoted() ?? token() else { return challenges }
                let name = word.lowercased()
                if challenges[challenges.count - 1].parameters[name] == nil {
                    challenges[challenges.count - 1].parameters[name] = value
                }
            } else {
                guard afterWord == bytes.count || index > afterWord || peek == UInt8(ascii: ",") else {
                    return challenges
                }
                challenges.append(Challenge(scheme: word.lowercased()))
            }
        }
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skip(while condition: (UInt8) -> Bool) {
        while let byte = peek, condition(byte) { index += 1 }
    }

    private mutating func token() -> String? {
        let start = index
        skip(while: { 0x21...0x7e ~= $0 && !"\"(),;<=>?@[\\]{}".utf8.contains($0) })
        return index > start ? String(decoding: bytes[start..<index], as: UTF8.self) : nil
    }

    private mutating func quoted() -> String? {
        guard peek == UInt8(ascii: "\"") else { return nil }
        index += 1
        var text: [UInt8] = []
        while let byte = peek {
            index += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
            if byte == UInt8(ascii: "\\"), let escaped = peek {
                index += 1
                text.append(escaped)
            } else {
                text.append(byte)
            }
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
