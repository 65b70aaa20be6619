internal import ByteKit
internal import JSON
internal import LayerFS

/// An inspection as one page that browsers show.
package struct InspectionPage {
    private let inspection: Inspection
    private let version: String

    /// - Parameter version: what the page says made it.
    package init(_ inspection: Inspection, version: String) {
        self.inspection = inspection
        self.version = version
    }

    /// How many rows a table has at most.
    private static let rows = 1000

    package func html() -> [UInt8] {
        HTMLPage(title: SafeText.line(inspection.survey.name), data: data, script: PageScript.inspection).bytes
    }

    private var data: JSON {
        let totals = inspection.totals
        let saving = inspection.savings.first
        let members: [(name: StaticString, json: JSON)] = [
            ("name", .string(SafeText.line(inspection.survey.name))),
            ("digest", .string(inspection.survey.digest?.description ?? "")),
            ("platform", .string(SafeText.line(inspection.survey.platform ?? ""))), ("version", .string(version)),
            (
                "totals",
                .object([
                    ("stored", .integer(totals.size)), ("unpacked", .integer(totals.unpacked)),
                    ("files", .integer(totals.files)),
                ])
            ),
            ("efficiency", .string(Ratio.percent(inspection.dive.efficiency))),
            ("wasted", .integer(inspection.wasted)),
            ("causes", .object(named: Waste.Cause.allCases.map { ($0.rawValue, .integer(inspection.wasted($0))) })),
            ("profile", .string(SafeText.line(saving?.name ?? "none"))), ("saving", .integer(saving?.bytes ?? 0)),
            ("secrets", .integer(inspection.secrets)), ("layers", layers), ("tree", PageTree(inspection).json),
            ("waste", waste), ("rules", rules(saving)), ("findings", findings), ("packages", packages),
            ("removals", removals),
            ("files", files), ("notes", .array(inspection.notes.prefix(100).map { .string($0) })),
        ]
        return .object(members)
    }

    private var layers: JSON {
        .array(
            inspection.survey.layers.enumerated().map { index, layer in
                let figures = inspection.layers[index]
                let members: [(name: StaticString, json: JSON)] = [
                    ("digest", .string(layer.listing.layer.description)),
                    ("instruction", .string(SafeText.cut(inspection.instruction(of: index), to: 2000))),
                    ("stored", .integer(layer.size)), ("carried", .integer(figures.carried)),
                    ("hidden", .integer(figures.hidden)),
                ]
                return .object(members)
            })
    }

    private var waste: JSON {
        .array(
            WasteGroup.groups(inspection.waste).prefix(Self.rows).map { group in
                .array([
                    .string(SafeText.path(group.path)), .integer(group.bytes), .integer(group.files),
                    .string(inspection.reason(for: group)),
                ])
            })
    }

    private func rules(_ saving: Saving?) -> JSON {
        let rules = (saving?.rules ?? []).sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
        return .array(
            rules.map { rule in
                let place = rule.places.first.map { "\(ByteCount.text($0.bytes)) in \(SafeText.path($0.path))" }
                return .array([
                    .string(rule.name), .integer(rule.bytes), .integer(rule.files), .string(rule.reason),
                    .string(place ?? ""),
                ])
            })
    }

    private var findings: JSON {
        .array(
            inspection.findings.prefix(Self.rows).map { finding in
                let layer = finding.layer.map { "\($0 + 1)" } ?? "configuration"
                return .array([
                    .string(finding.kind), .string(finding.place), .string(finding.title),
                    .string(layer + (finding.isShown ? "" : ", hidden and still there")), .bool(finding.isSecret),
                ])
            })
    }

    /// What the build removed and what its closure kept; null where no build says so.
    private var removals: JSON {
        guard let account = inspection.survey.removals else { return .null }
        let rules = account.rules.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
        let reasons = Dictionary(rules.map { ($0.name, $0.reason) }) { first, _ in first }
        let lines = account.lines.sorted { ($1.bytes, $0.path) < ($0.bytes, $1.path) }
        let kept = account.kept.sorted { ($1.bytes, $0.what) < ($0.bytes, $1.what) }
        let unshown = lines.dropFirst(Self.rows).reduce(account.unlisted) { ($0.0 + $1.files, $0.1 + $1.bytes) }
        return .object([
            ("files", .integer(account.files)), ("bytes", .integer(account.bytes)),
            (
                "rules",
                .array(
                    rules.map {
                        .array([.string($0.name), .integer($0.bytes), .integer($0.files), .string($0.reason)])
                    })
            ),
            (
                "lines",
                .array(
                    lines.prefix(Self.rows).map { line in
                        .array([
                            .string(line.path), .integer(line.bytes), .integer(line.files), .string(line.rule),
                            .string(reasons[line.rule] ?? ""),
                        ])
                    })
            ), ("unshownFiles", .integer(unshown.0)), ("unshownBytes", .integer(unshown.1)),
            (
                "kept",
                .array(
                    kept.prefix(Self.rows).map {
                        .array([.string($0.what), .integer($0.bytes), .string($0.reason)])
                    })
            ),
        ])
    }

    private var packages: JSON {
        .array(
            inspection.packages.packages.map { package in
                .array([
                    .string(package.name), .string(package.version), .integer(package.bytes), .integer(package.files),
                ])
            })
    }

    private var files: JSON {
        .array(
            inspection.largestFiles(Self.rows).map { file in
                let owner = inspection.packages.owner[Int(file.node)]
                return .array([
                    .string(SafeText.path(inspection.tree.path(of: file.node))), .integer(file.bytes),
                    .integer(file.layer + 1),
                    .string(owner < 0 ? "" : inspection.packages.packages[Int(owner)].name),
                ])
            })
    }
}
