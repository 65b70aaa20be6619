internal import ByteKit
internal import ImageModel
internal import JSON
internal import LayerFS
internal import Recipe

/// An image with one layer, as a folder that programs for images read. OCI image specification, "Image Layout".
struct ImageLayout {
    let layer: Layer
    let manifestDigest: Digest
    /// All files but the layer.
    let files: [(path: String, bytes: [UInt8])]

    struct Layer {
        var compression: StreamCompression
        var digest: Digest
        var size: Int
        /// The digest of the archive before it was compressed.
        var diffID: Digest
    }

    /// - Parameter created: the time that the image says it was made, in seconds since 1970.
    init(_ image: ResolvedImage, _ layer: Layer, created: UInt32) throws {
        self.layer = layer
        let config = try Self.config(image, layer, created: UTCTime.text(Int(created)))
        let manifest = Self.manifest(image, config: config, layer).text()
        manifestDigest = Digest(of: manifest)
        files = [
            ("blobs/sha256/\(Digest(of: config).hex)", config), ("blobs/sha256/\(manifestDigest.hex)", manifest),
            ("index.json", Self.index(image, manifest: manifest).text()),
            ("oci-layout", JSON.object([("imageLayoutVersion", .string("1.0.0"))]).text()),
        ]
    }

    /// The image's own config with all that it says, what we have no name for included; only what is about its layers
    /// is ours.
    private static func config(_ image: ResolvedImage, _ layer: Layer, created: String) throws -> [UInt8] {
        let ours: [(name: StaticString, json: JSON)] = [
            ("created", .string(created)),
            (
                "rootfs",
                .object([
                    ("type", .string("layers")), ("diff_ids", .array([.string(layer.diffID.description)])),
                ])
            ),
            (
                "history",
                .array([
                    .object([
                        ("created", .string(created)),
                        ("created_by", .string("\(ToolVersion.name) \(ToolVersion.version)")),
                        ("comment", .string("one layer of \(image.reference) at \(image.manifestDigest)")),
                    ])
                ])
            ),
        ]
        // An image may leave its platform out; a layout must say it.
        let needed: [(name: StaticString, json: JSON)] = [
            ("architecture", .string(image.platform.architecture)), ("os", .string(image.platform.os)),
        ]
        var members =
            try JSON.parse(image.config.bytes, limits: JSONLimits(bytes: ImageConfig.maximumSize)).members ?? []
        func put(_ member: (name: StaticString, json: JSON), isForced: Bool) {
            let name = [UInt8](member.name)
            if let index = members.firstIndex(where: { $0.name == name }) {
                if isForced || members[index].json.isNull || members[index].json.utf8?.isEmpty == true {
                    members[index].json = member.json
                }
            } else {
                members.append(JSON.Member(name: name, json: member.json))
            }
        }
        for member in needed { put(member, isForced: false) }
        for member in ours { put(member, isForced: true) }
        return JSON(.object(members)).text()
    }

    private static func manifest(_ image: ResolvedImage, config: [UInt8], _ layer: Layer) -> JSON {
        let type: MediaType =
            switch layer.compression {
            case .none: .ociLayer
            case .gzip: .ociLayerGzip
            case .zstd: .ociLayerZstd
            }
        let base = JSON.object([
            ("org.opencontainers.image.base.digest", .string(image.manifestDigest.description)),
            ("org.opencontainers.image.base.name", .string(image.reference.description)),
        ])
        let members: [(name: StaticString, json: JSON)] = [
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociManifest.description)),
            ("config", descriptor(.ociConfig, Digest(of: config), size: config.count)),
            ("layers", .array([descriptor(type, layer.digest, size: layer.size)])), ("annotations", base),
        ]
        return .object(members)
    }

    private static func index(_ image: ResolvedImage, manifest: [UInt8]) -> JSON {
        var platform: [(name: StaticString, json: JSON)] = [
            ("architecture", .string(image.platform.architecture)), ("os", .string(image.platform.os)),
        ]
        if let variant = image.config.variant, !variant.isEmpty { platform.append(("variant", .string(variant))) }
        let more: [(name: StaticString, json: JSON)] = [
            ("platform", .object(platform)),
            ("annotations", .object([("org.opencontainers.image.ref.name", .string(tag))])),
        ]
        return .object([
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociIndex.description)),
            (
                "manifests",
                .array([descriptor(.ociManifest, Digest(of: manifest), size: manifest.count, more)])
            ),
        ])
    }

    /// What the one image in the layout is called there; the folder has the function's name.
    static let tag = "latest"

    private static func descriptor(
        _ type: MediaType, _ digest: Digest, size: Int, _ more: [(name: StaticString, json: JSON)] = []
    ) -> JSON {
        .object(
            [
                ("mediaType", .string(type.description)), ("digest", .string(digest.description)),
                ("size", .integer(size)),
            ] + more)
    }
}
