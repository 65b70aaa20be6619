internal import ByteKit
package import JSON
package import LayerFS

/// A link report as people and machines read it.
package struct SizeReport: Sendable {
    private let title: String
    private let report: LinkReport

    package init(title: String, _ report: LinkReport) {
        self.title = title
        self.report = report
    }

    /// A few dozen lines that fit a terminal. Names come from the image: what is not printable is escaped.
    package var text: String {
        var lines = [title]
        lines.append("  files \(report.files), folders \(report.folders), symlinks \(report.symlinks)")
        lines.append(
            "  unpacked \(ByteCount.text(report.unpackedSize))"
                + (report.artifactSize > 0 ? ", artifact \(ByteCount.text(report.artifactSize))" : ""))
        lines.append("")
        lines.append("  layers (base first)               in layer    in artifact")
        for layer in report.layers {
            lines.append(
                "    \(layer.digest.hex.prefix(24))  \(pad(ByteCount.text(layer.bytes), 12)) \(pad(ByteCount.text(layer.liveBytes), 12))"
            )
        }
        if !report.removals.isEmpty {
            lines += ["", "  removed                           files        bytes"]
            for removal in report.removals {
                lines.append(
                    "    \(left(removal.rule, 24))  \(pad("\(removal.files)", 9)) \(pad(ByteCount.text(removal.bytes), 12))  \(removal.reason)"
                )
            }
        }
        lines += section("largest folders", report.folderSizes)
        lines += section("largest files", report.largestFiles)
        return lines.joined(separator: "\n")
    }

    private func section(_ title: String, _ sizes: [LinkReport.PathSize]) -> [String] {
        guard !sizes.isEmpty else { return [] }
        return ["", "  \(title)"]
            + sizes.prefix(10).map { "    \(pad(ByteCount.text($0.bytes), 12))  /\(Self.printable($0.path))" }
    }

    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// `report.json`.
    package var json: JSON {
        .object([
            ("title", .string(title)), ("files", .integer(report.files)), ("folders", .integer(report.folders)),
            ("symlinks", .integer(report.symlinks)), ("unpackedSize", .integer(report.unpackedSize)),
            ("artifactSize", .integer(report.artifactSize)),
            (
                "layers",
                .array(
                    report.layers.map {
                        .object([
                            ("digest", .string($0.digest.description)), ("entries", .integer($0.entries)),
                            ("bytes", .integer($0.bytes)), ("liveBytes", .integer($0.liveBytes)),
                        ])
                    })
            ),
            (
                "removed",
                .array(
                    report.removals.map {
                        .object([
                            ("rule", .string($0.rule)), ("reason", .string($0.reason)), ("files", .integer($0.files)),
                            ("bytes", .integer($0.bytes)),
                        ])
                    })
            ),
            ("relocation", report.relocation.map(Self.json) ?? .null),
            ("largestFolders", .array(report.folderSizes.map(Self.json))),
            ("largestFiles", .array(report.largestFiles.map(Self.json))),
            ("warnings", .array(report.warnings.map { .string($0) })),
        ])
    }

    private static func json(_ relocation: Relocation) -> JSON {
        func text(of path: [UInt8]) -> JSON { .string("/" + printable(path)) }
        func findings(_ findings: [Relocation.Finding]) -> JSON {
            .array(findings.map { JSON.object([("path", text(of: $0.path)), ("reason", .string($0.reason))]) })
        }
        let loader = relocation.loader.map { loader in
            JSON.object([("path", text(of: loader.path)), ("family", .string(loader.family.rawValue))])
        }
        return JSON.object([
            ("prefix", .string(printable(relocation.prefix))), ("symlinks", .integer(relocation.symlinks)),
            ("interpreters", .integer(relocation.interpreters)), ("locales", .integer(relocation.locales)),
            ("loader", loader ?? .null), ("libraryFolders", .array(relocation.libraryFolders.map { text(of: $0) })),
            ("unreachable", findings(relocation.unreachable)), ("refused", findings(relocation.refused)),
        ])
    }

    private static func json(_ size: LinkReport.PathSize) -> JSON {
        .object([("path", .string("/" + printable(size.path))), ("bytes", .integer(size.bytes))])
    }

    /// A name as text: bytes that are no UTF-8 or no printable characters are shown as `\xNN`.
    private static func printable(_ path: [UInt8]) -> String { DiagnosticText.printable(path) }
}
