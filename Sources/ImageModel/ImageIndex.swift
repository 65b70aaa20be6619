internal import JSON

/// A choice of images, one for each platform. OCI image specification, "Image Index".
package struct ImageIndex: Sendable, Equatable {
    package let mediaType: MediaType?
    package let manifests: [Descriptor]

    package static let maximumEntries = 4096

    init(_ fields: DocumentFields, mediaType: MediaType?) throws(DocumentError) {
        self.mediaType = mediaType
        let list = try fields.array("manifests") ?? []
        guard list.count <= Self.maximumEntries else {
            throw DocumentError(
                .malformed, "the index has \(list.count) entries; at most \(Self.maximumEntries) are read")
        }
        var manifests: [Descriptor] = []
        for (index, json) in list.enumerated() {
            manifests.append(try Descriptor(json, "entry \(index + 1) of the index"))
        }
        self.manifests = manifests
    }

    package init(mediaType: MediaType? = .ociIndex, manifests: [Descriptor]) {
        self.mediaType = mediaType
        self.manifests = manifests
    }

    /// The entry that serves a platform best; the first one of equals.
    ///
    /// Attestations are passed over. An entry that names no platform is taken when it is the only image there is; its
    /// config then has to say what it is for.
    package func entry(for platform: Platform) throws(DocumentError) -> Descriptor {
        let images = manifests.filter { !$0.isAttestation && ($0.mediaType.isManifest || $0.mediaType.isIndex) }
        var best: (entry: Descriptor, rank: Int)?
        for entry in images {
            guard let offered = entry.platform, let rank = platform.suitability(of: offered) else { continue }
            if rank > best?.rank ?? -1 { best = (entry, rank) }
        }
        if let best { return best.entry }
        if images.count == 1, images[0].platform == nil { return images[0] }
        throw noEntry(for: platform, among: images)
    }

    private func noEntry(for platform: Platform, among images: [Descriptor]) -> DocumentError {
        var names: [String] = []
        for name in images.compactMap({ $0.platform?.description }) where !names.contains(name) { names.append(name) }
        let offered = names.isEmpty ? "none that is named" : names.prefix(16).joined(separator: ", ")
        return DocumentError(
            .wrongPlatform, "the image is not offered for \(platform)", hint: "it is offered for: \(offered)")
    }
}

extension Descriptor {
    /// Whether an index entry is a builder's statement about another entry. Docker BuildKit, "attestation storage".
    package var isAttestation: Bool {
        platform?.isUnknown == true || annotations["vnd.docker.reference.type"] == "attestation-manifest"
    }
}
