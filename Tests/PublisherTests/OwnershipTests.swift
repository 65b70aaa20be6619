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
    }
}
