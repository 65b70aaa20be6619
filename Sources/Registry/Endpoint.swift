internal import ByteKit
internal import ImageModel
internal import Transport

/// One server's API for the repositories of a registry: the registry's own, or a mirror's.
/// OCI distribution specification, "Endpoints".
struct Endpoint: Sendable, Hashable {
    /// Scheme and authority.
    let base: URL
    /// What goes before a repository's name: empty, or `proxy/`.
    let prefix: String
    let isMirror: Bool

    /// The registry itself. Only one on this machine is spoken to without TLS.
    init(registry: String) throws(RegistryError) {
        let host = registry == DockerHub.name ? DockerHub.apiHost : registry
        do throws(TransportError) {
            let secure = try URL(parsing: "https://" + host)
            base = secure.scope == .loopback ? try URL(parsing: "http://" + host) : secure
        } catch {
            throw RegistryError(.insecure, error)
        }
        prefix = ""
        isMirror = false
    }

    init(_ mirror: Mirror) {
        let path = mirror.endpoint.path.split(separator: "/").joined(separator: "/")
        base = mirror.endpoint.with(path: "/")
        prefix = path.isEmpty ? "" : path + "/"
        isMirror = true
    }

    /// The repository's name as this server knows it.
    func repository(_ name: String) -> String { prefix + name }

    /// - Parameter identifier: a tag or digest.
    func manifest(_ repository: String, _ identifier: String) -> URL {
        base.with(path: "/v2/\(self.repository(repository))/manifests/\(identifier)")
    }

    func blob(_ repository: String, _ digest: Digest) -> URL {
        base.with(path: "/v2/\(self.repository(repository))/blobs/\(digest)")
    }
}
