import AWS
import ByteKit
import JSON
import Publisher
import TestKit
import Testing
import Transport

extension EmulatorTests {
    @Suite("jobs")
    struct JobTests: ~Copyable {
        private typealias Compute = Deployment.Job.Compute

        private let fixture: Fixture

        init() throws { fixture = try Fixture() }

        private func deployment(
            _ compute: Deployment.Job.Compute = .init(), takesAll: Bool = false
        ) throws -> Deployment {
            try fixture.deploymentWithJobs("frames", compute, takesAll: takesAll)
        }

        private func describe(_ command: String, _ arguments: String...) throws -> JSON {
            try fixture.emulator.aws(["batch", command] + arguments)
        }

        @Test(
            "get a queue of the function's name, what they run on, and a definition with the image",
            arguments: [Deployment.Job.Compute.Kind.ec2, .spot, .fargate, .fargateSpot])
        func everything(kind: Deployment.Job.Compute.Kind) throws {
            let deployment = try deployment(.init(kind: kind))
            try fixture.publish(deployment)
            #expect(try fixture.emulator.problems() == [])
            let queue = try describe("describe-job-queues", "--job-queues", "frames")["jobQueues"]?[0]
            #expect(queue?["state"]?.string == "ENABLED")
            #expect(
                queue?["computeEnvironmentOrder"]?[0]?["computeEnvironment"]?.string
                    == "arn:aws:batch:eu-west-1:123456789012:compute-environment/frames-"
                    + kind.rawValue.replacing("-", with: "_"))
            let environment = try describe("describe-compute-environments")["computeEnvironments"]?[0]
            #expect(environment?["tags"]?["scar-build:function"]?.string == "frames")
            let resources = environment?["computeResources"]
            #expect(resources?["type"]?.string == kind.rawValue.uppercased().replacing("-", with: "_"))
            #expect(resources?["subnets"]?.array?.isEmpty == false)
            #expect(resources?["securityGroupIds"]?.array?.count == 1)
            let definition = try describe("describe-job-definitions", "--status", "ACTIVE")["jobDefinitions"]?[0]
            #expect(definition?["platformCapabilities"]?[0]?.string == (kind.isFargate ? "FARGATE" : "EC2"))
            let container = definition?["containerProperties"]
            let image = try #require(deployment.image)
            #expect(
                container?["image"]?.string
                    == "123456789012.dkr.ecr.eu-west-1.amazonaws.com/scar-build/frames@\(image.digest)")
            #expect(container?["executionRoleArn"] == nil || kind.isFargate)
            #expect(
                container?["logConfiguration"]?["options"]?["awslogs-group"]?.string == "/aws/batch/frames")
            let variables = (container?["environment"]?.array ?? []).map {
                "\($0["name"]?.string ?? "")=\($0["value"]?.string ?? "")"
            }
            #expect(variables == ["AWS_REGION=eu-west-1", "TOKEN=hunter2"])
            try fixture.emulator.clear()
            #expect(try fixture.publish(deployment) == [])
            #expect(try fixture.emulator.changes() == [])
            try fixture.remove()
            #expect(try fixture.emulator.problems() == [])
            #expect(try fixture.leftovers() == [])
        }

        @Test("take the role's rights with them: the function only submits when it hands over everything")
        func rights() throws {
            let plan = try FunctionPublisher(try fixture.session(), options: fixture.options).plan(
                try deployment(.init(kind: .fargate), takesAll: true))
            #expect(!String(decoding: plan.json.text(), as: UTF8.self).contains("hunter2"))
            try fixture.publish(try deployment(.init(kind: .fargate), takesAll: true))
            func policy(_ suffix: String) throws -> String {
                let policy = try fixture.emulator.aws(
                    "iam", "get-role-policy", "--role-name", "scar-build-eu-west-1-frames\(suffix)", "--policy-name",
                    "scar-build")
                return String(decoding: policy["PolicyDocument"]?.text() ?? [], as: UTF8.self)
            }
            let function = try policy("")
            #expect(function.contains("batch:SubmitJob"))
            #expect(function.contains("arn:aws:s3:::events/long/*"))
            #expect(!function.contains("videos"))
            #expect(!function.contains("pictures"))
            let job = try policy(".job")
            #expect(job.contains("arn:aws:s3:::videos/in/*"))
            #expect(job.contains("arn:aws:s3:::pictures/out/*"))
            #expect(job.contains("arn:aws:s3:::events/long/*"))
            #expect(!job.contains("batch:"))
            #expect(try policy(".start").contains("repository/scar-build/frames"))
            try fixture.publish(try deployment(.init(kind: .fargate), takesAll: false))
            #expect(try policy("").contains("arn:aws:s3:::pictures/out/*"))
        }

        @Test("on several nodes or with GPUs say so in their definition")
        func nodes() throws {
            var deployment = try deployment(.init(maxVcpus: 8, instanceTypes: ["g4dn"]))
            deployment.job?.nodes = 3
            deployment.job?.gpus = 1
            try fixture.publish(deployment)
            #expect(try fixture.emulator.problems() == [])
            let definition = try describe("describe-job-definitions", "--status", "ACTIVE")["jobDefinitions"]?[0]
            #expect(definition?["type"]?.string == "multinode")
            #expect(definition?["nodeProperties"]?["numNodes"]?.integer == 3)
            let range = definition?["nodeProperties"]?["nodeRangeProperties"]?[0]
            #expect(range?["targetNodes"]?.string == "0:")
            let needs = range?["container"]?["resourceRequirements"]?.array ?? []
            #expect(needs.contains { $0["type"]?.string == "GPU" && $0["value"]?.string == "1" })
            #expect(try fixture.publish(deployment) == [])
        }

        @Test("change by what differs: vCPUs of the environment, a new revision for another image, the old one gone")
        func changes() throws {
            var deployment = try deployment()
            try fixture.publish(deployment)
            try fixture.emulator.clear()
            deployment.job?.compute.maxVcpus = 16
            try fixture.publish(deployment)
            #expect(try fixture.emulator.changes() == ["UpdateComputeEnvironment"])
            deployment.image = try fixture.image("two")
            let changes = try fixture.publish(deployment)
            #expect(changes.contains("update the job definition frames"))
            #expect(changes.contains("remove the job definition frames:1"))
            let active = try describe("describe-job-definitions", "--status", "ACTIVE")["jobDefinitions"]?.array
            #expect(active?.map { $0["revision"]?.integer } == [2])
            #expect(try fixture.publish(deployment) == [])
        }

        @Test("move to machines of another kind, and then to Lambda alone, leaving nothing behind")
        func moves() throws {
            try fixture.publish(try deployment(.init(kind: .ec2)))
            try fixture.publish(try deployment(.init(kind: .fargate)))
            #expect(try fixture.emulator.problems() == [])
            let environments = try describe("describe-compute-environments")["computeEnvironments"]?.array ?? []
            #expect(environments.compactMap { $0["computeEnvironmentName"]?.string } == ["frames-fargate"])
            let profiles = try fixture.emulator.aws("iam", "list-instance-profiles")["InstanceProfiles"]?.array
            #expect(profiles?.isEmpty == true)
            try fixture.emulator.clear()
            try fixture.publish(try fixture.deployment())
            #expect(try fixture.emulator.problems() == [])
            let left = try fixture.leftovers().filter { $0.hasPrefix("batch") || $0.hasPrefix("ecr") }
            #expect(left == [])
            try fixture.remove()
            #expect(try fixture.leftovers() == [])
        }

        @Test("are completed after they were stopped, and removed, wherever it was")
        func killed() throws {
            let steps = try fixture.stopEverywhere(every: 5, isRemovalStopped: true) { try deployment() }
            #expect(steps >= 20)
        }

        @Test("whose environment or queue comes to nothing end with Batch's reason, and are mended by the same command")
        func invalid() throws {
            let session = try fixture.session()
            let publisher = FunctionPublisher(session, options: fixture.options)
            let plan = try publisher.plan(try deployment())
            let why = "CLIENT_ERROR - the subnet has no way out"
            try fixture.emulator.answer(
                "DescribeComputeEnvironments",
                with: """
                    {"computeEnvironments": [{"computeEnvironmentName": "frames-ec2", "status": "INVALID",
                      "statusReason": "\(why)", "state": "ENABLED"}]}
                    """)
            let error = try #require(throws: InterruptedPublication.self) { try publisher.apply(plan) { _, _ in } }
            #expect(error.diagnostic.message.contains(why))
            #expect(error.diagnostic.hint?.contains("run the same command again") == true)
            try fixture.publish(try deployment())
            #expect(try fixture.publish(try deployment()) == [])
            try fixture.emulator.answer(
                "DescribeJobQueues",
                with: """
                    {"jobQueues": [{"jobQueueName": "frames", "status": "INVALID", "statusReason": "\(why)",
                      "state": "ENABLED", "tags": {"createdby": "scar-build", "scar-build:function": "frames"}}]}
                    """)
            let again = try FunctionPublisher(try fixture.session(), options: fixture.options).plan(try deployment())
            #expect(again.changes.map(\.title) == ["update the job queue frames"])
        }

        @Test(
            "whose queue and environment are on their way out, from an earlier run, are made anew when those are gone")
        func leaving() throws {
            try fixture.emulator.answer(
                "DescribeJobQueues", times: 2,
                with: #"{"jobQueues": [{"jobQueueName": "frames", "status": "DELETING", "state": "DISABLED"}]}"#)
            try fixture.emulator.answer(
                "DescribeComputeEnvironments", times: 2,
                with: #"{"computeEnvironments": [{"computeEnvironmentName": "frames-ec2", "status": "DELETING"}]}"#)
            // Each answer once for the plan, which waits for nothing, and once for what it is waited for.
            let changes = try fixture.publish(try deployment())
            #expect(changes.contains("create the job queue frames"))
            #expect(changes.contains("create the compute environment frames-ec2"))
            #expect(try fixture.publish(try deployment()) == [])
        }

        @Test("of somebody else's name are left alone")
        func foreign() throws {
            let container =
                #"{"image": "x", "resourceRequirements": [{"type": "VCPU", "value": "1"}, "#
                + #"{"type": "MEMORY", "value": "64"}]}"#
            _ = try describe(
                "register-job-definition", "--job-definition-name", "frames", "--type", "container",
                "--container-properties", container)
            try fixture.emulator.clear()
            let error = try #require(throws: PublishError.self) { try fixture.publish(try deployment()) }
            #expect(error.code == .notOurs)
            #expect(try fixture.emulator.changes() == [])
        }

        @Test("that could never run are refused, and why is said")
        func refused() throws {
            let cases: [(Deployment.Job, String)] = [
                (.init(gpus: 1, takesAll: true), "GPUs"),
                (.init(vcpus: 4, takesAll: true), "waits for ever"),
                (.init(takesAll: true, compute: .init(kind: .fargate)), "2048 to 8192"),
                (.init(vcpus: 3, takesAll: true, compute: .init(kind: .fargate, maxVcpus: 4)), "1, 2, 4, 8, 16"),
                (.init(memory: 2048, nodes: 2, takesAll: true, compute: .init(kind: .fargate)), "several nodes"),
                (.init(nodes: 2, takesAll: true, compute: .init(kind: .spot)), "spot"),
            ]
            for (job, word) in cases {
                let error = try #require(throws: PublishError.self) {
                    try job.validate(name: "frames", architecture: "x86_64")
                }
                #expect((error.message + (error.hint ?? "")).contains(word))
            }
            #expect(throws: PublishError.self) {
                try Deployment.Job(takesAll: true).validate(name: "frames", architecture: "arm64")
            }
            #expect(throws: PublishError.self) {
                try Deployment.Job(takesAll: true).validate(name: "_frames", architecture: "x86_64")
            }
            try Deployment.Job(takesAll: true).validate(name: "frames", architecture: "x86_64")
        }

        @Test("that failed show what they said, and why they failed")
        func logs() throws {
            try fixture.publish(try deployment())
            let aws = fixture.emulator
            let group = "/aws/batch/frames"
            _ = try aws.aws(
                "logs", "create-log-stream", "--log-group-name", group, "--log-stream-name", "frames/default/1")
            let now = String(TimeSource.system.unixTime() * 1000)
            _ = try aws.aws(
                "logs", "put-log-events", "--log-group-name", group, "--log-stream-name", "frames/default/1",
                "--log-events", "timestamp=\(now),message=no such codec")
            try aws.answer(
                "DescribeJobs",
                with: """
                    {"jobs": [{"jobId": "j1", "jobName": "frames-1", "status": "FAILED",
                      "statusReason": "Essential container in task exited",
                      "container": {"exitCode": 3, "reason": "it ended", "logStreamName": "frames/default/1",
                        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "\(group)"}}}}]}
                    """)
            let log = JobLog(try fixture.session().client)
            let job = try log.job("j1")
            #expect(try log.events(of: job).map(\.message) == ["no such codec"])
            #expect(
                JobLog.summary(of: job)
                    == "job j1: FAILED: Essential container in task exited; it ended (exit code 3)")
            try aws.answer("DescribeJobs", with: #"{"jobs": []}"#)
            #expect(throws: PublishError.self) { try log.job("j2") }
        }

        @Test("that are told of with impossible numbers, or without a main node, are shown as far as they are known")
        func hostileLogs() throws {
            let aws = fixture.emulator
            let smallest = Int.min
            try aws.answer(
                "DescribeJobs", times: 2,
                with: """
                    {"jobs": [{"jobId": "j1", "status": "FAILED", "arrayProperties": {"size": \(smallest)},
                      "nodeProperties": {"numNodes": \(smallest)}}]}
                    """)
            let log = JobLog(try fixture.session().client)
            #expect(JobLog.summary(of: try log.job("j1")) == "job j1: FAILED")
            #expect(try log.events(of: log.job("j1")).isEmpty)
            // Its main node has the id of the whole, and so on.
            try aws.clear()
            try aws.answer(
                "DescribeJobs", times: 100,
                with: #"{"jobs": [{"jobId": "j1", "status": "RUNNING", "nodeProperties": {"numNodes": 2}}]}"#)
            #expect(try log.events(of: log.job("j1")).isEmpty)
            #expect(try aws.requests().filter { $0.operation == "DescribeJobs" }.count == 2)
        }
    }
}
