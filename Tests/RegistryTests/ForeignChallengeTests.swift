import ByteKit
import ImageModel
import Registry
import TestKit
import Testing
import Transport

/// Who wants to know who we are, when it is not the registry itself.
@Suite struct ForeignChallengeTests: ~Copyable {
    typealias Reply = LoopbackServer.Reply
    let scene: StoreScene

    init() throws { scene = try StoreScene() }

    @Test(
        "The server that a blob lies on gets no login made, wherever it says to log in",
        arguments: [#"{"auth":"bWU6c2VjcmV0"}"#, #"{"identitytoken":"secret"}"#])
    func storageServer(login: String) throws {
        let image = TestImage(layers: [pattern(1000)])
        let thief = try LoopbackServer { _ in Reply(200, [:], Array(#"{"token":"bad"}"#.utf8)) }
        let realm = thief.origin + "/token"
        let cdn = try LoopbackServer { _ in
            Reply(401, ["www-authenticate": #"Bearer realm="\#(realm)",service="s", Basic realm="x""#])
        }
        let away = cdn.origin + "/blob"
        let server = try LoopbackServer { request in
            request.path.hasSuffix(Digest(of: image.layers[0]).description)
                ? Reply(307, ["location": away]) : image.reply(to: request)
        }
        try OutputFile.write(
            Array(#"{"auths":{"127.0.0.1:\#(server.port)":\#(login)}}"#.utf8), to: scene.path + "/config.json")
        var configuration = RegistryConfiguration.quick()
        configuration.credentialFiles = [scene.path + "/config.json"]
        let (client, store, reference) = (
            RegistryClient(configuration: configuration), scene.store, try server.reference()
        )
        let error = #expect(throws: RegistryError.self) { try pull(image.layer(0), reference, client, store) }
        #expect(error?.code == .unauthorized)
        #expect(!cdn.requests.isEmpty && cdn.requests.allSatisfy { $0.headers["authorization"] == nil })
        #expect(thief.requests.isEmpty)
    }
}
