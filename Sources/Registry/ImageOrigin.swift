package import ByteKit
package import ImageModel
package import Transport

/// A place that has one image: a repository of a registry, an image layout, an archive, a tar file.
///
/// It answers two questions, what the image is and what a layer's bytes are, and whoever asks need not know which kind of
/// place it is.
package protocol ImageOrigin: Sendable {
    /// Finds the image for a platform, and everything about it but its layers' bytes.
    ///
    /// - Parameter pinned: the only manifest or index that will do; nil for what is there now.
    func resolve(_ platform: Platform, pinned: Digest?) throws(RegistryError) -> ResolvedImage

    /// Whether a layer's bytes are on this machine already.
    func isAtHand(_ layer: Descriptor) -> Bool

    /// Hands on a layer's bytes, in order, on this thread.
    ///
    /// When this returns, size and digest were right; when it throws, what `onBytes` has seen must not be used.
    func pull(_ layer: Descriptor, onBytes: (UnsafeRawBufferPointer) throws -> Void) throws
}

/// An image of a registry.
package struct RegistryOrigin<Transport: HTTPTransport>: ImageOrigin {
    private let client: RegistryClient<Transport>
    private let reference: Reference
    private let store: BlobStore
    private let keepsLayers: Bool

    /// - Parameters:
    ///   - store: where what was fetched is kept.
    ///   - keepsLayers: whether that includes layers; documents are kept always.
    package init(
        _ reference: Reference, client: RegistryClient<Transport>, store: BlobStore, keepsLayers: Bool = true
    ) {
        self.reference = reference
        self.client = client
        self.store = store
        self.keepsLayers = keepsLayers
    }

    package func resolve(_ platform: Platform, pinned: Digest?) throws(RegistryError) -> ResolvedImage {
        try client.resolve(reference, platform: platform, store: store, pinned: pinned)
    }

    package func isAtHand(_ layer: Descriptor) -> Bool { store.contains(layer.digest, size: layer.size) }

    package func pull(_ layer: Descriptor, onBytes: (UnsafeRawBufferPointer) throws -> Void) throws {
        unsafe try client.pull(layer, from: reference, into: store, isKept: keepsLayers, onBytes: onBytes)
    }
}
