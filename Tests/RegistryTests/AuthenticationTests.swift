import ByteKit
import ImageModel
import Registry
import Testing
import TestKit
import Transport

@Suite struct AuthenticationTests: ~Copyable {
    typealias Answer = ScriptedTransport.Answer
    let scene: StoreScene
    var store: BlobStore { scene.store }
    let image = TestImage()

    init() throws { scene = try StoreScene() }

    static let hubChallenge =
        #"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/a:pull""#

    /// Docker Hub as it is seen from outside: a registry that wants tokens, and a server that gives them.
    private func hub(_ challenge: String = hubChallenge, token: @escaping @Sendable (HTTPRequest) -> Answer)
        -> ScriptedTransport
    {
        let image = image
        return ScriptedTransport { request in
            guard request.url.host == "registry-1.docker.io" else { return token(request) }
            guard request.headers["authorization"] == "Bearer good" else {
                return Answer(401, ["www-authenticate": challenge])
            }
            guard let (type, bytes) = image.content(at: request.url.path) else { return Answer(404) }
            return Answer(
                200, ["content-type": type.description, "docker-content-digest": Digest(of: bytes).description], bytes)
        }
    }

    private func resolve(_ transport: ScriptedTransport, _ configuration: RegistryConfiguration = .quick()) throws
        -> ResolvedImage
    {
        try RegistryClient(configuration: configuration, transport: transport)
            .resolve(try Reference(parsing: "a"), platform: amd64, store: store)
    }

    private func failure(_ transport: ScriptedTransport, _ configuration: RegistryConfiguration = .quick()) throws
        -> RegistryError?
    {
        let store = store
        let client = RegistryClient(configuration: configuration, transport: transport)
        let reference = try Reference(parsing: "a")
        let error = #expect(throws: RegistryError.self) { try client.resolve(reference, platform: amd64, store: store) }
        #expect(error?.diagnostic.description.contains("secret") == false)
        return error
    }

    private func login(_ text: String) throws -> RegistryConfiguration {
        try OutputFile.write(Array(text.utf8), to: scene.path + "/config.json")
        var configuration = RegistryConfiguration.quick()
        configuration.credentialFiles = [scene.path + "/missing.json", scene.path + "/config.json"]
        return configuration
    }

