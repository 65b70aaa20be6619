internal import ByteKit

/// What things are called within a template: each name is given once, and is the same whenever the same is written.
struct Labels {
    private var given: Set<String> = []

    /// Words put together, `FramesLogGroup`: CloudFormation takes letters and digits only.
    mutating func joined(_ words: String...) -> String {
        let parts = words.flatMap { $0.split { !Self.isPlain($0) } }
        return unique(parts.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(), words)
    }

    /// Words with lines between them, `frames_log_group`: Terraform takes no dots, and no digit first.
    mutating func lined(_ words: String...) -> String {
        let text = words.joined(separator: "_").map { Self.isPlain($0) || $0 == "-" || $0 == "_" ? $0 : "_" }
        let needsLetter = text.first.map { !$0.isLetter } ?? true
        return unique((needsLetter ? "x_" : "") + String(text), words)
    }

    /// Names that differ only in what had to be left out get a part of their sum.
    private mutating func unique(_ label: String, _ words: [String]) -> String {
        var label = label
        if given.contains(label) { label += Digest(of: Array(words.joined(separator: "\u{0}").utf8)).hex.prefix(8) }
        given.insert(label)
        return label
    }

    private static func isPlain(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber)
    }
}
