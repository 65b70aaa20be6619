/// A file in the format of `~/.aws/config` and `~/.aws/credentials`.
///
/// AWS SDKs and Tools Reference, "Shared config and credentials files". Lines that fit no rule are passed over, as AWS's
/// own tools do: the file is shared with programs that know other keys.
struct ConfigurationFile: Sendable, Equatable {
    /// Section name → key → value. A nested key is `outer.inner`.
    private(set) var sections: [String: [String: String]] = [:]

    init() {}

    init(_ text: [UInt8]) {
        var section: String?
        var outer: String?
        for line in text.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
            let text = String(decoding: line, as: UTF8.self)
            let isIndented = text.first == " " || text.first == "\t"
            let content = Self.trim(text[...])
            if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
            if content.hasPrefix("["), let end = content.firstIndex(of: "]") {
                let name = Self.sectionName(content[content.index(after: content.startIndex)..<end])
                section = name
                outer = nil
                sections[name] = sections[name] ?? [:]
            } else if let section, let (key, value) = Self.setting(content) {
                if isIndented, let outer {
                    sections[section]?["\(outer).\(key)"] = value
                } else {
                    outer = value.isEmpty ? key : nil
                    sections[section]?[key] = value
                }
            }
        }
    }

    /// `[profile "my profile"]` is called `profile my profile`.
    private static func sectionName(_ text: Substring) -> String {
        text.split { $0 == " " || $0 == "\t" }.joined(separator: " ").filter { $0 != "\"" && $0 != "'" }
    }

    private static func setting(_ text: Substring) -> (key: String, value: String)? {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { return nil }
        let value = text[text.index(after: equals)...]
        return (trim(text[..<equals]).lowercased(), String(trim(Self.withoutComment(value))))
    }

    /// A comment inside a line begins with a space and a sign.
    private static func withoutComment(_ text: Substring) -> Substring {
        let ends = [" #", " ;", "\t#", "\t;"].compactMap { text.firstRange(of: $0)?.lowerBound }
        return ends.min().map { text[..<$0] } ?? text
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
