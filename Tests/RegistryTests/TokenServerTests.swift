import ByteKit
import ImageModel
import Registry
import Testing
import TestKit
import Transport

/// Token servers over real connections: what they may be, and what they may send.
@Suite struct TokenServerTests: ~Copyable {
    typealias Reply = LoopbackServer.Reply
    let scene: StoreScene
    var store: BlobStore { scene.store }

    init() throws { scene = try StoreScene() }

    private func failure(realm: String) throws -> RegistryError? {
        let server = try LoopbackServer { _ in
            Reply(401, ["www-authenticate": #"Bearer realm="\#(realm)",service="secret""#])
        }
        let (reference, store) = (try server.reference(), store)
        return #expect(throws: RegistryError.self) {
            try RegistryClient(configuration: .quick()).resolve(reference, platform: amd64, store: store)
        }
    }

    @Test("The whole exchange works over real connections, and the token stays with the registry")
    func dance() throws {
        let image = TestImage(layers: [pattern(100_000)])
        let tokens = try LoopbackServer { _ in Reply(200, [:], Array(#"{"token":"good"}"#.utf8)) }
        let cdn = try LoopbackServer { _ in Reply(200, [:], image.layers[0]) }
        let (realm, away) = (tokens.origin + "/token", cdn.origin + "/blob?signature=x")
        let server = try LoopbackServer { request in
            guard request.headers["authorization"] == "Bearer good" else {
                return Reply(401, ["www-authenticate": #"Bearer realm="\#(realm)",service="s""#])
            }
            return request.path.hasSuffix(Digest(of: image.layers[0]).description)
                ? Reply(307, ["location": away]) : image.reply(to: request)
        }
        let client = RegistryClient(configuration: .quick())
        _ = try client.resolve(try server.reference(), platform: amd64, store: store)
        #expect(try pull(image.layer(0), server.reference(), client, store) == image.layers[0])
        #expect(tokens.requests.map(\.query) == ["service=s&scope=repository%3Aa%2Fb%3Apull"])
        #expect(cdn.requests.map { $0.headers["authorization"] } == [nil])
    }

    @Test(
        "Nobody logs in without TLS, or where a registry may not send us",
        arguments: [
            "http://example.com/token", "http://10.0.0.1/", "https://169.254.169.254/", "file:///etc/passwd", "//x",
            "https://u:p@h/",
        ])
    func realm(realm: String) throws {
        #expect(try failure(realm: realm)?.code == .badLogin)
    }

    @Test("A registry elsewhere cannot have us log in at our own machine")
    func publicRealm() throws {
        let tokens = try LoopbackServer { _ in Reply(200, [:], Array(#"{"token":"good"}"#.utf8)) }
        let realm = tokens.origin
        let curl = CurlTransport()
        let transport = ScriptedTransport { request throws(TransportError) in
            guard request.url.host == "127.0.0.1" else {
                return .init(401, ["www-authenticate": #"Bearer realm="\#(realm)""#], scope: .publicNetwork)
            }
            let (response, body) = try curl.collect(request, limit: 1000)
            return .init(response.status, [:], body)
        }
        let (reference, store) = (try Reference(parsing: "q.io/a"), store)
        let error = #expect(throws: RegistryError.self) {
            try RegistryClient(configuration: .quick(), transport: transport).resolve(
                reference, platform: amd64, store: store)
        }
        #expect(error?.code == .badLogin)
        #expect(tokens.requests.isEmpty)
    }

    @Test("A token of 100 MB is not read to its end")
    func hugeToken() throws {
        let tokens = try LoopbackServer { _ in
            Reply(steps: [.bytes(Reply.head(200, ["content-length": "104857600"])), .fill(count: 100 << 20)])
        }
        #expect(try failure(realm: tokens.origin + "/")?.code == .badAnswer)
    }

    @Test("A token server that flaps is asked again with the registry")
    func flapping() throws {
        let image = TestImage()
        let tokens = try LoopbackServer {
            $0.attempt < 2 ? Reply(503) : Reply(200, [:], Array(#"{"token":"good"}"#.utf8))
        }
        let realm = tokens.origin
        let server = try LoopbackServer { request in
            request.headers["authorization"] == "Bearer good"
                ? image.reply(to: request) : Reply(401, ["www-authenticate": #"Bearer realm="\#(realm)/""#])
        }
        _ = try RegistryClient(configuration: .quick()).resolve(try server.reference(), platform: amd64, store: store)
        #expect(tokens.requests.count == 3)
    }
}
