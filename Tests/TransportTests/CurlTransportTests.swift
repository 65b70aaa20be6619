import ByteKit
import Testing
import TestKit
import Transport

@Suite struct CurlTransportTests {
    typealias Reply = LoopbackServer.Reply

    private func get(_ url: URL, limit: Int = 1 << 20, _ configuration: TransportConfiguration = .init()) throws -> (
        response: HTTPResponse, body: [UInt8]
    ) {
        try CurlTransport(configuration).collect(HTTPRequest(.get, url), limit: limit)
    }

    @Test("An answer comes with status, fields and body, whatever its status", arguments: [200, 404, 503])
    func answer(status: Int) throws {
        let server = try LoopbackServer { _ in Reply(status, ["x-a": "1", "X-A": "2"], Array("hello".utf8)) }
        let (response, body) = try get(server.url("/x?y=z"))
        #expect(response.status == status)
        #expect(response.headers.all("X-a") == ["1", "2"])
        #expect(response.scope == .loopback)
        #expect(body == Array("hello".utf8))
        #expect(server.requests.map(\.query) == ["y=z"])
    }

    @Test("A host that is not known is said to be unknown, the second time too")
    func unknownHost() throws {
        let transport = CurlTransport()
        for _ in 0..<2 {
            let request = HTTPRequest(.get, try URL(parsing: "https://no-such-host.invalid/"))
            let error = #expect(throws: TransportError.self) { try transport.collect(request, limit: 10) }
            #expect(error?.code == .hostNotFound)
        }
    }

    @Test("Bytes and files are sent, and an empty POST says that it is empty")
    func uploads() throws {
        let folder = try TestFolder()
        let path = folder.path + "/file"
        try OutputFile.write(Array("0123456789".utf8), to: path)
        let server = try LoopbackServer { Reply(200, [:], $0.body) }
        let transport = CurlTransport()
        for (method, body, expected) in [
            (HTTPMethod.put, HTTPBody.bytes(Array("abc".utf8)), "abc"),
            (.post, .file(path: path, offset: 2, count: 5), "23456"),
            (.patch, .bytes([]), ""), (.post, .none, ""), (.delete, .none, ""),
        ] {
            let (_, echo) = try transport.collect(HTTPRequest(method, try server.url("/"), body: body), limit: 100)
            #expect(echo == Array(expected.utf8))
        }
        #expect(server.requests.map(\.method) == ["PUT", "POST", "PATCH", "POST", "DELETE"])
        #expect(server.requests.map { $0.headers["content-length"] } == ["3", "5", "0", "0", nil])
        #expect(server.requests.allSatisfy { $0.headers["expect"] == nil })
    }

    @Test("A file that is not there, or too short, is named", arguments: ["/nowhere/at/all", "/etc/hostname"])
    func unreadableFile(path: String) throws {
        let server = try LoopbackServer { _ in Reply(200) }
        let request = HTTPRequest(.put, try server.url("/"), body: .file(path: path, offset: 0, count: 1 << 30))
        let error = #expect(throws: TransportError.self) { try CurlTransport().collect(request, limit: 10) }
        #expect(error?.code == .fileUnreadable)
        #expect(server.requests.isEmpty)
    }

    @Test("A header value cannot smuggle in a second line")
    func headerInjection() throws {
        let server = try LoopbackServer { _ in Reply(200) }
        let request = HTTPRequest(.get, try server.url("/"), headers: ["authorization": "Bearer a\r\nx-evil: 1"])
        let error = #expect(throws: TransportError.self) { try CurlTransport().collect(request, limit: 10) }
        #expect(error?.code == .malformedRequest)
        #expect(server.requests.isEmpty)
    }

    @Test("A body over the limit ends the exchange, announced or not", arguments: [true, false])
    func bodyLimit(isAnnounced: Bool) throws {
        let head: HTTPHeaders = isAnnounced ? ["content-length": "104857600"] : ["connection": "close"]
        let server = try LoopbackServer { _ in
            Reply(steps: [.bytes(Reply.head(200, head)), .fill(count: 100 << 20), .close])
        }
        let error = #expect(throws: TransportError.self) { try get(server.url("/"), limit: 4 << 20) }
        #expect(error?.code == .tooLarge)
        #expect(error?.isTransient == false)
    }

    @Test("A head without end is cut off")
    func endlessHead() throws {
        let field = Array(("x-filler: " + String(repeating: "a", count: 1000) + "\r\n").utf8)
        let server = try LoopbackServer { _ in
            Reply(steps: [.bytes(Array("HTTP/1.1 200 OK\r\n".utf8))] + Array(repeating: .bytes(field), count: 1000))
        }
        let error = #expect(throws: TransportError.self) { try get(server.url("/")) }
        #expect(error?.code == .tooLarge)
    }

