import AWS
import ByteKit
import JSON
import Publisher

/// Functions with all that templates have words for.
enum TemplateCases {
    static let digest = Digest(of: Array("package".utf8))

    static func function(_ name: String, size: Int = 1000) -> Deployment {
        Deployment(
            name: name,
            function: DesiredFunction(
                memory: 512, timeout: 60, timeoutThreshold: 10, ephemeralStorage: 512, layers: [], environment: []),
            package: .init(path: "out/\(name)/function.zip", size: size, digest: digest))
    }

    /// A function with all that a function can have, under names that templates must not stumble over.
    static func rich() -> Deployment {
        var rich = function("frames-of_videos", size: 60 << 20)
        rich.description = "What ${looks} like %{an} expression, and is none"
        rich.architecture = "arm64"
        rich.tags = ["team": "video", "cost": "${none}"]
        rich.function.environment = [("TOKEN", "hunter2"), ("STAGE", "test")]
        rich.function.layers = ["arn:aws:lambda:eu-west-1:123456789012:layer:tools:3"]
        rich.keptVariables = ["MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"]
        rich.inputs = [
            .init(bucket: "videos.example", folder: "in", suffixes: [".mp4", ".mov"]),
            .init(bucket: "more", folder: ""),
        ]
        rich.outputs = [.init(bucket: "pictures", folder: "out")]
        rich.api = .init(
            name: "frames", authorization: .jwt(issuer: "https://login.example.com", audience: ["frames"]),
            cors: CORS(origins: ["https://example.com"], methods: ["GET"], headers: ["authorization"]))
        rich.network = .init(subnets: ["subnet-0a1b2c3d"], securityGroups: ["sg-0a1b2c3d"])
        rich.fileSystems = [
            .init(
                arn: "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0",
                path: "/mnt/data")
        ]
        rich.deadLetter = "arn:aws:sqs:eu-west-1:123456789012:failed"
        rich.concurrency = 7
        return rich
    }

    /// A file of several functions that hand files on, one for each kind of address.
    static func workflow() -> [Deployment] {
        var next = function("faces")
        next.inputs = [.init(bucket: "pictures", folder: "out", suffixes: [".png"])]
        next.outputs = [.init(bucket: "pictures", folder: "faces")]
        next.api = .init(kind: .rest, name: "faces")
        var open = function("2-open")
        open.role = "arn:aws:iam::123456789012:role/open"
        open.deadLetter = "arn:aws:sns:eu-west-1:123456789012:failed"
        open.api = .init(
            kind: .url, name: "open", authorization: .none, cors: CORS(origins: ["*"], methods: [], headers: []))
        var twin = function("faces-")
        twin.api = .init(kind: .rest, name: "faces-", authorization: .none)
        return [rich(), next, open, twin]
    }

    static let image = Deployment.Image(path: "out/image.oci", digest: Digest(of: Array("image".utf8)), size: 2000)

    /// A function that hands over to Batch. Its jobs have a variable of the function's, one with another value, and their
    /// own.
    static func jobs(_ compute: Deployment.Job.Compute, nodes: Int = 1) -> Deployment {
        var deployment = function("jobs-\(compute.kind.rawValue)")
        deployment.tags = ["team": "video"]
        deployment.function.environment = [("TOKEN", "hunter2"), ("STAGE", "test")]
        deployment.inputs = [.init(bucket: "\(deployment.name)-in", folder: "in")]
        deployment.outputs = [.init(bucket: "pictures", folder: "out")]
        deployment.image = image
        deployment.job = Deployment.Job(
            memory: 2048, nodes: nodes, environment: ["TOKEN": "hunter2", "STAGE": "hunter3", "OWN": "hunter4"],
            takesAll: nodes > 1, events: .init(bucket: "events", folder: "long"), compute: compute)
        return deployment
    }

    /// A job for each kind of machine, with networks named and left open, and one of several nodes.
    static func jobs() -> [Deployment] {
        var several = jobs(.init(maxVcpus: 8, instanceTypes: ["g4dn"]), nodes: 3)
        several.name = "several-nodes"
        several.inputs = []
        several.job?.gpus = 1
        let own = Deployment.Job.Compute(
            kind: .spot, subnets: ["subnet-0a1b2c3d"], securityGroups: ["sg-0a1b2c3d"],
            instanceProfile: "arn:aws:iam::123456789012:instance-profile/machines",
            serviceRole: "arn:aws:iam::123456789012:role/batch")
        let half = Deployment.Job.Compute(kind: .fargateSpot, securityGroups: ["sg-0a1b2c3d"])
        return [jobs(.init()), jobs(own), jobs(.init(kind: .fargate)), jobs(half), several]
    }

    /// A function that two queues and two rules call.
    static func triggered(_ name: String = "triggered") throws -> Deployment {
        var deployment = function(name)
        deployment.queues = [
            .init(
                arn: "arn:aws:sqs:eu-west-1:123456789012:videos", batchSize: 20, window: 5, concurrency: 5,
                reportsFailures: true),
            .init(arn: "arn:aws:sqs:eu-west-1:123456789012:more"),
        ]
        let pattern = #"{"source":["shop"],"detail":{"size":[{"numeric":[">",3]}],"name":["${none}"]}}"#
        deployment.rules = [
            .init(name: "nightly", cause: .schedule("rate(1 day)")),
            .init(name: "orders", cause: .pattern(try JSON.parse(Array(pattern.utf8))), bus: "shop"),
        ]
        return deployment
    }

    /// A function from a zip and a layer, beside one of the person's own.
    static func layered() -> Deployment {
        var deployment = function("layered")
        deployment.function.layers = ["arn:aws:lambda:eu-west-1:123456789012:layer:tools:3"]
        deployment.layer = .init(path: "out/layer.zip", size: 60 << 20, digest: Digest(of: Array("layer".utf8)))
        return deployment
    }

    /// A function from an image whose name no repository may have.
    static func imaged() -> Deployment {
        var deployment = function("Imaged_")
        deployment.package = nil
        deployment.image = image
        deployment.function.environment = [("TOKEN", "hunter2")]
        return deployment
    }

    /// Functions in runtimes: one of its own, and one that others share, who do not all have the same image.
    static func inRuntimes() -> [Deployment] {
        let other = Deployment.Image(path: "out/other.oci", digest: Digest(of: Array("other".utf8)), size: 2000)
        return [("alone", nil, image), ("-one-", "ruby", image), ("two", "ruby", image), ("three", "ruby", other)].map {
            name, runtime, image in
            var deployment = function(name)
            deployment.tags = ["team": "video"]
            deployment.runtime = .init(name: runtime, image: image)
            return deployment
        }
    }

    /// All that every template has words for, by what they are.
    static func all() throws -> [(name: String, deployments: [Deployment])] {
        [
            ("workflow", workflow()), ("plain", [function("plain")]), ("jobs", jobs()),
            ("triggered", [try triggered()]), ("layered", [layered()]), ("imaged", [imaged()]),
        ]
    }
}
