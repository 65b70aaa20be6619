package import ByteKit

/// An image about which everything is known but the bytes of its layers.
package struct ResolvedImage: Sendable, Equatable {
    /// What was asked for, in its one spelling: a reference, or the name of a local image.
    package let reference: String
    package let platform: Platform
    /// The digest of the one image's manifest, also when the reference names an index.
    package let manifestDigest: Digest
    package let manifest: Manifest
    package let config: ImageConfig
    /// What each layer must unpack to, base first; nil where nobody has said.
    package let diffIDs: [Digest?]

    /// Puts the documents of one image together, when they belong together.
    ///
    /// - Parameter diffIDs: what each layer must unpack to; nil for what the config says.
    package init(
        reference: String, platform: Platform, manifestDigest: Digest, manifest: Manifest, config: ImageConfig,
        diffIDs: [Digest?]? = nil
    ) throws(DocumentError) {
        let diffIDs = diffIDs ?? config.diffIDs
        guard manifest.layers.count == diffIDs.count else {
            throw DocumentError(
                .inconsistent, "the manifest has \(manifest.layers.count) layers, the config \(diffIDs.count) diff ids")
        }
        if let offered = config.platform, platform.suitability(of: offered) == nil {
            throw DocumentError(
                .wrongPlatform, "the image is for \(offered), not for \(platform)",
                hint: "choose another tag, or build for the image’s platform with --platform \(offered)")
        }
        self.reference = reference
        self.platform = platform
        self.manifestDigest = manifestDigest
        self.manifest = manifest
        self.config = config
        self.diffIDs = diffIDs
    }
}
