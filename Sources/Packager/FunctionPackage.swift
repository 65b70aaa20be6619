package import ByteKit
package import Supervisor

/// A function's package, ready to be written: what stands where, in which order.
///
///     bootstrap            the supervisor, unless a runtime has it
///     launch.json          what the supervisor is to do
///     launcher/…           the path library, and the worker of a function that reuses one
///     script/…             the user's program
///     files/…              what else the recipe ships
///     artifact.blocks      the digests of the image's blocks, when it is unpacked at start
///     artifact.squashfs    the image, when it is unpacked at start
///     root/…               the image, when its files are in the package
///
/// Small things come first, so that they can be read from the archive's beginning.
package struct FunctionPackage: Equatable, Sendable {
    package static let bootstrapPath = "bootstrap"
    package static let launchSpecPath = "launch.json"
    package static let pathLibraryPath = "launcher/libscar-path.so"
    package static let workerFolder = "launcher/worker"
    package static let scriptFolder = "script"
    package static let filesFolder = "files"
    /// Where Lambda puts the package.
    package static let taskFolder = "/var/task"
    /// Where the supervisor unpacks the artifact to.
    package static let unpackedRoot = "/tmp/scar/root"
    package static let artifactPath = "artifact.squashfs"
    package static let blocksPath = "artifact.blocks"
    /// The folder of the image's files in the package.
    package static let treeFolder = "root"
    /// Where a runtime has the supervisor: Lambda's own base images have theirs there.
    package static let runtimeFolder = "/var/runtime"
    /// Where Lambda puts layers.
    package static let layersFolder = "/opt"
    /// The folder of the image's files in a layer.
    package static let layerTreeFolder = "scar/root"

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

extension [ZipEntry] {
    /// Writes the entries as a zip archive, deflated on the threads of a pool: the same entries give the same bytes.
    ///
    /// - Parameter image: what entries of the image are read from.
    package func write(
        toZip path: String, time: ZipTime, reading image: RootView, pool: WorkerPool
    ) throws -> ZipSummary {
        var zip = try ZipWriter(path, time: time)
        try zip.add(self, reading: image, pool: pool)
        return try zip.finish()
    }

    /// Bytes of all entries unpacked, as Lambda counts them.
    package func unpackedSize() throws -> Int {
        try reduce(0) { sum, entry in
            switch entry.content {
            case .bytes(let bytes): sum + bytes.count
            case .link(let target): sum + target.count
            case .folder: sum
            case .file(let path): sum + (try InputFile(path).size)
            case .image(_, let size): sum + size
            }
        }
    }
}
