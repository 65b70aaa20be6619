import AWS
import ByteKit
import JSON
import Publisher
import TestKit
import Testing

extension EmulatorTests {
    @Suite("a fault")
    struct FaultTests: ~Copyable {
        private let fixture: Fixture

        init() throws { fixture = try Fixture() }

        private static func tags(_ name: String) -> [String: String] {
            ["createdby": "scar-build", "scar-build:function": name]
        }

        @Test("of a role that is too new to be used is waited for")
        func newRole() throws {
            try fixture.emulator.fail(
                "CreateFunction", times: 3, status: 400, code: "InvalidParameterValueException",
                message: "The role defined for the function cannot be assumed by Lambda.")
            try fixture.publish(try fixture.deployment())
            #expect(try fixture.emulator.changes().filter { $0 == "CreateFunction" }.count == 4)
        }

        @Test("of a role that can never be used ends, and says so")
        func wrongRole() throws {
            try fixture.emulator.fail(
                "CreateFunction", times: 1000, status: 400, code: "InvalidParameterValueException",
                message: "The role defined for the function cannot be assumed by Lambda.")
            let error = #expect(throws: InterruptedPublication.self) {
                try fixture.publish(try fixture.deployment())
            }
            #expect(error?.diagnostic.message.contains("cannot be assumed") == true)
        }

        @Test("of a change that is still going on is waited for")
        func conflict() throws {
            try fixture.publish(try fixture.deployment())
            try fixture.emulator.fail(
                "UpdateFunctionConfiguration", times: 2, status: 409, code: "ResourceConflictException",
                message: "The operation cannot be performed at this time. An update is in progress for resource")
            var deployment = try fixture.deployment()
            deployment.function.memory = 256
            try fixture.publish(deployment)
            #expect(try fixture.publish(deployment) == [])
        }

