internal import ByteKit
internal import Glibc
internal import ImageModel
internal import JSON
internal import Transport

/// Who we are to a registry. It has no description: it must not find its way into a message.
enum Credentials: Sendable, Equatable {
    case password(user: String, password: String)
    /// What `docker login` stores for registries with OAuth 2.
    case identityToken(String)
}

/// The logins of this machine's person, read when first needed.
///
/// The files are Docker's `config.json` and the `auth.json` of Podman and Skopeo, which share the member `auths`.
final class CredentialFiles: Sendable {
    private let paths: [String]
    private let entries: Monitor<[CredentialEntry]?>

    init(_ paths: [String]) {
        self.paths = paths
        entries = Monitor(nil)
    }

    /// The login for a repository: the entry with the longest matching name, in the first file that has one.
    func credentials(registry: String, repository: String) throws(RegistryError) -> Credentials? {
        let names = Self.names(registry: registry, repository: repository)
        let entries = try loaded()
        for path in paths {
            for name in names {
                let match = entries.first { $0.path == path && $0.name == name && $0.credentials != nil }
                if let match { return match.credentials }
            }
        }
        return nil
    }

    private func loaded() throws(RegistryError) -> [CredentialEntry] {
        try entries.withLock { loaded throws(RegistryError) in
            if let loaded { return loaded }
            var all: [CredentialEntry] = []
            for path in paths { all += try CredentialEntry.entries(in: path) }
            loaded = all
            return all
        }
    }

    /// What a repository's login may be stored under, the narrowest first.
    private static func names(registry: String, repository: String) -> [String] {
        let isHub = registry == DockerHub.name || DockerHub.aliases.contains(registry)
        var names: [String] = []
        for host in isHub ? [DockerHub.name] + DockerHub.aliases : [registry] {
            var path = host + "/" + repository
            while let slash = path.lastIndex(of: "/") {
                names.append(path)
                path = String(path[..<slash])
            }
            names.append(host)
        }
        return names
    }
}

/// One member of `auths`.
private struct CredentialEntry: Sendable {
    let path: String
    /// Host, or host and path, without scheme and API version.
    let name: String
    /// Nil when a credential helper has them.
    let credentials: Credentials?

    static func entries(in path: String) throws(RegistryError) -> [CredentialEntry] {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try InputFile.contents(of: path, limit: RegistryLimits.credentialsFile)
        } catch {
            if error.errorNumber == ENOENT || error.errorNumber == ENOTDIR { return [] }
            throw RegistryError(.credentials, error)
        }
        guard !bytes.isEmpty else { return [] }
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(bytes)
        } catch {
            throw malformed(path, "line \(error.position.line), column \(error.position.column): \(error.reason)")
        }
        guard json.members != nil else { throw malformed(path, "it is not a JSON object") }
        var entries: [CredentialEntry] = []
        for member in json["auths"]?.members ?? [] {
            let name = String(decoding: member.name, as: UTF8.self)
            entries.append(
                CredentialEntry(
                    path: path, name: normalized(name),
                    credentials: try credentials(member.json, name: name, path: path)))
        }
        return entries
    }

    private static func credentials(_ json: JSON, name: String, path: String) throws(RegistryError) -> Credentials? {
        if let token = json["identitytoken"]?.string, !token.isEmpty { return .identityToken(token) }
        if let auth = json["auth"]?.utf8, !auth.isEmpty {
            guard let decoded = Base64.decode(auth), let colon = decoded.firstIndex(of: UInt8(ascii: ":"))
            else { throw malformed(path, "‘auth’ of \(name) is not base 64 of user:password") }
            // Docker's own reader drops the NULs that an old version of it appended.
            let password = decoded[(colon + 1)...].filter { $0 != 0 }
            return .password(
                user: String(decoding: decoded[..<colon], as: UTF8.self),
                password: String(decoding: password, as: UTF8.self))
        }
        guard let user = json["username"]?.string, let password = json["password"]?.string, !user.isEmpty else {
            return nil
        }
        return .password(user: user, password: password)
    }

    /// `https://index.docker.io/v1/` and `ghcr.io` are both names that tools write.
    private static func normalized(_ name: String) -> String {
        var name = name[...]
        for scheme in ["https://", "http://"] where name.hasPrefix(scheme) { name = name.dropFirst(scheme.count) }
        while name.hasSuffix("/") { name = name.dropLast() }
        for version in ["/v1", "/v2"] where name.hasSuffix(version) { name = name.dropLast(version.count) }
        return name.lowercased()
    }

    private static func malformed(_ path: String, _ reason: String) -> RegistryError {
        RegistryError(
            .credentials, "the logins in \(path) cannot be read: \(reason)", hint: "log in again, or repair the file")
    }
}
