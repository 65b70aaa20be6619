/// What a document or blob is, as registries name it: a lower-case type without parameters.
///
/// OCI image specification "OCI Image Media Types", and Docker's image manifest specification, version 2 schema 2.
package struct MediaType: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Takes a media type as it stands in a header or document; parameters (`; charset=utf-8`) are left out.
    package init(_ text: String) {
        let end = text.firstIndex(of: ";") ?? text.endIndex
        var trimmed = text[..<end]
        while let first = trimmed.first, first == " " || first == "\t" { trimmed.removeFirst() }
        while let last = trimmed.last, last == " " || last == "\t" { trimmed.removeLast() }
        description = trimmed.lowercased()
    }

    package static let ociManifest = MediaType("application/vnd.oci.image.manifest.v1+json")
    package static let ociIndex = MediaType("application/vnd.oci.image.index.v1+json")
    package static let ociConfig = MediaType("application/vnd.oci.image.config.v1+json")
    package static let ociArtifact = MediaType("application/vnd.oci.artifact.manifest.v1+json")
    /// What an artifact without a config has as its config.
    package static let ociEmpty = MediaType("application/vnd.oci.empty.v1+json")
    package static let ociLayer = MediaType("application/vnd.oci.image.layer.v1.tar")
    package static let ociLayerGzip = MediaType("application/vnd.oci.image.layer.v1.tar+gzip")
    package static let ociLayerZstd = MediaType("application/vnd.oci.image.layer.v1.tar+zstd")
    package static let dockerManifest = MediaType("application/vnd.docker.distribution.manifest.v2+json")
    package static let dockerManifestList = MediaType("application/vnd.docker.distribution.manifest.list.v2+json")
    package static let dockerConfig = MediaType("application/vnd.docker.container.image.v1+json")
    package static let dockerSchema1 = MediaType("application/vnd.docker.distribution.manifest.v1+json")
    package static let dockerSchema1Signed = MediaType("application/vnd.docker.distribution.manifest.v1+prettyjws")

    /// What a client says it takes when it asks for a manifest.
    package static let acceptedDocuments = [ociManifest, ociIndex, dockerManifest, dockerManifestList]

    package var isManifest: Bool { self == .ociManifest || self == .dockerManifest }
    package var isIndex: Bool { self == .ociIndex || self == .dockerManifestList }
    package var isSchema1: Bool { self == .dockerSchema1 || self == .dockerSchema1Signed }

    /// Docker 1.10 pushed configs under the type of any bytes, and such images are still on registries.
    package var isImageConfig: Bool {
        self == .ociConfig || self == .dockerConfig || description == "application/octet-stream"
    }
}

/// How the tar archive of a layer is stored.
package enum LayerCompression: String, Hashable, Sendable {
    case none
    case gzip
    case zstd
}

extension MediaType {
    /// How a layer of this type is compressed; nil when it is no layer that can be read.
    ///
    /// Layers "not to be distributed" have types of their own; they are read like others when the registry has them.
    package var layerCompression: LayerCompression? {
        let families = [
            "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar",
            "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.foreign.diff.tar",
        ]
        for family in families where description.hasPrefix(family) {
            switch description.dropFirst(family.count) {
            case "": return LayerCompression.none
            case "+gzip", ".gzip": return .gzip
            case "+zstd", ".zstd": return .zstd
            default: return nil
            }
        }
        return nil
    }
}
