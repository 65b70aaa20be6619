import Supervisor
import Testing

/// Storage events by other ways than S3's own: queues, topics, EventBridge, other functions.
@Suite struct MessageTests {
    private static func text(of json: String) -> String {
        #""\#(json.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined())""#
    }

    static func queued(_ bodies: String..., group: String? = nil) -> String {
        let attributes = group.map { #","attributes":{"MessageGroupId":"\#($0)"}"# } ?? ""
        let records = bodies.enumerated().map {
            #"{"messageId":"m\#($0 + 1)","receiptHandle":"r","body":\#(text(of: $1)),"eventSource":"aws:sqs"\#(attributes)}"#
        }
        return #"{"Records":[\#(records.joined(separator: ","))]}"#
    }

    static func notified(_ message: String) -> String {
        #"{"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","Sns":{"Type":"Notification","Message":\#(text(of: message))}}]}"#
    }

    static func bus(_ key: String, type: String = "Object Created") -> String {
        #"{"version":"0","source":"aws.s3","detail-type":"\#(type)","time":"2026-11-23T10:00:00Z","detail":{"bucket":{"name":"in"},"object":{"key":"\#(key)","size":5}}}"#
    }

    private func messages(_ event: String) throws -> [Message] {
        guard case .messages(let messages) = try Event.classify(utf8(event), inputs: []) else {
            Issue.record("no messages: \(event)")
            return []
        }
        return messages
    }

    private func keys(_ content: Message.Content) -> [String] {
        guard case .objects(let objects) = content else { return [] }
        return objects.map { utf8Text($0.key) }
    }

    private func utf8Text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("a queue's messages are storage events, a topic's envelopes around one, or texts; each counts for itself")
    func queue() throws {
        let inS3 = EventTests.event(EventTests.record("a+1"), EventTests.record("b"))
        let envelope =
            #"{"Type":"Notification","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":\#(Self.text(of: EventTests.event(EventTests.record("c"))))}"#
        let plain = #"{"Type":"Notification","TopicArn":"arn","Message":"words"}"#
        let found = try messages(Self.queued(inS3, envelope, plain, "no json", "7", Self.bus("d+e")))
        #expect(found.map { utf8Text($0.identifier) } == ["m1", "m2", "m3", "m4", "m5", "m6"])
        #expect(found.map { keys($0.content) } == [["a 1", "b"], ["c"], [], [], [], ["d+e"]])
        #expect(found[2].content == .text(utf8("words")))
        #expect(found[3].content == .text(utf8("no json")))
        #expect(found[4].content == .text(utf8("7")))
        #expect(try messages(utf8Text(found[3].event ?? [])).map(\.content) == [.text(utf8("no json"))])
        #expect(!found[0].isOrdered)
        #expect(try messages(Self.queued("x", group: "g"))[0].isOrdered)
    }

    @Test("one message that lies about a storage does not spoil the others")
    func malformedMessage() throws {
        let found = try messages(Self.queued(#"{"Records":[{"eventSource":"aws:s3"}]}"#, "fine"))
        guard case .malformed(let failure) = found[0].content else { Issue.record("taken"); return }
        #expect(failure.type == "Event.Malformed")
        #expect(found[1].content == .text(utf8("fine")))
    }

    @Test("a topic's message is a storage event or a text")
    func topic() throws {
        let found = try messages(Self.notified(EventTests.event(EventTests.record("a"))))
        #expect(found.map { keys($0.content) } == [["a"]])
        #expect(found[0].identifier.isEmpty)
        #expect(try messages(Self.notified("words")).map(\.content) == [.text(utf8("words"))])
    }

    @Test("what S3 says when it is told to use a queue is passed over, and not run")
    func testEvent() throws {
        let test = #"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-23T10:00:00Z","Bucket":"in"}"#
        guard case .objects(let objects) = try messages(Self.queued(test))[0].content else {
            Issue.record("it is a text")
            return
        }
        #expect(objects.map(\.refusal) == [.otherKind])
    }

    @Test("EventBridge's keys are taken as they are, and other kinds of its events about objects are passed over")
    func eventBridge() throws {
        guard case .objects(let objects) = try Event.classify(utf8(Self.bus("a+b%20c/ä.txt")), inputs: []) else {
            Issue.record("no storage event")
            return
        }
        #expect(
            objects == [
                ObjectRecord(bucket: utf8("in"), key: utf8("a+b%20c/ä.txt"), time: utf8("2026-11-23T10:00:00Z"))
            ])
        guard case .objects(let deleted) = try Event.classify(utf8(Self.bus("k", type: "Object Deleted")), inputs: [])
        else { return }
        #expect(deleted.map(\.refusal) == [.otherKind])
        #expect(
            try Event.classify(utf8(#"{"source":"my.app","detail-type":"x","detail":{}}"#), inputs: []) == .direct)
    }

    @Test(
        "an event that another cluster delegates keeps the name of the storage it came from", arguments: [true, false])
    func delegated(asText: Bool) throws {
        let inner = EventTests.event(EventTests.record("a", source: "minio:s3"))
        let event = #"{"storage_provider":"minio.cluster","event":\#(asText ? Self.text(of: inner) : inner)}"#
        guard case .objects(let objects) = try Event.classify(utf8(event), inputs: []) else {
            Issue.record("no storage event")
            return
        }
        #expect(objects.map(\.provider) == [utf8("minio.cluster")])
        let nested = #"{"storage_provider":"a","event":\#(Self.text(of: event))}"#
        #expect(try Event.classify(utf8(nested), inputs: []) == .direct)
    }

    @Test("records that are no messages among messages are an error")
    func mixed() {
        for event in [
            #"{"Records":[{"eventSource":"aws:sqs","messageId":"m"}]}"#,
            #"{"Records":[{"eventSource":"aws:sqs","messageId":"m","body":"b"},{"eventSource":"aws:kinesis"}]}"#,
            #"{"Records":[{"EventSource":"aws:sns","Sns":{}}]}"#,
        ] {
            let error = #expect(throws: Failure.self) { try Event.classify(utf8(event), inputs: []) }
            #expect(error?.type == "Event.Malformed")
        }
    }

    @Test("what a direct call brings is read strictly, and only when it is asked for")
    func directCalls() throws {
        func call(_ event: String) throws -> DirectCall {
            guard case .call(let call) = try Event.classify(utf8(event), inputs: []) else {
                throw Failure("Test", utf8(event))
            }
            return call
        }
        #expect(try call(#"{"script":"bHM="}"#).script() == utf8("ls"))
        #expect(try call(#"{"cmd_args":"[\"a\",\"b c\"]"}"#).arguments() == ["a", "b c"].map(utf8))
        #expect(try call(#"{"cmd_args":["a"]}"#).arguments() == [utf8("a")])
        for event in [
            #"{"script":"***"}"#, #"{"cmd_args":"no list"}"#, #"{"cmd_args":[1]}"#, #"{"cmd_args":{"a":1}}"#,
            #"{"cmd_args":["a\u0000b"]}"#,
        ] {
            let bad = try call(event)
            #expect(throws: Failure.self) { _ = (try bad.script(), try bad.arguments()) }
        }
    }
}
