internal import ByteKit
package import JSON
package import LayerFS

/// A link report as machines read it.
package struct SizeReport: Sendable {
    private let title: String
    private let report: LinkReport

    package init(title: String, _ report: LinkReport) {
        self.title = title
        self.report = report
    }

    /// `report.json`.
    package var json: JSON {
        var members: [(name: StaticString, json: JSON)] = [
            ("title", .string(title)), ("files", .integer(report.files)), ("folders", .integer(report.folders)),
            ("symlinks", .integer(report.symlinks)), ("unpackedSize", .integer(report.unpackedSize)),
            ("artifactSize", .integer(report.artifactSize)), ("layers", .array(report.layers.map(Self.json))),
        ]
        members += PruneReport(report).members
        members += [
            ("relocation", report.relocation.map(Self.json) ?? .null),
            ("largestFolders", .array(report.folderSizes.map(Self.json))),
            ("largestFiles", .array(report.largestFiles.map(Self.json))),
            ("warnings", .array(report.warnings.map { .string($0) })),
        ]
        return .object(members)
    }

    private static func json(_ layer: LinkReport.Layer) -> JSON {
        .object([
            ("digest", .string(layer.digest.description)), ("entries", .integer(layer.entries)),
            ("bytes", .integer(layer.bytes)), ("liveBytes", .integer(layer.liveBytes)),
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
