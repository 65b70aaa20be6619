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
    /// The user's program, relative to the package. With `command` as well, it is the command's last argument.
    package var script: [UInt8]?
    /// What to execute, its first word looked up on PATH when it has no slash.
    package var command: [[UInt8]]?
    /// Variables for the user's program; a later one replaces an earlier one. PATH is special: its absolute folders
    /// are the image's, and are looked for under `root`.
    package var environment: [Variable]
    /// Folders put first on PATH: relative ones are the package's, absolute ones are taken as they are.
    package var path: [[UInt8]]
    /// Where the program starts: absolute, or relative to `root`; nil for the invocation’s own temporary folder.
    package var workingDirectory: [UInt8]?
    /// Seconds kept back from the invocation's time limit, for staging out and answering.
    package var timeoutThreshold: Int
    /// Which stored objects are wanted; empty for all.
    package var inputs: [Channel]
    /// Where output files go.
    package var outputs: [Channel]

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

        package init(path: [UInt8], digest: [UInt8], size: Int, unpackedSize: Int) {
            self.path = path
            self.digest = digest
            self.size = size
            self.unpackedSize = unpackedSize
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
        /// The kind of storage: `s3`.
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

    package init(
        name: [UInt8], artifact: Artifact? = nil, root: [UInt8], script: [UInt8]? = nil, command: [[UInt8]]? = nil,
        environment: [Variable] = [], path: [[UInt8]] = [], workingDirectory: [UInt8]? = nil,
        timeoutThreshold: Int = 10, inputs: [Channel] = [], outputs: [Channel] = []
    ) {
        self.name = name
        self.artifact = artifact
        self.root = root
        self.script = script
        self.command = command
        self.environment = environment
        self.path = path
        self.workingDirectory = workingDirectory
        self.timeoutThreshold = timeoutThreshold
        self.inputs = inputs
        self.outputs = outputs
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
