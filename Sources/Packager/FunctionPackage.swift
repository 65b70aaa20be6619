package import Supervisor

/// A function's package, ready to be written: what stands where, in which order.
///
///     bootstrap            the supervisor
///     launch.json          what the supervisor is to do
///     launcher/…           the path library, and the worker of a function that reuses one
///     script/…             the user's program
///     files/…              what else the recipe ships
///     artifact.squashfs    the image
///
/// Small things come first, so that they can be read from the archive's beginning.
package struct FunctionPackage: Equatable, Sendable {
    package static let bootstrapPath = "bootstrap"
    package static let launchSpecPath = "launch.json"
    package static let pathLibraryPath = "launcher/libscar-path.so"
    package static let workerFolder = "launcher/worker"
    package static let scriptFolder = "script"
    package static let filesFolder = "files"
    /// Where the supervisor unpacks the artifact to.
    package static let unpackedRoot = "/tmp/scar/root"
    package static let artifactPath = "artifact.squashfs"

    package var launchSpec: LaunchSpec
    /// In the order they are written.
    package var entries: [ZipEntry]
    /// Programs of the image that are sure to be started, by their paths in it.
    package var programs: [String] = []

    /// Writes the package as a zip archive: the same package gives the same bytes.
    ///
    /// It gives the archive's size, digest and entries, and throws when a file cannot be read or written.
    package func write(toZip path: String, time: ZipTime = .earliest) throws(PackagerError) -> ZipSummary {
        var zip = try ZipWriter(path, time: time)
        for entry in entries { try zip.add(entry) }
        return try zip.finish()
    }
}
