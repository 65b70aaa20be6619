import ByteKit
import Testing
import TestKit
import Transport

@Suite struct RedirectTests {
    typealias Reply = LoopbackServer.Reply

    private func error(redirectingTo location: String) throws -> TransportError? {
        let server = try LoopbackServer { _ in Reply(307, ["location": location]) }
        let request = HTTPRequest(.get, try server.url("/secret?token=secret"))
        return #expect(throws: TransportError.self) { try CurlTransport().collect(request, limit: 100) }
    }

    @Test("Authorization stays with the origin it was made for", arguments: [301, 302, 303, 307, 308])
    func authorization(status: Int) throws {
        let other = try LoopbackServer { _ in Reply(200, [:], Array("there".utf8)) }
        let target = other.origin + "/blob?sig=x"
        let server = try LoopbackServer { request in
            switch request.path {
            case "/first": Reply(status, ["location": "/second"], Array("ignored".utf8))
            default: Reply(status, ["location": target])
            }
        }
        let request = HTTPRequest(
            .get, try server.url("/first"),
            headers: ["authorization": "Bearer secret", "cookie": "secret", "accept": "x/y", "range": "bytes=1-"])
        let (response, body) = try CurlTransport().collect(request, limit: 100)
        #expect(body == Array("there".utf8))
        #expect(response.url.path == "/blob")
        #expect(server.requests.map { $0.headers["authorization"] } == ["Bearer secret", "Bearer secret"])
        let sent = try #require(other.requests.first)
        #expect(sent.headers["authorization"] == nil && sent.headers["cookie"] == nil)
        #expect(sent.headers["accept"] == "x/y" && sent.headers["range"] == "bytes=1-")
        #expect(sent.query == "sig=x")
    }

    @Test("Authorization does not come back when a redirect does")
    func thereAndBack() throws {
        let home = Monitor("")
        let other = try LoopbackServer { _ in Reply(302, ["location": home.withLock { $0 } + "/end"]) }
        let origin = other.origin
        let server = try LoopbackServer { $0.path == "/end" ? Reply(200) : Reply(302, ["location": origin + "/"]) }
        home.withLock { $0 = server.origin }
        let request = HTTPRequest(.get, try server.url("/"), headers: ["authorization": "secret"])
        _ = try CurlTransport().collect(request, limit: 100)
        #expect(server.requests.map { $0.headers["authorization"] } == ["secret", nil])
    }

    @Test(
        "Nobody is sent to a link-local address",
        arguments: [
            "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/",
            "https://[::ffff:169.254.169.254]/",
        ])
    func linkLocal(location: String) throws {
        #expect(try error(redirectingTo: location)?.code == .refusedAddress)
    }

    @Test("Nobody is sent to another machine without TLS, or to something else than HTTP")
    func insecure() throws {
        #expect(try error(redirectingTo: "http://10.0.0.1/")?.code == .insecure)
        #expect(try error(redirectingTo: "http://example.com/")?.code == .insecure)
        #expect(try error(redirectingTo: "file:///etc/passwd")?.code == .malformedURL)
        #expect(try error(redirectingTo: "https://user:secret@h/")?.diagnostic.description.contains("secret") == false)
    }

    @Test("A public server cannot send us to ourselves")
    func publicToLoopback() throws {
        let server = try LoopbackServer { _ in Reply(200) }
        var request = HTTPRequest(.get, try server.url("/"))
        request.namedFrom = .publicNetwork
        let error = #expect(throws: TransportError.self) { try CurlTransport().collect(request, limit: 100) }
        #expect(error?.code == .refusedAddress)
        #expect(server.requests.isEmpty)
    }

    @Test("A circle of redirects ends")
    func circle() throws {
        #expect(try error(redirectingTo: "/again")?.code == .tooManyRedirects)
    }

    @Test("The body of a redirect is not the answer's, however long it is")
    func longBody() throws {
        let server = try LoopbackServer { request in
            request.path == "/end"
                ? Reply(200, [:], Array("end".utf8))
                : Reply(steps: [
                    .bytes(Reply.head(302, ["location": "/end", "content-length": "52428800"])), .fill(count: 50 << 20),
                ])
        }
        #expect(
            try CurlTransport().collect(HTTPRequest(.get, try server.url("/")), limit: 10).body == Array("end".utf8))
    }

    @Test("What changes something is not sent on")
    func unsafeMethods() throws {
        let server = try LoopbackServer { _ in Reply(307, ["location": "/elsewhere"]) }
        let request = HTTPRequest(.post, try server.url("/"), body: .bytes([1]))
        #expect(try CurlTransport().collect(request, limit: 10).response.status == 307)
        #expect(server.requests.count == 1)
    }

    @Test(
        "Plain HTTP is spoken with this machine only",
        arguments: ["http://example.com/", "http://10.0.0.1/", "http://[2001:db8::1]/"])
    func plain(address: String) throws {
        let request = HTTPRequest(.get, try URL(parsing: address))
        let error = #expect(throws: TransportError.self) { try CurlTransport().collect(request, limit: 10) }
        #expect(error?.code == .insecure)
    }
}
