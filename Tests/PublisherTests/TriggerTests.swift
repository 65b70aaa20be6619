import AWS
import ByteKit
import JSON
import Publisher
import TestKit
import Testing

extension EmulatorTests {
    @Suite("a function")
    struct TriggerTests: ~Copyable {
        private let fixture: Fixture
        private static let queue = "arn:aws:sqs:eu-west-1:123456789012:videos"

        init() throws { fixture = try Fixture() }

        /// The command line looks for queues at an old address of theirs, whatever the variables say.
        private func makeQueue(_ name: String = "videos") throws {
            let emulator = fixture.emulator
            _ = try emulator.aws("sqs", "create-queue", "--queue-name", name, "--endpoint-url", emulator.origin)
        }

        private func ofQueue() throws -> Deployment {
            var deployment = try fixture.deployment()
            deployment.queues = [.init(arn: Self.queue, batchSize: 20, window: 5, reportsFailures: true)]
            return deployment
        }

        private func ofRules() throws -> Deployment {
            var deployment = try fixture.deployment()
            let pattern = try JSON.parse(Array(#"{"source":["shop"],"detail":{"size":[{"numeric":[">",3]}]}}"#.utf8))
            deployment.rules = [
                .init(name: "nightly", cause: .schedule("rate(1 day)")),
                .init(name: "orders", cause: .pattern(pattern), bus: "shop"),
            ]
            return deployment
        }

        private func sources() throws -> [JSON] {
            try fixture.emulator.aws("lambda", "list-event-source-mappings")["EventSourceMappings"]?.array ?? []
        }

        @Test("is called for a queue's messages, and says which failed; the role may read the queue")
        func queue() throws {
            try makeQueue()
            try fixture.publish(try ofQueue())
            #expect(try fixture.emulator.problems() == [])
            let source = try #require(try sources().first)
            #expect(source["EventSourceArn"]?.string == Self.queue)
            #expect(source["FunctionArn"]?.string?.contains("function:frames") == true)
            #expect(source["BatchSize"]?.integer == 20)
            #expect(source["MaximumBatchingWindowInSeconds"]?.integer == 5)
            #expect(source["FunctionResponseTypes"]?[0]?.string == "ReportBatchItemFailures")
            let policy = try fixture.emulator.aws(
                "iam", "get-role-policy", "--role-name", "scar-build-eu-west-1-frames", "--policy-name", "scar-build")
            let text = String(decoding: policy.text(), as: UTF8.self)
            #expect(text.contains("sqs:ReceiveMessage"))
            #expect(text.contains(Self.queue))
            try fixture.emulator.clear()
            #expect(try fixture.publish(try ofQueue()) == [])
            #expect(try fixture.emulator.changes() == [])
        }

        @Test("whose queue changes or goes is changed, and nobody else's trigger of it")
        func queueChanges() throws {
            try makeQueue()
            try fixture.publish(try ofQueue())
            var deployment = try ofQueue()
            deployment.queues[0].batchSize = 30
            #expect(try fixture.publish(deployment) == ["update the queue trigger videos"])
            #expect(try sources().first?["BatchSize"]?.integer == 30)
            try makeQueue("theirs")
            _ = try fixture.emulator.aws(
                "lambda", "create-event-source-mapping", "--function-name",
                "arn:aws:lambda:eu-west-1:123456789012:function:frames:live", "--event-source-arn",
                "arn:aws:sqs:eu-west-1:123456789012:theirs")
            #expect(try fixture.publish(try fixture.deployment()).contains("remove the queue trigger videos"))
            #expect(
                try sources().compactMap { $0["EventSourceArn"]?.string } == [
                    "arn:aws:sqs:eu-west-1:123456789012:theirs"
                ])
        }

        @Test("whose queue calls it by somebody else's trigger is not published, and the trigger stays as it was")
        func foreignTrigger() throws {
            try makeQueue()
            try fixture.publish(try fixture.deployment())
            _ = try fixture.emulator.aws(
                "lambda", "create-event-source-mapping", "--function-name",
                "arn:aws:lambda:eu-west-1:123456789012:function:frames:live", "--event-source-arn", Self.queue,
                "--batch-size", "3")
            try fixture.emulator.clear()
            let error = try #require(throws: PublishError.self) { try fixture.publish(try ofQueue()) }
            #expect(error.code == .notOurs)
            #expect(error.message.contains("videos"))
            #expect(try fixture.emulator.changes() == [])
            #expect(try sources().map { $0["BatchSize"]?.integer } == [3])
        }

        @Test("finds that its trigger was made, though the answer was lost, and that somebody else was faster")
        func lostTrigger() throws {
            try makeQueue()
            let session = try fixture.session()
            let plan = try FunctionPublisher(session).plan(try ofQueue())
            var trigger = plan
            trigger.changes = plan.changes.filter { $0.kind == "queue trigger" }
            try FunctionPublisher(session).apply(plan) { _, _ in }
            try fixture.emulator.fail(
                "CreateEventSourceMapping", times: 2, status: 409, code: "ResourceConflictException")
            try FunctionPublisher(session).apply(trigger) { _, _ in }
            let arn = try #require(try sources().first?["EventSourceMappingArn"]?.string)
            _ = try fixture.emulator.aws("lambda", "untag-resource", "--resource", arn, "--tag-keys", "createdby")
            let error = try #require(throws: InterruptedPublication.self) {
                try FunctionPublisher(session).apply(trigger) { _, _ in }
            }
            #expect(error.cause.diagnostic.code == "not-ours")
        }

