package import ByteKit
package import ImageModel
internal import JSON

extension RegistryPusher {
    /// Puts an image of an OCI image layout into a repository, with all that it refers to: blobs first, a few at a time,
    /// then manifests, and what the reference names last, so that nobody ever sees half of it.
    ///
    /// - Parameters:
    ///   - folder: the layout.
    ///   - tag: which of its images; nil for the only one.
    ///   - reference: where it goes.
    ///   - source: a repository that may have some of the blobs.
    /// - Returns: the digest of what the reference names.
    @discardableResult
    package func push(
        layout folder: String, tag: String? = nil, to reference: Reference, mountingFrom source: Reference? = nil
    ) throws(RegistryError) -> Digest {
        let layout = LayoutOrigin(folder: folder, tag: tag, name: folder)
        let top = try layout.named()
        return try push(top, of: layout, to: reference, mountingFrom: source, depth: RegistryLimits.indexDepth)
    }

    private func push(
        _ document: Descriptor, of layout: LayoutOrigin, to reference: Reference, mountingFrom source: Reference?,
        depth: Int
    ) throws(RegistryError) -> Digest {
        guard depth > 0 else {
            throw RegistryError(.document, "indexes refer to indexes more than \(RegistryLimits.indexDepth) deep")
        }
        let bytes = try layout.bytes(document.digest, size: document.size, limit: ImageDocument.maximumSize)
        guard let json = try? JSON.parse(bytes, limits: JSONLimits(bytes: ImageDocument.maximumSize)) else {
            throw RegistryError(.document, "\(document.digest) in \(layout.files.name) is not JSON")
        }
        for child in try Self.descriptors(json["manifests"]?.array ?? []) {
            let place = reference.inRepository(child.digest)
            _ = try push(child, of: layout, to: place, mountingFrom: source, depth: depth - 1)
        }
        let blobs = try blobs(of: json, in: layout)
        // The first one alone, so that one login serves all; the config is small.
        if let (blob, content) = blobs.first { try push(blob, content, to: reference, mountingFrom: source) }
        _ = try Parallel.map(max(0, blobs.count - 1), width: RegistryLimits.uploads) { index throws(RegistryError) in
            try push(blobs[index + 1].0, blobs[index + 1].1, to: reference, mountingFrom: source)
        }
        return try push(manifest: bytes, type: document.mediaType, to: reference)
    }

    /// What a manifest refers to, each once: the config, then the layers from the base on. All files are looked at before
    /// anything is sent.
    private func blobs(of manifest: JSON, in layout: LayoutOrigin) throws(RegistryError) -> [(Descriptor, Content)] {
        var blobs: [(Descriptor, Content)] = []
        var done: Set<Digest> = []
        for blob in try Self.descriptors([manifest["config"]].compactMap(\.self) + (manifest["layers"]?.array ?? []))
        where done.insert(blob.digest).inserted {
            let file = try layout.files.required(LayoutOrigin.path(of: blob.digest))
            guard file.size == blob.size else {
                throw RegistryError(.sizeMismatch, "\(file.name) has \(file.size) bytes, and should have \(blob.size)")
            }
            blobs.append((blob, .file(file.name)))
        }
        return blobs
    }

    private static func descriptors(_ list: [JSON]) throws(RegistryError) -> [Descriptor] {
        guard list.count <= ImageIndex.maximumEntries else {
            throw RegistryError(.document, "a document refers to more than \(ImageIndex.maximumEntries) others")
        }
        return try list.map { json throws(RegistryError) in
            do throws(DocumentError) {
                return try Descriptor(json, "what a document refers to")
            } catch {
                throw RegistryError(.document, error)
            }
        }
    }
}
