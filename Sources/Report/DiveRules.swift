/// Reads `.dive-ci`, the file of rules that dive has: YAML with one table, `rules`, of three figures.
///
/// Only what such files consist of is read: `name: value` lines, comments, quotes. Anything else is an error.
package enum DiveRules {
    private static let names: [(name: String, metric: Gate.Metric, comparison: Gate.Comparison)] = [
        ("lowestEfficiency", .efficiency, .atLeast), ("highestWastedBytes", .diveWasted, .atMost),
        ("highestUserWastedPercent", .diveUserWasted, .atMost),
    ]
    /// What dive takes for a rule that does not apply.
    private static let off = ["", "disabled", "off", "false"]

    /// The rules of a file; one that is not in it does not apply.
    ///
    /// - Parameter path: what messages call it.
    package static func parse(_ bytes: [UInt8], path: String) throws(ReportError) -> [Gate.Rule] {
        var rules: [Gate.Rule] = []
        var isInRules = false
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, bytes) in lines.enumerated() {
            let line = withoutComment(String(decoding: bytes, as: UTF8.self))
            let text = trimmed(line)
            guard !text.isEmpty, text != "---" else { continue }
            func refusal(_ message: String) -> ReportError {
                ReportError("gate-syntax", message, location: "\(SafeText.line(path)):\(index + 1)")
            }
            guard line.first == " " || line.first == "\t" else {
                isInRules = text == "rules:"
                guard isInRules else { throw refusal("‘\(SafeText.line(String(text.prefix(80))))’ is not ‘rules:’") }
                continue
            }
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard isInRules, parts.count == 2 else { throw refusal("this is not a rule and its limit") }
            let name = unquoted(trimmed(String(parts[0])))
            let value = unquoted(trimmed(String(parts[1])))
            guard let known = names.first(where: { $0.name == name }) else {
                throw refusal("dive has no rule ‘\(SafeText.line(String(name.prefix(80))))’")
            }
            guard !off.contains(value.lowercased()) else { continue }
            guard let limit = known.metric.limit(value.filter { $0 != " " }),
                known.metric == .diveWasted || limit <= 1
            else { throw refusal("‘\(SafeText.line(String(value.prefix(80))))’ is no limit for \(name)") }
            rules.append(
                Gate.Rule(metric: known.metric, comparison: known.comparison, limit: limit, text: "\(name): \(value)"))
        }
        return rules
    }

    private static func withoutComment(_ line: String) -> String {
        var previous: Character = " "
        for index in line.indices {
            if line[index] == "#", previous == " " || previous == "\t" { return String(line[..<index]) }
            previous = line[index]
        }
        return line
    }

    private static func trimmed(_ text: String) -> String {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, [" ", "\t", "\r"].contains(last) { text = text.dropLast() }
        return String(text)
    }

    private static func unquoted(_ text: String) -> String {
        guard text.count >= 2, let mark = text.first, mark == text.last, mark == "\"" || mark == "'" else {
            return text
        }
        return String(text.dropFirst().dropLast())
    }
}
