#if !hasFeature(Embedded)
    internal import JSON
#endif

/// What the packager tells the supervisor: `launch.json`, at the root of every package.
///
/// All text is bytes in UTF-8, because the supervisor compares and copies it and does nothing else. Values that are
/// held have been checked: no NUL anywhere, package paths stay inside the package, roots are absolute.
package struct LaunchSpec: Sendable, Equatable {
    /// The one version of the format there is.
    package static let version = 1
    /// The file's name in the package.
    package static let fileName: StaticString = "launch.json"

    /// The function's name, for messages.
    package var name: [UInt8]
    /// The squashfs image to unpack before the first invocation; nil when the tree is there already.
    package var artifact: Artifact?
    /// Where the image's root folder is, or will be once the artifact is unpacked: absolute.
    package var root: [UInt8]
    /// How the image's dynamic programs run below `root`; nil when the image is the root, or has none.
    package var relocation: Relocation?
    /// The user's program, relative to the package. With `command` as well, it is the command's last argument.
    package var script: [UInt8]?
    /// What to execute, its first word looked up on the image's PATH when it has no slash.
    package var command: [[UInt8]]?
    /// What runs a script that is neither an ELF file nor has a `#!` line; nil for the image's `/bin/sh`.
    package var interpreter: [[UInt8]]?
    /// What runs the script in a process that is kept between events; nil for a process of its own for each event.
    package var worker: Worker?
    /// Variables for the user's program, in the image's terms; a later one replaces an earlier one.
    package var environment: [Variable]
    /// Where the program starts, as a path of the image; nil for the invocation’s own temporary folder.
    package var workingDirectory: [UInt8]?
    /// Seconds kept back from the invocation's time limit, for staging out and answering.
    package var timeoutThreshold: Int
    /// Which stored objects are wanted; empty for all.
    package var inputs: [Channel]
    /// Where output files go.
    package var outputs: [Channel]
    /// The storages that inputs and outputs may name besides `s3`.
    package var storages: [Storage]
    /// How events are handled.
    package var handling: Handling
    /// How events reach AWS Batch; nil when they do not.
    package var batch: Batch?

    /// A squashfs image in the package.
    package struct Artifact: Sendable, Equatable {
        /// Relative to the package.
        package var path: [UInt8]
        /// `sha256:` and 64 hexadecimal digits of the image file.
        package var digest: [UInt8]
        /// The image file's size in bytes.
        package var size: Int
        /// Bytes that the tree needs on disk, for the check before unpacking.
        package var unpackedSize: Int
        /// The table of the digests of its blocks, relative to the package.
        package var blocks: [UInt8]
        /// `sha256:` and 64 hexadecimal digits of that table, by which every byte of the image is known.
        package var blocksDigest: [UInt8]

        package init(
            path: [UInt8], digest: [UInt8], size: Int, unpackedSize: Int, blocks: [UInt8], blocksDigest: [UInt8]
        ) {
            self.path = path
            self.digest = digest
            self.size = size
            self.unpackedSize = unpackedSize
            self.blocks = blocks
            self.blocksDigest = blocksDigest
        }
    }

    /// What the path library is told, see docs/relocation.md.
    package struct Relocation: Sendable, Equatable {
        /// The path library, relative to the package.
        package var library: [UInt8]
        /// The image's loader, relative to the root.
        package var loader: [UInt8]
        /// Whether that loader knows `--argv0`.
        package var loaderHasArgumentZero: Bool
        /// The image's folders of libraries, relative to the root, in the order they are searched.
        package var folders: [[UInt8]]
        /// Folders of the machine that programs see as they are, besides the package and the scratch folder: absolute.
        package var host: [[UInt8]]
        /// Whether programs are to think that they run as root.
        package var asRoot: Bool
        /// Variables that the C library reads itself, where no path library reaches. Their values are lists of the
        /// image's folders, separated by colons.
        package var keep: [Variable]

        package init(
            library: [UInt8], loader: [UInt8], loaderHasArgumentZero: Bool, folders: [[UInt8]], host: [[UInt8]] = [],
            asRoot: Bool = false, keep: [Variable] = []
        ) {
            self.library = library
            self.loader = loader
            self.loaderHasArgumentZero = loaderHasArgumentZero
            self.folders = folders
            self.host = host
            self.asRoot = asRoot
            self.keep = keep
        }
    }

    /// A program that runs the script for one event after the other, or a spare for the next one. docs/launchers.md has
    /// its protocol.
    package struct Worker: Sendable, Equatable {
        /// The language's interpreter, like `command`.
        package var command: [[UInt8]]
        /// The worker's own program, relative to the package: the command's last argument, but for a spare's script.
        package var program: [UInt8]
        /// Whether a process of it serves one event only, and then another one is started.
        package var isSpare: Bool

        package init(command: [[UInt8]], program: [UInt8], isSpare: Bool = false) {
            self.command = command
            self.program = program
            self.isSpare = isSpare
        }
    }

    /// An environment variable.
    package struct Variable: Sendable, Equatable {
        package var name: [UInt8]
        package var value: [UInt8]

        package init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// A place in a storage that files come from or go to.
    package struct Channel: Sendable, Equatable {
        /// `s3`, or the name of one of the storages.
        package var storage: [UInt8]
        /// `bucket` or `bucket/folder`.
        package var path: [UInt8]
        /// File names taken must begin with one of these; empty for all.
        package var prefix: [[UInt8]]
        /// File names taken must end with one of these; empty for all.
        package var suffix: [[UInt8]]

        package init(storage: [UInt8], path: [UInt8], prefix: [[UInt8]] = [], suffix: [[UInt8]] = []) {
            self.storage = storage
            self.path = path
            self.prefix = prefix
            self.suffix = suffix
        }
    }

    /// A server that speaks S3's protocol. Credentials are not here: only the names of the variables that hold them.
    package struct Storage: Sendable, Equatable {
        /// What inputs and outputs call it.
        package var name: [UInt8]
        /// The server's address.
        package var endpoint: [UInt8]
        /// What its requests are signed for.
        package var region: [UInt8]
        /// Whether buckets are part of the path; otherwise of the host's name.
        package var pathStyle: Bool
        /// Whether it must prove that it is the server.
        package var verify: Bool
        /// The certificates that it is held against, relative to the package; nil for the usual ones.
        package var authority: [UInt8]?
        /// The variables' names.
        package var accessKey: [UInt8]
        package var secretKey: [UInt8]
        package var sessionToken: [UInt8]?

        package init(
            name: [UInt8], endpoint: [UInt8], region: [UInt8] = [UInt8]("us-east-1"), pathStyle: Bool = true,
            verify: Bool = true, authority: [UInt8]? = nil, accessKey: [UInt8], secretKey: [UInt8],
            sessionToken: [UInt8]? = nil
        ) {
            self.name = name
            self.endpoint = endpoint
            self.region = region
            self.pathStyle = pathStyle
            self.verify = verify
            self.authority = authority
            self.accessKey = accessKey
            self.secretKey = secretKey
            self.sessionToken = sessionToken
        }
    }

    package init(
        name: [UInt8], artifact: Artifact? = nil, root: [UInt8], relocation: Relocation? = nil,
        script: [UInt8]? = nil, command: [[UInt8]]? = nil, interpreter: [[UInt8]]? = nil, worker: Worker? = nil,
        environment: [Variable] = [], workingDirectory: [UInt8]? = nil, timeoutThreshold: Int = 10,
        inputs: [Channel] = [], outputs: [Channel] = [], storages: [Storage] = [], handling: Handling = Handling(),
        batch: Batch? = nil
    ) {
        self.name = name
        self.artifact = artifact
        self.root = root
        self.relocation = relocation
        self.script = script
        self.command = command
        self.interpreter = interpreter
        self.worker = worker
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.timeoutThreshold = timeoutThreshold
        self.inputs = inputs
        self.outputs = outputs
        self.storages = storages
        self.handling = handling
        self.batch = batch
    }
}

extension LaunchSpec.Channel {
    /// Whether a file of this name (the last component of its path) passes the filters.
    package func accepts(name: [UInt8]) -> Bool {
        (prefix.isEmpty || prefix.contains { name.starts(with: $0) })
            && (suffix.isEmpty || suffix.contains { name.ends(with: $0) })
    }

    /// The first component of the path.
    package var bucket: [UInt8] { [UInt8](path.prefix { $0 != UInt8(ascii: "/") }) }

    /// What follows the bucket, without slashes at its ends; empty when the channel is a whole bucket.
    package var folder: [UInt8] {
        var rest = path.dropFirst(bucket.count)
        while rest.first == UInt8(ascii: "/") { rest = rest.dropFirst() }
        while rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        return [UInt8](rest)
    }
}
