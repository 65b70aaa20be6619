import ByteKit
import ImageModel
import Testing
import TestKit

@Suite struct DocumentTests {
    static let digest = "sha256:" + String(repeating: "0a", count: 32)
    static let oci = "application/vnd.oci.image"
    static let config = #"{"mediaType":"\#(oci).config.v1+json","digest":"\#(digest)","size":2}"#
    static let layer = #"{"mediaType":"\#(oci).layer.v1.tar+gzip","digest":"\#(digest)","size":3}"#
    static let platform = #"{"os":"linux","architecture":"amd64"}"#
    static let entry =
        #"{"mediaType":"\#(oci).manifest.v1+json","digest":"\#(digest)","size":9,"platform":\#(platform)}"#

    static func decode(_ text: String, _ type: MediaType? = nil) throws(DocumentError) -> ImageDocument {
        try ImageDocument.decode(Array(text.utf8), contentType: type)
    }

    static func manifest(config: String = config, layers: String = layer, more: String = "") -> String {
        #"{"schemaVersion":2,"config":\#(config),"layers":[\#(layers)]\#(more)}"#
    }

    @Test("A manifest is read with or without a media type of its own")
    func manifest() throws {
        let type = #","mediaType":"\#(MediaType.ociManifest)""#
        for text in [
            Self.manifest(), Self.manifest(more: type), Self.manifest(more: #","manifests":null,"subject":null"#),
        ] {
            guard case .manifest(let manifest) = try Self.decode(text, .ociManifest) else {
                Issue.record("not a manifest")
                return
            }
            #expect(manifest.config.size == 2)
            #expect(manifest.layers.map(\.mediaType.layerCompression) == [.gzip])
        }
    }

    @Test("Docker's own types are read like OCI's")
    func docker() throws {
        let config = #"{"mediaType":"\#(MediaType.dockerConfig)","digest":"\#(Self.digest)","size":2}"#
        let gzip = "application/vnd.docker.image.rootfs.diff.tar.gzip"
        let layer = #"{"mediaType":"\#(gzip)","digest":"\#(Self.digest)","size":2}"#
        let text = Self.manifest(config: config, layers: layer, more: #","mediaType":"\#(MediaType.dockerManifest)""#)
        guard case .manifest(let manifest) = try Self.decode(text, .dockerManifest) else {
            Issue.record("not a manifest")
            return
        }
        #expect(manifest.layers.count == 1)
    }

    /// Hostile documents, and the code each must be refused with.
    static let hostile: [(name: String, text: String, type: MediaType?, code: DocumentError.Code)] = [
        ("manifestAndIndex", manifest(more: #","manifests":[\#(entry)]"#), nil, .ambiguous),
        ("indexCalledManifest", #"{"schemaVersion":2,"manifests":[\#(entry)]}"#, .ociManifest, .ambiguous),
        ("manifestCalledIndex", manifest(more: #","mediaType":"\#(MediaType.ociIndex)""#), nil, .ambiguous),
        ("typesDisagree", manifest(more: #","mediaType":"\#(MediaType.dockerManifest)""#), .ociManifest, .ambiguous),
        ("schema1", #"{"schemaVersion":1,"fsLayers":[]}"#, nil, .unsupportedSchema),
        ("schema1ByType", manifest(), .dockerSchema1Signed, .unsupportedSchema),
        ("noSchemaVersion", #"{"layers":[]}"#, nil, .unsupportedSchema),
        ("schema3", #"{"schemaVersion":3,"layers":[]}"#, nil, .unsupportedSchema),
        ("artifactManifest", #"{"mediaType":"\#(MediaType.ociArtifact)","blobs":[]}"#, nil, .notAnImage),
        (
            "helmChart",
            manifest(
                config: #"{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"\#(digest)","size":2}"#),
            nil, .notAnImage
        ),
        ("nothing", #"{"schemaVersion":2}"#, nil, .notAnImage),
        ("noConfig", #"{"schemaVersion":2,"layers":[]}"#, nil, .malformed),
        ("duplicateKeys", #"{"schemaVersion":2,"layers":[],"layers":[],"config":\#(config)}"#, nil, .malformed),
        ("byteOrderMark", "\u{feff}" + manifest(), nil, .malformed),
        ("webPage", "<html>please log in</html>", MediaType("text/html"), .malformed),
        ("notAnObject", "[]", nil, .malformed),
        ("deep", String(repeating: "[", count: 100_000), nil, .malformed),
        ("layersNoArray", #"{"schemaVersion":2,"layers":{},"config":\#(config)}"#, nil, .malformed),
        ("negativeSize", manifest(layers: layer.replacing(#""size":3"#, with: #""size":-1"#)), nil, .malformed),
        (
            "hugeSize", manifest(layers: layer.replacing(#""size":3"#, with: #""size":99999999999999999999"#)), nil,
            .malformed
        ),
        (
            "numberBomb", manifest(layers: layer.replacing(#""size":3"#, with: #""size":1e999999999"#)), nil, .malformed
        ),
        (
            "endlessNumber",
            manifest(layers: layer.replacing(":3", with: ":" + String(repeating: "9", count: 1_000_000))), nil,
            .malformed
        ),
        ("halfSize", manifest(layers: layer.replacing(#""size":3"#, with: #""size":1.5"#)), nil, .malformed),
        ("textSize", manifest(layers: layer.replacing(#""size":3"#, with: #""size":"3""#)), nil, .malformed),
        ("noSize", manifest(layers: layer.replacing(#","size":3"#, with: "")), nil, .malformed),
        ("sha512", manifest(layers: layer.replacing("sha256:", with: "sha512:")), nil, .malformed),
        ("shortDigest", manifest(layers: layer.replacing("0a0a", with: "0a")), nil, .malformed),
        ("upperCaseDigest", manifest(layers: layer.replacing("0a", with: "0A")), nil, .malformed),
        ("hugeConfig", manifest(config: config.replacing(#""size":2"#, with: #""size":8388609"#)), nil, .malformed),
        (
            "encryptedLayer", manifest(layers: layer.replacing("tar+gzip", with: "tar+gzip+encrypted")), nil,
            .unsupportedLayer
        ),
        (
            "attestationLayer",
            manifest(layers: layer.replacing("\(oci).layer.v1.tar+gzip", with: "application/vnd.in-toto+json")), nil,
            .unsupportedLayer
        ),
        (
            "tooManyLayers", manifest(layers: Array(repeating: layer, count: 4097).joined(separator: ",")), nil,
            .malformed
        ),
        ("oddAnnotations", manifest(layers: layer.replacing("}", with: #","annotations":{"a":1}}"#)), nil, .malformed),
    ]

    @Test("Hostile documents are refused for the right reason", arguments: hostile.map(\.name))
    func refused(name: String) throws {
        let fixture = try #require(Self.hostile.first { $0.name == name })
        let error = #expect(throws: DocumentError.self) { try Self.decode(fixture.text, fixture.type) }
        #expect(error?.code == fixture.code, "\(error?.message ?? "")")
    }

    @Test("A document over 4 MiB is refused before it is read")
    func oversized() {
        let text = Self.manifest() + String(repeating: " ", count: 4 << 20)
        #expect(throws: DocumentError.self) { try Self.decode(text) }
    }

    @Test("Every prefix of a manifest is refused, and none traps")
    func truncated() {
        let bytes = Array(Self.manifest().utf8)
        for end in bytes.indices {
            #expect(throws: DocumentError.self) { try ImageDocument.decode(Array(bytes[..<end])) }
        }
    }

    static let foreignType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"

    @Test("Foreign layers are read from the registry like others; their addresses are not taken over")
    func foreignLayer() throws {
        let elsewhere = #""urls":["http://169.254.169.254/","file:///etc/passwd"],"data":"bm90IGl0""#
        let layer = Self.layer.replacing("\(Self.oci).layer.v1.tar+gzip", with: Self.foreignType)
            .replacing("}", with: ",\(elsewhere)}")
        guard case .manifest(let manifest) = try Self.decode(Self.manifest(layers: layer)) else {
            Issue.record("not a manifest")
            return
        }
        #expect(manifest.layers[0].mediaType.layerCompression == .gzip)
    }
}

@Suite struct ImageIndexTests {
    static func index(_ entries: [(os: String, architecture: String, variant: String?)], more: String = "") throws
        -> ImageIndex
    {
        var texts = entries.enumerated().map { number, entry in
            let variant = entry.variant.map { #","variant":"\#($0)""# } ?? ""
            let digits = String(repeating: String(number, radix: 16), count: 64)
            let platform = #"{"os":"\#(entry.os)","architecture":"\#(entry.architecture)"\#(variant)}"#
            let content = #""digest":"sha256:\#(digits)","size":\#(number)"#
            return #"{"mediaType":"\#(MediaType.ociManifest)",\#(content),"platform":\#(platform)}"#
        }
        if !more.isEmpty { texts.append(more) }
        let text = #"{"schemaVersion":2,"manifests":[\#(texts.joined(separator: ","))]}"#
        guard case .index(let index) = try ImageDocument.decode(Array(text.utf8), contentType: .ociIndex) else {
            throw DocumentError(.notAnImage, "the fixture is no index")
        }
        return index
    }

    @Test("The entry of the platform is taken, and attestations never are")
    func choice() throws {
        let index = try Self.index([
            ("unknown", "unknown", nil), ("windows", "amd64", nil), ("linux", "arm64", "v8"), ("linux", "amd64", nil),
            ("linux", "amd64", "v3"),
        ])
        #expect(try index.entry(for: Platform(parsing: "linux/amd64")).size == 3)
        #expect(try index.entry(for: Platform(parsing: "linux/amd64/v3")).size == 4)
        #expect(try index.entry(for: Platform(parsing: "linux/arm64")).size == 2)
    }

    @Test("A platform that is not offered is refused, with those that are")
    func missing() throws {
        let index = try Self.index([("linux", "arm64", nil), ("unknown", "unknown", nil)])
        let error = #expect(throws: DocumentError.self) { try index.entry(for: Platform(parsing: "linux/amd64")) }
        #expect(error?.code == .wrongPlatform)
        #expect(error?.hint == "it is offered for: linux/arm64")
    }

    @Test("The only image of an index need not say what it is for")
    func lonely() throws {
        let entry = #"{"mediaType":"\#(MediaType.ociManifest)","digest":"\#(DocumentTests.digest)","size":77}"#
        let index = try Self.index([("unknown", "unknown", nil)], more: entry)
        #expect(try index.entry(for: Platform(parsing: "linux/amd64")).size == 77)
        #expect(throws: DocumentError.self) { try Self.index([]).entry(for: Platform(parsing: "linux/amd64")) }
    }
}
