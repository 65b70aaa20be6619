package import ByteKit
package import ImageModel
internal import JSON

/// The image of an archive that `docker save` or a program like it has written.
///
/// All that say so are read by `manifest.json`: the old form with a folder for each layer, and today's, which holds an
/// image layout as well. An archive that is an image layout alone is read as that.
package struct DockerArchiveOrigin: ImageOrigin {
    private let name: String
    private let contents: Contents

    private enum Contents: Sendable {
        case saved(ImageConfig, [Layer])
        case layout(LayoutOrigin)
    }

    private struct Layer: Sendable {
        let descriptor: Descriptor
        let file: LocalFile
    }

    private static let maximumManifest = 4 << 20

    /// Reads the archive's table of contents and its config.
    ///
    /// - Parameters:
    ///   - path: the archive.
    ///   - name: what the image is called in records and messages.
    package init(_ path: String, name: String) throws(RegistryError) {
        self.name = name
        do throws(RegistryError) {
            contents = try Self.contents(.archive(try ArchiveIndex(path)), name: name)
        } catch {
            throw error.about(name)
        }
    }

    private static func contents(_ files: LocalFiles, name: String) throws(RegistryError) -> Contents {
        guard let manifest = try files.file("manifest.json") else {
            if try files.file("oci-layout") != nil { return .layout(LayoutOrigin(files, tag: nil, name: name)) }
            throw RegistryError(
                .source,
                "\(files.name) has neither ‘manifest.json’ nor ‘oci-layout’: it is not what docker save writes",
                hint: "a root file system is read with tar:FILE instead")
        }
        let bytes = try manifest.contents(limit: maximumManifest)
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(bytes, limits: JSONLimits(bytes: maximumManifest))
        } catch {
            throw malformed(files, "line \(error.position.line), column \(error.position.column): \(error.reason)")
        }
        guard let images = json.array else { throw malformed(files, "it is \(json.kind), not an array") }
        guard images.count == 1 else {
            throw RegistryError(
                .source, "\(files.name) holds \(images.count) images, and there is no saying which is meant",
                hint: "save one image alone: docker save NAME")
        }
        guard let config = images[0]["Config"]?.string else { throw malformed(files, "it names no ‘Config’") }
        guard let names = images[0]["Layers"]?.array?.map(\.string), names.count <= Manifest.maximumLayers else {
            throw malformed(files, "it has no ‘Layers’, or too many")
        }
        var layers: [LocalFile] = []
        for name in names {
            guard let name else { throw malformed(files, "the name of a layer is not a string") }
            layers.append(try files.required(name))
        }
        let parsed = try Self.config(try files.required(config))
        return .saved(parsed, try Self.layers(parsed, layers))
    }

    private static func malformed(_ files: LocalFiles, _ reason: String) -> RegistryError {
        RegistryError(.source, "manifest.json in \(files.name) cannot be read: \(reason)")
    }

    package func resolve(_ platform: Platform, pinned: Digest?) throws(RegistryError) -> ResolvedImage {
        do throws(RegistryError) {
            switch contents {
            case .layout(let layout): return try layout.resolve(platform, pinned: pinned)
            case .saved(let config, let layers):
                // The archive names no manifest: one is made up, always the same for the same config and layers.
                let manifest = Manifest(
                    config: Descriptor(
                        mediaType: .ociConfig, digest: Digest(of: config.bytes), size: config.bytes.count),
                    layers: layers.map(\.descriptor))
                return try ResolvedImage.local(
                    name, platform, manifest, config, diffIDs: config.diffIDs, pinned: pinned)
            }
        } catch {
            throw error.about(name)
        }
    }

    package func isAtHand(_ layer: Descriptor) -> Bool { true }

    package func pull(_ layer: Descriptor, onBytes: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch contents {
        case .layout(let layout): unsafe try layout.pull(layer, onBytes: onBytes)
        case .saved(_, let layers):
            guard let found = layers.first(where: { $0.descriptor.digest == layer.digest }) else {
                throw RegistryError.changed("\(name) has no layer \(layer.digest)").about(name)
            }
            unsafe try found.file.pull(layer, onBytes: onBytes)
        }
    }

    private static func config(_ file: LocalFile) throws(RegistryError) -> ImageConfig {
        let bytes = try file.contents(limit: ImageConfig.maximumSize)
        do throws(DocumentError) {
            return try ImageConfig(decoding: bytes)
        } catch {
            throw RegistryError(.document, error)
        }
    }

    /// The layers as a manifest would name them.
    ///
    /// What the config says of a layer is the digest of its bytes when they are not compressed; only others are hashed
    /// here. All are when they are read.
    private static func layers(_ config: ImageConfig, _ files: [LocalFile]) throws(RegistryError) -> [Layer] {
        guard config.diffIDs.count == files.count else {
            throw RegistryError(
                .document, "the archive has \(files.count) layers, its config \(config.diffIDs.count) diff ids")
        }
        var layers: [Layer] = []
        for (file, diffID) in zip(files, config.diffIDs) {
            guard let compression = try file.compression() else {
                throw RegistryError(.document, "\(file.name) is compressed in a way that layers may not be")
            }
            let digest = compression == .none ? diffID : try file.digest()
            let descriptor = Descriptor(mediaType: compression.mediaType, digest: digest, size: file.size)
            layers.append(Layer(descriptor: descriptor, file: file))
        }
        return layers
    }
}
