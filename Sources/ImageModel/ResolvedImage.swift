package import ByteKit

/// An image about which everything is known but the bytes of its layers.
package struct ResolvedImage: Sendable, Equatable {
    /// What was asked for.
    package let reference: Reference
    package let platform: Platform
    /// The digest of the one image's manifest, also when the reference names an index.
    package let manifestDigest: Digest
    package let manifest: Manifest
    package let config: ImageConfig

    /// Puts the documents of one image together, when they belong together.
    package init(
        reference: Reference, platform: Platform, manifestDigest: Digest, manifest: Manifest, config: ImageConfig
    ) throws(DocumentError) {
        guard manifest.layers.count == config.diffIDs.count else {
            throw DocumentError(
                .inconsistent,
                "the manifest has \(manifest.layers.count) layers, the config \(config.diffIDs.count) diff ids")
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
    }
}
