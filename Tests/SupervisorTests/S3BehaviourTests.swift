import Supervisor
import TestKit
import Testing
import Transport

/// Servers that do not behave. Each test says in what way.
@Suite("A storage") struct S3BehaviourTests {
    private static let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    /// The head of a whole object.
    private static func head(_ count: Int, _ fields: HTTPHeaders = ["etag": "\"1\""]) -> [UInt8] {
        var fields = fields
        fields["content-length"] = String(count)
        return LoopbackServer.Reply.head(200, fields)
    }

    /// Runs a function that copies `in/a` to `out/copy`, and says whether the copy is right.
    private func copies(_ storage: MemoryStorage, seconds: Double = 30) throws -> Bool {
        var function = try CloudFunction(storage.server.origin)
        _ = try function.handle("a", seconds: seconds)
        return storage["/out/copy"] == Self.content
    }

    @Test("gives an object and takes another, over one connection, with bucket and key in the path")
    func plain() throws {
        let storage = try MemoryStorage(["/in/a": Self.content])
        #expect(try copies(storage))
        #expect(storage.server.requests.map { "\($0.method) \($0.path)" } == ["GET /in/a", "PUT /out/copy"])
        #expect(storage.server.connections == 1)
    }

    @Test("that cuts off in the middle is asked for the rest of the same object")
    func cut() throws {
        let storage = try MemoryStorage(["/in/a": Self.content]) { request in
            guard request.method == "GET", request.attempt == 0 else { return nil }
            return .init(steps: [.bytes(Self.head(300_000)), .bytes(Array(Self.content[..<100_000])), .reset])
        }
        #expect(try copies(storage))
        let again = try #require(storage.server.requests.dropFirst().first)
        let start = Int((again.headers["range"] ?? "").filter(\.isNumber)) ?? 0
        #expect((1...100_000).contains(start), "\(again.headers["range"] ?? "none")")
        #expect(again.headers["if-match"] == "\"1\"")
    }

    @Test("that has another object by then is not believed")
    func changed() throws {
        let storage = try MemoryStorage { request in
            guard request.headers["range"] == nil else { return MemoryStorage.refusal(412, "PreconditionFailed") }
            return .init(steps: [.bytes(Self.head(300_000)), .bytes(Array(Self.content[..<100_000])), .close])
        }
        var function = try CloudFunction(storage.server.origin)
        let failure = function.failure("a")
        #expect(failure.type == "Storage.ReadFailed")
        #expect(failure.message.contains("PreconditionFailed"))
    }

    @Test("that knows no ranges is read from the beginning again")
    func noRanges() throws {
        let storage = try MemoryStorage { request in
            guard request.method == "GET" else { return nil }
            let isFirst = request.attempt == 0
            return .init(steps: [
                .bytes(Self.head(300_000)), .bytes(Array(Self.content[..<(isFirst ? 100_000 : 300_000)])),
                isFirst ? .reset : .pause(milliseconds: 0),
            ])
        }
        #expect(try copies(storage))
    }

    @Test("that answers with another range is not believed, and not for ever")
    func wrongRange() throws {
        let storage = try MemoryStorage { request in
            guard request.headers["range"] != nil else {
                return .init(steps: [.bytes(Self.head(300_000)), .bytes(Array(Self.content[..<100_000])), .reset])
            }
            return .init(206, ["content-range": "bytes 0-299999/300000"], Self.content)
        }
        var function = try CloudFunction(storage.server.origin)
        #expect(function.failure("a").type == "Storage.ReadFailed")
        #expect(storage.server.requests.count <= 10)
    }

    @Test(
        "that is busy is asked again",
        arguments: [(503, "SlowDown"), (500, "InternalError"), (429, "TooManyRequests"), (400, "RequestTimeout")])
    func busy(status: Int, code: String) throws {
        let storage = try MemoryStorage(["/in/a": Self.content]) { request in
            request.attempt < 2 ? MemoryStorage.refusal(status, code) : nil
        }
        #expect(try copies(storage))
        #expect(storage.server.requests.count == 6)
    }

