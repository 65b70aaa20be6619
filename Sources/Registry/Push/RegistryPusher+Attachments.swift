package import ByteKit
package import ImageModel
internal import JSON

/// Documents about an image, attached to it. OCI image specification 1.1, "Guidelines for Artifact Usage".
extension RegistryPusher {
    /// Puts a document into a repository as an artifact whose subject is a manifest there; it is then one of that
    /// manifest's referrers. The same document again changes nothing.
    ///
    /// - Parameters:
    ///   - document: its bytes.
    ///   - type: what it is: `application/spdx+json`.
    ///   - subject: the manifest that it is about.
    ///   - reference: the repository; tag and digest do not matter.
    /// - Returns: the digest of the artifact's manifest.
    @discardableResult
    package func attach(
        _ document: [UInt8], type: MediaType, to subject: Descriptor, in reference: Reference
    ) throws(RegistryError) -> Digest {
        let empty = Array("{}".utf8)
        let config = Descriptor(mediaType: .ociEmpty, digest: Digest(of: empty), size: empty.count)
        let layer = Descriptor(mediaType: type, digest: Digest(of: document), size: document.count)
        try push(config, .bytes(empty), to: reference)
        try push(layer, .bytes(document), to: reference)
        let manifest = JSON.object([
            ("schemaVersion", .integer(2)), ("mediaType", .string(MediaType.ociManifest.description)),
            ("artifactType", .string(type.description)), ("config", config.json),
            ("layers", .array([layer.json])), ("subject", subject.json),
        ]).text()
        return try push(manifest: manifest, type: .ociManifest, to: reference.inRepository(Digest(of: manifest)))
    }
}
