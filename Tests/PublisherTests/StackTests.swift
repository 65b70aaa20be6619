import AWS
import ByteKit
import JSON
import Publisher
import TestKit
import Testing

extension EmulatorTests {
    /// CloudFormation is moto's, which reads the template, works out its references, and makes what they lead to.
    @Suite("a stack made from a template")
    struct StackTests: ~Copyable {
        private let fixture: Fixture

        init() throws { fixture = try Fixture() }

        private func deployment() throws -> Deployment {
            var deployment = try fixture.deployment()
            // moto's CloudFormation knows no HTTP APIs.
            deployment.api = nil
            deployment.tags = [:]
            return deployment
        }

        private func ofJobs(_ compute: Deployment.Job.Compute) throws -> Deployment {
            var deployment = try deployment()
            deployment.image = try fixture.image()
            deployment.job = Deployment.Job(
                memory: 2048, environment: ["TOKEN": "hunter2", "OWN": "hunter3"], takesAll: false,
                events: .init(bucket: "events", folder: "long"), compute: compute)
            return deployment
        }

        /// What others have made before.
        private func prepare() throws {
            let emulator = fixture.emulator
            // The command line looks for queues at an old address of theirs, whatever the variables say.
            for name in ["videos", "more"] {
                _ = try emulator.aws("sqs", "create-queue", "--queue-name", name, "--endpoint-url", emulator.origin)
            }
            _ = try emulator.aws("events", "create-event-bus", "--name", "shop")
        }

        private func state() throws -> JSON {
            let result = try Peer.run(
                "python3", ["\(Products.repository)/Tests/Oracles/describe-account.py", "frames"],
                variables: fixture.emulator.variables.map { ($0.key, $0.value) })
            try #require(result.status == 0, "\(result.errorText)")
            return try JSON.parse(result.output)
        }

        private func published(_ deployment: Deployment) throws -> JSON {
            try prepare()
            try fixture.publish(deployment)
            return try state()
        }

        /// Does what a person does with the template: uploads zips, pushes the image, and names what is asked for.
        private func stacked(_ deployment: Deployment) throws -> JSON {
            let emulator = fixture.emulator
            try emulator.reset()
            try prepare()
            _ = try emulator.aws(
                "s3api", "create-bucket", "--bucket", "packages", "--create-bucket-configuration",
                "LocationConstraint=eu-west-1")
            let template = try Template.cloudformation.text(for: [deployment])
            let parameters = try JSON.parse(template)["Parameters"]?.members ?? []
            for zip in [deployment.package, deployment.layer].compactMap(\.self) {
                let key = parameters.compactMap { $0.json["Default"]?.string }.first { $0.contains(zip.digest.hex) }
                _ = try emulator.aws("s3", "cp", zip.path, "s3://packages/\(try #require(key))", "--only-show-errors")
            }
            if let image = deployment.image {
                let repository = "scar-build/frames"
                _ = try emulator.aws("ecr", "create-repository", "--repository-name", repository)
                try fixture.options.push(image, "registry/\(repository):1")
            }
            let path = fixture.folder.path + "/template.json"
            try OutputFile.write(template, to: path)
            let values = JSON.array(
                try parameters.compactMap { try value(String(decoding: $0.name, as: UTF8.self), $0.json) })
            _ = try emulator.aws(
                "cloudformation", "create-stack", "--stack-name", "frames", "--template-body", "file://\(path)",
                "--capabilities", "CAPABILITY_IAM", "--parameters", String(decoding: values.text(), as: UTF8.self))
            let stack = try emulator.aws("cloudformation", "describe-stacks", "--stack-name", "frames")["Stacks"]?[0]
            try #require(stack?["StackStatus"]?.string == "CREATE_COMPLETE")
            return try state()
        }

        /// The value of a parameter that has none of its own.
        private func value(_ name: String, _ parameter: JSON) throws -> JSON? {
            guard parameter["Default"] == nil else { return nil }
            let known = [
                "PackagesBucket": "packages", "FramesVariableTOKEN": "hunter2", "FramesJobVariableOWN": "hunter3",
            ]
            let text =
                try known[name]
                ?? (name.contains("Subnet")
                    ? network("describe-subnets", "default-for-az", "true", "Subnets", "SubnetId")
                    : network("describe-security-groups", "group-name", "default", "SecurityGroups", "GroupId"))
            return .object([("ParameterKey", .string(name)), ("ParameterValue", .string(text))])
        }

        private func network(
            _ command: String, _ filter: String, _ value: String, _ list: String, _ id: String
        ) throws -> String {
            let found = try fixture.emulator.aws("ec2", command, "--filters", "Name=\(filter),Values=\(value)")
            let items = Self.member(list, of: found)?.array ?? []
            return items.compactMap { Self.member(id, of: $0)?.string }.sorted().joined(separator: ",")
        }

        private static func member(_ name: String, of json: JSON) -> JSON? {
            json.members?.first { $0.name == Array(name.utf8) }?.json
        }

        private static func text(_ json: JSON) -> String { String(decoding: json.text(pretty: true), as: UTF8.self) }

        private func check(_ deployment: Deployment, _ kinds: [String]) throws {
            let published = try published(deployment)
            let stacked = try stacked(deployment)
            for kind in kinds {
                #expect(Self.member(kind, of: published)?.array?.isEmpty == false, "nothing was compared: \(kind)")
            }
            for member in published.members ?? [] {
                let name = String(decoding: member.name, as: UTF8.self)
                let (one, other) = (Self.text(member.json), Self.text(Self.member(name, of: stacked) ?? .null))
                #expect(one == other, "\(name)")
            }
        }

        @Test(
            "with jobs has publishing's function, roles with their policies, profile, environment, queue and definition",
            arguments: [Deployment.Job.Compute.Kind.ec2, .spot, .fargate, .fargateSpot])
        func jobs(kind: Deployment.Job.Compute.Kind) throws {
            let kinds = ["roles", "environments", "queues", "definitions", "logs", "buckets"]
            try check(try ofJobs(.init(kind: kind)), kinds + (kind.isFargate ? [] : ["profiles"]))
        }

        @Test("with jobs on several nodes, that do it all, has publishing's definition and policies")
        func nodes() throws {
            var deployment = try ofJobs(.init(maxVcpus: 8, instanceTypes: ["g4dn"]))
            deployment.job?.nodes = 3
            deployment.job?.gpus = 1
            deployment.job?.takesAll = true
            try check(deployment, ["roles", "definitions"])
        }

        @Test("with queues and rules has publishing's event sources, rules with their targets, and who may call")
        func triggers() throws {
            var deployment = try deployment()
            let triggered = try TemplateCases.triggered()
            (deployment.queues, deployment.rules) = (triggered.queues, triggered.rules)
            try check(deployment, ["triggers", "rules", "roles"])
        }

        @Test("with a layer has publishing's layer, and its function with it")
        func layer() throws {
            var deployment = try deployment()
            // Another zip in the place of the first one, whose digest is known by then.
            let path = fixture.folder.path + "/function.zip"
            let package = try #require(deployment.package)
            try OutputFile.write(try InputFile.contents(of: package.path, limit: 1 << 20), to: path)
            deployment.package = try Deployment.Package(at: path)
            deployment.layer = try fixture.package("layer")
            try check(deployment, ["layers", "roles"])
        }

        @Test("with an image has publishing's function, made from the image by its digest")
        func image() throws {
            var deployment = try deployment()
            deployment.package = nil
            deployment.image = try fixture.image()
            try check(deployment, ["roles"])
        }
    }
}
