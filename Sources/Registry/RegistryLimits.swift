/// How much of what a registry sends is read at most; manifests and configs have their limits in ImageModel.
enum RegistryLimits {
    /// The answer of a token server. Real ones are a few KiB.
    static let tokenBody = 1 << 20
    /// A token itself: it has to fit into a header field, which servers cut at 8 to 64 KiB.
    static let token = 64 << 10
    /// The explanation that comes with an error.
    static let errorBody = 64 << 10
    /// A file with logins.
    static let credentialsFile = 1 << 20
    /// Indexes that refer to indexes; real images have one level.
    static let indexDepth = 4
    /// Pages of a list.
    static let pages = 64
    /// Blobs of an image that are sent at once; as many as are pulled at once.
    static let uploads = 3
    /// What must have come since the last failure for a transfer to count as getting on.
    static let progress = 1 << 20
}
