internal import ByteKit
internal import JSON

/// A bill as SPDX 2.3 has it. spdx.github.io/spdx-spec/v2.3; its sections stand in brackets.
struct SPDXDocument {
    private let bill: Bill
    private let options: Bill.Options

    private static let root = "SPDXRef-Artifact"

    init(_ bill: Bill, _ options: Bill.Options) {
        self.bill = bill
        self.options = options
    }

    var json: JSON {
        var body: [(name: StaticString, json: JSON)] = [
            // [6.8]
            (
                "creationInfo",
                .object([
                    ("created", .string(options.created)),
                    ("creators", .array([.string("Tool: \(options.tool)-\(options.version)")])),
                ])
            ), ("packages", .array([root] + bill.components.map(Self.package))),
        ]
        body.append(("relationships", .array(relationships)))
        // [6.5] A document has a name that no other has; equal ones have equal names.
        let sum = Bill.uuid(of: JSON.object(body).text())
        let head: [(name: StaticString, json: JSON)] = [
            ("spdxVersion", .string("SPDX-2.3")), ("dataLicense", .string("CC0-1.0")),
            ("SPDXID", .string("SPDXRef-DOCUMENT")), ("name", .string(bill.name)),
            ("documentNamespace", .string("https://spdx.org/spdxdocs/\(options.tool)-\(sum)")),
        ]
        return .object(head + body)
    }

    /// [7] What the bill is about.
    private var root: JSON {
        var members = Self.members(id: Self.root, name: bill.name, version: "")
        members.append(("primaryPackagePurpose", .string(bill.isContainer ? "CONTAINER" : "ARCHIVE")))
        if let digest = bill.digest {
            let sum: [(name: StaticString, json: JSON)] = [
                ("algorithm", .string("SHA256")), ("checksumValue", .string(digest.hex)),
            ]
            members.append(("checksums", .array([.object(sum)])))
        }
        return .object(members)
    }

    private static func package(_ component: Bill.Component) -> JSON {
        var members = members(id: "SPDXRef-Package-\(component.id)", name: component.name, version: component.version)
        members.append(
            ("sourceInfo", .string(component.place.map { "found in \($0)" } ?? "installed by \(component.manager)")))
        let reference: [(name: StaticString, json: JSON)] = [
            ("referenceCategory", .string("PACKAGE-MANAGER")), ("referenceType", .string("purl")),
            ("referenceLocator", .string(component.url)),
        ]
        members.append(("externalRefs", .array([.object(reference)])))
        return .object(members)
    }

    /// What SPDX wants to be said of every package. Of licences nothing is asserted.
    private static func members(id: String, name: String, version: String) -> [(name: StaticString, json: JSON)] {
        var members: [(name: StaticString, json: JSON)] = [("SPDXID", .string(id)), ("name", .string(name))]
        if !version.isEmpty { members.append(("versionInfo", .string(version))) }
        members += [
            ("downloadLocation", .string("NOASSERTION")), ("filesAnalyzed", .bool(false)),
            ("licenseConcluded", .string("NOASSERTION")), ("licenseDeclared", .string("NOASSERTION")),
            ("copyrightText", .string("NOASSERTION")),
        ]
        return members
    }

    /// [11]
    private var relationships: [JSON] {
        func relation(_ from: String, _ type: String, _ to: String) -> JSON {
            .object([
                ("spdxElementId", .string(from)), ("relationshipType", .string(type)),
                ("relatedSpdxElement", .string(to)),
            ])
        }
        return [relation("SPDXRef-DOCUMENT", "DESCRIBES", Self.root)]
            + bill.components.map { relation(Self.root, "CONTAINS", "SPDXRef-Package-\($0.id)") }
    }
}
