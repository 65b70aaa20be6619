internal import ByteKit

/// Rules that an image must hold to, as people write them: `efficiency>=0.95,wasted<=20MiB,secrets=0`.
package struct Gate: Sendable {
    package var rules: [Rule]

    /// One rule.
    package struct Rule: Sendable, Equatable {
        package var metric: Metric
        package var comparison: Comparison
        package var limit: Double
        /// As it was written.
        package var text: String

        package init(metric: Metric, comparison: Comparison, limit: Double, text: String) {
            self.metric = metric
            self.comparison = comparison
            self.limit = limit
            self.text = text
        }
    }

    package enum Comparison: String, Sendable, CaseIterable {
        case atLeast = ">="
        case atMost = "<="
        case equal = "="
        case less = "<"
        case more = ">"

        func holds(_ value: Double, _ limit: Double) -> Bool {
            switch self {
            case .atLeast: value >= limit
            case .atMost: value <= limit
            case .equal: value == limit
            case .less: value < limit
            case .more: value > limit
            }
        }
    }

    /// What became of a rule.
    package struct Verdict: Sendable {
        package var rule: Rule
        package var value: Double
        package var holds: Bool

        /// `wasted<=20MiB: it is 31200000 bytes (31.2 MB)`.
        package var line: String { "\(SafeText.line(rule.text)): it is \(rule.metric.text(value))" }
    }

    /// Parses rules; each text may hold several, separated by commas.
    package init(parsing texts: [String]) throws(ReportError) {
        rules = []
        for text in texts {
            for part in text.split(separator: ",") {
                let part = part.filter { $0 != " " }
                if !part.isEmpty { rules.append(try Rule(parsing: part)) }
            }
        }
    }

    /// What becomes of each rule.
    package func verdicts(on inspection: Inspection) -> [Verdict] {
        rules.map { rule in
            let value = rule.metric.value(inspection)
            return Verdict(rule: rule, value: value, holds: rule.comparison.holds(value, rule.limit))
        }
    }
}

extension Gate {
    /// What can be held against a limit; the raw value is what people write.
    package enum Metric: String, Sendable, CaseIterable {
        case efficiency, wasted, overwritten, removed, repeated, duplicated
        case artifact, unpacked, files, layers, packages
        case secrets, setuid, setgid, worldWritable, findings
        case diveWasted, diveUserWasted

        private enum Unit {
            case part, bytes, count
        }

        private var unit: Unit {
            switch self {
            case .efficiency, .diveUserWasted: .part
            case .wasted, .overwritten, .removed, .repeated, .duplicated, .artifact, .unpacked, .diveWasted: .bytes
            default: .count
            }
        }

        func value(_ inspection: Inspection) -> Double {
            func count(_ kind: String) -> Int { inspection.findings.count { $0.kind == kind } }
            return switch self {
            case .efficiency: inspection.dive.efficiency
            case .diveUserWasted: inspection.dive.userWasted
            case .diveWasted: Double(inspection.dive.wastedBytes)
            case .wasted: Double(inspection.wasted)
            case .overwritten: Double(inspection.wasted(.overwritten))
            case .removed: Double(inspection.wasted(.removed))
            case .repeated: Double(inspection.wasted(.repeated))
            case .duplicated: Double(inspection.wasted(.duplicated))
            case .artifact: Double(inspection.totals.size)
            case .unpacked: Double(inspection.totals.unpacked)
            case .files: Double(inspection.totals.files)
            case .layers: Double(inspection.layers.count)
            case .packages: Double(inspection.packages.packages.count)
            case .secrets: Double(inspection.secrets)
            case .setuid: Double(count("setuid"))
            case .setgid: Double(count("setgid"))
            case .worldWritable: Double(count("world-writable"))
            case .findings: Double(inspection.findings.count)
            }
        }

        /// A value as people read it.
        func text(_ value: Double) -> String {
            switch unit {
            case .part: return Ratio.percent(value)
            case .count: return "\(Int(value))"
            case .bytes:
                let bytes = Int(value)
                return "\(bytes) bytes" + (bytes < 1000 ? "" : " (\(ByteCount.text(bytes)))")
            }
        }

        /// A limit as people write it: `0.95`, `95%`, `20MiB`, `3`. Nil for what is none.
        func limit(_ text: String) -> Double? {
            switch unit {
            case .part:
                if text.hasSuffix("%") { return Self.number(text.dropLast()).map { $0 / 100 } }
                return Self.number(text[...])
            case .count: return Int(text).flatMap { $0 >= 0 ? Double($0) : nil }
            case .bytes: return Self.bytes(text)
            }
        }

        private static func bytes(_ text: String) -> Double? {
            let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            guard let number = number(digits) else { return nil }
            let factors: [(String, Double)] = [
                ("", 1), ("b", 1), ("k", 1e3), ("kb", 1e3), ("m", 1e6), ("mb", 1e6), ("g", 1e9), ("gb", 1e9),
                ("t", 1e12), ("tb", 1e12), ("ki", 1024), ("kib", 1024), ("mi", 1_048_576), ("mib", 1_048_576),
                ("gi", 1_073_741_824), ("gib", 1_073_741_824), ("ti", 1_099_511_627_776),
                ("tib", 1_099_511_627_776),
            ]
            let unit = text.dropFirst(digits.count).lowercased()
            return factors.first { $0.0 == unit }.map { number * $0.1 }
        }

        private static func number(_ text: Substring) -> Double? {
            guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber || $0 == "." }),
                let value = Double(text), value.isFinite
            else { return nil }
            return value
        }
    }
}

extension Gate.Rule {
    init(parsing text: String) throws(ReportError) {
        let name = text.prefix { $0.isLetter }
        guard let metric = Gate.Metric(rawValue: String(name)) else {
            throw ReportError(
                "gate-syntax", "‘\(SafeText.line(String(text.prefix(80))))’ begins with no figure that is known",
                hint: "figures are: " + Gate.Metric.allCases.map(\.rawValue).joined(separator: ", "))
        }
        let rest = text.dropFirst(name.count)
        // The longer signs come first in the list.
        guard let comparison = Gate.Comparison.allCases.first(where: { rest.hasPrefix($0.rawValue) }),
            let limit = metric.limit(String(rest.dropFirst(rest.hasPrefix("==") ? 2 : comparison.rawValue.count)))
        else {
            throw ReportError(
                "gate-syntax",
                "‘\(SafeText.line(String(text.prefix(80))))’ is not a figure, >=, <=, =, < or >, and a limit",
                hint: "as in efficiency>=0.95, wasted<=20MiB, secrets=0")
        }
        self.init(metric: metric, comparison: comparison, limit: limit, text: text)
    }
}
