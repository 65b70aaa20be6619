package import ByteKit
internal import Transport
package import AWS

/// Everything that should be there once a function is published: the desired state, and nothing about how to get there.
package struct Deployment: Sendable {
    package var name: String
    package var function: DesiredFunction
    package var description: String
    /// `x86_64` or `arm64`.
    package var architecture: String
    /// The zip that the function is made from; nil for a function that is made from `image`.
    package var package: Package?
    /// The zip of a layer that goes with the function's.
    package var layer: Package?
    /// The image that the function is made from, or its jobs, or both.
    package var image: Image?
    /// What the function runs in, when that is a runtime made from an image.
    package var runtime: Runtime?
    /// What the function hands events over to.
    package var job: Job?
    /// The ARN of a role; nil has one made.
    package var role: String?
    /// Days.
    package var logRetention: Int
    /// The person's own.
    package var tags: [String: String]
    package var inputs: [Channel] = []
    package var outputs: [Channel] = []
    package var api: API?
    package var queues: [QueueTrigger] = []
    package var rules: [RuleTrigger] = []
    package var network: EC2API.Network?
    package var fileSystems: [FunctionSettings.FileSystem] = []
    /// The function's variables that are set by hand, such as credentials: they stay as they are.
    package var keptVariables: [String] = []
    /// The ARN of a queue or topic for events that failed.
    package var deadLetter: String?
    /// How many calls may run at a time; nil for no limit of the function's own.
    package var concurrency: Int?
    /// The bucket that large packages go through; nil has one made.
    package var packagesBucket: String?
    /// The alias that callers use.
    package var alias = "live"
    /// How many versions are kept to go back to, the one in use included.
    package var keptVersions = 5
    /// Whether the function is called once, so that the first caller need not wait.
    package var isPreheated = false

    package init(
        name: String, function: DesiredFunction, description: String = "", architecture: String = "x86_64",
        package: Package?, role: String? = nil, logRetention: Int = 30, tags: [String: String] = [:]
    ) {
        self.name = name
        self.function = function
        self.description = description
        self.architecture = architecture
        self.package = package
        self.role = role
        self.logRetention = logRetention
        self.tags = tags
    }

    /// A container image on its way to ECR.
    package struct Image: Sendable, Equatable {
        /// The OCI image layout that has it.
        package var path: String
        /// Of its manifest.
        package var digest: Digest
        /// Bytes of all that it consists of.
        package var size: Int

        package init(path: String, digest: Digest, size: Int) {
            self.path = path
            self.digest = digest
            self.size = size
        }
    }

    /// A customer-managed runtime.
    package struct Runtime: Sendable, Equatable {
        /// Nil for one of the function's own.
        package var name: String?
        package var image: Image

        package init(name: String? = nil, image: Image) {
            self.name = name
            self.image = image
        }
    }

    /// A zip on its way to Lambda.
    package struct Package: Sendable, Equatable {
        package var path: String
        package var size: Int
        package var digest: Digest

        package init(path: String, size: Int, digest: Digest) {
            self.path = path
            self.size = size
            self.digest = digest
        }

        /// Looks at a file.
        package init(at path: String) throws(FileError) {
            let size = try InputFile(path).size
            self.init(path: path, size: size, digest: try FileDigest.digest(of: path, count: size))
        }

        /// As Lambda writes it.
        var codeDigest: String { digest.base64 }

        /// For people.
        var text: String { "\(codeDigest) (\(size) bytes)" }
    }

    /// A folder of a bucket that files come from or go to.
    package struct Channel: Sendable, Equatable {
        package var bucket: String
        /// Without slashes at its ends; empty for the whole bucket.
        package var folder: String
        /// Names below the folder must begin with one of these; none takes all.
        package var prefixes: [String]
        /// Names must end with one of these; none takes all.
        package var suffixes: [String]

        package init(bucket: String, folder: String, prefixes: [String] = [], suffixes: [String] = []) {
            self.bucket = bucket
            self.folder = folder
            self.prefixes = prefixes
            self.suffixes = suffixes
        }

        /// Takes `bucket/folder`.
        package init(path: String, prefixes: [String], suffixes: [String]) {
            let parts = path.split(separator: "/").map(String.init)
            self.init(
                bucket: parts.first ?? "", folder: parts.dropFirst().joined(separator: "/"), prefixes: prefixes,
                suffixes: suffixes)
        }

        /// What the keys of all its objects begin with.
        package var keyPrefix: String { folder.isEmpty ? "" : folder + "/" }
    }

    /// An address that the function can be called at.
    package struct API: Sendable, Equatable {
        package enum Kind: String, Sendable {
            case http, rest, url
        }

        package enum Authorization: Sendable, Equatable {
            case none
            case iam
            case jwt(issuer: String, audience: [String])
        }

        package var kind: Kind
        package var name: String
        package var stage: String
        package var authorization: Authorization
        package var cors: CORS?
        /// Whether a function URL passes an answer on while it is made; other kinds do not.
        package var isStreamed = false

        package init(
            kind: Kind = .http, name: String, stage: String = "scar", authorization: Authorization = .iam,
            cors: CORS? = nil
        ) {
            self.kind = kind
            self.name = name
            self.stage = stage
            self.authorization = authorization
            self.cors = cors
        }
    }
}

extension Deployment {
    /// What says that something was made here.
    static let mark = (name: "createdby", value: "scar-build")
    /// What says for which function.
    static let ownerTag = "scar-build:function"

    /// Whether what carries these tags was made here, and for this function. A name that follows from one function's may
    /// be another's as well.
    static func isOurs(_ tags: [String: String], of function: String) -> Bool {
        isOurs(tags) && tags[ownerTag] == function
    }

    /// Whether what carries these tags was made here, for functions that share it.
    static func isOurs(_ tags: [String: String]) -> Bool { tags[mark.name] == mark.value }

    /// What all that is made for the function carries.
    var allTags: [String: String] {
        tags.merging([Self.mark.name: Self.mark.value, Self.ownerTag: name]) { $1 }
    }

    /// Every folder that files come from or go to: also that of events that are too long for a job.
    var channels: [Channel] { inputs + outputs + [job?.events].compactMap(\.self) }

    /// The variables that Lambda is to have, in byte order, those that are set by hand included.
    var variableNames: [String] { Set(function.environment.map(\.name) + keptVariables).sorted() }

    /// The settings that Lambda is to have.
    func settings(role: String) -> FunctionSettings {
        var settings = FunctionSettings()
        settings.description = description
        settings.role = role
        settings.memory = function.memory
        settings.timeout = function.timeout
        settings.ephemeralStorage = function.ephemeralStorage
        settings.layers = function.layers
        if package == nil { (settings.runtime, settings.handler) = ("", "") }
        if runtime != nil { settings.runtime = "custom" }
        for (name, value) in function.environment { settings.environment[name] = value }
        settings.subnets = network?.subnets.sorted() ?? []
        settings.securityGroups = network?.securityGroups.sorted() ?? []
        settings.fileSystems = fileSystems
        settings.deadLetter = deadLetter
        return settings
    }
}

extension Digest {
    /// The sum as AWS writes it.
    package var base64: String { String(decoding: Base64.encode(bytes), as: UTF8.self) }
}
