internal import ImageModel
internal import Transport

/// Which registries may be spoken to, by the names that images have: `ghcr.io, *.example.com, quay.io/team, !docker.io`.
package struct RegistryPolicy: Sendable, Equatable {
    private var allowed: [Pattern] = []
    private var denied: [Pattern] = []

    /// A registry, one with a path that repositories must lie below, or `*.` and what a host must end with.
    private struct Pattern: Sendable, Equatable {
        /// With its port, but for that of HTTPS, as registries are compared.
        let host: String
        let path: String

        /// However the registry is spelled: who may not ask a server may not ask it by another of its names either.
        func matches(_ reference: Reference) -> Bool {
            let names = RegistryPolicy.names(of: reference.registry)
            let isHost =
                host.hasPrefix("*.") ? names.contains { $0.hasSuffix(host.dropFirst()) } : names.contains(host)
            guard isHost, !path.isEmpty else { return isHost }
            guard names.contains(DockerHub.name) else { return Self.isBelow(path, reference.repository) }
            // `ubuntu` is a namespace, and a name that the official one is left out of.
            let official = DockerHub.officialNamespace + "/"
            let repository = reference.repository.contains("/") ? reference.repository : official + reference.repository
            return Self.isBelow(path, repository) || !path.contains("/") && repository == official + path
        }

        private static func isBelow(_ path: String, _ repository: String) -> Bool {
            repository == path || repository.hasPrefix(path + "/")
        }
    }

    package init() {}

    /// Parses patterns, separated by commas or white space; `!` before one forbids. When any is allowed, all that is not
    /// is forbidden; what is forbidden is so whatever else allows it.
    package init(parsing text: String) throws(RegistryError) {
        for item in text.split(whereSeparator: { ", \t\n".contains($0) }) {
            let isDenied = item.hasPrefix("!")
            let pattern = try Self.pattern(isDenied ? item.dropFirst() : item)
            if isDenied { denied.append(pattern) } else { allowed.append(pattern) }
        }
    }

    /// Throws when an image's registry may not be spoken to.
    func check(_ reference: Reference) throws(RegistryError) {
        let isDenied = denied.contains { $0.matches(reference) }
        guard isDenied || !allowed.isEmpty && !allowed.contains(where: { $0.matches(reference) }) else { return }
        throw RegistryError(
            .forbidden, "images of \(reference.registry)/\(reference.repository) may not be used here",
            hint: "SCAR_BUILD_REGISTRIES says which registries may be"
        ).about(reference.description)
    }

    private static func pattern(_ text: Substring) throws(RegistryError) -> Pattern {
        let slash = text.firstIndex(of: "/") ?? text.endIndex
        let (host, path) = (text[..<slash].lowercased(), String(text[slash...].dropFirst()))
        // What may stand before a repository in a reference is a registry's name.
        let probe = (host.hasPrefix("*.") ? String(host.dropFirst(2)) : host) + "/" + (path.isEmpty ? "a/b" : path)
        guard let reference = try? Reference(parsing: probe), reference.tag == "latest", reference.digest == nil,
            path.isEmpty ? reference.repository == "a/b" : reference.repository.hasSuffix(path)
        else {
            throw RegistryError(
                .policy, "‘\(text.prefix(80))’ in SCAR_BUILD_REGISTRIES is not a registry",
                hint: "write registries, *.endings or registry/path, with ! before those that are forbidden")
        }
        let name = host.hasPrefix("*.") ? "*." + withoutUsualPort(String(host.dropFirst(2))) : withoutUsualPort(host)
        return Pattern(host: name, path: path)
    }

    /// All names of a registry, as registries are compared.
    static func names(of registry: String) -> [String] { DockerHub.names(of: withoutUsualPort(registry)) }

    /// A registry's name without the port that goes without saying. What is no address, nothing can be asked of.
    private static func withoutUsualPort(_ registry: String) -> String {
        (try? URL(parsing: "https://" + registry))?.authority ?? registry
    }
}
