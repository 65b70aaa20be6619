internal import ImageModel
package import Transport

/// What a registry client needs to know about this machine and its person.
package struct RegistryConfiguration: Sendable {
    /// Asked before the registry they stand for, in this order.
    package var mirrors: [Mirror] = []
    /// Whether nothing may be asked over the network.
    package var isOffline = false
    /// Asked for logins that no file has.
    package var credentialSources: [any CredentialSource] = []
    /// Files with logins, the first that knows a registry decides. Those that do not exist are passed over.
    package var credentialFiles: [String] = []
    /// How long a credential helper may take, which may have to ask a person.
    package var helperTimeLimit: Duration = .seconds(15)
    /// Which registries may be used.
    package var policy = RegistryPolicy()
    /// Registries that are spoken to without TLS, or without a look at their certificate, because a person said so.
    package var insecureRegistries: Set<String> = []
    /// Folders with a folder of certificates for each registry: see `CertificateFolders`.
    package var certificateFolders: [String] = []
    package var retry = RetryPolicy()
    /// Told what a person should know and no failure says. Called from any thread.
    package var notice: @Sendable (String) -> Void = { _ in }
    /// How long one manifest, index or token may take; blobs have no such limit, only that of progress.
    package var documentTimeLimit: Duration = .seconds(60)

    package init() {}

    /// What `SCAR_BUILD_MIRRORS`, `SCAR_BUILD_REGISTRIES`, `SCAR_BUILD_INSECURE_REGISTRIES`, `REGISTRY_AUTH_FILE`,
    /// `DOCKER_CONFIG` and `HOME` say.
    package static func fromEnvironment() throws(RegistryError) -> RegistryConfiguration {
        var configuration = RegistryConfiguration()
        configuration.mirrors = try Mirror.list(parsing: Environment["SCAR_BUILD_MIRRORS"] ?? "")
        configuration.policy = try RegistryPolicy(parsing: Environment["SCAR_BUILD_REGISTRIES"] ?? "")
        try configuration.allowInsecure(Environment["SCAR_BUILD_INSECURE_REGISTRIES"] ?? "")
        if let file = Environment["REGISTRY_AUTH_FILE"] { configuration.credentialFiles.append(file) }
        if let folder = Environment["DOCKER_CONFIG"] ?? Environment["HOME"].map({ $0 + "/.docker" }) {
            configuration.credentialFiles.append(folder + "/config.json")
            configuration.certificateFolders.append(folder + "/certs.d")
        }
        configuration.certificateFolders += ["/etc/docker/certs.d", "/etc/containers/certs.d"]
        return configuration
    }

    /// Adds registries that need no TLS, separated by commas or white space.
    package mutating func allowInsecure(_ text: String) throws(RegistryError) {
        for item in text.split(whereSeparator: { ", \t\n".contains($0) }) {
            guard let reference = try? Reference(parsing: item.lowercased() + "/name/name"),
                reference.repository == "name/name",
                !RegistryPolicy.names(of: reference.registry).contains(DockerHub.name)
            else {
                throw RegistryError(
                    .insecure, "‘\(item.prefix(80))’ is not a registry that could be spoken to without TLS",
                    hint: "write its host, with the port if it has one: registry.example:5000")
            }
            insecureRegistries.insert(reference.registry)
        }
    }

    /// How these registries want to be connected to.
    var transport: TransportConfiguration {
        var transport = TransportConfiguration.fromEnvironment
        transport.insecureServers = insecureRegistries
        transport.certificates = CertificateFolders(certificateFolders)
        return transport
    }
}

/// A place that answers for a registry: `docker.io=http://127.0.0.1:5000`.
///
/// A path in the address goes before every repository's name, as proxies that serve many registries want it.
package struct Mirror: Sendable, Equatable {
    /// The canonical name of the registry it stands for.
    package let registry: String
    package let endpoint: URL

    package init(registry: String, endpoint: URL) {
        self.registry = registry
        self.endpoint = endpoint
    }

    package init(parsing text: String) throws(RegistryError) {
        guard let equals = text.firstIndex(of: "="),
            // What may stand before a repository in a reference is a registry's name.
            let reference = try? Reference(parsing: text[..<equals] + "/name/name"),
            reference.repository == "name/name"
        else { throw Self.malformed(text, "it is not REGISTRY=URL") }
        do throws(TransportError) {
            let endpoint = try URL(parsing: String(text[text.index(after: equals)...]))
            guard endpoint.query == nil else { throw TransportError(.malformedURL, url: "", detail: "it has a query") }
            self.init(registry: reference.registry, endpoint: endpoint)
        } catch {
            throw Self.malformed(text, error.detail)
        }
    }

    /// Parses several, separated by commas or white space.
    package static func list(parsing text: String) throws(RegistryError) -> [Mirror] {
        var mirrors: [Mirror] = []
        for item in text.split(whereSeparator: { ", \t\n".contains($0) }) {
            mirrors.append(try Mirror(parsing: String(item)))
        }
        return mirrors
    }

    private static func malformed(_ text: String, _ reason: String) -> RegistryError {
        RegistryError(
            .mirror, "‘\(URL.redacted(text))’ is not a mirror: \(reason)",
            hint: "write it like docker.io=https://mirror.example")
    }
}
