/// Who we are to a registry. It has no description: it must not find its way into a message.
package enum Credentials: Sendable, Equatable {
    case password(user: String, password: String)
    /// What `docker login` stores for registries with OAuth 2.
    case identityToken(String)
}

/// Somewhere that logins come from: files, a program, a cloud's own way to give them out.
///
/// A source is asked when a registry wants a login, and again when one that it gave is not accepted any more; what lives
/// for a while only is its own to keep and renew.
package protocol CredentialSource: Sendable {
    /// The login for a repository; nil when this source has nothing to do with the registry.
    ///
    /// - Parameters:
    ///   - registry: the registry's canonical name, as in references: `docker.io`, `ghcr.io`, `127.0.0.1:5000`.
    ///   - repository: the path below it.
    func credentials(registry: String, repository: String) throws(RegistryError) -> Credentials?
}
