import AWS
import ByteKit
import TestKit
import Testing
import Transport

/// Getting objects from an S3 that behaves, and from some that do not. The real one is moto, in the Publisher's tests.
@Suite("A download")
struct DownloadTests: ~Copyable {
    private typealias Reply = LoopbackServer.Reply

    private let folder: TestFolder
    private let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    private var object: S3API.Object { .init(key: "a/file", size: bytes.count, etag: "0f") }
    private var target: String { folder.path + "/file" }

    init() throws { folder = try TestFolder() }

    private func s3(_ server: LoopbackServer) throws -> S3API {
        let variables = ["AWS_ENDPOINT_URL": server.origin, "AWS_REGION": "eu-west-1"]
        let configuration = try Configuration { variables[$0] }
        return S3API(
            AWSClient(
                configuration, region: try configuration.region(nil), transport: CurlTransport(),
                time: ManualTime().source, fixed: Fixture.credentials))
    }

    /// Where the bytes that a request asks for begin.
    private static func start(_ request: LoopbackServer.Request) -> Int {
        Int((request.headers["range"] ?? "").filter(\.isNumber)) ?? 0
    }

    private static func part(_ bytes: [UInt8], from start: Int) -> Reply {
        guard start > 0 else { return Reply(200, [:], bytes) }
        return Reply(
            206, ["content-range": "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"], Array(bytes[start...]))
    }

    /// A server that answers for the bucket, and so for the object.
    private func server(_ get: @escaping @Sendable (LoopbackServer.Request) -> Reply) throws -> LoopbackServer {
        try LoopbackServer { $0.method == "HEAD" ? Reply(200) : get($0) }
    }

    private func content() throws -> [UInt8] { try InputFile.contents(of: target, limit: 1 << 24) }

    @Test("of an object in many pieces brings all of them")
    func whole() throws {
        let bytes = bytes
        let server = try server { Self.part(bytes, from: Self.start($0)) }
        let count = Monitor(0)
        try s3(server).download(object, from: "b", to: target) { more in count.withLock { $0 += more } }
        #expect(try content() == bytes)
        #expect(count.withLock { $0 } == bytes.count)
        #expect(server.requests.last?.headers["if-match"] == "\"0f\"")
        #expect(try Folder.names(in: folder.path) == ["file"])
    }

    @Test("that is cut goes on where it was, in the same run and in the next", arguments: [2, 5])
    func cut(cuts: Int) throws {
        let bytes = bytes
        let server = try server { request in
            let start = Self.start(request)
            guard request.attempt < cuts else { return Self.part(bytes, from: start) }
            var headers: HTTPHeaders = ["content-length": String(bytes.count - start)]
            if start > 0 { headers["content-range"] = "bytes \(start)-\(bytes.count - 1)/\(bytes.count)" }
            return Reply(steps: [
                .bytes(Reply.head(start > 0 ? 206 : 200, headers)), .bytes(Array(bytes[start..<start + 100_000])),
                .reset,
            ])
        }
        let s3 = try s3(server)
        if cuts > 2 {
            let (object, target) = (object, target)
            #expect(throws: AWSError.self) { try s3.download(object, from: "b", to: target) }
        }
        try s3.download(object, from: "b", to: target)
        #expect(try content() == bytes)
        #expect(server.requests.contains { Self.start($0) > 0 })
    }

    @Test("takes a name as long as names can be")
    func longName() throws {
        let bytes = bytes
        let server = try server { Self.part(bytes, from: Self.start($0)) }
        let name = String(repeating: "n", count: 255)
        try s3(server).download(object, from: "b", to: "\(folder.path)/\(name)")
        #expect(try Folder.names(in: folder.path) == [name])
    }

    @Test("is not begun of objects with sizes that none has, nor of a list that breaks off")
    func wrongLists() throws {
        let lists = [
            "<Contents><Key>a</Key><Size>9223372036854775807</Size></Contents>",
            "<Contents><Key>a</Key><Size>-1</Size></Contents>", "<Contents><Key>a</Key><Size>x</Size></Contents>",
            "<IsTruncated>true</IsTruncated>",
        ]
        for list in lists {
            let text = Array("<ListBucketResult>\(list)</ListBucketResult>".utf8)
            let server = try server { _ in Reply(200, [:], text) }
            let s3 = try s3(server)
            let error = #expect(throws: AWSError.self) { try s3.objects("b", prefix: "") }
            #expect(error?.kind == .answer, "\(list): \(String(describing: error))")
        }
    }

    @Test("begins anew where a server knows no ranges")
    func noRanges() throws {
        let bytes = bytes
        try Fixture.write("the beginning of something else", S3API.partialPath(of: object, for: target))
        let server = try server { _ in Reply(200, [:], bytes) }
        try s3(server).download(object, from: "b", to: target)
        #expect(try content() == bytes)
    }

    @Test(
        "of bytes that nobody asked for ends, and leaves no file",
        arguments: ["too much", "another part", "no range", "too little"])
    func wrong(how: String) throws {
        let bytes = bytes
        try Fixture.write("0123456789", S3API.partialPath(of: object, for: target))
        let server = try server { _ in
            switch how {
            case "too much": Reply(200, [:], bytes + [0])
            case "another part": Reply(206, ["content-range": "bytes 0-699999/700000"], Array(bytes[10...]))
            case "no range": Reply(206, [:], Array(bytes[10...]))
            default: Reply(206, ["content-range": "bytes 10-19/700000"], Array(bytes[10..<20]))
            }
        }
        let (s3, object, target) = (try s3(server), object, target)
        let error = #expect(throws: AWSError.self) { try s3.download(object, from: "b", to: target) }
        #expect(error?.kind == .answer, "\(String(describing: error))")
        let partial = S3API.partialPath(of: object, for: target)
        #expect(try Folder.names(in: folder.path).map { "\(folder.path)/\($0)" } == [partial])
    }

    @Test("from a bucket that may not be looked at, wherever it is, says that it may be another account's")
    func foreign() throws {
        for isNear in [true, false] {
            let transport = ScriptedTransport { request in
                guard request.method == .head else {
                    let body = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
                    return .init(403, [:], Array(body.utf8))
                }
                return .init(isNear ? 403 : 301)
            }
            let (s3, object, target) = (S3API(try Fixture.client(transport)), object, target)
            let error = try #require(throws: AWSError.self) { try s3.download(object, from: "videos", to: target) }
            #expect(error.isService("AccessDenied"))
            #expect(error.message.hasPrefix("the bucket ‘videos’ is another account's"))
            #expect(error.message.contains("Access Denied") != isNear)
            #expect(error.hint?.hasPrefix("choose another name") == true)
        }
    }

    @Test("from a bucket that must be one account's says so with every request, but the one that makes it")
    func owner() throws {
        let server = try LoopbackServer { request in
            if request.method == "PUT" && request.path == "/b" { return Reply(200) }
            return Reply(request.headers["x-amz-expected-bucket-owner"] == "123456789012" ? 200 : 403)
        }
        let s3 = try s3(server)
        s3.expect(owner: "123456789012", of: "b")
        try s3.createBucket("b", tags: [:])
        #expect(server.requests.last?.headers["x-amz-expected-bucket-owner"] == nil)
        #expect(try s3.size("b", "k") == 0)
        try s3.put([1], to: "b", "k")
        try s3.delete("b", "k")
        #expect(throws: AWSError.self) { try s3.size("other", "k") }
    }
}
