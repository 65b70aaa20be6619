package import JSON

/// What a build removed and why, and why its closure kept the rest: the part of its `report.json` that pages and reports
/// show. docs/prune.md, "The account".
package struct RemovalAccount: Sendable, Equatable {
    /// What one rule removed.
    package struct Rule: Sendable, Equatable {
        package var name: String
        package var reason: String
        package var files: Int
        /// Bytes of those files, unpacked.
        package var bytes: Int
    }

    /// One file, or folder that a rule removed whole.
    package struct Line: Sendable, Equatable {
        package var path: String
        /// The rule's name.
        package var rule: String
        package var files: Int
        package var bytes: Int
    }

    /// What a closure kept: a set of files, or one file.
    package struct Kept: Sendable, Equatable {
        /// The set's name, or the file's path.
        package var what: String
        package var reason: String
        package var bytes: Int
    }

    package var rules: [Rule]
    /// In the order of the tree.
    package var lines: [Line]
    /// What the report has no line for, because it is light.
    package var unlisted: (files: Int, bytes: Int) { (moreLines, moreBytes) }
    package var kept: [Kept]
    private var moreLines: Int
    private var moreBytes: Int

    /// Reads `report.json`; nil when that is no report of a build. Of names and reasons only text that can be shown is left.
    package init?(_ report: JSON) {
        guard let rules = report["removed"], rules.array != nil, let removals = report["removals"] else { return nil }
        self.rules = Self.entries(rules).map { rule in
            Rule(
                name: Self.text(rule["rule"]), reason: Self.text(rule["reason"]), files: Self.count(rule["files"]),
                bytes: Self.count(rule["bytes"]))
        }
        lines = Self.entries(removals["lines"]).map { line in
            Line(
                path: Self.text(line["path"]), rule: Self.text(line["rule"]), files: Self.count(line["files"]),
                bytes: Self.count(line["bytes"]))
        }
        moreLines = Self.count(removals["moreLines"])
        moreBytes = Self.count(removals["moreBytes"])
        let sets = Self.entries(report["kept"]?["sets"]).map { Self.kept($0, what: "set", reason: "reason") }
        let files = Self.entries(report["kept"]?["files"]).map { Self.kept($0, what: "path", reason: "because") }
        kept = sets + files
    }

    private static func kept(_ json: JSON, what: StaticString, reason: StaticString) -> Kept {
        Kept(what: text(json[what]), reason: text(json[reason]), bytes: count(json["bytes"]))
    }

    private static func text(_ json: JSON?) -> String { SafeText.line(json?.string ?? "") }

    /// The report lies in a folder that others may write to: no sum of its figures may overflow.
    private static func count(_ json: JSON?) -> Int { min(max(0, json?.integer ?? 0), 1 << 40) }

    private static func entries(_ json: JSON?) -> ArraySlice<JSON> { (json?.array ?? []).prefix(mostEntries) }

    /// Several times as many as a build writes of anything.
    private static let mostEntries = 100_000

    /// All that was removed.
    package var bytes: Int { rules.reduce(0) { $0 + $1.bytes } }
    package var files: Int { rules.reduce(0) { $0 + $1.files } }
}

extension RemovalAccount {
    /// As `inspect --json` has it: the rules. The lines are in `report.json` already.
    var json: JSON {
        .array(
            rules.map { rule in
                .object([
                    ("rule", .string(rule.name)), ("reason", .string(rule.reason)), ("files", .integer(rule.files)),
                    ("bytes", .integer(rule.bytes)),
                ])
            })
    }
}