        @Test("waits for its role to be known when a queue is added, and says what a queue without patience needs")
        func queueFaults() throws {
            try makeQueue()
            try fixture.emulator.fail(
                "CreateEventSourceMapping", times: 2, status: 400, code: "InvalidParameterValueException",
                message: "The provided execution role does not have permissions to call ReceiveMessage on SQS")
            try fixture.publish(try ofQueue())
            #expect(try sources().count == 1)
            try fixture.remove()
            try fixture.emulator.fail(
                "CreateEventSourceMapping", times: 1, status: 400, code: "InvalidParameterValueException",
                message: "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds")
            let error = try #require(throws: InterruptedPublication.self) { try fixture.publish(try ofQueue()) }
            #expect(error.diagnostic.hint?.contains("six times") == true)
        }

        @Test("is called by rules, at times and for events of any bus, each with a permission of its own")
        func rules() throws {
            _ = try fixture.emulator.aws("events", "create-event-bus", "--name", "shop")
            let deployment = try ofRules()
            try fixture.publish(deployment)
            #expect(try fixture.emulator.problems() == [])
            let nightly = try fixture.emulator.aws("events", "describe-rule", "--name", "scar-build.frames.nightly")
            #expect(nightly["ScheduleExpression"]?.string == "rate(1 day)")
            let targets = try fixture.emulator.aws(
                "events", "list-targets-by-rule", "--rule", "scar-build.frames.orders", "--event-bus-name", "shop")
            #expect(
                targets["Targets"]?[0]?["Arn"]?.string == "arn:aws:lambda:eu-west-1:123456789012:function:frames:live")
            let policy = try fixture.emulator.aws(
                "lambda", "get-policy", "--function-name", "frames", "--qualifier", "live")
            #expect(
                policy["Policy"]?.string?.contains(
                    "arn:aws:events:eu-west-1:123456789012:rule/shop/scar-build.frames.orders") == true)
            try fixture.emulator.clear()
            #expect(try fixture.publish(deployment) == [])
            #expect(try fixture.emulator.changes() == [])
        }

        @Test("whose rule changes, moves to another bus or goes, leaves nothing where it was")
        func ruleChanges() throws {
            _ = try fixture.emulator.aws("events", "create-event-bus", "--name", "shop")
            var deployment = try ofRules()
            try fixture.publish(deployment)
            deployment.rules[0].cause = .schedule("cron(0 6 * * ? *)")
            #expect(try fixture.publish(deployment) == ["update the rule scar-build.frames.nightly"])
            deployment.rules[1].bus = "default"
            try fixture.publish(deployment)
            #expect(try fixture.publish(deployment) == [])
            let shop = try fixture.emulator.aws("events", "list-rules", "--event-bus-name", "shop")
            #expect(shop["Rules"]?.array?.isEmpty == true)
            deployment.rules = []
            try fixture.publish(deployment)
            let left = try fixture.emulator.aws("events", "list-rules")
            #expect(left["Rules"]?.array?.isEmpty == true)
            #expect(try fixture.emulator.problems() == [])
        }

        @Test("whose rule calls something else as well goes from the rule, and leaves rule and other target")
        func sharedRule() throws {
            let aws = fixture.emulator
            var deployment = try fixture.deployment()
            deployment.rules = [
                .init(name: "nightly", cause: .schedule("rate(1 day)")),
                .init(name: "hourly", cause: .schedule("rate(1 hour)")),
            ]
            try fixture.publish(deployment)
            for rule in ["nightly", "hourly"] {
                _ = try aws.aws(
                    "events", "put-targets", "--rule", "scar-build.frames.\(rule)", "--targets",
                    "Id=theirs,Arn=\(Self.queue)")
            }
            func targets(_ rule: String) throws -> [String] {
                let found = try aws.aws("events", "list-targets-by-rule", "--rule", "scar-build.frames.\(rule)")
                return (found["Targets"]?.array ?? []).compactMap { $0["Id"]?.string }
            }
            deployment.rules.removeFirst()
            #expect(try fixture.publish(deployment).contains("update the rule scar-build.frames.nightly"))
            #expect(try targets("nightly") == ["theirs"])
            #expect(try fixture.publish(deployment) == [])
            let session = try fixture.session()
            let (plan, kept) = try Removal(session).plan("frames")
            #expect(kept.contains { $0.contains("scar-build.frames.hourly") })
            try FunctionPublisher(session).apply(plan) { _, _ in }
            #expect(try targets("hourly") == ["theirs"])
            let left = try fixture.leftovers()
            #expect(left.sorted() == ["events scar-build.frames.hourly", "events scar-build.frames.nightly"])
            #expect(try fixture.emulator.problems() == [])
        }

        @Test("with triggers is completed after it was stopped, and removed, at whichever change it was")
        func killed() throws {
            let steps = try fixture.stopEverywhere(every: 3, isRemovalStopped: true) {
                try makeQueue()
                _ = try fixture.emulator.aws("events", "create-event-bus", "--name", "shop")
                var deployment = try ofRules()
                deployment.api = nil
                deployment.inputs = []
                deployment.queues = try ofQueue().queues
                return deployment
            }
            #expect(steps >= 14)
        }

        @Test("streams through its URL when the recipe asks for it, and no more when it does not")
        func streaming() throws {
            var deployment = try fixture.deployment()
            deployment.api = .init(kind: .url, name: "frames", authorization: .iam)
            deployment.api?.isStreamed = true
            try fixture.publish(deployment)
            #expect(try fixture.emulator.problems() == [])
            func mode() throws -> String? {
                try fixture.emulator.aws(
                    "lambda", "get-function-url-config", "--function-name", "frames", "--qualifier", "live")[
                        "InvokeMode"]?.string
            }
            #expect(try mode() == "RESPONSE_STREAM")
            #expect(try fixture.publish(deployment) == [])
            deployment.api?.isStreamed = false
            #expect(try fixture.publish(deployment) == ["update the URL frames"])
            #expect(try mode() == "BUFFERED")
        }
    }
}