    @Test("A public image on Docker Hub takes one token for all requests", arguments: ["token", "access_token"])
    func anonymous(member: String) throws {
        let transport = hub { _ in Answer(200, [:], Array(#"{"\#(member)":"good","expires_in":300}"#.utf8)) }
        #expect(try resolve(transport).manifestDigest == Digest(of: image.manifest))
        let tokens = transport.requests.filter { $0.url.host == "auth.docker.io" }
        #expect(
            tokens.map(\.url.fullText) == [
                "https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Fa%3Apull"
            ])
        #expect(tokens[0].headers["authorization"] == nil)
        #expect(tokens[0].namedFrom == .publicNetwork)
    }

    @Test("A token is renewed when it has expired, and one that expires at once is still used once")
    func expiry() throws {
        let time = ManualTime()
        let transport = hub { _ in Answer(200, [:], Array(#"{"token":"good","expires_in":0}"#.utf8)) }
        _ = try resolve(transport, .quick(time))
        #expect(transport.requests.count { $0.url.host == "auth.docker.io" } == 4)
    }

    @Test("Docker's login is sent to the token server and nowhere else")
    func password() throws {
        let transport = hub { request in
            request.headers["authorization"] == "Basic bWU6c2VjcmV0"
                ? Answer(200, [:], Array(#"{"token":"good"}"#.utf8)) : Answer(401)
        }
        _ = try resolve(transport, try login(#"{"auths":{"https://index.docker.io/v1/":{"auth":"bWU6c2VjcmV0"}}}"#))
        #expect(
            transport.requests.filter { $0.url.host != "auth.docker.io" }.allSatisfy {
                $0.headers["authorization"]?.hasPrefix("Basic") != true
            })
    }

    @Test("An identity token is exchanged by POST, not shown in an address")
    func identityToken() throws {
        let transport = hub { request in
            guard request.method == .post, case .bytes(let form) = request.body,
                String(decoding: form, as: UTF8.self).contains("refresh_token=secret%2Fx")
            else { return Answer(400) }
            return Answer(200, [:], Array(#"{"access_token":"good"}"#.utf8))
        }
        _ = try resolve(transport, try login(#"{"auths":{"docker.io":{"identitytoken":"secret/x"}}}"#))
        #expect(transport.requests.allSatisfy { !$0.url.fullText.contains("secret") })
    }

    @Test(
        "The login of the narrowest name is taken",
        arguments: [
            (["q.io", "q.io/a", "q.io/a/b"], "q.io/a/b"), (["q.io", "q.io/a/c", "https://q.io/a/"], "https://q.io/a/"),
            (["q.io/v2/", "other.io"], "q.io/v2/"),
        ])
    func narrowest(names: [String], chosen: String) throws {
        let auths = names.map { #""\#($0)":{"username":"u","password":"\#($0)"}"# }.joined(separator: ",")
        let expected = "Basic " + String(decoding: Base64.encode(Array("u:\(chosen)".utf8)), as: UTF8.self)
        let image = image
        let transport = ScriptedTransport { request in
            guard request.headers["authorization"] == expected else {
                return Answer(401, ["www-authenticate": #"Basic realm="q""#])
            }
            guard let (type, bytes) = image.content(at: request.url.path) else { return Answer(404) }
            return Answer(200, ["content-type": type.description], bytes)
        }
        let client = RegistryClient(configuration: try login("{\"auths\":{\(auths)}}"), transport: transport)
        _ = try client.resolve(try Reference(parsing: "q.io/a/b"), platform: amd64, store: store)
        #expect(transport.requests.count { $0.headers["authorization"] == nil } == 1)
    }

    @Test("A login that is not accepted is said to be so")
    func wrongPassword() throws {
        let transport = hub { _ in Answer(401, [:], Array(#"{"details":"incorrect username or password"}"#.utf8)) }
        let error = try failure(transport, try login(#"{"auths":{"docker.io":{"auth":"bWU6c2VjcmV0"}}}"#))
        #expect(error?.code == .unauthorized)
        #expect(error?.hint?.contains("not accepted") == true)
        #expect(error?.message.contains("incorrect username") == true)
    }

    @Test("An image that a token does not open is private or not there, and is asked for once")
    func noAccess() throws {
        let transport = hub { _ in Answer(200, [:], Array(#"{"token":"secret"}"#.utf8)) }
        let error = try failure(transport)
        #expect(error?.code == .unauthorized)
        #expect(error?.hint?.contains("docker login") == true)
        #expect(transport.requests.count == 3)
    }

    @Test(
        "Logins that cannot be read are an error with the file's name",
        arguments: [
            "{", "[]", #"{"auths":{"docker.io":{"auth":"%%%"}}}"#, #"{"auths":{"docker.io":{"auth":"c2VjcmV0"}}}"#,
        ])
    func malformedLogins(text: String) throws {
        let error = try failure(hub { _ in Answer(500) }, try login(text))
        #expect(error?.code == .credentials)
        #expect(error?.message.contains("config.json") == true)
    }

    @Test("An empty entry, as helpers leave it, is no login")
    func emptyEntry() throws {
        let transport = hub { _ in Answer(200, [:], Array(#"{"token":"good"}"#.utf8)) }
        _ = try resolve(transport, try login(#"{"credsStore":"","auths":{"https://index.docker.io/v1/":{}}}"#))
        #expect(transport.requests.allSatisfy { $0.headers["authorization"]?.hasPrefix("Basic") != true })
    }

    /// A login that a program gives out, as clouds do for their registries.
    private struct CloudLogin: CredentialSource {
        let asked = Monitor<[String]>([])

        func credentials(registry: String, repository: String) throws(RegistryError) -> Credentials? {
            asked.withLock { $0.append("\(registry)/\(repository)") }
            return registry == "docker.io" ? .password(user: "me", password: "secret") : nil
        }
    }

    @Test("A source of logins is asked where no file has one, and again when its login is not accepted any more")
    func source() throws {
        let image = image
        let accepted = Monitor(2)
        let transport = ScriptedTransport { request in
            let isAllowed =
                request.headers["authorization"] == "Basic bWU6c2VjcmV0"
                && accepted.withLock { count in
                    count -= 1
                    return count != 0
                }
            guard isAllowed else { return Answer(401, ["www-authenticate": "Basic realm=x"]) }
            guard let (type, bytes) = image.content(at: request.url.path) else { return Answer(404) }
            return Answer(200, ["content-type": type.description], bytes)
        }
        let source = CloudLogin()
        var configuration = try login(#"{"auths":{"quay.io":{"auth":"b3RoZXI6b3RoZXI="}}}"#)
        configuration.credentialSources = [source]
        _ = try resolve(transport, configuration)
        #expect(source.asked.withLock { $0 } == ["docker.io/library/a", "docker.io/library/a"])

        let known = CloudLogin()
        configuration = try login(#"{"auths":{"docker.io":{"auth":"bWU6c2VjcmV0"}}}"#)
        configuration.credentialSources = [known]
        accepted.withLock { $0 = 9 }
        _ = try resolve(transport, configuration)
        #expect(known.asked.withLock { $0 } == [])
    }

    @Test(
        "Answers that hold no usable token are refused",
        arguments: [
            "", "{}", #"{"token":""}"#, #"{"token":7}"#, #"{"token":"a b"}"#, #"{"token":"secret\r\nx: y"}"#, "<html>",
            "[]",
        ])
    func unusableToken(body: String) throws {
        let error = try failure(hub { _ in Answer(200, [:], Array(body.utf8)) })
        #expect(error?.code == .badLogin)
    }

    @Test(
        "Challenges that nobody can meet end in a request to log in",
        arguments: [
            "", "Negotiate", "Bearer", #"Bearer service="x""#, #"Basic realm="x""#, "Digest a=b, Basic", ",,,",
            "Bearer realm=",
        ])
    func unmetChallenge(challenge: String) throws {
        let transport = hub(challenge) { _ in Answer(500) }
        #expect(try failure(transport)?.code == .unauthorized)
        #expect(transport.requests.count == 1)
    }

    @Test(
        "The Bearer challenge is found among others, however it is written",
        arguments: [
            #"Basic realm="a, b", Bearer realm="https://auth.docker.io/token",service="s""#,
            #"BEARER  Realm = "https://auth.docker.io/tok\en" , scope="repository:library/a:pull""#,
        ])
    func challenges(challenge: String) throws {
        _ = try resolve(hub(challenge) { _ in Answer(200, [:], Array(#"{"token":"good"}"#.utf8)) })
    }
}
