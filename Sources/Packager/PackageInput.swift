package import ByteKit
package import Supervisor

/// All that a package is made of.
package struct PackageInput {
    /// An artifact on this machine.
    package struct Artifact {
        /// Where it is.
        package var file: String
        package var digest: Digest
        /// Its size in bytes.
        package var size: Int
        /// Bytes that its tree needs on disk.
        package var unpackedSize: Int
        /// The digests of its blocks, one after another.
        package var blocks: [UInt8]

        package init(file: String, digest: Digest, size: Int, unpackedSize: Int, blocks: [UInt8]) {
            self.file = file
            self.digest = digest
            self.size = size
            self.unpackedSize = unpackedSize
            self.blocks = blocks
        }
    }

    /// A file or folder of this machine to be shipped.
    package struct Source {
        /// Its path relative to the recipe, which names it in the package.
        package var path: String
        /// Where it is.
        package var file: String

        package init(path: String, file: String) {
            self.path = path
            self.file = file
        }
    }

    /// How the image's dynamic programs run where the image is not the root.
    package struct Relocation {
        /// The path library for the image's processor, on this machine.
        package var libraryFile: String
        /// The image's loader, relative to the root, links followed.
        package var loader: String
        /// Whether that loader knows `--argv0`.
        package var loaderHasArgumentZero: Bool
        /// The image's folders of libraries, relative to the root, in the order they are searched.
        package var folders: [String]
        /// Folders of the machine that programs are to see as they are, besides those that every function has.
        package var host: [String]

        package init(
            libraryFile: String, loader: String, loaderHasArgumentZero: Bool, folders: [String], host: [String] = []
        ) {
            self.libraryFile = libraryFile
            self.loader = loader
            self.loaderHasArgumentZero = loaderHasArgumentZero
            self.folders = folders
            self.host = host
        }
    }

    /// The function's name.
    package var name: String
    /// The supervisor's executable on this machine.
    package var bootstrap: String
    /// Whether the supervisor is where the function runs already, and is not in the package.
    package var isSupervised = false
    /// The image; nil when its tree lies at `root` by other means.
    package var artifact: Artifact?
    /// Where the image's root is or will be when the function runs.
    package var root = FunctionPackage.unpackedRoot
    /// A look into the image, as the artifact has it; nil when there is none to look into.
    package var image: RootView?
    /// Nil when the image is the root, or has no dynamic programs.
    package var relocation: Relocation?
    /// Whether the image's programs are to think that they run as root.
    package var asRoot = false
    package var launcher = LauncherChoice(.generic, because: "nobody has chosen another")
    /// Whether one process runs the script for one event after the other.
    package var reuse = false
    package var script: Source?
    package var command: [String]?
    package var files: [Source] = []
    /// The image's variables and then the recipe's; of those of one name, the last one counts.
    package var environment: [(name: String, value: String)] = []
    /// A folder of the image; nil for the invocation's own.
    package var workingDirectory: String?
    /// Seconds kept for storing the output.
    package var timeoutThreshold = 10
    package var inputs: [LaunchSpec.Channel] = []
    package var outputs: [LaunchSpec.Channel] = []
    /// What inputs and outputs may name besides `s3`.
    package var storages: [LaunchSpec.Storage] = []
    package var handling = LaunchSpec.Handling()
    package var batch: LaunchSpec.Batch?

    package init(name: String, bootstrap: String) {
        self.name = name
        self.bootstrap = bootstrap
    }
}
