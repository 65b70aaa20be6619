/// What became of rules, in the form that continuous integration shows: one test case for each rule.
package enum JUnit {
    package static func document(_ verdicts: [Gate.Verdict], subject: String) -> [UInt8] {
        let failures = verdicts.count { !$0.holds }
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuites tests=\"\(verdicts.count)\" failures=\"\(failures)\">",
            "  <testsuite name=\"\(escaped(subject))\" tests=\"\(verdicts.count)\" failures=\"\(failures)\">",
        ]
        for verdict in verdicts {
            let head = "    <testcase classname=\"scar-build.inspect\" name=\"\(escaped(verdict.rule.text))\""
            if verdict.holds {
                lines.append(head + "/>")
            } else {
                lines.append(head + ">")
                lines.append("      <failure message=\"\(escaped(verdict.line))\"/>")
                lines.append("    </testcase>")
            }
        }
        lines += ["  </testsuite>", "</testsuites>", ""]
        return Array(lines.joined(separator: "\n").utf8)
    }

    private static func escaped(_ text: String) -> String {
        var safe = ""
        for character in SafeText.line(text).unicodeScalars {
            switch character {
            case "&": safe += "&amp;"
            case "<": safe += "&lt;"
            case ">": safe += "&gt;"
            case "\"": safe += "&quot;"
            case "'": safe += "&apos;"
            default: safe.unicodeScalars.append(character)
            }
        }
        return safe
    }
}
