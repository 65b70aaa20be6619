package import ByteKit
package import ImageModel
internal import JSON

/// A root file system as one tar archive: an image of one layer that says nothing about how it is started.
package struct RootfsOrigin: ImageOrigin {
    private let name: String
    private let file: LocalFile
    private let layer: Descriptor

    /// Opens an archive, compressed or not, and hashes it: its digest is all that names it.
    ///
    /// - Parameters:
    ///   - path: the archive.
    ///   - name: what the image is called in records and messages.
    package init(_ path: String, name: String) throws(RegistryError) {
        self.name = name
        do throws(RegistryError) {
            file = try LocalFile(path)
            guard let compression = try file.compression() else {
                throw RegistryError(
                    .source, "\(path) is compressed in a way that layers may not be", hint: "use gzip, zstd or none")
            }
            layer = Descriptor(mediaType: compression.mediaType, digest: try file.digest(), size: file.size)
        } catch {
            throw error.about(name)
        }
    }

    package func resolve(_ platform: Platform, pinned: Digest?) throws(RegistryError) -> ResolvedImage {
        let isPlain = layer.mediaType == .ociLayer
        let bytes = Self.config(platform, diffIDs: isPlain ? [layer.digest] : []).text()
        let config: ImageConfig
        do throws(DocumentError) {
            config = try ImageConfig(decoding: bytes)
        } catch {
            throw RegistryError(.document, error).about(name)
        }
        let manifest = Manifest(
            config: Descriptor(mediaType: .ociConfig, digest: Digest(of: bytes), size: bytes.count), layers: [layer])
        return try ResolvedImage.local(
            name, platform, manifest, config, diffIDs: [isPlain ? layer.digest : nil], pinned: pinned)
    }

    package func isAtHand(_ layer: Descriptor) -> Bool { true }

    package func pull(_ layer: Descriptor, onBytes: (UnsafeRawBufferPointer) throws -> Void) throws {
        unsafe try file.pull(layer, onBytes: onBytes)
    }

    private static func config(_ platform: Platform, diffIDs: [Digest]) -> JSON {
        var members: [(name: StaticString, json: JSON)] = [
            ("architecture", .string(platform.architecture)), ("os", .string(platform.os)),
        ]
        if let variant = platform.variant { members.append(("variant", .string(variant))) }
        members += [
            ("config", .object([])),
            (
                "rootfs",
                .object([
                    ("type", .string("layers")), ("diff_ids", .array(diffIDs.map { .string($0.description) })),
                ])
            ),
        ]
        return .object(members)
    }
}

extension ResolvedImage {
    /// An image whose manifest was made up here, because the place it comes from has none.
    ///
    /// - Parameter pinned: what a lock says that the manifest must be.
    static func local(
        _ name: String, _ platform: Platform, _ manifest: Manifest, _ config: ImageConfig, diffIDs: [Digest?],
        pinned: Digest?
    ) throws(RegistryError) -> ResolvedImage {
        let digest = Digest(of: manifest.json.text())
        guard pinned == nil || pinned == digest else {
            throw RegistryError.changed("the image is not the one that was locked any more").about(name)
        }
        do throws(DocumentError) {
            return try ResolvedImage(
                reference: name, platform: platform, manifestDigest: digest, manifest: manifest, config: config,
                diffIDs: diffIDs)
        } catch {
            throw RegistryError(.document, error).about(name)
        }
    }
}

extension Manifest {
    /// The manifest as a document. OCI image specification, "Image Manifest".
    var json: JSON {
        let members: [(name: StaticString, json: JSON)] = [
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociManifest.description)),
            ("config", config.json), ("layers", .array(layers.map(\.json))),
        ]
        return .object(members)
    }
}
