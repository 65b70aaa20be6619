import AWS
import ByteKit
import JSON
import TestKit
import Testing
import Transport

/// botocore, as the oracle of signatures.
enum Botocore {
    static let isInstalled = (try? Peer.run("python3", ["-c", "import botocore"]).status) == 0
}

@Suite("A signature", .enabled(if: Botocore.isInstalled, "needs botocore: scripts/setup test"))
struct SignatureTests {
    /// A request as both sides get it: nothing encoded yet.
    struct Case {
        var signer: RequestSigner
        var method: HTTPMethod
        var origin: String
        var path: String
        var query: [(name: String, value: String)]
        var headers: [(name: String, value: String)]
        var body: String
        var isUnsigned: Bool
        var isQuery: Bool
        var seconds: Int
        var time: Int

        var request: HTTPRequest {
            get throws {
                var url = try URL(parsing: origin).with(path: URL.encode(path, keeping: "/"))
                for item in query { url = url.adding(item.name, item.value) }
                var fields = HTTPHeaders()
                for field in headers { fields.append(field.name, field.value) }
                return HTTPRequest(method, url, headers: fields, body: .bytes(Array(body.utf8)))
            }
        }

        /// What we make of it.
        func signed() throws -> String {
            var request = try request
            guard !isQuery else {
                return signer.presign(method, request.url, headers: request.headers, seconds: seconds, at: time)
                    .fullText
            }
            signer.sign(&request, payload: isUnsigned ? .unsigned : .digest(Digest(of: Array(body.utf8))), at: time)
            return request.headers["authorization"] ?? ""
        }

        var json: JSON {
            func pairs(_ items: [(name: String, value: String)]) -> JSON {
                .array(items.map { .array([.string($0.name), .string($0.value)]) })
            }
            let members: [(name: StaticString, json: JSON)] = [
                ("style", .string(signer.style == .s3 ? "s3" : "standard")),
                ("kind", .string(isQuery ? "query" : "header")),
                ("region", .string(signer.region)), ("service", .string(signer.service)),
                ("accessKey", .string(signer.credentials.accessKey)),
                ("secretKey", .string(signer.credentials.secretKey.reveal())),
                ("token", .string(signer.credentials.sessionToken?.reveal() ?? "")),
                ("method", .string(method.rawValue)), ("origin", .string(origin)), ("path", .string(path)),
                ("query", pairs(query)), ("headers", pairs(headers)), ("body", .string(body)),
                ("unsigned", .bool(isUnsigned)), ("seconds", .integer(seconds)), ("time", .integer(time)),
            ]
            return .object(members)
        }
    }

    private static let pieces = [
        "a", "videos", "in", "über", "日本", "🎬", " ", "+", "%", "%2F", "&", "=", "?", "#", "~", "*", "(", ")", "'", "!",
        "$", ",", ":", ";", "@", ".", "..", "//", "/", "\\", "\"", "<", ">", "[", "]", "^", "`", "{", "|", "}", "-",
        "_",
        "\u{1}", "\u{7f}", "e\u{301}", "{proxy+}", "arn:aws:lambda:eu-west-1:123456789012:function:f",
    ]

    private static func text(_ numbers: inout SeededNumbers, _ most: Int) -> String {
        (0..<numbers.below(most + 1)).map { _ in numbers.pick(pieces) }.joined()
    }

    private static func makeCase(_ numbers: inout SeededNumbers) -> Case {
        let isS3 = numbers.once(in: 2)
        let credentials = Credentials(
            accessKey: "AKIA\(numbers.below(1 << 30))", secretKey: Secret("k/+" + String(numbers.next())),
            sessionToken: numbers.once(in: 2) ? Secret("token/+==\(numbers.next())") : nil, source: "a test")
        let isQuery = numbers.once(in: 4)
        // A name twice would be one item to botocore's way of presigning, which has no such addresses.
        var query: [String: String] = [:]
        for _ in 0..<numbers.below(4) { query["n" + text(&numbers, 2)] = text(&numbers, 3) }
        var headers: [(name: String, value: String)] = []
        for _ in 0..<numbers.below(3) {
            headers.append(
                (
                    numbers.pick(["X-Amz-Meta-A", "content-type", "Range", "x-amz-Target"]),
                    numbers.pick(
                        ["a", "  a   b  ", "bytes=1-2", "x;y=\"z\"", "a,b"])
                ))
        }
        return Case(
            signer: RequestSigner(
                credentials: credentials, region: numbers.pick(["us-east-1", "cn-north-1", "eu-west-3"]),
                service: isS3 ? "s3" : numbers.pick(["lambda", "execute-api", "batch"]), style: isS3 ? .s3 : .standard),
            method: numbers.pick([.get, .put, .post, .delete, .head, .patch]),
            origin: numbers.pick(
                ["https://s3.eu-west-1.amazonaws.com", "http://127.0.0.1:5000", "https://example.com:443"]),
            path: "/" + text(&numbers, 6), query: query.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
            headers: headers, body: text(&numbers, 5), isUnsigned: !isQuery && numbers.once(in: 4), isQuery: isQuery,
            seconds: 1 + numbers.below(604_800), time: numbers.below(4_000_000_000))
    }

