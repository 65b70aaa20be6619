internal import ByteKit
internal import ImageModel
internal import JSON
internal import LayerFS
internal import Recipe

/// An image as a folder that programs for images read. OCI image specification, "Image Layout".
struct ImageLayout {
    let layers: [Layer]
    let manifestDigest: Digest
    /// All files but the layers.
    let files: [(path: String, bytes: [UInt8])]

    struct Layer {
        var compression: StreamCompression
        var digest: Digest
        var size: Int
        /// The digest of the archive before it was compressed.
        var diffID: Digest
        /// What is in it; nil for the image that it was made from.
        var comment: String?
    }

    /// How containers are started, instead of as the image says.
    struct Start {
        var entrypoint: [String]
        var environment: [String]
        var workingDirectory: String
    }

    /// Bytes of all files.
    var size: Int { layers.reduce(0) { $0 + $1.size } + files.reduce(0) { $0 + $1.bytes.count } }

    static func blobs(in folder: String) -> String { "\(folder)/blobs/sha256" }

    /// - Parameters:
    ///   - layers: base first.
    ///   - created: the time that the image says it was made, in seconds since 1970.
    ///   - start: nil for what the image says.
    init(_ image: ResolvedImage, _ layers: [Layer], created: UInt32, start: Start? = nil) throws {
        self.layers = layers
        let config = try Self.config(image, layers, start, created: UTCTime.text(Int(created)))
        let manifest = Self.manifest(image, config: config, layers).text()
        manifestDigest = Digest(of: manifest)
        files = [
            ("blobs/sha256/\(Digest(of: config).hex)", config), ("blobs/sha256/\(manifestDigest.hex)", manifest),
            ("index.json", Self.index(image, manifest: manifest).text()),
            ("oci-layout", JSON.object([("imageLayoutVersion", .string("1.0.0"))]).text()),
        ]
    }

    /// The image's own config with all that it says, what we have no name for included; only what is about its layers
    /// is ours.
    private static func config(
        _ image: ResolvedImage, _ layers: [Layer], _ start: Start?, created: String
    ) throws -> [UInt8] {
        let ours: [(name: StaticString, json: JSON)] = [
            ("created", .string(created)),
            (
                "rootfs",
                .object([
                    ("type", .string("layers")),
                    ("diff_ids", .array(layers.map { .string($0.diffID.description) })),
                ])
            ),
            (
                "history",
                .array(
                    layers.map { layer in
                        .object([
                            ("created", .string(created)),
                            ("created_by", .string("\(ToolVersion.name) \(ToolVersion.version)")),
                            (
                                "comment",
                                .string(layer.comment ?? "one layer of \(image.reference) at \(image.manifestDigest)")
                            ),
                        ])
                    })
            ),
        ]
        // An image may leave its platform out; a layout must say it.
        let needed: [(name: StaticString, json: JSON)] = [
            ("architecture", .string(image.platform.architecture)), ("os", .string(image.platform.os)),
        ]
        var members =
            try JSON.parse(image.config.bytes, limits: JSONLimits(bytes: ImageConfig.maximumSize)).members ?? []
        for member in needed { put(member, into: &members, isForced: false) }
        for member in ours { put(member, into: &members, isForced: true) }
        if let start {
            var settings = members.first { $0.name.isEqual(to: "config") }?.json.members ?? []
            for member in Self.members(of: start) { put(member, into: &settings, isForced: true) }
            put(("config", JSON(.object(settings))), into: &members, isForced: true)
        }
        return JSON(.object(members)).text()
    }

    private static func members(of start: Start) -> [(name: StaticString, json: JSON)] {
        [
            ("Entrypoint", .array(start.entrypoint.map { .string($0) })), ("Cmd", .array([])),
            ("Env", .array(start.environment.map { .string($0) })), ("WorkingDir", .string(start.workingDirectory)),
        ]
    }

    /// - Parameter isForced: whether it replaces what says something.
    private static func put(
        _ member: (name: StaticString, json: JSON), into members: inout [JSON.Member], isForced: Bool
    ) {
        let name = [UInt8](member.name)
        guard let index = members.firstIndex(where: { $0.name == name }) else {
            return members.append(JSON.Member(name: name, json: member.json))
        }
        if isForced || members[index].json.isNull || members[index].json.utf8?.isEmpty == true {
            members[index].json = member.json
        }
    }

    private static func manifest(_ image: ResolvedImage, config: [UInt8], _ layers: [Layer]) -> JSON {
        let base = JSON.object([
            ("org.opencontainers.image.base.digest", .string(image.manifestDigest.description)),
            ("org.opencontainers.image.base.name", .string(image.reference.description)),
        ])
        let members: [(name: StaticString, json: JSON)] = [
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociManifest.description)),
            ("config", descriptor(.ociConfig, Digest(of: config), size: config.count)),
            ("layers", .array(layers.map { descriptor($0.type, $0.digest, size: $0.size) })), ("annotations", base),
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

extension ImageLayout.Layer {
    fileprivate var type: MediaType {
        switch compression {
        case .none: .ociLayer
        case .gzip: .ociLayerGzip
        case .zstd: .ociLayerZstd
        }
    }

    /// Writes a tree as a layer of the layout in a folder, and notes in the report what was written.
    static func write(
        _ linked: Linker.LinkedTree, _ compression: StreamCompression, _ pool: WorkerPool, _ report: inout LinkReport,
        in folder: String
    ) throws -> ImageLayout.Layer {
        let path = "\(folder)/layer"
        report = try linked.writeTar(to: path, compression, pool: pool, sumsArchive: true)
        guard let digest = report.artifactDigest, let diffID = report.archiveDigest
        else { preconditionFailure("a written archive has digests") }
        let layer = ImageLayout.Layer(
            compression: compression, digest: digest, size: report.artifactSize, diffID: diffID)
        try layer.place(path, in: folder)
        return layer
    }

    /// Puts the written layer where the layout in a folder has it.
    func place(_ path: String, in folder: String) throws {
        try Folder.move(path, to: "\(ImageLayout.blobs(in: folder))/\(digest.hex)")
    }
}