    @Test("A body that ends too soon is an interruption, which may pass", arguments: [Reply.Step.close, .reset])
    func cutOff(end: Reply.Step) throws {
        let server = try LoopbackServer { _ in
            Reply(steps: [
                .bytes(Reply.head(200, ["content-length": "100"])), .fill(count: 50), .pause(milliseconds: 50), end,
            ])
        }
        let error = #expect(throws: TransportError.self) { try get(server.url("/")) }
        #expect(error?.code == .interrupted)
        #expect(error?.isTransient == true)
    }

    @Test("What is not HTTP is refused")
    func garbage() throws {
        let server = try LoopbackServer { _ in Reply(steps: [.bytes(Array("SSH-2.0-x\r\n\r\n".utf8)), .close]) }
        let error = #expect(throws: TransportError.self) { try get(server.url("/")) }
        #expect(error?.code == .malformedResponse)
    }

    @Test("A port where nobody listens is unreachable, which may pass")
    func unreachable() throws {
        let port = try LoopbackServer { _ in Reply(200) }.port
        let error = #expect(throws: TransportError.self) { try get(try URL(parsing: "http://127.0.0.1:\(port)/")) }
        #expect(error?.code == .unreachable)
        #expect(error?.isTransient == true)
    }

    @Test("A transfer that stands still is given up after the time allowed")
    func stall() throws {
        let server = try LoopbackServer { _ in
            Reply(steps: [
                .bytes(Reply.head(200, ["content-length": "100000"])), .fill(count: 500), .pause(milliseconds: 8000),
            ])
        }
        var configuration = TransportConfiguration()
        configuration.slowestRateTime = .seconds(1)
        let start = TimeSource.system.now()
        let error = #expect(throws: TransportError.self) { try get(server.url("/"), configuration) }
        #expect(error?.code == .timedOut)
        #expect(TimeSource.system.now() - start < .seconds(6))
    }

    @Test("An exchange with a time limit keeps it, however steadily bytes drip")
    func deadline() throws {
        let drip = Array(repeating: [Reply.Step.fill(count: 10), .pause(milliseconds: 50)], count: 100).flatMap(\.self)
        let server = try LoopbackServer { _ in
            Reply(steps: [.bytes(Reply.head(200, ["content-length": "1000"]))] + drip)
        }
        let request = HTTPRequest(.get, try server.url("/"), timeLimit: .milliseconds(400))
        let error = #expect(throws: TransportError.self) { try CurlTransport().collect(request, limit: 1000) }
        #expect(error?.code == .timedOut)
    }

    @Test("A person who asks to stop is obeyed in the middle of a transfer")
    func cancellation() throws {
        let server = try LoopbackServer { _ in
            Reply(steps: [
                .bytes(Reply.head(200, ["content-length": "100000"])), .fill(count: 500), .pause(milliseconds: 10_000),
            ])
        }
        let isAsked = Monitor(false)
        var configuration = TransportConfiguration()
        configuration.isCancelled = { isAsked.withLock { $0 } }
        let error = #expect(throws: TransportError.self) {
            try unsafe CurlTransport(configuration).perform(HTTPRequest(.get, try server.url("/"))) { _, _ in
                isAsked.withLock { $0 = true }
                return .more
            }
        }
        #expect(error?.code == .cancelled)
        #expect(error?.diagnostic.code == "cancelled")
    }

    @Test("A receiver that has had enough ends the exchange without an error")
    func receiverStops() throws {
        let server = try LoopbackServer { _ in
            Reply(steps: [.bytes(Reply.head(200, ["connection": "close"])), .fill(count: 50 << 20), .close])
        }
        var received = 0
        let response = try unsafe CurlTransport().perform(HTTPRequest(.get, try server.url("/"))) { _, bytes in
            received += bytes.count
            return .stop
        }
        #expect(response.status == 200)
        #expect(received > 0 && received <= 1 << 20)
    }

    @Test("Connections are kept and used again, also after an error status")
    func reuse() throws {
        let server = try LoopbackServer { Reply($0.attempt == 1 ? 500 : 200, ["x-peer": "a"], [1]) }
        let transport = CurlTransport()
        for _ in 0..<3 { _ = try transport.collect(HTTPRequest(.get, try server.url("/")), limit: 10) }
        #expect(server.requests.count == 3)
        #expect(server.connections == 1)
    }

    @Test("Many threads may use one transport")
    func threads() throws {
        let server = try LoopbackServer { Reply(200, [:], Array($0.path.utf8)) }
        let transport = CurlTransport()
        let wrong = Monitor(0)
        let origin = server.origin
        try WorkerPool(width: 8).forEach(64) { index in
            let body = try? transport.collect(HTTPRequest(.get, URL(parsing: "\(origin)/\(index)")), limit: 100).body
            if body != Array("/\(index)".utf8) { wrong.withLock { $0 += 1 } }
        }
        #expect(wrong.withLock { $0 } == 0)
    }
}
