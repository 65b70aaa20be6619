internal import ByteKit
internal import JSON

/// A comparison as one page that browsers show.
package struct ComparisonPage {
    private let comparison: Comparison
    private let version: String

    /// - Parameter version: what the page says made it.
    package init(_ comparison: Comparison, version: String) {
        self.comparison = comparison
        self.version = version
    }

    /// How many files are listed: those whose size changed most.
    private static let rows = 5000

    package func html() -> [UInt8] {
        let title = "\(comparison.from.survey.name) → \(comparison.to.survey.name)"
        return HTMLPage(title: SafeText.line(title), data: data, script: PageScript.comparison).bytes
    }

    private var data: JSON {
        let (from, to) = (comparison.from, comparison.to)
        let members: [(name: StaticString, json: JSON)] = [
            ("version", .string(version)), ("from", Self.side(from)), ("to", Self.side(to)),
            (
                "cards",
                .array([
                    Self.card("stored", from.totals.size, to.totals.size),
                    Self.card("unpacked", from.totals.unpacked, to.totals.unpacked),
                    Self.card("wasted", from.wasted, to.wasted),
                ])
            ),
            (
                "counts",
                .object([
                    ("added", .integer(comparison.count(.added))), ("removed", .integer(comparison.count(.removed))),
                    ("changed", .integer(comparison.count(.changed))),
                ])
            ),
            (
                "config",
                .array(
                    comparison.config.map {
                        .array([.string($0.name), .string($0.before ?? ""), .string($0.after ?? "")])
                    })
            ),
            (
                "packages",
                .array(
                    comparison.packages.map {
                        .array([
                            .string($0.name), .string($0.before ?? ""), .string($0.after ?? ""),
                            .integer($0.bytesAfter - $0.bytesBefore),
                        ])
                    })
            ),
            (
                "folders",
                .array(
                    comparison.folders().filter { $0.bytes != 0 }.prefix(Self.rows).map {
                        .array([.string(SafeText.path($0.path)), .integer($0.bytes)])
                    })
            ),
            (
                "files",
                .array(
                    comparison.heaviestFiles.prefix(Self.rows).map {
                        .array([
                            .string($0.kind.rawValue), .string(SafeText.path($0.path)), .integer($0.after - $0.before),
                            .string($0.what.joined(separator: ", ")),
                        ])
                    })
            ),
        ]
        return .object(members)
    }

    private static func side(_ inspection: Inspection) -> JSON {
        .object([
            ("name", .string(SafeText.line(inspection.survey.name))),
            ("digest", .string(inspection.survey.digest?.description ?? "")),
        ])
    }

    private static func card(_ name: String, _ before: Int, _ after: Int) -> JSON {
        .array([.string(name), .integer(after - before), .integer(before), .integer(after)])
    }
}
