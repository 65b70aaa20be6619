package import ByteKit
package import JSON
internal import LayerFS

/// A form in which packages are listed.
package enum BillFormat: String, Sendable, CaseIterable {
    /// SPDX 2.3 in JSON; ISO/IEC 5962.
    case spdx
    /// CycloneDX 1.5 in JSON; ECMA-424.
    case cyclonedx

    /// What comes behind a result's name in the name of the file.
    package var ending: String {
        switch self {
        case .spdx: "spdx.json"
        case .cyclonedx: "cdx.json"
        }
    }
}

/// A bill of materials: what is installed in an image or package, as the managers' records in it say.
///
/// Equal things have equal bills: nothing in one is random, and its time comes in as a value.
package struct Bill: Sendable {
    /// What a bill says of its own making.
    package struct Options: Sendable {
        package var tool: String
        package var version: String
        /// As in `2026-01-01T00:00:00Z`.
        package var created: String
        /// Whether all files are listed, with their digests. Only CycloneDX's form has room for that: SPDX 2.3 wants a
        /// SHA-1 of each file, which is not made.
        package var hasFiles = false

        package init(tool: String, version: String, created: String) {
            self.tool = tool
            self.version = version
            self.created = created
        }
    }

    /// Something that is installed.
    struct Component {
        /// Letters, digits and dashes; no two of a bill are equal.
        var id: String
        var name: String
        var version: String
        var url: String
        /// The manager that installed it: `dpkg`, `gem`.
        var manager: String
        /// The file that says so, from the root; nil for what stands in a manager's table.
        var place: String?
    }

    struct File {
        var path: String
        var digest: Digest
    }

    let name: String
    let digest: Digest?
    /// Whether it is an image for containers.
    let isContainer: Bool
    let release: Release?
    /// By manager, name, version and place.
    let components: [Component]
    let files: [File]

    /// - Parameters:
    ///   - name: what the thing is called.
    ///   - digest: of its bytes, or of its manifest.
    package init(_ inspection: Inspection, name: String, digest: Digest?) {
        self.name = name
        self.digest = digest
        isContainer = [.image, .recipe].contains(inspection.survey.kind)
        release = inspection.release
        components = Self.components(of: inspection)
        files = Self.files(of: inspection)
    }

    /// The document.
    package func json(_ format: BillFormat, options: Options) throws(ReportError) -> JSON {
        switch format {
        case .spdx:
            guard !options.hasFiles else {
                throw ReportError(
                    "sbom-files", "SPDX 2.3 wants a SHA-1 of every file, which is not made",
                    hint: "use --format cyclonedx, which takes SHA-256")
            }
            return SPDXDocument(self, options).json
        case .cyclonedx: return CycloneDocument(self, options).json
        }
    }

    // MARK: - What is in it

    private static func components(of inspection: Inspection) -> [Component] {
        var components = inspection.packages.packages.map { package in
            Component(
                id: "", name: package.name, version: package.version,
                url: PackageURL(package, inspection.release).text, manager: package.manager)
        }
        components += inspection.languages.map { package in
            Component(
                id: "", name: package.name, version: package.version, url: PackageURL(package).text,
                manager: package.kind.rawValue, place: SafeText.path(package.path))
        }
        func key(_ component: Component) -> [String] {
            [component.manager, component.name, component.version, component.url, component.place ?? ""]
        }
        components.sort { key($0).lexicographicallyPrecedes(key($1)) }
        var counts: [String: Int] = [:]
        for index in components.indices {
            // Records may have the same package twice.
            let base = id(components[index].manager, key(components[index]))
            counts[base, default: 0] += 1
            let count = counts[base] ?? 1
            components[index].id = count == 1 ? base : "\(base)-\(count)"
        }
        return components
    }

    /// A name for references: what can be read of it, and a sum over all that tells it from others.
    private static func id(_ manager: String, _ key: [String]) -> String {
        let sum = Digest(of: Array(key.joined(separator: "\n").utf8)).hex.prefix(12)
        let plain = key[1].unicodeScalars.prefix(60).map { scalar -> Character in
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(Character(scalar)))
            return isPlain ? Character(scalar) : "-"
        }
        return "\(manager)-\(String(plain))-\(sum)"
    }

    /// By path; of several names of a file each one.
    private static func files(of inspection: Inspection) -> [File] {
        let tree = inspection.tree
        var files: [(path: [UInt8], digest: Digest)] = []
        for node in inspection.order.preorder {
            guard let id = tree.inode(of: node).content else { continue }
            let content = inspection.survey.layers[Int(id.layer)].listing.contents[Int(id.content)]
            guard let digest = content.sum.digest else { continue }
            files.append((tree.path(of: node), digest))
        }
        files.sort { $0.path.lexicographicallyPrecedes($1.path) }
        return files.map { File(path: SafeText.path($0.path), digest: $0.digest) }
    }

    /// Sixteen bytes that depend on nothing but what is in the bill, as a UUID of version 8. RFC 9562, 5.8.
    static func uuid(of text: [UInt8]) -> String {
        var bytes = Array(Digest(of: text).bytes.prefix(16))
        bytes[6] = bytes[6] & 0x0f | 0x80
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = Array(hexadecimal(bytes).utf8)
        let groups = [digits[0..<8], digits[8..<12], digits[12..<16], digits[16..<20], digits[20..<32]]
        return groups.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-")
    }
}
