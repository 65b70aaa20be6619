import ByteKit
import ImageModel
import Registry
import TestKit
import Testing
import Transport

/// Which registries may be used, and what they say about how often.
@Suite struct PolicyTests: ~Copyable {
    let scene: StoreScene
    var store: BlobStore { scene.store }
    let image = TestImage()

    init() throws { scene = try StoreScene() }

    private func resolve(_ name: String, _ policy: String) throws -> RegistryError? {
        let image = image
        let transport = ScriptedTransport { request in
            guard let (type, bytes) = image.content(at: request.url.path) else { return .init(404) }
            return .init(200, ["content-type": type.description], bytes)
        }
        var configuration = RegistryConfiguration.quick()
        configuration.policy = try RegistryPolicy(parsing: policy)
        let client = RegistryClient(configuration: configuration, transport: transport)
        let reference = try Reference(parsing: name)
        do throws(RegistryError) {
            _ = try client.resolve(reference, platform: amd64, store: store)
            return nil
        } catch {
            #expect(transport.requests.isEmpty || error.code != .forbidden)
            return error
        }
    }

    @Test(
        "A registry that is allowed is asked",
        arguments: [
            ("ffmpeg", ""), ("ffmpeg", "docker.io"), ("ffmpeg", "index.docker.io"), ("q.io/a/b", "q.io, docker.io"),
            ("q.io/a/b", "q.io/a"), ("q.io/a/b", "q.io/a/b"), ("x.corp.example/a", "*.corp.example"),
            ("q.io/a/b", "!docker.io"), ("q.io:5000/a/b", "q.io:5000"), ("q.io/a/b", "q.io !q.io/c"),
        ])
    func allowed(name: String, policy: String) throws {
        #expect(try resolve(name, policy) == nil)
    }

    @Test(
        "A registry that is not allowed is not asked for anything",
        arguments: [
            ("ffmpeg", "q.io"), ("ffmpeg", "!docker.io"), ("q.io/a/b", "q.io:5000"), ("q.io/ab/c", "q.io/a"),
            ("corp.example/a", "*.corp.example"), ("xcorp.example/a", "*.corp.example"), ("q.io/a/b", "q.io, !q.io/a"),
            ("q.io/a/b", "!q.io q.io"),
        ])
    func forbidden(name: String, policy: String) throws {
        let error = try resolve(name, policy)
        #expect(error?.code == .forbidden)
        #expect(error?.hint?.contains("SCAR_BUILD_REGISTRIES") == true)
    }

    @Test(
        "What is no list of registries is refused",
        arguments: ["!", "a b", "https://q.io", "q.io/A", "*", "q.io@x", "*."])
    func malformed(policy: String) {
        let error = #expect(throws: RegistryError.self) { try RegistryPolicy(parsing: policy) }
        #expect(error?.code == .policy)
    }

