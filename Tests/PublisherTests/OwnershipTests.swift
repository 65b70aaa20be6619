import AWS
import ByteKit
import JSON
import Publisher
import TestKit
import Testing

extension EmulatorTests {
    @Suite("what another function has, or somebody else,")
    struct OwnershipTests: ~Copyable {
        private let fixture: Fixture

        init() throws { fixture = try Fixture() }

        private func environments() throws -> [String] {
            let found = try fixture.emulator.aws("batch", "describe-compute-environments")["computeEnvironments"]
            return (found?.array ?? []).compactMap { $0["computeEnvironmentName"]?.string }.sorted()
        }

        @Test("stays when two names and two kinds of machines could be taken for each other")
        func kinds() throws {
            try fixture.publish(try fixture.deploymentWithJobs("frames", .init(kind: .fargateSpot)))
            var other = try fixture.deployment("frames-fargate")
            other.inputs = []
            try fixture.publish(other)
            #expect(try environments() == ["frames-fargate_spot"])
            var withJobs = try fixture.deploymentWithJobs("frames-fargate", .init(kind: .spot))
            withJobs.inputs = []
            try fixture.publish(withJobs)
            #expect(try environments() == ["frames-fargate-spot", "frames-fargate_spot"])
            try fixture.remove("frames-fargate")
            #expect(try environments() == ["frames-fargate_spot"])
            #expect(try fixture.publish(try fixture.deploymentWithJobs("frames", .init(kind: .fargateSpot))) == [])
        }

        @Test("and says so in a tag, is an error under a name of the function's, and stays when the function goes")
        func tags() throws {
            let deployment = try fixture.deploymentWithJobs()
            try fixture.publish(deployment)
            let aws = fixture.emulator
            let batch = "arn:aws:batch:eu-west-1:123456789012"
            func give(_ name: String) throws {
                for arn in ["\(batch):compute-environment/frames-ec2", "\(batch):job-queue/frames"] {
                    _ = try aws.aws(
                        "batch", "tag-resource", "--resource-arn", arn, "--tags", "scar-build:function=\(name)")
                }
                for role in ["frames", "frames.job"] {
                    _ = try aws.aws(
                        "iam", "tag-role", "--role-name", "scar-build-eu-west-1-\(role)", "--tags",
                        "Key=scar-build:function,Value=\(name)")
                }
                _ = try aws.aws(
                    "ecr", "tag-resource", "--resource-arn",
                    "arn:aws:ecr:eu-west-1:123456789012:repository/scar-build/frames", "--tags",
                    "Key=scar-build:function,Value=\(name)")
                _ = try aws.aws(
                    "logs", "tag-resource", "--resource-arn",
                    "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/batch/frames", "--tags",
                    "scar-build:function=\(name)")
            }
            try give("other")
            let error = try #require(throws: PublishError.self) { try fixture.publish(deployment) }
            #expect(error.code == .notOurs)
            try fixture.remove()
            let left = try fixture.leftovers()
            #expect(
                left.sorted() == [
                    "batch frames", "batch frames-ec2", "ecr scar-build/frames", "iam scar-build-eu-west-1-frames",
                    "iam scar-build-eu-west-1-frames.job", "logs /aws/batch/frames",
                ])
            try give("frames")
            try fixture.remove()
            #expect(try fixture.leftovers() == [])
        }

        @Test("of a log group's name keeps its days, until it is taken over with the function")
        func logGroup() throws {
            let (aws, name) = (fixture.emulator, "/aws/lambda/frames")
            _ = try aws.aws("logs", "create-log-group", "--log-group-name", name)
            try aws.clear()
            let deployment = try fixture.deployment()
            let error = try #require(throws: PublishError.self) { try fixture.publish(deployment) }
            #expect(error.code == .notOurs)
            #expect(error.hint?.contains("--adopt") == true)
            #expect(try aws.changes() == [])
            #expect(try fixture.session().logs.group(name)?.retention == nil)
            var options = fixture.options
            options.adopts = true
            #expect(try fixture.publish(deployment, options: options).contains("update the log group \(name)"))
            #expect(try fixture.session().logs.group(name)?.retention == 30)
            #expect(try fixture.publish(deployment) == [])
            #expect(try aws.problems() == [])
            try fixture.remove()
            #expect(try fixture.leftovers() == [])
        }