        @Test("of lacking rights ends at once, names them, and says what was done")
        func denied() throws {
            try fixture.emulator.fail(
                "CreateRole", times: 9, status: 403, code: "AccessDenied",
                message: "User: dev is not authorized to perform: iam:CreateRole")
            let error = try #require(throws: InterruptedPublication.self) {
                try fixture.publish(try fixture.deployment())
            }
            #expect(error.diagnostic.message.contains("iam:CreateRole"))
            #expect(error.diagnostic.hint?.contains("create the log group") == true)
            #expect(try fixture.emulator.changes().filter { $0 == "CreateRole" }.count == 1)
            try fixture.emulator.clear()
            try fixture.publish(try fixture.deployment())
            #expect(try fixture.publish(try fixture.deployment()) == [])
        }

        @Test("of a lost answer to the making of an API leaves one API, and callers know which")
        func twoAPIs() throws {
            var deployment = try fixture.deployment()
            for kind in [Deployment.API.Kind.http, .rest] {
                deployment.api = .init(kind: kind, name: "frames", authorization: .none)
                try fixture.publish(deployment)
                let session = try fixture.session()
                // As if it had been made once more, unheard.
                if kind == .http {
                    _ = try session.httpAPIs.create("frames", cors: nil, tags: Self.tags("frames"))
                } else {
                    _ = try session.restAPIs.create("frames", tags: Self.tags("frames"))
                }
                let changes = try fixture.publish(deployment)
                #expect(changes.contains { $0.hasPrefix("remove the \(kind == .http ? "HTTP" : "REST") API frames (") })
                #expect(try fixture.publish(deployment) == [])
                let left =
                    kind == .http
                    ? try session.httpAPIs.apis(tagged: "scar-build:function", "frames").count
                    : try session.restAPIs.apis(tagged: "scar-build:function", "frames").count
                #expect(left == 1)
            }
        }

        @Test("of a lost answer to the making of a role is none; a role of somebody else's is left alone")
        func twoRoles() throws {
            let deployment = try fixture.deployment()
            let plan = try FunctionPublisher(try fixture.session()).plan(deployment)
            let role = plan.changes.filter { $0.kind == "role" }
            for _ in 0..<2 {
                var again = plan
                again.changes = role
                try FunctionPublisher(try fixture.session()).apply(again) { _, _ in }
            }
            try fixture.publish(deployment)
            let session = try fixture.session()
            let name = "scar-build-eu-west-1-other"
            _ = try session.identity.createRole(name, trust: .object([]), description: "", tags: [:])
            var other = try fixture.deployment("other")
            other.api = nil
            other.inputs = []
            let error = #expect(throws: PublishError.self) { try fixture.publish(other) }
            #expect(error?.code == .notOurs)
        }

        @Test("of a packages' bucket that is another account's is said before anything goes there")
        func foreignBucket() throws {
            var options = FunctionPublisher.Options()
            options.directUploadLimit = 10
            var deployment = try fixture.deployment()
            deployment.inputs = []
            deployment.outputs = []
            try fixture.emulator.fail("HeadBucket", times: 9, status: 403, code: "AccessDenied")
            let error = try #require(throws: InterruptedPublication.self) {
                try fixture.publish(deployment, options: options)
            }
            #expect(error.diagnostic.message.contains("another account's"))
            #expect(
                try fixture.emulator.changes().allSatisfy {
                    !$0.hasPrefix("Put") || $0.hasPrefix("PutRole") || $0.hasPrefix("PutRetention")
                })
        }

        @Test("of a lost answer to the creation of a function is no fault")
        func lostAnswer() throws {
            let deployment = try fixture.deployment()
            // As if the first attempt had succeeded unheard: the function is there when it is asked for.
            let session = try fixture.session()
            var plan = try FunctionPublisher(session).plan(deployment)
            try fixture.publish(deployment)
            plan.changes = plan.changes.filter { $0.kind == "function" }
            try FunctionPublisher(session).apply(plan) { _, _ in }
            #expect(try fixture.publish(deployment) == [])
        }

        @Test("of somebody who writes a bucket's notifications at the same time is mended, and ends when it goes on")
        func racedNotifications() throws {
            let other = """
                <NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></NotificationConfiguration>
                """
            let session = try fixture.session()
            let plan = try FunctionPublisher(session).plan(try fixture.deployment())
            let name = "GetBucketNotificationConfiguration"
            // What is read before and after the first writing; from then on the truth.
            try fixture.emulator.answer(name, times: 2, with: other)
            try FunctionPublisher(session).apply(plan) { _, _ in }
            #expect(
                try fixture.emulator.changes().filter { $0 == "PutBucketNotificationConfiguration" }.count == 2)
            #expect(try fixture.publish(try fixture.deployment()) == [])
            try fixture.remove()
            let second = FunctionPublisher(try fixture.session())
            let again = try second.plan(try fixture.deployment())
            try fixture.emulator.answer(name, times: 99, with: other)
            let error = try #require(throws: InterruptedPublication.self) { try second.apply(again) { _, _ in } }
            #expect(error.diagnostic.message.contains("somebody else"))
        }
    }

    @Suite("what is there already")
    struct OthersTests: ~Copyable {
        private let fixture: Fixture

        init() throws { fixture = try Fixture() }

        private static let others = #"""
            {"TopicConfigurations": [{"Id": "t", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:topic",
               "Events": ["s3:ObjectRemoved:*"]}],
             "QueueConfigurations": [{"Id": "q", "QueueArn": "arn:aws:sqs:eu-west-1:123456789012:queue",
               "Events": ["s3:ObjectCreated:Put"], "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "logs/"}]}}}],
             "LambdaFunctionConfigurations": [{"Id": "mine",
               "LambdaFunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:other",
               "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".pdf"}]}}}],
             "EventBridgeConfiguration": {}}
            """#

        private func makeBucket() throws {
            let aws = fixture.emulator
            _ = try aws.aws(
                "s3api", "create-bucket", "--bucket", "videos", "--create-bucket-configuration",
                "LocationConstraint=eu-west-1")
        }

        private func notifications() throws -> JSON {
            try fixture.emulator.aws("s3api", "get-bucket-notification-configuration", "--bucket", "videos")
        }

        private func ids(_ json: JSON, _ kind: StaticString) -> [String] {
            (json[kind]?.array ?? []).compactMap { $0["Id"]?.string }.sorted()
        }

        @Test("in a bucket's notifications stays, of all four kinds, when a function comes and when it goes")
        func notificationsStay() throws {
            try makeBucket()
            _ = try fixture.emulator.aws(
                "s3api", "put-bucket-notification-configuration", "--bucket", "videos",
                "--notification-configuration", Self.others, "--skip-destination-validation")
            let before = try notifications()
            try fixture.publish(try fixture.deployment())
            let during = try notifications()
            #expect(ids(during, "TopicConfigurations") == ["t"])
            #expect(ids(during, "QueueConfigurations") == ["q"])
            #expect(ids(during, "LambdaFunctionConfigurations").count == 3)
            #expect(try fixture.emulator.problems() == [])
            try fixture.remove()
            #expect(try notifications() == before)
        }

        @Test("in a bucket's notifications for the same objects is an error that names it, before anything is changed")
        func overlap() throws {
            try makeBucket()
            let other = #"""
                {"QueueConfigurations": [{"Id": "q", "QueueArn": "arn:aws:sqs:eu-west-1:123456789012:queue",
                 "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in"}]}}}]}
                """#
            _ = try fixture.emulator.aws(
                "s3api", "put-bucket-notification-configuration", "--bucket", "videos",
                "--notification-configuration", other, "--skip-destination-validation")
            try fixture.emulator.clear()
            let error = try #require(throws: PublishError.self) { try fixture.publish(try fixture.deployment()) }
            #expect(error.message.contains("‘q’"))
            #expect(try fixture.emulator.changes() == [])
        }

        @Test("under the function's name and was not made here is left alone, unless it is to be taken over")
        func foreignFunction() throws {
            try fixture.publish(try fixture.deployment())
            let arn = "arn:aws:lambda:eu-west-1:123456789012:function:frames"
            _ = try fixture.emulator.aws("lambda", "untag-resource", "--resource", arn, "--tag-keys", "createdby")
            let error = try #require(throws: PublishError.self) { try fixture.publish(try fixture.deployment()) }
            #expect(error.code == .notOurs)
            #expect(throws: PublishError.self) { try fixture.remove() }
            var options = FunctionPublisher.Options()
            options.adopts = true
            #expect(try fixture.publish(try fixture.deployment(), options: options) == ["update the function frames"])
        }

        @Test("as a bucket in another region is an error for input, and fine for output")
        func otherRegion() throws {
            _ = try fixture.emulator.aws("s3api", "create-bucket", "--bucket", "pictures", "--region", "us-east-1")
            try fixture.publish(try fixture.deployment())
            _ = try fixture.emulator.aws("s3api", "create-bucket", "--bucket", "far", "--region", "us-east-1")
            var deployment = try fixture.deployment()
            deployment.inputs = [.init(bucket: "far", folder: "in")]
            let error = try #require(throws: PublishError.self) { try fixture.publish(deployment) }
            #expect(error.message.contains("us-east-1"))
        }

        @Test("as a bucket of somebody's own stays when the function goes, and so does one with files in it")
        func bucketsStay() throws {
            try makeBucket()
            try fixture.publish(try fixture.deployment())
            try fixture.session().s3.put([1, 2, 3], to: "pictures", "out/a b+c%.png")
            let session = try fixture.session()
            let (plan, kept) = try Removal(session).plan("frames")
            #expect(kept.count == 2)
            try FunctionPublisher(session).apply(plan) { _, _ in }
            let buckets = try fixture.emulator.aws("s3api", "list-buckets")["Buckets"]?.array ?? []
            #expect(buckets.compactMap { $0["Name"]?.string }.sorted() == ["pictures", "videos"])
        }

        @Test("as a bucket that two functions share stays until both have gone")
        func sharedBucket() throws {
            try fixture.publish(try fixture.deployment())
            var second = try fixture.deployment("faces")
            second.inputs = [.init(bucket: "pictures", folder: "out", suffixes: [".png"])]
            second.outputs = [.init(bucket: "pictures", folder: "faces")]
            try fixture.publish(second)
            try fixture.remove("frames")
            let buckets = try fixture.emulator.aws("s3api", "list-buckets")["Buckets"]?.array ?? []
            #expect(buckets.compactMap { $0["Name"]?.string } == ["pictures"])
            #expect(try fixture.publish(second) == [])
            try fixture.remove("faces")
            #expect(try fixture.leftovers() == [])
        }
    }
}
