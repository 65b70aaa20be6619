internal import ByteKit
internal import Glibc
internal import ImageModel
internal import JSON
internal import Transport

/// The logins of this machine's person, read when first needed.
///
/// The files are Docker's `config.json` and the `auth.json` of Podman and Skopeo, which share the members `auths`,
/// `credHelpers` and `credsStore`.
final class CredentialFiles: CredentialSource {
    private let paths: [String]
    private let helperTimeLimit: Duration
    private let files: Monitor<[CredentialFile]?>
    /// What helpers have said: each is asked once for each server.
    private let answers = Monitor<[Question: Result<Credentials?, RegistryError>]>([:])

    private struct Question: Hashable {
        let helper: CredentialHelper
        let server: String
    }

    init(_ paths: [String], helperTimeLimit: Duration) {
        self.paths = paths
        self.helperTimeLimit = helperTimeLimit
        files = Monitor(nil)
    }

    /// The login for a repository, from the first file that has one: what a helper of the registry's own keeps, then the
    /// entry with the longest matching name, then what the helper for all registries keeps.
    func credentials(registry: String, repository: String) throws(RegistryError) -> Credentials? {
        let names = Self.names(registry: registry, repository: repository)
        let isHub = Self.isHub(registry)
        for file in try loaded() {
            for name in names {
                guard let helper = file.helpers[name] else { continue }
                if let login = try ask(helper, isHub ? DockerHub.credentialKey : name) { return login }
            }
            for name in names {
                if let login = file.entries.first(where: { $0.name == name && $0.credentials != nil })?.credentials {
                    return login
                }
            }
            if let store = file.store, let login = try ask(store, isHub ? DockerHub.credentialKey : registry) {
                return login
            }
        }
        return nil
    }

    private func ask(_ helper: CredentialHelper, _ server: String) throws(RegistryError) -> Credentials? {
        let question = Question(helper: helper, server: server)
        // Alone: a helper may ask a person, and two questions at once are one too many.
        let answer = answers.withLock { answers in
            if let known = answers[question] { return known }
            let answer = Result { () throws(RegistryError) in
                try helper.credentials(server: server, timeLimit: helperTimeLimit)
            }
            answers[question] = answer
            return answer
        }
        return try answer.get()
    }

    private func loaded() throws(RegistryError) -> [CredentialFile] {
        try files.withLock { loaded throws(RegistryError) in
            if let loaded { return loaded }
            var all: [CredentialFile] = []
            for path in paths { if let file = try CredentialFile(path) { all.append(file) } }
            loaded = all
            return all
        }
    }

    private static func isHub(_ registry: String) -> Bool {
        registry == DockerHub.name || DockerHub.aliases.contains(registry)
    }

    /// What a repository's login may be stored under, the narrowest first.
    private static func names(registry: String, repository: String) -> [String] {
        var names: [String] = []
        for host in DockerHub.names(of: registry) {
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

/// What one file says.
private struct CredentialFile: Sendable {
    /// One member of `auths`.
    struct Entry: Sendable {
        /// Host, or host and path, without scheme and API version.
        let name: String
        /// Nil when a credential helper has them.
        let credentials: Credentials?
    }

    let entries: [Entry]
    /// Helpers of single registries, by the registry's name.
    let helpers: [String: CredentialHelper]
    /// The helper for all.
    let store: CredentialHelper?

    /// Reads a file; nil when there is none.
    init?(_ path: String) throws(RegistryError) {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try InputFile.contents(of: path, limit: RegistryLimits.credentialsFile)
        } catch {
            if error.errorNumber == ENOENT || error.errorNumber == ENOTDIR { return nil }
            throw RegistryError(.credentials, error)
        }
        guard !bytes.isEmpty else { return nil }
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(bytes)
        } catch {
            throw Self.malformed(path, "line \(error.position.line), column \(error.position.column): \(error.reason)")
        }
        guard json.members != nil else { throw Self.malformed(path, "it is not a JSON object") }
        var entries: [Entry] = []
        for member in json["auths"]?.members ?? [] {
            let name = String(decoding: member.name, as: UTF8.self)
            entries.append(
                Entry(
                    name: Self.normalized(name),
                    credentials: try Self.credentials(member.json, name: name, path: path)))
        }
        self.entries = entries
        var helpers: [String: CredentialHelper] = [:]
        for member in json["credHelpers"]?.members ?? [] {
            let name = Self.normalized(String(decoding: member.name, as: UTF8.self))
            helpers[name] = try Self.helper(member.json, path)
        }
        self.helpers = helpers
        store = try json["credsStore"].map { json throws(RegistryError) in try Self.helper(json, path) } ?? nil
    }

    /// A helper's name; an empty one is none.
    private static func helper(_ json: JSON, _ path: String) throws(RegistryError) -> CredentialHelper? {
        guard let name = json.string else { throw malformed(path, "the name of a credential helper is \(json.kind)") }
        guard !name.isEmpty else { return nil }
        guard let helper = CredentialHelper(name) else {
            throw malformed(path, "‘\(name.prefix(60))’ is not the name of a credential helper")
        }
        return helper
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