    @Test("is the one that botocore makes, for two thousand requests with odd keys, queries and fields")
    func botocore() throws {
        var numbers = SeededNumbers(seed: 4)
        let cases = (0..<2000).map { _ in Self.makeCase(&numbers) }
        let folder = try TestFolder()
        try OutputFile.write(JSON.array(cases.map(\.json)).text(), to: folder.path + "/cases.json")
        let oracle = try Peer.run(
            "python3", ["\(Products.repository)/Tests/Oracles/sign-aws.py", folder.path + "/cases.json"])
        try #require(oracle.status == 0, "\(oracle.errorText)")
        let theirs = oracle.text.split(separator: "\n")
        try #require(theirs.count == cases.count)
        for (one, their) in zip(cases, theirs) {
            let ours = try one.signed()
            // Addresses are compared by what is proved: the order of items is free.
            if one.isQuery {
                #expect(
                    ours.split(separator: "&").last == their.split(separator: "&").last,
                    "\(one.json.text(pretty: true))")
            } else {
                #expect(ours == their, "\(String(decoding: one.json.text(), as: UTF8.self))")
            }
        }
    }

    @Test("replaces that of an earlier attempt")
    func again() throws {
        let credentials = Credentials(accessKey: "AKIA", secretKey: Secret("s"), source: "a test")
        let signer = RequestSigner(credentials: credentials, region: "us-east-1", service: "iam")
        var request = HTTPRequest(.get, try URL(parsing: "https://iam.amazonaws.com/"))
        signer.sign(&request, payload: .empty, at: 0)
        signer.sign(&request, payload: .empty, at: 1_440_938_160)
        #expect(request.headers.all("authorization").count == 1)
        #expect(request.headers["x-amz-date"] == "20150830T123600Z")
    }
}

@Suite("A secret")
struct SecretTests {
    @Test("shows nothing, however it is printed")
    func hidden() {
        let credentials = Credentials(
            accessKey: "AKIA", secretKey: Secret("hunter2"), sessionToken: Secret("hunter3"), source: "a test")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped, "\(credentials.secretKey)"] {
            #expect(!text.contains("hunter"))
        }
    }

    @Test("is cut out of what a service says about a wrong signature")
    func quoted() throws {
        let transport = ScriptedTransport { _ in
            let body = """
                {"message": "The request signature we calculated does not match. The Canonical String for this request \
                should have been 'POST\\nx-amz-security-token:hunter3'"}
                """
            return .init(403, ["x-amzn-errortype": "InvalidSignatureException"], Array(body.utf8))
        }
        let error = try #require(throws: AWSError.self) {
            try Fixture.client(transport).send(AWSRequest(.lambda, "ListFunctions", .get, "/"))
        }
        #expect(!"\(error.diagnostic)".contains("hunter3"))
        #expect("\(error.diagnostic)".contains("does not match"))
    }
}

@Suite("A time")
struct TimestampTests {
    @Test(
        "is read as AWS's services write it",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2015-08-30T12:36:00Z", 1_440_938_160),
            ("2015-08-30T12:36:00.123Z", 1_440_938_160),
            ("2015-08-30T14:36:00+02:00", 1_440_938_160), ("2015-08-30T12:36:00UTC", 1_440_938_160),
            ("2000-02-29T23:59:59Z", 951_868_799), ("1994-11-06T09:49:37Z", 784_115_377),
        ])
    func read(text: String, seconds: Int) {
        #expect(Timestamp.unixTime(parsing: text) == seconds)
    }

    @Test(
        "is not read from what is none",
        arguments: ["", "2015", "2015-13-30T12:36:00Z", "2015-08-30 12:36", "x015-08-30T12:36:00Z"])
    func refused(text: String) {
        #expect(Timestamp.unixTime(parsing: text) == nil)
    }

    @Test("is written and read back the same, for every day of four centuries")
    func roundTrip() {
        for day in stride(from: -60_000, to: 90_000, by: 7) {
            let seconds = day * 86_400 + 12_345
            #expect(Timestamp.unixTime(parsing: Timestamp.extended(seconds)) == seconds)
        }
    }
}
