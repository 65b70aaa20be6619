import AWS
import ByteKit
import JSON
import Publisher
import TestKit
import Testing

extension EmulatorTests {
    @Suite("a job that has not ended")
    struct UnfinishedJobTests: ~Copyable {
        private let fixture: Fixture
        private static let first = "arn:aws:batch:eu-west-1:123456789012:job-definition/frames:1"

        init() throws { fixture = try Fixture() }

        /// From now on there is a job in the queue that was submitted with the first revision: the emulator's own end at once.
        private func wait() throws {
            try fixture.emulator.answer(
                "ListJobs", times: 1000,
                with: #"{"jobSummaryList": [{"jobId": "j1", "jobName": "f", "jobDefinition": "\#(Self.first)"}]}"#)
        }

        private func images() throws -> Set<String> {
            let images = try fixture.emulator.aws(
                "ecr", "describe-images", "--repository-name", "scar-build/frames")["imageDetails"]?.array
            return Set((images ?? []).compactMap { $0["imageDigest"]?.string })
        }

        private func roles() throws -> [String] {
            let roles = try fixture.emulator.aws("iam", "list-roles")["Roles"]?.array ?? []
            return roles.compactMap { $0["RoleName"]?.string }.filter { $0.hasSuffix(".job") }
        }

        private func digest(_ content: String) throws -> String { "\(try fixture.image(content).digest)" }

        @Test("keeps the image that it starts from, of a function from a zip or an image", arguments: [false, true])
        func image(isImage: Bool) throws {
            var deployment = try fixture.deploymentWithJobs("frames", .init(kind: .fargate))
            if isImage { deployment.package = nil }
            deployment.keptVersions = 1
            try fixture.publish(deployment)
            deployment.image = try fixture.image("two")
            try wait()
            try fixture.publish(deployment)
            // The version that callers had until then goes one later; that of an image needs the image no more then.
            try fixture.publish(deployment)
            #expect(try images() == [digest("one"), digest("two")])
            #expect(try fixture.publish(deployment) == [])
            #expect(try fixture.emulator.problems() == [])
            try fixture.emulator.clear()
            let gone = "remove the image scar-build/frames@\(try digest("one"))"
            #expect(try fixture.publish(deployment) == [gone])
            #expect(try images() == [digest("two")])
            #expect(try fixture.publish(deployment) == [])
        }

        @Test("keeps it also when the job came after the plan was made")
        func late() throws {
            var deployment = try fixture.deploymentWithJobs()
            try fixture.publish(deployment)
            deployment.image = try fixture.image("two")
            let publisher = FunctionPublisher(try fixture.session(), options: fixture.options)
            let plan = try publisher.plan(deployment)
            #expect(plan.changes.contains { $0.title.hasPrefix("remove the image") })
            try wait()
            try publisher.apply(plan) { _, _ in }
            #expect(try images() == [digest("one"), digest("two")])
        }

        @Test("keeps the role that it runs as, which goes after it when jobs have nothing to read or write any more")
        func role() throws {
            var deployment = try fixture.deploymentWithJobs()
            try fixture.publish(deployment)
            #expect(try roles() == ["scar-build-eu-west-1-frames.job"])
            deployment.inputs = []
            deployment.outputs = []
            deployment.job?.events = nil
            let publisher = FunctionPublisher(try fixture.session(), options: fixture.options)
            let plan = try publisher.plan(deployment)
            #expect(plan.changes.contains { $0.title == "remove the role scar-build-eu-west-1-frames.job" })
            try wait()
            try publisher.apply(plan) { _, _ in }
            #expect(try fixture.publish(deployment) == [])
            #expect(try roles() == ["scar-build-eu-west-1-frames.job"])
            try fixture.emulator.clear()
            #expect(try fixture.publish(deployment) == ["remove the role scar-build-eu-west-1-frames.job"])
            #expect(try roles() == [])
            #expect(try fixture.publish(deployment) == [])
        }
    }
}
