internal import ByteKit
internal import JSON

/// A bill as CycloneDX 1.5 has it. cyclonedx.org/docs/1.5/json
struct CycloneDocument {
    private let bill: Bill
    private let options: Bill.Options

    private static let root = "artifact"

    init(_ bill: Bill, _ options: Bill.Options) {
        self.bill = bill
        self.options = options
    }

    var json: JSON {
        var components = bill.components.map(Self.library)
        if let release = bill.release { components.insert(Self.system(release), at: 0) }
        if options.hasFiles { components += bill.files.enumerated().map { Self.file($1, number: $0 + 1) } }
        let references = bill.components.map { JSON.string($0.id) }
        let dependencies: [(name: StaticString, json: JSON)] = [
            ("ref", .string(Self.root)), ("dependsOn", .array(references)),
        ]
        let body: [(name: StaticString, json: JSON)] = [
            ("metadata", metadata), ("components", .array(components)),
            ("dependencies", .array([JSON.object(dependencies)])),
        ]
        let head: [(name: StaticString, json: JSON)] = [
            ("$schema", .string("http://cyclonedx.org/schema/bom-1.5.schema.json")),
            ("bomFormat", .string("CycloneDX")), ("specVersion", .string("1.5")),
            ("serialNumber", .string("urn:uuid:\(Bill.uuid(of: JSON.object(body).text()))")), ("version", .integer(1)),
        ]
        return .object(head + body)
    }

    private var metadata: JSON {
        let tool: [(name: StaticString, json: JSON)] = [
            ("type", .string("application")), ("name", .string(options.tool)), ("version", .string(options.version)),
        ]
        var subject: [(name: StaticString, json: JSON)] = [
            ("type", .string(bill.isContainer ? "container" : "application")), ("bom-ref", .string(Self.root)),
            ("name", .string(bill.name)),
        ]
        if let digest = bill.digest { subject.append(("hashes", Self.hashes(digest))) }
        let tools: [(name: StaticString, json: JSON)] = [("components", .array([.object(tool)]))]
        return .object([
            ("timestamp", .string(options.created)), ("tools", .object(tools)), ("component", .object(subject)),
        ])
    }

    private static func library(_ component: Bill.Component) -> JSON {
        var members: [(name: StaticString, json: JSON)] = [
            ("type", .string("library")), ("bom-ref", .string(component.id)), ("name", .string(component.name)),
        ]
        if !component.version.isEmpty { members.append(("version", .string(component.version))) }
        members.append(("purl", .string(component.url)))
        var properties = [property("scar-build:manager", component.manager)]
        if let place = component.place { properties.append(property("scar-build:file", place)) }
        members.append(("properties", .array(properties)))
        return .object(members)
    }

    private static func system(_ release: Release) -> JSON {
        var members: [(name: StaticString, json: JSON)] = [
            ("type", .string("operating-system")), ("bom-ref", .string("operating-system")),
            ("name", .string(release.id)),
        ]
        if !release.version.isEmpty { members.append(("version", .string(release.version))) }
        return .object(members)
    }

    private static func file(_ file: Bill.File, number: Int) -> JSON {
        let members: [(name: StaticString, json: JSON)] = [
            ("type", .string("file")), ("bom-ref", .string("file-\(number)")), ("name", .string(file.path)),
            ("hashes", hashes(file.digest)),
        ]
        return .object(members)
    }

    private static func hashes(_ digest: Digest) -> JSON {
        let sum: [(name: StaticString, json: JSON)] = [("alg", .string("SHA-256")), ("content", .string(digest.hex))]
        return .array([.object(sum)])
    }

    private static func property(_ name: String, _ value: String) -> JSON {
        let members: [(name: StaticString, json: JSON)] = [("name", .string(name)), ("value", .string(value))]
        return .object(members)
    }
}
