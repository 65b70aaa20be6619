import ByteKit
import TestKit
import Testing
import Transport

@Suite("A proxy")
struct ProxyTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func lock(_ image: String, _ variables: [(name: String, value: String)]) throws -> Peer.Result {
        let recipe = try Tool.recipe(#"{"name": "plain", "image": "\#(image)"}"#, in: folder.path)
        return try Tool.run(
            ["lock", recipe, "--cache", folder.path + "/cache"],
            variables: [("SCAR_BUILD_MIRRORS", ""), ("DOCKER_CONFIG", folder.path)] + variables)
    }

    @Test("of the environment is asked for a tunnel, and sees neither logins nor what passes through it")
    func tunnel() throws {
        let auth = #"{"auths":{"registry.invalid":{"username":"me","password":"s3cret"}}}"#
        try TestImage.write([("config.json", Array(auth.utf8))], to: folder.path)
        let proxy = try LoopbackServer { _ in .init(403) }
        let result = try lock("registry.invalid/a/b", [("HTTPS_PROXY", proxy.origin)])
        #expect(result.status == 1)
        #expect(result.errorText.contains("403"), "\(result.errorText)")
        #expect(proxy.requests.allSatisfy { $0.method == "CONNECT" && $0.path == "registry.invalid:443" })
        #expect(!proxy.requests.isEmpty)
        #expect(
            proxy.requests.allSatisfy { $0.headers["authorization"] == nil && $0.headers["proxy-authorization"] == nil }
        )
    }

    @Test("is not asked for what NO_PROXY names, nor for this machine")
    func noProxy() throws {
        let image = TestImage()
        let server = try LoopbackServer { image.reply(to: $0) }
        let proxy = try LoopbackServer { _ in .init(403) }
        let here = try lock(
            "127.0.0.1:\(server.port)/a/b", [("ALL_PROXY", proxy.origin), ("http_proxy", proxy.origin)])
        #expect(here.status == 0, "\(here.errorText)")
        let named = try lock("registry.invalid/a/b", [("HTTPS_PROXY", proxy.origin), ("NO_PROXY", "registry.invalid")])
        #expect(named.errorText.contains("host-not-found"), "\(named.errorText)")
        #expect(proxy.requests.isEmpty)
    }

    @Test("with a password does not show it in messages")
    func password() throws {
        let proxy = try LoopbackServer { _ in .init(407) }
        let result = try lock("registry.invalid/a/b", [("HTTPS_PROXY", "http://me:s3cret@127.0.0.1:\(proxy.port)")])
        #expect(result.status == 1)
        #expect(!result.errorText.contains("s3cret"))
    }
}
