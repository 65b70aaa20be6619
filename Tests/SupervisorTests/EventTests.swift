import Supervisor
import Testing

@Suite struct EventTests {
    static func record(
        _ key: String, bucket: String = "in", name: String = "ObjectCreated:Put", source: String = "aws:s3"
    ) -> String {
        #"{"eventSource":"\#(source)","eventName":"\#(name)","eventTime":"2026-11-23T10:00:00Z","s3":{"bucket":{"name":"\#(bucket)"},"object":{"key":"\#(key)"}}}"#
    }

    static func event(_ records: String...) -> String { #"{"Records":[\#(records.joined(separator: ","))]}"# }

    private func objects(_ event: String, inputs: [LaunchSpec.Channel] = []) throws -> [ObjectRecord] {
        guard case .objects(let objects) = try Event.classify(utf8(event), inputs: inputs) else {
            Issue.record("not a storage event")
            return []
        }
        return objects
    }

    @Test(
        "keys are decoded as S3 encodes them",
        arguments: [
            ("a.txt", "a.txt"), ("a+b.txt", "a b.txt"), ("a%2Bb.txt", "a+b.txt"), ("in/%C3%A4%2Fb", "in/ä/b"),
            ("new%0Aline", "new\nline"), ("100%25", "100%"), ("odd%", "odd%"), ("odd%2", "odd%2"), ("odd%zz", "odd%zz"),
            ("..%2F..%2Fetc", "../../etc"), (String(repeating: "k", count: 1024), String(repeating: "k", count: 1024)),
        ])
    func keys(encoded: String, decoded: String) throws {
        #expect(try objects(Self.event(Self.record(encoded))).map(\.key) == [utf8(decoded)])
    }

    @Test("all records count, each with an event of its own when there are several")
    func several() throws {
        let found = try objects(Self.event(Self.record("a"), Self.record("b"), Self.record("c", source: "minio:s3")))
        #expect(found.map(\.key) == [utf8("a"), utf8("b"), utf8("c")])
        #expect(found.allSatisfy { $0.refusal == nil && $0.time == utf8("2026-11-23T10:00:00Z") })
        #expect(
            try found.map { try objects(text($0.event ?? [])).map(\.key) } == [[utf8("a")], [utf8("b")], [utf8("c")]])
        #expect(try objects(Self.event(Self.record("a"))).first?.event == nil)
    }

    @Test("records that were not asked for are passed over, with the reason")
    func refusals() throws {
        let inputs = [
            LaunchSpec.Channel(
                storage: utf8("s3"), path: utf8("in/videos"), prefix: [utf8("v")], suffix: [utf8(".mp4")])
        ]
        let found = try objects(
            Self.event(
                Self.record("videos/v1.mp4"), Self.record("videos/sub/v2.mp4"), Self.record("videos/v.txt"),
                Self.record("videos/x.mp4"), Self.record("v.mp4"), Self.record("videosv.mp4"),
                Self.record("videos/v.mp4", bucket: "other"), Self.record("videos/"),
                Self.record("videos/v.mp4", name: "ObjectRemoved:Delete"), Self.record("v", source: "aws:sqs"),
                Self.record("videos/v3.mp4", name: "s3:ObjectCreated:Put")),
            inputs: inputs)
        #expect(
            found.map(\.refusal) == [
                nil, nil, .unwanted, .unwanted, .unwanted, .unwanted, .unwanted, .folder, .otherKind, .otherKind, nil,
            ])
    }

    @Test("a storage event without a bucket or key is an error")
    func malformed() {
        for record in [
            #"{"eventSource":"aws:s3"}"#, #"{"eventSource":"aws:s3","s3":{"bucket":{"name":1},"object":{"key":"k"}}}"#,
        ] {
            let error = #expect(throws: Failure.self) { try Event.classify(utf8(Self.event(record)), inputs: []) }
            #expect(error?.type == "Event.Malformed")
        }
    }

    @Test(
        "the body of a request is what was sent, whatever it is",
        arguments: [
            (#"{"httpMethod":"POST","body":"plain","isBase64Encoded":false}"#, "plain"),
            (#"{"httpMethod":"POST","body":"aGVsbG8=","isBase64Encoded":true}"#, "hello"),
            (#"{"version":"2.0","requestContext":{"http":{"method":"GET"}}}"#, ""),
            (#"{"requestContext":{"http":{}},"body":null,"isBase64Encoded":false}"#, ""),
            (#"{"httpMethod":"POST","body":"1234"}"#, "1234"), (#"{"httpMethod":"POST","body":"[1,2]"}"#, "[1,2]"),
            (#"{"body":{"a":[1,"b"]},"isBase64Encoded":false}"#, #"{"a":[1,"b"]}"#),
            (#"{"body":"YQ","isBase64Encoded":true}"#, "a"), (#"{"body":"","isBase64Encoded":true}"#, ""),
        ])
    func requests(event: String, body: String) throws {
        guard case .request(let request) = try Event.classify(utf8(event), inputs: []) else {
            Issue.record("no request")
            return
        }
        #expect(text(try request.body()) == body)
    }

    @Test("base64 that lies is an error", arguments: ["a", "ab==c", "a*==", "ab===", "YR==", "ä"])
    func badBase64(body: String) throws {
        let event = #"{"httpMethod":"POST","body":"\#(body)","isBase64Encoded":true}"#
        guard case .request(let request) = try Event.classify(utf8(event), inputs: []) else {
            Issue.record("no request")
            return
        }
        let error = #expect(throws: Failure.self) { try request.body() }
        #expect(error?.type == "Event.BadBase64")
    }

    @Test("all else is a direct event, however odd")
    func direct() throws {
        let deep = String(repeating: "[", count: 100_000)
        for event in [
            "", "{}", "7", "[1]", "null", "no json", "{\"Records\":[]}", "{\"Records\":7}",
            #"{"Records":[{"Sns":{}}]}"#,
            #"{"body":"x"}"#, #"{"isBase64Encoded":true}"#, deep, "{\"a\":\"\u{0}\"}",
        ] {
            #expect(try Event.classify(utf8(event), inputs: []) == .direct, "\(event.prefix(40))")
        }
        #expect(try Event.classify([0xff, 0xfe, 0x00], inputs: []) == .direct)
    }
}
