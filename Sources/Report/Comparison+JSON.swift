internal import ByteKit
package import JSON

/// `diff --json`. docs/inspect.md describes every member.
extension Comparison {
    package var json: JSON {
        let members: [(name: StaticString, json: JSON)] = [
            ("schema", .integer(1)), ("from", Self.side(from)), ("to", Self.side(to)),
            ("config", .array(config.map(Self.json))), ("packages", .array(packages.map(Self.json))),
            ("folders", .array(folders().map(Self.json))),
            (
                "counts",
                .object([
                    ("added", .integer(count(.added))), ("removed", .integer(count(.removed))),
                    ("changed", .integer(count(.changed))),
                ])
            ),
            ("files", .array(files.map(Self.json))),
        ]
        return .object(members)
    }

    private static func side(_ inspection: Inspection) -> JSON {
        let members: [(name: StaticString, json: JSON)] = [
            ("name", .string(SafeText.line(inspection.survey.name))),
            ("kind", .string(inspection.survey.kind.rawValue)),
            ("digest", inspection.survey.digest.map { .string($0.description) } ?? .null),
            ("stored", .integer(inspection.totals.size)), ("unpacked", .integer(inspection.totals.unpacked)),
            ("wasted", .integer(inspection.wasted)), ("files", .integer(inspection.totals.files)),
        ]
        return .object(members)
    }

    private static func json(_ change: ConfigChange) -> JSON {
        let members: [(name: StaticString, json: JSON)] = [
            ("name", .string(change.name)), ("before", words(change.before)), ("after", words(change.after)),
        ]
        return .object(members)
    }

    private static func json(_ change: PackageChange) -> JSON {
        let members: [(name: StaticString, json: JSON)] = [
            ("name", .string(change.name)), ("before", words(change.before)), ("after", words(change.after)),
            ("bytesBefore", .integer(change.bytesBefore)), ("bytesAfter", .integer(change.bytesAfter)),
        ]
        return .object(members)
    }

    private static func json(_ change: FolderChange) -> JSON {
        .object([
            ("path", .string(SafeText.path(change.path))), ("bytes", .integer(change.bytes)),
            ("files", .integer(change.files)),
        ])
    }

    private static func json(_ change: FileChange) -> JSON {
        .object([
            ("path", .string(SafeText.path(change.path))), ("change", .string(change.kind.rawValue)),
            ("before", .integer(change.before)), ("after", .integer(change.after)),
            ("what", .array(change.what.map { .string($0) })),
        ])
    }

    private static func words(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}
