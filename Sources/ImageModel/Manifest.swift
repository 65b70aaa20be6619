internal import JSON

/// One image: its config and its layers, lowest first. OCI image specification, "Image Manifest".
package struct Manifest: Sendable, Equatable {
    package let mediaType: MediaType?
    package let config: Descriptor
    /// Every one of a kind that can be read: see `MediaType.layerCompression`.
    package let layers: [Descriptor]

    /// Far above what runtimes can mount (127 to 500); a bound on work, not a promise.
    package static let maximumLayers = 4096

    init(_ fields: DocumentFields, mediaType: MediaType?) throws(DocumentError) {
        self.mediaType = mediaType
        let config = try Descriptor(try fields.required("config"), "the manifest’s config descriptor")
        guard config.mediaType.isImageConfig else {
            throw DocumentError(
                .notAnImage,
                "this is an artifact of type \(config.mediaType.description.prefix(160)), not a container image")
        }
        guard config.size <= ImageConfig.maximumSize
        else { throw DocumentError(.malformed, "the config is \(config.size) bytes; at most 8 MiB are read") }
        self.config = config

        let list = try fields.array("layers") ?? []
        guard list.count <= Self.maximumLayers else {
            throw DocumentError(
                .malformed, "the manifest has \(list.count) layers; at most \(Self.maximumLayers) are read")
        }
        var layers: [Descriptor] = []
        for (index, json) in list.enumerated() {
            let layer = try Descriptor(json, "layer \(index + 1) of the manifest")
            guard layer.mediaType.layerCompression != nil else {
                let type = layer.mediaType.description.prefix(160)
                throw DocumentError(
                    .unsupportedLayer, "layer \(index + 1) is of type \(type); tar, tar+gzip and tar+zstd can be read",
                    at: json.position)
            }
            layers.append(layer)
        }
        self.layers = layers
    }

    package init(mediaType: MediaType? = .ociManifest, config: Descriptor, layers: [Descriptor]) {
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
    }
}
