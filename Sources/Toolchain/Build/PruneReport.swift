internal import JSON
internal import LayerFS

/// What pruning did, as `report.json` has it: bounded, the heaviest first to be told.
struct PruneReport {
    let report: LinkReport

    init(_ report: LinkReport) { self.report = report }

    /// More lines than anybody reads, and fewer than fill memory.
    private static let mostLines = 20_000
    private static let mostKept = 2_000

    /// What the report has of it.
    var members: [(name: StaticString, json: JSON)] {
        [("removed", .array(report.removals.map(Self.json))), ("removals", removals), ("kept", kept)]
    }

    private static func json(_ removal: Pruner.Removal) -> JSON {
        .object([
            ("rule", .string(removal.rule)), ("reason", .string(removal.reason)), ("files", .integer(removal.files)),
            ("bytes", .integer(removal.bytes)),
        ])
    }

    private static func json(_ line: PruneAccount.Line) -> JSON {
        .object([
            ("path", .string("/" + DiagnosticText.printable(line.path))), ("rule", .string(line.rule)),
            ("files", .integer(line.files)), ("bytes", .integer(line.bytes)),
        ])
    }

    private static func json(ofSet keeping: Keeping) -> JSON {
        .object([
            ("set", .string(keeping.set ?? "")), ("reason", .string(keeping.reason)),
            ("files", .integer(keeping.files)), ("bytes", .integer(keeping.bytes)),
        ])
    }

    private static func json(ofFile keeping: Keeping) -> JSON {
        .object([
            ("path", .string("/" + DiagnosticText.printable(keeping.path ?? []))),
            ("because", .string(DiagnosticText.printable(Array(keeping.reason.utf8)))),
            ("bytes", .integer(keeping.bytes)),
        ])
    }

    /// A line for each file, or folder that one rule removed whole, in the order of the tree.
    private var removals: JSON {
        let lines = report.removed
        let shown = Self.heaviest(lines.map(\.bytes), Self.mostLines)
        let told = lines.indices.filter { shown.contains($0) }.map { Self.json(lines[$0]) }
        let rest = lines.indices.filter { !shown.contains($0) }
        let bytes = rest.reduce(0) { $0 + lines[$1].bytes }
        return .object([
            ("lines", .array(told)), ("moreLines", .integer(rest.count)), ("moreBytes", .integer(bytes)),
        ])
    }

    /// What a closure left and why: a line for each set, and the heaviest of the other files. Null without one.
    private var kept: JSON {
        guard !report.keepings.isEmpty else { return .null }
        let files = report.keepings.filter { $0.path != nil }
        let shown = Self.heaviest(files.map(\.bytes), Self.mostKept)
        let told = files.indices.filter { shown.contains($0) }.map { Self.json(ofFile: files[$0]) }
        let rest = files.indices.filter { !shown.contains($0) }
        let bytes = rest.reduce(0) { $0 + files[$1].bytes }
        return .object([
            ("sets", .array(report.keepings.filter { $0.path == nil }.map(Self.json(ofSet:)))), ("files", .array(told)),
            ("moreFiles", .integer(rest.count)), ("moreBytes", .integer(bytes)),
        ])
    }

    /// The indices of the so many largest; among equals the first.
    private static func heaviest(_ sizes: [Int], _ count: Int) -> Set<Int> {
        guard sizes.count > count else { return Set(sizes.indices) }
        return Set(sizes.indices.sorted { (sizes[$1], $0) < (sizes[$0], $1) }.prefix(count))
    }
}
