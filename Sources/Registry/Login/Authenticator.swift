internal import ByteKit
internal import JSON
internal import Transport

/// Proves to registries who asks, and remembers the proofs. Shared by all threads of a client.
///
/// The distribution project's "Token Authentication Specification" and "Token Authentication Implementation".
struct Authenticator<Transport: HTTPTransport>: Sendable {
    /// What a proof is good for: what may be done with repositories at one server.
    struct Scope: Hashable, Sendable {
        let origin: String
        /// The name under which credentials for the server are stored.
        let registry: String
        let repository: String
        let access: Access
    }

    private struct Proof: Sendable {
        let header: String
        let expiry: Duration
    }

    private let transport: Transport
    private let sources: [any CredentialSource]
    private let time: TimeSource
    private let timeLimit: Duration
    private let proofs = Monitor<[Scope: Proof]>([:])

    init(transport: Transport, configuration: RegistryConfiguration) {
        self.transport = transport
        // What a person has said goes before what can be found out.
        sources =
            [CredentialFiles(configuration.credentialFiles, helperTimeLimit: configuration.helperTimeLimit)]
            + configuration.credentialSources
        time = configuration.retry.time
        timeLimit = configuration.documentTimeLimit
    }

    /// The `Authorization` field for a request, if a proof is at hand.
    func authorization(for scope: Scope) -> String? {
        let now = time.now()
        return proofs.withLock { proofs in
            guard let proof = proofs[scope] else { return nil }
            if proof.expiry > now { return proof.header }
            proofs[scope] = nil
            return nil
        }
    }

    /// Meets the challenges of a 401 answer.
    ///
    /// - Returns: the new `Authorization` field; nil when there is nothing to try that could help.
    func authorization(after response: HTTPResponse, for scope: Scope) throws(RegistryError) -> String? {
        let challenges = Challenge.parse(response.headers.all("www-authenticate"))
        let login = try login(for: scope)
        let proof: Proof
        if let bearer = challenges.first(where: { $0.scheme == "bearer" && $0.parameters["realm"] != nil }) {
            proof = try token(bearer, login: login, challengedBy: response, for: scope)
        } else if challenges.contains(where: { $0.scheme == "basic" }), case .password(let user, let password) = login {
            proof = Proof(header: Self.basic(user, password), expiry: .seconds(Int32.max))
        } else {
            return nil
        }
        proofs.withLock { $0[scope] = proof }
        return proof.header
    }

    /// The first login that a source has.
    private func login(for scope: Scope) throws(RegistryError) -> Credentials? {
        for source in sources {
            if let login = try source.credentials(registry: scope.registry, repository: scope.repository) {
                return login
            }
        }
        return nil
    }

    private func token(
        _ challenge: Challenge, login: Credentials?, challengedBy response: HTTPResponse, for scope: Scope
    ) throws(RegistryError) -> Proof {
        let request = try tokenRequest(challenge, login: login, challengedBy: response, for: scope)
        let asked = time.now()
        let (answer, body): (HTTPResponse, [UInt8])
        do throws(TransportError) {
            (answer, body) = try transport.collect(request, limit: RegistryLimits.tokenBody)
        } catch {
            throw tokenFailed(error)
        }
        guard answer.isSuccess else { throw tokenRefused(answer, body: body, request: request, hasLogin: login != nil) }
        return try Self.proof(in: body, asked: asked, request: request)
    }

    private func tokenRequest(
        _ challenge: Challenge, login: Credentials?, challengedBy response: HTTPResponse, for scope: Scope
    ) throws(RegistryError) -> HTTPRequest {
        let realm: URL
        do throws(TransportError) {
            realm = try URL(parsing: challenge.parameters["realm"] ?? "")
        } catch {
            throw RegistryError(
                .badLogin, "\(response.url.origin) sends us to log in at a place that is no address: \(error.detail)")
        }
        let service = challenge.parameters["service"].map { [("service", $0)] } ?? []
        let offered = challenge.parameters["scope"].map { $0.split(separator: " ").prefix(8).map(String.init) }
        // A registry names what the request at hand takes; for pushing, the requests that follow take more.
        let needed = scope.access == .pull && offered != nil ? [] : scope.access.scopes(scope.repository)
        let scopes = ((offered ?? []) + needed.filter { offered?.contains($0) != true }).map { ("scope", $0) }

        var request = HTTPRequest(.get, realm, timeLimit: timeLimit, namedFrom: response.scope)
        switch login {
        case .identityToken(let token):
            let grant = [("grant_type", "refresh_token"), ("client_id", "scar-build"), ("refresh_token", token)]
            let form = (grant + service + [("scope", scopes.map(\.1).joined(separator: " "))])
                .map { URL.encode($0) + "=" + URL.encode($1) }.joined(separator: "&")
            request.method = .post
            request.body = .bytes(Array(form.utf8))
            request.headers["content-type"] = "application/x-www-form-urlencoded"
        case .password(let user, let password):
            request.headers["authorization"] = Self.basic(user, password)
            fallthrough
        case nil:
            for (name, value) in service + scopes { request.url = request.url.adding(name, value) }
        }
        return request
    }

    /// Reads a token server's answer.
    private static func proof(in body: [UInt8], asked: Duration, request: HTTPRequest) throws(RegistryError) -> Proof {
        let json = try? JSON.parse(body, limits: JSONLimits(bytes: RegistryLimits.tokenBody, depth: 16, values: 1000))
        guard let token = json?["token"]?.utf8 ?? json?["access_token"]?.utf8,
            (1...RegistryLimits.token).contains(token.count),
            token.allSatisfy({ 0x21...0x7e ~= $0 })
        else { throw RegistryError(.badLogin, "\(request) gave no usable token") }
        // The specification's default, and a margin for the way to the registry. What lives shorter serves one request.
        let lifetime = min(max(json?["expires_in"]?.integer ?? 60, 0), 86_400)
        return Proof(
            header: "Bearer " + String(decoding: token, as: UTF8.self),
            expiry: asked + .seconds(lifetime) - .seconds(10))
    }

    private func tokenRefused(
        _ response: HTTPResponse, body: [UInt8], request: HTTPRequest, hasLogin: Bool
    ) -> RegistryError {
        var error = RegistryError(response, body: body, request: request, unixTime: time.unixTime())
        if hasLogin, response.status == 401 || response.status == 403 || response.status == 400 {
            error.hint = "the stored login was not accepted: log in again (docker login)"
        }
        return error
    }

    private func tokenFailed(_ error: TransportError) -> RegistryError {
        var failure = RegistryError(error)
        if failure.code == .insecure {
            failure.code = .badLogin
            failure.hint =
                "a token server must be reached by https, and not lie in a more private network than its registry"
        }
        return failure
    }

    private static func basic(_ user: String, _ password: String) -> String {
        "Basic " + String(decoding: Base64.encode(Array("\(user):\(password)".utf8)), as: UTF8.self)
    }
}
