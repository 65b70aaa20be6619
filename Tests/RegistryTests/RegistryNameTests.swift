import ByteKit
import ImageModel
import Registry
import TestKit
import Testing
import Transport

/// The ways one registry can be spelled, in rules and settings.
@Suite struct RegistryNameTests: ~Copyable {
    let scene: StoreScene
    let image = TestImage()

    init() throws { scene = try StoreScene() }

    /// Resolves an image at a registry that has it, with TLS or without.
    private func resolve(
        _ name: String, isPlain: Bool = false, _ set: (inout RegistryConfiguration) throws -> Void
    ) throws -> (error: RegistryError?, asked: [String]) {
        let image = image
        let transport = ScriptedTransport { request throws(TransportError) in
            guard !isPlain || request.url.scheme == .http else {
                throw TransportError(.secureChannel, url: request.url.description, detail: "no TLS here")
            }
            guard let (type, bytes) = image.content(at: request.url.path) else { return .init(404) }
            return .init(200, ["content-type": type.description], bytes)
        }
        var configuration = RegistryConfiguration.quick()
        try set(&configuration)
        let client = RegistryClient(configuration: configuration, transport: transport)
        let reference = try Reference(parsing: name)
        var failure: RegistryError?
        do throws(RegistryError) {
            _ = try client.resolve(reference, platform: amd64, store: scene.store)
        } catch {
            failure = error
        }
        return (failure, transport.requests.map(\.url.origin))
    }

    @Test(
        "A registry that is forbidden is so by all of its names",
        arguments: [
            ("registry-1.docker.io/library/ubuntu", "!docker.io"), ("ubuntu", "!registry-1.docker.io"),
            ("registry-1.docker.io:443/library/ubuntu", "!docker.io"), ("docker.io:443/a/b", "!docker.io"),
            ("ubuntu", "!docker.io/ubuntu"), ("ubuntu", "!docker.io/library"), ("ubuntu/x", "!docker.io/ubuntu"),
            ("registry-1.docker.io/ubuntu", "!docker.io/library/ubuntu"), ("index.docker.io/a/b", "!*.docker.io"),
            ("ghcr.io:443/x", "!ghcr.io"), ("ghcr.io:0443/x", "!ghcr.io"), ("ghcr.io/x", "!ghcr.io:443"),
            ("GHCR.io:443/a/x", "!ghcr.io/a"), ("a.corp.example:443/x", "!*.corp.example"),
            ("a.corp.example/x", "!*.corp.example:443"),
        ])
    func forbidden(name: String, policy: String) throws {
        let (error, asked) = try resolve(name) { $0.policy = try RegistryPolicy(parsing: policy) }
        #expect(error?.code == .forbidden)
        #expect(asked.isEmpty)
    }

    @Test(
        "What another registry or image is stays allowed",
        arguments: [
            ("ubuntu", "docker.io/ubuntu"), ("ghcr.io:443/x", "ghcr.io"), ("ghcr.io:5000/x", "!ghcr.io"),
            ("a/b", "!docker.io/b"), ("ghcr.io/library/x", "!ghcr.io/x"), ("docker.io.example/a", "!docker.io"),
        ])
    func allowed(name: String, policy: String) throws {
        let (error, _) = try resolve(name) { $0.policy = try RegistryPolicy(parsing: policy) }
        #expect(error == nil)
    }

    @Test(
        "A registry that is named with the port of its scheme is spoken to without TLS at that port",
        arguments: [("reg.example:80", "http://reg.example"), ("reg.example:443", "http://reg.example:443")])
    func usualPorts(registry: String, origin: String) throws {
        let (error, asked) = try resolve(registry + "/a", isPlain: true) { try $0.allowInsecure(registry) }
        #expect(error == nil)
        #expect(asked.last == origin)
    }

    @Test("One that is named for one port is spoken to without TLS at no other")
    func otherPort() throws {
        let (error, asked) = try resolve("reg.example/a", isPlain: true) { try $0.allowInsecure("reg.example:443") }
        #expect(error?.code == .unreachable)
        #expect(asked.allSatisfy { $0 == "https://reg.example" })
    }
}