    @Test("What was stored when it was allowed may not be used when it is not")
    func stored() throws {
        #expect(try resolve("q.io/a/b", "q.io") == nil)
        var configuration = RegistryConfiguration.quick()
        configuration.isOffline = true
        configuration.policy = try RegistryPolicy(parsing: "!q.io")
        let (client, store, digest) = (RegistryClient(configuration: configuration), store, Digest(of: image.manifest))
        let reference = try Reference(parsing: "q.io/a/b")
        let error = #expect(throws: RegistryError.self) {
            try client.resolve(reference, platform: amd64, store: store, pinned: digest)
        }
        #expect(error?.code == .forbidden)
    }

    // MARK: - Limits

    private func notices(_ headers: HTTPHeaders) throws -> [String] {
        let image = image
        let transport = ScriptedTransport { request in
            guard let (type, bytes) = image.content(at: request.url.path) else { return .init(404) }
            var headers = headers
            headers["content-type"] = type.description
            return .init(200, headers, bytes)
        }
        let notes = Monitor<[String]>([])
        var configuration = RegistryConfiguration.quick()
        configuration.notice = { note in notes.withLock { $0.append(note) } }
        _ = try RegistryClient(configuration: configuration, transport: transport)
            .resolve(try Reference(parsing: "ffmpeg"), platform: amd64, store: store)
        return notes.withLock { $0 }
    }

    @Test(
        "Few pulls that are left are told, once",
        arguments: [
            ("100;w=21600", "12;w=21600", nil, "docker.io: 12 of 100 pulls left, counted over 6 h"),
            ("100", "0", "600", "docker.io: 0 of 100 pulls left, resets in 10 min"),
            ("200", "40", nil, "docker.io: 40 of 200 pulls left"),
        ] as [(String, String, String?, String)])
    func fewLeft(limit: String, remaining: String, reset: String?, text: String) throws {
        var headers: HTTPHeaders = ["ratelimit-limit": limit, "ratelimit-remaining": remaining]
        headers["ratelimit-reset"] = reset
        #expect(try notices(headers) == [text])
    }

    @Test(
        "Many that are left, and what makes no sense, are nothing to talk about",
        arguments: [
            ["ratelimit-limit": "100;w=21600", "ratelimit-remaining": "76;w=21600"],
            ["ratelimit-limit": "100"], ["ratelimit-limit": "0", "ratelimit-remaining": "0"],
            ["ratelimit-limit": "x", "ratelimit-remaining": "-1"],
            ["ratelimit-limit": "5", "ratelimit-remaining": "9"],
            ["ratelimit-limit": "99999999999999999999", "ratelimit-remaining": "1"], [:],
        ] as [HTTPHeaders])
    func manyLeft(headers: HTTPHeaders) throws {
        #expect(try notices(headers) == [])
    }

    @Test("A registry that has had enough is quoted with its limit")
    func tooMany() throws {
        let transport = ScriptedTransport { _ in
            .init(
                429, ["ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600", "retry-after": "7200"],
                Array(#"{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your limit"}]}"#.utf8))
        }
        let (client, store) = (RegistryClient(configuration: .quick(), transport: transport), store)
        let reference = try Reference(parsing: "ffmpeg")
        let error = #expect(throws: RegistryError.self) { try client.resolve(reference, platform: amd64, store: store) }
        #expect(error?.code == .rateLimited)
        #expect(error?.message.contains("0 of 100 pulls left, counted over 6 h") == true)
    }

    // MARK: - Without TLS

    @Test("A registry is spoken to without TLS only when a person said so, and first with it")
    func insecure() throws {
        let image = image
        let transport = ScriptedTransport { request throws(TransportError) in
            guard request.url.scheme == .http else {
                throw TransportError(.secureChannel, url: request.url.description, detail: "no TLS here")
            }
            guard let (type, bytes) = image.content(at: request.url.path) else { return .init(404) }
            return .init(200, ["content-type": type.description], bytes)
        }
        let (store, reference) = (store, try Reference(parsing: "registry.corp:5000/a/b"))
        let careful = RegistryClient(configuration: .quick(), transport: transport)
        #expect(throws: RegistryError.self) { try careful.resolve(reference, platform: amd64, store: store) }
        #expect(transport.requests.allSatisfy { $0.url.scheme == .https })

        var configuration = RegistryConfiguration.quick()
        try configuration.allowInsecure("registry.corp:5000, other.corp")
        let trusting = RegistryClient(configuration: configuration, transport: transport)
        _ = try trusting.resolve(reference, platform: amd64, store: store)
        #expect(transport.requests.last?.url.origin == "http://registry.corp:5000")
    }

    @Test(
        "What could not be meant is refused",
        arguments: ["docker.io", "registry-1.docker.io", "docker.io:443", "q.io/a", "https://q.io", "nodots"])
    func malformedInsecure(text: String) {
        let error = #expect(throws: RegistryError.self) {
            var configuration = RegistryConfiguration()
            try configuration.allowInsecure(text)
        }
        #expect(error?.code == .insecure)
    }
}
