package import ByteKit
package import ImageModel

/// What one function is made of and how it is made; everything here has been checked.
///
/// The keys and their meaning are in `RecipeSchema`. Sizes are bytes, memory is MB and times are seconds, as there.
package struct Recipe: Sendable, Equatable {
    package var name: String
    package var image: ImageSource
    package var platform: Platform
    /// A launcher's name, or `auto`.
    package var launcher: String
    /// Whether one process runs the script for one event after the other.
    package var reuse: Bool
    /// Whether the image's programs are to think that they run as root.
    package var asRoot: Bool
    /// The program to run for each call; nil together with `command` means the image's entry point.
    package var script: RecipePath?
    package var command: [String]?
    package var files: [RecipePath]
    /// In byte order of the names.
    package var environment: [Variable]
    package var prune: Prune
    package var budget: Budget
    package var artifact: Artifact
    package var target: Target
    package var function: Function
    package var inputs: [Storage]
    package var outputs: [Storage]
    /// What inputs and outputs may name besides `s3`.
    package var servers: [StorageServer]
    package var calls: Calls
    package var execution: Execution
    package var api: API?
    package var triggers: Triggers
    package var batch: Batch?
    package var tests: [Test]
    /// A digest over the recipe's canonical form, which is the same for two recipes that say the same.
    package var checksum: Digest

    package struct Variable: Sendable, Equatable {
        package var name: String
        package var value: String
    }

    package struct Prune: Sendable, Equatable {
        package enum Profile: String, Sendable {
            case none, safe, closure, traced, fit

            /// Whether it keeps what the function leads to, and nothing else.
            package var isClosure: Bool { self == .closure || self == .traced || self == .fit }
        }

        package var profile: Profile
        package var keep: [String]
        package var drop: [String]
        /// What the tests opened, for the profile `traced`: no key of a recipe says it, but its lock.
        package var trace: [Trace]?
    }

    /// The files of the image that a test opened.
    package struct Trace: Sendable, Equatable {
        package var test: String
        /// Relative to the image's root, in byte order.
        package var opened: [[UInt8]]

        package init(test: String, opened: [[UInt8]]) {
            self.test = test
            self.opened = opened
        }
    }

    /// Bytes; nil is no limit.
    package struct Budget: Sendable, Equatable {
        package var artifact: Int?
        package var unpacked: Int?
        package var package: Int?
    }

    package struct Artifact: Sendable, Equatable {
        package enum Format: String, Sendable {
            case squashfs, tree, tar
        }

        package enum Compression: Sendable, Equatable {
            /// 1 to 22.
            case zstd(level: Int)
            /// 1 to 12, as libdeflate counts.
            case gzip(level: Int)
            /// 0 to 9, as liblzma's presets.
            case xz(level: Int)
            /// 1 for the fast compressor, 2 to 12 for LZ4HC.
            case lz4(level: Int)
            case none
        }

        /// Nil when the recipe leaves it to the target.
        package var format: Format?
        package var compression: Compression
        /// Whether the recipe says so itself, instead of leaving it to the default.
        package var isCompressionChosen: Bool
        /// A list of paths whose data comes first in a squashfs image, one a line.
        package var order: RecipePath?
        /// Bytes in a squashfs block.
        package var block: Int
        /// The latest time a file may have, in seconds since 1970.
        package var clamp: Int?
    }

    package enum Target: String, Sendable {
        case auto, zip, layer, image, runtime, squashfs, tar, oci, dir
    }

    package enum Execution: String, Sendable {
        case lambda
        case lambdaBatch = "lambda-batch"
        case batch
    }

    /// A place that files come from or go to.
    package struct Storage: Sendable, Equatable {
        /// `s3`, or the name of a server.
        package var storage: String
        /// A bucket and a folder in it: `videos/in`.
        package var path: String
        /// Names must begin with one of these; none takes all.
        package var prefix: [String]
        /// Names must end with one of these; none takes all.
        package var suffix: [String]
    }

    /// A server that speaks S3's protocol.
    package struct StorageServer: Sendable, Equatable {
        package var name: String
        package var endpoint: String
        package var region: String
        package var pathStyle: Bool
        package var verify: Bool
        /// One of the recipe's files.
        package var authority: RecipePath?
        /// The names of variables, never what is in them.
        package var accessKey: String
        package var secretKey: String
        package var sessionToken: String?
    }

    /// How calls are handled.
    package struct Calls: Sendable, Equatable {
        /// `script`, `arguments`: what of a direct call may be run.
        package var eventMayBring: [String]
        /// `failure`, `timeout`: how a run may end whose output is stored all the same.
        package var keepOutput: [String]
        package var requireOutput: Bool
        package var partialBatches: Bool
        package var streaming: Bool
        package var linkLargeAnswers: Bool
    }

    /// A call to be tried on the built package.
    package struct Test: Sendable, Equatable {
        package var name: String
        package var event: RecipePath?
        package var input: RecipePath?
        package var environment: [Variable]
        /// Path patterns of files that must come out.
        package var output: [String]
        /// A file or folder that must come out with the same bytes.
        package var expected: RecipePath?
        /// Text that the response must hold.
        package var response: String?
        /// Whether the function must fail.
        package var fails: Bool
        package var timeout: Int
    }
}
