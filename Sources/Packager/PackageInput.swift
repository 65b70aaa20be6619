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

        package init(file: String, digest: Digest, size: Int, unpackedSize: Int) {
            self.file = file
            self.digest = digest
            self.size = size
            self.unpackedSize = unpackedSize
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

    /// The function's name.
    package var name: String
    /// The supervisor's executable on this machine.
    package var bootstrap: String
    /// The image; nil when its tree lies at `root` by other means.
    package var artifact: Artifact?
    /// Where the image's root is or will be when the function runs.
    package var root = "/tmp/scar/root"
    /// A look into the image, as the artifact has it; nil when its programs need no shims, as in a container image.
    package var image: RootView?
    package var launcher = Launcher.generic
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

    package init(name: String, bootstrap: String) {
        self.name = name
        self.bootstrap = bootstrap
    }
}
