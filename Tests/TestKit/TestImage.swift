internal import ByteKit
package import ImageModel
package import JSON

/// A small image's documents, made up for a test, and the JSON that registries would serve.
package struct TestImage: Sendable {
    package var layers: [[UInt8]]
    package var config: [UInt8]
    package var manifest: [UInt8]
    package var index: [UInt8]

    /// - Parameters:
    ///   - layers: the layers' bytes; they are never unpacked here.
    ///   - architecture: what the config and the index say the image is for.
    package init(
        layers: [[UInt8]] = [Array("layer one".utf8), Array("layer two".utf8)], architecture: String = "amd64"
    ) {
        let diffIDs = layers.map { JSON.string(Digest(of: $0).description) }
        let config = JSON.object([
            ("architecture", .string(architecture)), ("os", .string("linux")),
            ("config", .object([("Env", .array([.string("PATH=/bin")])), ("Cmd", .array([.string("sh")]))])),
            ("rootfs", .object([("type", .string("layers")), ("diff_ids", .array(diffIDs))])),
        ]).text()
        let manifest = JSON.object([
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociManifest.description)),
            ("config", Self.descriptor(.ociConfig, of: config)),
            ("layers", .array(layers.map { Self.descriptor(.ociLayer, of: $0) })),
        ]).text()
        self.layers = layers
        self.config = config
        self.manifest = manifest
        index = Self.index([(architecture, manifest)])
    }

    /// An index of manifests, for the architectures given.
    package static func index(_ entries: [(architecture: String, manifest: [UInt8])]) -> [UInt8] {
        let manifests = entries.map { entry in
            Self.descriptor(.ociManifest, of: entry.manifest, architecture: entry.architecture)
        }
        return JSON.object([
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociIndex.description)),
            ("manifests", .array(manifests)),
        ]).text()
    }

    package static func descriptor(_ type: MediaType, of bytes: [UInt8], architecture: String? = nil) -> JSON {
        var members: [(name: StaticString, json: JSON)] = [
            ("mediaType", .string(type.description)), ("digest", .string(Digest(of: bytes).description)),
            ("size", .integer(bytes.count)),
        ]
        if let architecture {
            members.append(("platform", .object([("os", .string("linux")), ("architecture", .string(architecture))])))
        }
        return .object(members)
    }

    /// The descriptor of a layer.
    package func layer(_ index: Int) -> Descriptor {
        Descriptor(mediaType: .ociLayer, digest: Digest(of: layers[index]), size: layers[index].count)
    }

    /// What a well-behaved registry answers for this image under any repository; nil when it has no such thing.
    package func content(at path: String) -> (type: MediaType, bytes: [UInt8])? {
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        if path.contains("/manifests/") {
            for (type, bytes) in [(MediaType.ociIndex, index), (.ociManifest, manifest)]
            where name == "latest" && type == .ociIndex || name == Digest(of: bytes).description {
                return (type, bytes)
            }
        }
        if path.contains("/blobs/") {
            for bytes in layers + [config] where name == Digest(of: bytes).description {
                return (MediaType("application/octet-stream"), bytes)
            }
        }
        return nil
    }
}
