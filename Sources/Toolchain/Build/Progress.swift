package import ByteKit

/// What a build tells while it works. Values only: how they look is the command line's affair.
package enum ProgressEvent: Sendable {
    /// An image's name is being turned into digests.
    case resolving(String)
    case resolved(image: String, manifest: Digest, layers: Int, bytes: Int)
    /// A layer's object was in the cache.
    case layerCached(Digest)
    /// So much of a layer was read and handed to the compiler.
    case layerRead(Digest, bytes: Int, of: Int)
    case layerCompiled(Digest, entries: Int, bytes: Int)
    case linking(layers: Int)
    case linked(files: Int, unpacked: Int, removed: Int)
    /// Which launcher the package has, and why.
    case launcher(String, reason: String)
    /// A form of package that does not fit, and why.
    case tried(String, reason: String)
    /// The form that the package has, and why.
    case packaged(String, reason: String)
    case wrote(String, bytes: Int)
    /// What was asked for is there already, built from the same.
    case unchanged(String)
    /// A test was run to see what it opens.
    case traced(String, files: Int)
    /// Of the profile ‘fit’: the one that it came to.
    case fitted(String)
    case unpacked(folder: String, files: Int, folders: Int, bytes: Int)
    case warning(String)
}

/// Where events go. Called from any thread.
package typealias ProgressHandler = @Sendable (ProgressEvent) -> Void
