import ByteKit
import Supervisor
import TestKit
import Transport

/// A function whose objects are on a server.
struct CloudFunction: ~Copyable {
    let folder = TestFolder.made()
    private var worker: FunctionWorker

    /// What copies the input to the output.
    static let copies = "#!/bin/sh\ncp \"$INPUT_FILE_PATH\" \"$TMP_OUTPUT_DIR/copy\"\n"

    /// - Parameters:
    ///   - endpoint: the server's address; nil for what the variables say.
    ///   - script: the function's.
    ///   - variables: besides the address and credentials; an empty one takes one away.
    ///   - change: what differs in launch.json.
    init(
        _ endpoint: String?, _ script: String = copies, variables: [String: String] = [:],
        _ change: (inout LaunchSpec, String) -> Void = { _, _ in }
    ) throws {
        let path = folder.path
        folder.write(script, to: "package/script/run", executable: true)
        var spec = LaunchSpec(name: utf8("test"), root: utf8("/"), script: utf8("script/run"), timeoutThreshold: 1)
        spec.outputs = [.init(storage: utf8("s3"), path: utf8("out"))]
        change(&spec, path)
        var environment = [
            "PATH": "/usr/bin:/bin", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example/secret", "AWS_EC2_METADATA_DISABLED": "true",
        ]
        if let endpoint { environment["AWS_ENDPOINT_URL_S3"] = endpoint }
        for (name, value) in variables { environment[name] = value }
        worker = FunctionWorker(
            .init(
                spec: spec, package: utf8("\(path)/package"), scratch: utf8("\(path)/scratch"), storage: nil,
                environment: environment.map { utf8("\($0.key)=\($0.value)") }))
        try worker.prepare()
    }

    mutating func handle(_ key: String, bucket: String = "in", seconds: Double = 30) throws -> String {
        try handle(event: EventTests.event(EventTests.record(key, bucket: bucket)), seconds: seconds)
    }

    mutating func handle(event: String, seconds: Double = 30) throws(Failure) -> String {
        text(try worker.handle(.sample(event, seconds: seconds), nil).body)
    }

    /// What the function fails with.
    mutating func failure(_ key: String, bucket: String = "in", seconds: Double = 30) -> (type: String, message: String)
    {
        do throws(Failure) {
            let event = EventTests.event(EventTests.record(key, bucket: bucket))
            return ("none", try handle(event: event, seconds: seconds))
        } catch {
            return ("\(error.type.text)", text(error.message))
        }
    }
}

/// A server that keeps objects in memory and looks at nothing; a test says what goes wrong first.
final class MemoryStorage: Sendable {
    let server: LoopbackServer
    private let objects: Monitor<[String: [UInt8]]>

    /// - Parameters:
    ///   - objects: what there is, by path.
    ///   - behaviour: answers in place of the good server; nil to let it answer.
    init(
        _ objects: [String: [UInt8]] = [:],
        _ behaviour: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Reply? = { _ in nil }
    ) throws {
        let objects = Monitor(objects)
        self.objects = objects
        server = try LoopbackServer { request in
            if let reply = behaviour(request) { return reply }
            if request.method == "PUT" {
                objects.withLock { $0[request.path] = request.body }
                return .init(200, ["etag": "\"1\""])
            }
            guard let body = objects.withLock({ $0[request.path] }) else { return Self.refusal(404, "NoSuchKey") }
            guard let range = request.headers["range"] else { return .init(200, ["etag": "\"1\""], body) }
            let start = Int(range.filter(\.isNumber)) ?? 0
            return .init(
                206, ["etag": "\"1\"", "content-range": "bytes \(start)-\(body.count - 1)/\(body.count)"],
                Array(body[start...]))
        }
    }

    subscript(_ path: String) -> [UInt8]? { objects.withLock { $0[path] } }

    static func refusal(_ status: Int, _ code: String, _ headers: HTTPHeaders = [:]) -> LoopbackServer.Reply {
        .init(
            status, headers,
            utf8("<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>as told</Message></Error>"))
    }
}
