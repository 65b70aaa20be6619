import ByteKit
import JSON
import Report
import TestKit
import Testing

@Suite("Bills of materials")
struct BillTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// The libraries of those who make the formats, which `scripts/setup test` fetches.
    private static let areValidatorsThere =
        (try? Peer.run("python3", ["-c", "import cyclonedx.validation.json, spdx_tools, packageurl"]).status) == 0
    private static let needs: Comment = "needs cyclonedx-python-lib[validation] and spdx-tools on PYTHONPATH"

    private static func inspection() throws -> Inspection {
        try InspectionFixture.inspect(
            [
                .file("usr/lib/os-release", "ID=debian\nVERSION_ID=\"12\"\n"), .file("usr/bin/tool", "123"),
                .file("spaces and \u{1b}", "4"),
                .file(
                    "var/lib/dpkg/status",
                    "Package: libstdc++6\nVersion: 1:12.2.0-14+deb12u1\nArchitecture: amd64\n\n"
                        + "Package: tool\nVersion: 1.0~rc1\nArchitecture: all\n\nPackage: tool\nVersion: 1.0~rc1\nArchitecture: all\n"
                ),
                .file("usr/lib/python3/dist-packages/Typing_X.dist-info/METADATA", "Name: Typing_X\nVersion: 4.4.0\n"),
                .file("x/specifications/rake.gemspec", "s.name = \"rake\"\ns.version = \"13.0.6\"\n"),
                .file("usr/lib/R/library/stats/DESCRIPTION", "Package: stats\nVersion: 4.2.2\n"),
                .file("lib/ssl-1/ebin/ssl.app", "{application, ssl, [{vsn, \"10.8.7\"}]}."),
            ], sums: .digest)
    }

    private static func bill(_ format: BillFormat, hasFiles: Bool = false) throws -> JSON {
        var options = Bill.Options(tool: "scar-build", version: "0.1.0", created: "2026-01-01T00:00:00Z")
        options.hasFiles = hasFiles
        return try Bill(inspection(), name: "thumbnails", digest: Digest(of: [1])).json(format, options: options)
    }

    private func write(_ json: JSON, _ name: String) throws -> String {
        let path = "\(folder.path)/\(name)"
        try OutputFile.write(json.text(pretty: true), to: path)
        return path
    }

    @Test("in SPDX’s form are valid for SPDX’s own tools", .enabled(if: areValidatorsThere, needs))
    func spdx() throws {
        let path = try write(try Self.bill(.spdx), "bill.spdx.json")
        let program = """
            import sys
            from spdx_tools.spdx.parser.parse_anything import parse_file
            from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
            document = parse_file(sys.argv[1])
            for message in validate_full_spdx_document(document): print(message.validation_message)
            print(len(document.packages), len(document.relationships))
            """
        let result = try Peer.run("python3", ["-c", program, path])
        #expect(result.status == 0 && result.text == "8 8\n", "\(result.text)\(result.errorText)")
    }

    @Test(
        "in CycloneDX’s form fit its schema, with and without files", .enabled(if: areValidatorsThere, needs),
        arguments: [false, true])
    func cyclonedx(hasFiles: Bool) throws {
        let path = try write(try Self.bill(.cyclonedx, hasFiles: hasFiles), "bill.cdx.json")
        let program = """
            import sys
            from cyclonedx.schema import SchemaVersion
            from cyclonedx.validation.json import JsonStrictValidator
            error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read())
            print("valid" if error is None else error)
            """
        let result = try Peer.run("python3", ["-c", program, path])
        #expect(result.status == 0 && result.text == "valid\n", "\(result.text)\(result.errorText)")
    }

    @Test("name packages as the purl library writes them", .enabled(if: areValidatorsThere, needs))
    func urls() throws {
        let components = try #require(try Self.bill(.cyclonedx)["components"]?.array)
        let urls = components.compactMap { $0["purl"]?.string }
        #expect(urls.contains("pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12"))
        #expect(urls.contains("pkg:pypi/typing-x@4.4.0") && urls.contains("pkg:gem/rake@13.0.6"))
        #expect(urls.contains("pkg:cran/stats@4.2.2") && urls.contains("pkg:otp/ssl@10.8.7"))
        let program =
            "import sys, packageurl\nfor url in sys.argv[1:]: print(packageurl.PackageURL.from_string(url).to_string())"
        let result = try Peer.run("python3", ["-c", program] + urls)
        #expect(result.text.split(separator: "\n").map(String.init) == urls, "\(result.errorText)")
    }

    @Test("are the same for the same, and never have two things of one name", arguments: BillFormat.allCases)
    func deterministic(format: BillFormat) throws {
        let bill = try Self.bill(format)
        #expect(try Self.bill(format) == bill)
        let (list, key): (JSON?, StaticString) =
            format == .spdx ? (bill["packages"], "SPDXID") : (bill["components"], "bom-ref")
        let ids = try #require(list?.array).compactMap { $0[key]?.string }
        #expect(ids.count == 8 && Set(ids).count == 8)
        let other = try Bill(Self.inspection(), name: "other", digest: nil).json(
            format, options: Bill.Options(tool: "scar-build", version: "0.1.0", created: "2026-01-01T00:00:00Z"))
        #expect(
            bill["documentNamespace"] ?? bill["serialNumber"] != other["documentNamespace"] ?? other["serialNumber"])
    }

    @Test("have the digest of each file when that is asked for, and say why SPDX has not")
    func files() throws {
        let components = try #require(try Self.bill(.cyclonedx, hasFiles: true)["components"]?.array)
        let tool = try #require(components.first { $0["name"]?.string == "/usr/bin/tool" })
        #expect(tool["hashes"]?[0]?["content"]?.string == Digest(of: Array("123".utf8)).hex)
        #expect(components.contains { $0["name"]?.string == "/spaces and \\x1b" })
        let error = #expect(throws: ReportError.self) { try Self.bill(.spdx, hasFiles: true) }
        #expect(error?.diagnostic.code == "sbom-files")
    }
}
