internal import ByteKit
internal import ImageModel
package import JSON

/// The image as files on this machine.
extension TestImage {
    /// The files of an OCI image layout with this image, as paths and bytes.
    ///
    /// - Parameters:
    ///   - tag: what the image is called there; nil for no annotation at all.
    ///   - more: entries of the index before this image's.
    package func layout(tag: String? = "latest", more: [JSON] = []) -> [(path: String, bytes: [UInt8])] {
        var entry = Self.descriptor(.ociManifest, of: manifest)
        if let tag, case .object(let members) = entry.value {
            let name = JSON.object([("org.opencontainers.image.ref.name", .string(tag))])
            entry = JSON(.object(members + [JSON.Member(name: Array("annotations".utf8), json: name)]))
        }
        let index = JSON.object([("schemaVersion", .integer(2)), ("manifests", .array(more + [entry]))]).text()
        return (layers + [config, manifest]).map { ("blobs/sha256/\(Digest(of: $0).hex)", $0) } + [
            ("index.json", index), ("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)),
        ]
    }

    /// Writes files below a folder.
    package static func write(_ files: [(path: String, bytes: [UInt8])], to folder: String) throws {
        for file in files {
            let path = "\(folder)/\(file.path)"
            try Folder.create(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
            try OutputFile.write(file.bytes, to: path)
        }
    }

    /// What `docker save` wrote up to version 24: a folder for each layer.
    package func savedBefore25(config name: String? = nil) -> [TarItem] {
        let configName = name ?? "\(Digest(of: config).hex).json"
        var items: [TarItem] = []
        var names: [String] = []
        for (number, layer) in layers.enumerated() {
            let folder = Digest(of: Array("layer \(number)".utf8)).hex
            names.append("\(folder)/layer.tar")
            items += [.folder(folder + "/"), .file("\(folder)/VERSION", "1.0"), .file("\(folder)/layer.tar", layer)]
        }
        return items + [
            .file(configName, config), .file("manifest.json", Self.savedManifest(config: configName, layers: names)),
            .file("repositories", #"{"a":{"latest":"0"}}"#),
        ]
    }

    /// What `docker save` writes today: an image layout, and the old table of contents.
    package func savedSince25() -> [TarItem] {
        let names = layers.map { "blobs/sha256/\(Digest(of: $0).hex)" }
        let manifest = Self.savedManifest(config: "blobs/sha256/\(Digest(of: config).hex)", layers: names)
        return [.folder("blobs/"), .folder("blobs/sha256/")]
            + layout().map { .file($0.path, $0.bytes) } + [.file("manifest.json", manifest)]
    }

    /// The `manifest.json` of a saved image.
    package static func savedManifest(config: String, layers: [String]) -> [UInt8] {
        JSON.array([
            .object([
                ("Config", .string(config)), ("RepoTags", .array([.string("a:latest")])),
                ("Layers", .array(layers.map { .string($0) })),
            ])
        ]).text()
    }
}
