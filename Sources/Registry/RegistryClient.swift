internal import ByteKit
internal import ImageModel
package import Transport

/// Reads images from registries and their mirrors, and trusts nothing that it has not hashed.
///
/// One client serves a whole build: any number of threads may use it at once, and share its connections and tokens.
/// OCI distribution specification, "Pull".
package struct RegistryClient<Transport: HTTPTransport>: Sendable {
    let configuration: RegistryConfiguration
    private let transport: Transport
    private let authenticator: Authenticator<Transport>
    /// Servers that could not be reached, which are then asked last.
    private let lost = Monitor<Set<Endpoint>>([])
    /// Servers whose limits a person has heard of.
    private let limited = Monitor<Set<String>>([])

    package init(configuration: RegistryConfiguration, transport: Transport) {
        self.configuration = configuration
        self.transport = transport
        authenticator = Authenticator(transport: transport, configuration: configuration)
    }
}

extension RegistryClient where Transport == CurlTransport {
    package init(configuration: RegistryConfiguration) {
        self.init(configuration: configuration, transport: CurlTransport(configuration.transport))
    }
}

extension RegistryClient {
    /// Asks one endpoint after the other, each as often as the retry policy allows, until one gives what is wanted.
    ///
    /// - Parameter mirrors: whether mirrors will do; what is written goes to the registry itself.
    func ask<Value>(
        about reference: Reference, mirrors: Bool = true, madeProgress: () -> Bool = { false },
        _ body: (Endpoint) throws(RegistryError) -> Value
    ) throws(RegistryError) -> Value {
        guard !configuration.isOffline else { throw Self.offline(reference) }
        var failures: [RegistryError] = []
        let endpoints = try mirrors ? endpoints(for: reference.registry) : ownEndpoints(of: reference.registry)
        for endpoint in endpoints {
            do throws(RegistryError) {
                return try configuration.retry.run(madeProgress: madeProgress) { () throws(RegistryError) in
                    try body(endpoint)
                }
            } catch {
                // Whoever asks to stop while we wait to try again gets to hear that, not what we were waiting for.
                guard !Cancellation.isRequested else { throw RegistryError(.cancelled, Cancelled()) }
                if error.code == .unreachable { lost.withLock { _ = $0.insert(endpoint) } }
                failures.append(Self.explained(error, reference))
                if !error.mayAskElsewhere { break }
            }
        }
        throw Self.summary(of: failures)
    }

    /// Makes one authorised exchange, whose answer must be a success.
    ///
    /// - Parameters:
    ///   - access: what the exchange is a part of.
    ///   - receive: gets the body of a success only; that of an error is read here.
    func exchange(
        _ request: HTTPRequest, at endpoint: Endpoint, for reference: Reference, access: Access = .pull,
        receive: (HTTPResponse, UnsafeRawBufferPointer) -> HTTPReception
    ) throws(RegistryError) -> HTTPResponse {
        let scope = Authenticator<Transport>.Scope(
            origin: endpoint.base.origin, registry: endpoint.isMirror ? endpoint.base.authority : reference.registry,
            repository: endpoint.repository(reference.repository), access: access)
        var request = request
        // An address that the registry has named may be another server's, and what proves who we are is not for that.
        let isItsOwn = request.url.origin == endpoint.base.origin
        if isItsOwn { request.headers["authorization"] = authenticator.authorization(for: scope) }
        var (response, problem) = unsafe try perform(request, receive: receive)
        // Nor is it for one that a redirect has led to, whose challenge may name any place to log in at.
        if isItsOwn, response.status == 401, response.url.origin == endpoint.base.origin,
            let authorization = try authenticator.authorization(after: response, for: scope)
        {
            request.headers["authorization"] = authorization
            (response, problem) = unsafe try perform(request, receive: receive)
        }
        guard response.isSuccess else {
            throw RegistryError(
                response, body: problem, request: request, unixTime: configuration.retry.time.unixTime())
        }
        noteLimit(response, of: scope.registry)
        return response
    }