    @Test("that stays busy is given up, with what it said")
    func busyForEver() throws {
        let storage = try MemoryStorage { _ in MemoryStorage.refusal(503, "SlowDown", ["x-amz-request-id": "4711"]) }
        var function = try CloudFunction(storage.server.origin)
        let failure = function.failure("a")
        #expect(failure.type == "Storage.ReadFailed")
        #expect(
            failure.message
                == "record 1 of 1, in/a: cannot read the object in/a: SlowDown: as told (status 503, request 4711)")
    }

    @Test("that says no is not asked again, and the invocation fails", arguments: ["GET", "PUT"])
    func refused(method: String) throws {
        let storage = try MemoryStorage(["/in/a": Self.content]) { request in
            request.method == method ? MemoryStorage.refusal(403, "AccessDenied") : nil
        }
        var function = try CloudFunction(storage.server.origin)
        let failure = function.failure("a")
        #expect(failure.type == "Storage.Denied")
        #expect(
            failure.message.contains(
                method == "GET" ? "cannot read the object in/a" : "cannot write the object out/copy"))
        #expect(storage.server.requests.filter { $0.method == method }.count == 1)
    }

    @Test("that has the bucket elsewhere is asked once more, signed for there", arguments: [301, 400])
    func otherRegion(status: Int) throws {
        let storage = try MemoryStorage(["/in/a": Self.content]) { request in
            guard request.headers["authorization"]?.contains("/eu-west-1/") == true else { return nil }
            return MemoryStorage.refusal(
                status, "PermanentRedirect",
                ["x-amz-bucket-region": "ap-south-1", "location": "http://127.0.0.1:1/elsewhere"])
        }
        #expect(try copies(storage))
        #expect(storage.server.requests.last?.headers["authorization"]?.contains("/ap-south-1/s3/") == true)
        #expect(storage.server.requests.count == 4)
    }

    @Test("that points to another host is not followed there", arguments: [301, 302, 307, 308])
    func redirect(status: Int) throws {
        let thief = try MemoryStorage(["/in/a": Self.content])
        let location = "\(thief.server.origin)/in/a"
        let storage = try MemoryStorage { _ in
            MemoryStorage.refusal(status, "TemporaryRedirect", ["location": location])
        }
        var function = try CloudFunction(storage.server.origin)
        #expect(function.failure("a").type == "Storage.ReadFailed")
        #expect(thief.server.connections == 0)
    }

    @Test("whose region is no region's name is not believed")
    func oddRegion() throws {
        let storage = try MemoryStorage { _ in
            MemoryStorage.refusal(301, "PermanentRedirect", ["x-amz-bucket-region": "evil.example/#"])
        }
        var function = try CloudFunction(storage.server.origin)
        #expect(function.failure("a").type == "Storage.ReadFailed")
        #expect(storage.server.requests.count == 1)
    }

    @Test("that says nothing is waited for no longer than the invocation lasts")
    func silent() throws {
        let storage = try MemoryStorage { _ in .init(steps: [.pause(milliseconds: 8000), .close]) }
        var function = try CloudFunction(storage.server.origin)
        let begin = monotonicNanoseconds()
        let failure = function.failure("a", seconds: 3)
        #expect(failure.type == "Storage.Timeout")
        #expect(failure.message.contains("the function’s time is up"))
        #expect(monotonicNanoseconds() - begin < 4_000_000_000)
    }

    @Test("that stops in the middle is waited for a while, and then asked for the rest")
    func stalling() throws {
        let storage = try MemoryStorage(["/in/a": Self.content]) { request in
            guard request.method == "GET", request.attempt == 0 else { return nil }
            return .init(steps: [
                .bytes(Self.head(300_000)), .bytes(Array(Self.content[..<100_000])), .pause(milliseconds: 15_000),
            ])
        }
        #expect(try copies(storage, seconds: 10))
        #expect(storage.server.requests.dropFirst().first?.headers["range"] == "bytes=100000-")
    }

    @Test("that dribbles is given up when the time is over")
    func dribbling() throws {
        let steps =
            [.bytes(Self.head(300_000))]
            + (0..<60).flatMap { _ in
                [LoopbackServer.Reply.Step.bytes([1]), .pause(milliseconds: 100)]
            }
        let storage = try MemoryStorage { _ in .init(steps: steps) }
        var function = try CloudFunction(storage.server.origin)
        #expect(function.failure("a", seconds: 3).type == "Storage.Timeout")
    }

    @Test(
        "that sends nonsense fails the invocation, and nothing more",
        arguments: [
            "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nperhaps half of it",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloworld\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        ])
    func nonsense(answer: String) throws {
        let storage = try MemoryStorage { _ in .init(steps: [.bytes(utf8(answer)), .close]) }
        var function = try CloudFunction(storage.server.origin)
        #expect(function.failure("a").type == "Storage.ReadFailed")
    }

    @Test("whose head does not end is not read for ever", arguments: ["X-Filler: ", ""])
    func endlessHead(field: String) throws {
        let line =
            field.isEmpty ? "HTTP/1.1 100 Continue\r\n\r\n" : field + String(repeating: "x", count: 1000) + "\r\n"
        let storage = try MemoryStorage { _ in
            .init(
                steps: [.bytes(utf8(field.isEmpty ? "" : "HTTP/1.1 200 OK\r\n"))]
                    + (0..<200).map { _ in .bytes(utf8(line)) })
        }
        var function = try CloudFunction(storage.server.origin)
        #expect(function.failure("a").type == "Storage.ReadFailed")
    }

    @Test("that says no with gigabytes is not listened to")
    func longRefusal() throws {
        let storage = try MemoryStorage { _ in
            .init(steps: [
                .bytes(LoopbackServer.Reply.head(403, ["content-length": "4000000000"])), .fill(count: 1 << 20),
            ])
        }
        var function = try CloudFunction(storage.server.origin)
        let failure = function.failure("a")
        #expect(failure.type == "Storage.ReadFailed")
        #expect(failure.message.contains("it sent more than is expected"))
    }

    @Test("that refuses a large file before it has all of it need not be sent the rest")
    func earlyRefusal() throws {
        let storage = try MemoryStorage(["/in/a": Self.content]) { request in
            request.method == "POST" ? MemoryStorage.refusal(404, "NoSuchBucket") : nil
        }
        var function = try CloudFunction(
            storage.server.origin, "#!/bin/sh\ntruncate -s 70M \"$TMP_OUTPUT_DIR/large\"\n")
        let failure = function.failure("a")
        #expect(failure.type == "Storage.NotFound")
        #expect(failure.message.contains("cannot write the object out/large: NoSuchBucket"))
    }

    @Test(
        "is not offered a file that is longer than any object",
        .enabled(
            if: shell("test -d /dev/shm && test $(stat -f -c %T /dev/shm) = tmpfs").code == 0,
            "needs a tmpfs at /dev/shm"))
    func tooLong() throws {
        let storage = try MemoryStorage(["/in/a": Self.content])
        let shared = "/dev/shm/supervisor-tests.\(monotonicNanoseconds())"
        defer { shell("rm -rf '\(shared)'") }
        var function = try CloudFunction(
            storage.server.origin, "#!/bin/sh\ntruncate -s 9223372036854775807 \"$TMP_OUTPUT_DIR/large\"\n"
        ) { _, path in
            // A file system that takes such a file.
            shell("mkdir '\(shared)' && ln -s '\(shared)' '\(path)/scratch'")
        }
        let failure = function.failure("a")
        #expect(failure.type == "Staging.Failed")
        #expect(failure.message.contains("no storage takes the output file for out/large: File too large"))
    }

    @Test("that fails in the middle of an upload in parts is told that it is over")
    func abortedParts() throws {
        let storage = try MemoryStorage(["/in/a": Self.content]) { request in
            switch request.method {
            case "POST": .init(200, [:], utf8("<R><UploadId>u/1</UploadId></R>"))
            case "PUT" where request.query.contains("partNumber=3"): MemoryStorage.refusal(403, "AccessDenied")
            case "DELETE": .init(204)
            default: nil
            }
        }
        var function = try CloudFunction(
            storage.server.origin, "#!/bin/sh\ntruncate -s 70M \"$TMP_OUTPUT_DIR/large\"\n")
        #expect(function.failure("a").type == "Storage.Denied")
        let last = try #require(storage.server.requests.last)
        #expect(last.method == "DELETE")
        #expect(last.query == "uploadId=u%2F1")
    }

    @Test("that says yes to an upload in parts and then no has not taken it")
    func lateRefusal() throws {
        let storage = try MemoryStorage(["/in/a": Self.content]) { request in
            switch request.method {
            case "POST" where request.query == "uploads=": .init(200, [:], utf8("<R><UploadId>u</UploadId></R>"))
            case "POST": .init(200, [:], utf8("<Error><Code>InvalidPart</Code><Message>gone</Message></Error>"))
            case "DELETE": .init(204)
            default: nil
            }
        }
        var function = try CloudFunction(
            storage.server.origin, "#!/bin/sh\ntruncate -s 70M \"$TMP_OUTPUT_DIR/large\"\n")
        let failure = function.failure("a")
        #expect(failure.type == "Storage.WriteFailed")
        #expect(failure.message.contains("InvalidPart: gone"))
    }

    /// Answers to an upload of 70 MiB in parts, of which the last is lost, and what there is then.
    private static func losesAnswer(_ object: HTTPHeaders) throws -> MemoryStorage {
        try MemoryStorage(["/in/a": content]) { request in
            switch request.method {
            case "POST" where request.query == "uploads=":
                .init(
                    200, ["date": "Sun, 06 Nov 1994 08:49:37 GMT"],
                    utf8("<R><UploadId>u</UploadId></R>"))
            case "POST" where request.attempt == 1: .init(steps: [.close])
            case "POST": MemoryStorage.refusal(404, "NoSuchUpload")
            case "HEAD": .init(200, object)
            case "DELETE": .init(204)
            default: nil
            }
        }
    }

    private static let large = "#!/bin/sh\ntruncate -s 70M \"$TMP_OUTPUT_DIR/large\"\n"
    private static let wholeObject: HTTPHeaders = [
        "content-length": "73400320", "etag": "\"0f-5\"", "last-modified": "Sun, 06 Nov 1994 08:49:37 GMT",
    ]

    @Test("that loses the answer to an upload in parts has taken it when there is the object")
    func lostAnswer() throws {
        let storage = try Self.losesAnswer(Self.wholeObject)
        var function = try CloudFunction(storage.server.origin, Self.large)
        let answer = try function.handle("a")
        #expect(answer.contains(#""key":"large","size":73400320"#), "\(answer)")
        #expect(storage.server.requests.last?.method == "HEAD")
        #expect(storage.server.requests.last?.path == "/out/large")
    }

    @Test(
        "that loses the answer to an upload in parts has not taken it when there is another object, or none to see",
        arguments: [
            ("content-length", "73400319"), ("etag", "\"0f-4\""), ("etag", "\"0f\""), ("etag", ""),
            ("last-modified", "Sun, 06 Nov 1994 08:49:35 GMT"), ("last-modified", "just now"),
        ])
    func anotherObject(field: String, value: String) throws {
        var object = Self.wholeObject
        object[field] = value
        let storage = try Self.losesAnswer(object)
        var function = try CloudFunction(storage.server.origin, Self.large)
        let failure = function.failure("a")
        #expect(failure.type == "Storage.NotFound")
        #expect(failure.message.contains("cannot write the object out/large: NoSuchUpload"))
        #expect(storage.server.requests.last?.method == "DELETE")
    }

    @Test("whose checksum is of other bytes has sent a damaged object")
    func checksums() throws {
        let sums: [HTTPHeaders] = [
            ["x-amz-checksum-crc32": "y/Q5Jg=="], ["x-amz-checksum-crc32c": "4waSgw=="],
            ["x-amz-checksum-crc64nvme": "rosUhgp5mIg="],
            ["x-amz-checksum-sha256": "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="],
        ]
        for sum in sums {
            for content in ["123456789", "123456780"] {
                let storage = try MemoryStorage { request in
                    request.method == "GET" ? .init(200, sum, utf8(content)) : nil
                }
                var function = try CloudFunction(storage.server.origin)
                let failure = function.failure("a")
                #expect(failure.type == (content == "123456789" ? "none" : "Storage.Damaged"), "\(sum) \(failure)")
            }
        }
    }

    @Test("gets no secret back into a message")
    func secrets() throws {
        let storage = try MemoryStorage { request in
            MemoryStorage.refusal(
                403,
                "SignatureDoesNotMatch</Code><Message>\(request.headers["x-amz-security-token"] ?? "")</Message><Code>x"
            )
        }
        var function = try CloudFunction(storage.server.origin, variables: ["AWS_SESSION_TOKEN": "hunter3"])
        let failure = function.failure("a")
        #expect(failure.message.contains("SignatureDoesNotMatch: (secret)"))
        #expect(!failure.message.contains("hunter3"))
    }

    @Test("that cannot be found is an error that names it")
    func unresolved() throws {
        var function = try CloudFunction("http://nowhere.invalid:9000")
        let failure = function.failure("a", seconds: 3)
        #expect(failure.message.contains("no answer from http://nowhere.invalid:9000: "))
        var broken = try CloudFunction("ftp://somewhere")
        #expect(broken.failure("a").message.contains("AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL is no address"))
    }

    @Test(
        "is not asked for a bucket whose name would be another host's",
        arguments: ["evil.example/x", "a#b", "..", "a@b", ""])
    func buckets(name: String) throws {
        var function = try CloudFunction(nil)
        #expect(function.failure("a", bucket: name).type == "Storage.BadKey")
    }
}