        @Test("of a log group's name that came after the plan is not touched either")
        func lateLogGroup() throws {
            let publisher = FunctionPublisher(try fixture.session(), options: fixture.options)
            let plan = try publisher.plan(try fixture.deployment())
            _ = try fixture.emulator.aws("logs", "create-log-group", "--log-group-name", "/aws/lambda/frames")
            let error = try #require(throws: InterruptedPublication.self) { try publisher.apply(plan) { _, _ in } }
            #expect(error.diagnostic.code == "not-ours")
            #expect(try fixture.session().logs.group("/aws/lambda/frames")?.retention == nil)
        }

        @Test("of an instance profile's name is left alone, when jobs come and when they go")
        func instanceProfile() throws {
            let (aws, name) = (fixture.emulator, "scar-build-eu-west-1-frames.machine")
            _ = try aws.aws("iam", "create-instance-profile", "--instance-profile-name", name)
            try aws.clear()
            let error = try #require(throws: PublishError.self) {
                try fixture.publish(try fixture.deploymentWithJobs())
            }
            #expect(error.code == .notOurs && error.message.contains(name))
            #expect(try aws.changes() == [])
            try fixture.publish(try fixture.deployment())
            try fixture.remove()
            #expect(try fixture.leftovers() == ["iam \(name)"])
        }

        @Test("is not given a role of the function's when it was faster to make the instance profile")
        func lateInstanceProfile() throws {
            let (aws, name) = (fixture.emulator, "scar-build-eu-west-1-frames.machine")
            let publisher = FunctionPublisher(try fixture.session(), options: fixture.options)
            let plan = try publisher.plan(try fixture.deploymentWithJobs())
            _ = try aws.aws("iam", "create-instance-profile", "--instance-profile-name", name)
            let error = try #require(throws: InterruptedPublication.self) { try publisher.apply(plan) { _, _ in } }
            #expect(error.cause.diagnostic.code == "not-ours")
            #expect(try fixture.session().identity.instanceProfile(name)?.roles == [])
        }

        // MARK: Between plan and change

        private func tags(of bucket: String) throws -> [String] {
            try fixture.session().s3.tags(of: bucket).keys.filter { $0.hasPrefix("scar-build:function") }.sorted()
        }

        /// A function that only writes to the bucket that the first one writes to as well.
        private func neighbour(_ name: String = "faces") throws -> Deployment {
            var deployment = try fixture.deployment(name)
            deployment.inputs = []
            return deployment
        }

        @Test("keeps a bucket that it has begun to use since a removal was planned, and its tag on one that stays")
        func removedBucket() throws {
            try fixture.publish(try fixture.deployment())
            let session = try fixture.session()
            let plan = try Removal(session).plan("frames").plan
            #expect(plan.changes.contains { $0.title == "remove the bucket pictures" })
            try fixture.publish(try neighbour())
            try FunctionPublisher(session).apply(plan) { _, _ in }
            #expect(try tags(of: "pictures") == ["scar-build:function:faces"])
            let later = try fixture.session()
            try fixture.publish(try neighbour("frames"))
            let update = try Removal(later).plan("frames").plan
            #expect(update.changes.contains { $0.title == "update the bucket pictures" })
            try fixture.publish(try neighbour("third"))
            try FunctionPublisher(later).apply(update) { _, _ in }
            #expect(try tags(of: "pictures") == ["scar-build:function:faces", "scar-build:function:third"])
            #expect(try fixture.publish(try neighbour()) == [])
        }

        @Test("has its tag on a bucket still, when two publications make or take the bucket at the same time")
        func sharedBucket() throws {
            let first = FunctionPublisher(try fixture.session(), options: fixture.options)
            let second = FunctionPublisher(try fixture.session(), options: fixture.options)
            let third = FunctionPublisher(try fixture.session(), options: fixture.options)
            let fourth = FunctionPublisher(try fixture.session(), options: fixture.options)
            let plans = [try first.plan(try neighbour("a")), try second.plan(try neighbour("b"))]
            try first.apply(plans[0]) { _, _ in }
            try second.apply(plans[1]) { _, _ in }
            #expect(try tags(of: "pictures") == ["scar-build:function:a", "scar-build:function:b"])
            let updates = [try third.plan(try neighbour("c")), try fourth.plan(try neighbour("d"))]
            #expect(updates.allSatisfy { $0.changes.contains { $0.title == "update the bucket pictures" } })
            try third.apply(updates[0]) { _, _ in }
            try fourth.apply(updates[1]) { _, _ in }
            #expect(try tags(of: "pictures") == ["a", "b", "c", "d"].map { "scar-build:function:\($0)" })
        }
    }
}