    /// Tells a person, once, that there are few pulls left.
    private func noteLimit(_ response: HTTPResponse, of registry: String) {
        guard let limit = RateLimit(response.headers), limit.matters,
            limited.withLock({ $0.insert(registry).inserted })
        else { return }
        configuration.notice("\(registry): \(limit.description)")
    }

    private func perform(
        _ request: HTTPRequest, receive: (HTTPResponse, UnsafeRawBufferPointer) -> HTTPReception
    ) throws(RegistryError) -> (HTTPResponse, problem: [UInt8]) {
        var problem: [UInt8] = []
        do throws(TransportError) {
            let response = unsafe try transport.perform(request) { response, bytes in
                guard !response.isSuccess else { return unsafe receive(response, bytes) }
                guard problem.count + bytes.count <= RegistryLimits.errorBody else { return .stop }
                unsafe problem.append(contentsOf: bytes)
                return .more
            }
            return (response, problem)
        } catch {
            throw RegistryError(error)
        }
    }

    /// Asks a registry, or a mirror for it, whether it is one, and gives the address that answered.
    ///
    /// One that wants a login first has answered. OCI distribution specification, "Determining Support".
    package func answeringServer(of registry: String) throws(RegistryError) -> String {
        let reference: Reference
        do throws(ReferenceError) {
            reference = try Reference(parsing: registry + "/name/name")
        } catch {
            throw RegistryError(.mirror, error)
        }
        return try ask(about: reference) { endpoint throws(RegistryError) in
            let request = HTTPRequest(.get, endpoint.base.with(path: "/v2/"), timeLimit: .seconds(20))
            let (response, problem) = unsafe try perform(request) { _, _ in .more }
            guard response.isSuccess || response.status == 401 else {
                throw RegistryError(
                    response, body: problem, request: request, unixTime: configuration.retry.time.unixTime())
            }
            return "\(endpoint.base)"
        }
    }

    static func offline(_ reference: Reference) -> RegistryError {
        RegistryError(
            .offline, "the build is offline, and what is needed is not in the cache",
            hint: "build once without --offline, with a lock file, to fill the cache"
        ).about(reference.description)
    }

    private func endpoints(for registry: String) throws(RegistryError) -> [Endpoint] {
        let mirrors = configuration.mirrors.filter { $0.registry == registry }.map { Endpoint($0) }
        let all = mirrors + (try ownEndpoints(of: registry))
        let lost = lost.withLock { $0 }
        return all.filter { !lost.contains($0) } + all.filter { lost.contains($0) }
    }

    /// The registry's own servers. One that need not have TLS may have it all the same, and is asked that way first.
    func ownEndpoints(of registry: String) throws(RegistryError) -> [Endpoint] {
        let (secure, plain) = (try Endpoint(registry: registry), try Endpoint(registry: registry, by: .http))
        let (insecure, isLocal) = (configuration.insecureRegistries, plain.base.scope == .loopback)
        if secure.base.isNamed(in: insecure) {
            return isLocal || plain.base.isNamed(in: insecure) ? [secure, plain] : [secure]
        }
        guard isLocal else { return [secure] }
        do throws(FileError) {
            // On this machine TLS is what somebody has set up certificates for.
            let certificates = try CertificateFolders(configuration.certificateFolders).certificates(for: secure.base)
            return [certificates != nil ? secure : plain]
        } catch {
            throw RegistryError(.store, error)
        }
    }

    private static func explained(_ error: RegistryError, _ reference: Reference) -> RegistryError {
        var error = error.about(reference.description)
        if error.detailCode == "host-not-found" || error.detailCode == "unreachable" {
            let mirror = "name a mirror with SCAR_BUILD_MIRRORS=\(reference.registry)=https://mirror.example"
            error.hint = error.hint.map { "\($0); or \(mirror)" } ?? mirror
        }
        return error
    }

    /// The last failure speaks, and names the others: it is the registry's own unless a mirror's was final.
    private static func summary(of failures: [RegistryError]) -> RegistryError {
        guard var last = failures.last else { preconditionFailure("there is always one endpoint") }
        let earlier = failures.dropLast().map { "before that, \($0.message)" }
        if !earlier.isEmpty { last.message += "; " + earlier.joined(separator: "; ") }
        return last
    }
}
