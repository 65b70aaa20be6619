extension Recipe {
    /// The Lambda function.
    package struct Function: Sendable, Equatable {
        package enum Architecture: String, Sendable {
            case x86 = "x86_64"
            case arm64
        }

        /// MB.
        package var memory: Int
        /// Seconds.
        package var timeout: Int
        /// Seconds of the timeout that are kept for storing the output.
        package var timeoutThreshold: Int
        /// MB in /tmp.
        package var ephemeralStorage: Int
        package var architecture: Architecture
        package var description: String?
        package var region: String?
        /// An ARN; nil has `publish` make a role.
        package var role: String?
        /// A bucket for packages that are too large to be sent directly.
        package var bucket: String?
        package var layers: [String]
        /// Days.
        package var logRetention: Int
        package var logLevel: String
        /// Whether each call leaves figures for CloudWatch.
        package var metrics: Bool
        package var tags: [Variable]
        package var environment: [Variable]
        package var vpc: Network?
        package var fileSystems: [FileSystem]
        /// An ARN.
        package var deadLetter: String?
        /// Calls at a time; nil for as many as the account allows.
        package var concurrency: Int?
        /// What the runtime is called that several functions share; nil for one of the function's own.
        package var runtime: String?
        package var keepVersions: Int
        package var preheat: Bool
    }

    package struct Network: Sendable, Equatable {
        package var subnets: [String]
        package var securityGroups: [String]
    }

    package struct FileSystem: Sendable, Equatable {
        package var arn: String
        package var path: String
    }

    /// The HTTP endpoint.
    package struct API: Sendable, Equatable {
        package enum Kind: String, Sendable {
            case http, rest, url
        }

        package enum Authorization: String, Sendable {
            case none, iam
        }

        /// Tokens that callers bring.
        package struct JWT: Sendable, Equatable {
            package var issuer: String
            package var audience: [String]
        }

        package struct CORS: Sendable, Equatable {
            package var origins: [String]
            package var methods: [String]
            package var headers: [String]
        }

        package var kind: Kind
        package var name: String
        package var stage: String
        package var authorization: Authorization
        /// Goes before `authorization`.
        package var jwt: JWT?
        package var cors: CORS?
    }

    /// The Batch job.
    package struct Batch: Sendable, Equatable {
        package var vcpus: Int
        /// MiB.
        package var memory: Int
        package var gpus: Int
        package var nodes: Int
        package var environment: [Variable]
        /// `timeout`, `memory`, `space`: what there must have been too little of in Lambda, for `lambda-batch`.
        package var takesAfter: [String]
        /// A bucket, and a folder in it, for events that do not fit into a job's environment.
        package var events: String?
        package var compute: Compute

        package struct Compute: Sendable, Equatable {
            package enum Kind: String, Sendable {
                case ec2, spot, fargate
                case fargateSpot = "fargate-spot"
            }

            package var kind: Kind
            package var minVcpus: Int
            package var maxVcpus: Int
            package var instanceTypes: [String]
            package var subnets: [String]
            package var securityGroups: [String]
            package var instanceRole: String?
            package var serviceRole: String?
        }
    }
}
