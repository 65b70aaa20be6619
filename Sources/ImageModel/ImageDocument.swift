internal import JSON

/// What a registry answers for a tag or digest: one image, or a choice of them.
package enum ImageDocument: Sendable, Equatable {
    case manifest(Manifest)
    case index(ImageIndex)

    /// Larger ones are refused; the distribution specification lets registries do so at the same size.
    package static let maximumSize = 4 << 20

    /// Reads a manifest or an index, and refuses what could be taken for both.
    ///
    /// What a document is follows from its own `mediaType`, the registry's `Content-Type` and its members, and all that
    /// are there must agree: a client that believed only one of them could be shown another image than its neighbour
    /// under the same digest (CVE-2021-41190).
    /// - Parameters:
    ///   - bytes: the document, already checked against its digest.
    ///   - contentType: what the registry or the referring descriptor called it; nil when nobody did.
    package static func decode(_ bytes: [UInt8], contentType: MediaType? = nil) throws(DocumentError) -> ImageDocument {
        let json = try JSON.document(bytes, "the manifest", limit: maximumSize)
        let fields = try DocumentFields(json, "the manifest")
        let declared = try fields.string("mediaType").map { MediaType($0) }
        try refuseForeign(fields, declared: declared, contentType: contentType)

        let looksLikeIndex = fields["manifests"] != nil
        let looksLikeManifest = fields["layers"] != nil || fields["config"] != nil
        if looksLikeIndex && looksLikeManifest {
            throw DocumentError(.ambiguous, "the document is both a manifest and an index, so it is neither")
        }
        for type in [declared, contentType].compactMap(\.self) {
            if type.isIndex && looksLikeManifest || type.isManifest && looksLikeIndex {
                throw DocumentError(.ambiguous, "the document is called \(type) but has the members of another kind")
            }
        }
        if let declared, let contentType, declared != contentType, contentType.isManifest || contentType.isIndex {
            throw DocumentError(.ambiguous, "the document calls itself \(declared), but was served as \(contentType)")
        }
        if looksLikeIndex { return .index(try ImageIndex(fields, mediaType: declared)) }
        guard looksLikeManifest
        else {
            throw DocumentError(.notAnImage, "the document has neither ‘layers’ nor ‘manifests’: it names no image")
        }
        return .manifest(try Manifest(fields, mediaType: declared))
    }

    /// Names the kinds that are known and not images, and those that are not known at all.
    private static func refuseForeign(
        _ fields: DocumentFields, declared: MediaType?, contentType: MediaType?
    ) throws(DocumentError) {
        let version = fields["schemaVersion"]
        if version?.integer == 1 || declared?.isSchema1 == true || contentType?.isSchema1 == true {
            throw DocumentError(
                .unsupportedSchema, "the image is in Docker’s schema 1 format, which nothing has written since 2017",
                hint: "pull and push it again with a current Docker or skopeo, or choose a newer tag")
        }
        if let declared, !declared.isManifest, !declared.isIndex {
            let kind = declared == .ociArtifact ? "an artifact" : "of type \(declared.description.prefix(160))"
            throw DocumentError(.notAnImage, "the document is \(kind), not a container image")
        }
        guard version?.integer == 2 else {
            throw DocumentError(
                .unsupportedSchema, "the manifest’s ‘schemaVersion’ is not 2",
                at: version?.position ?? fields.json.position)
        }
    }
}
