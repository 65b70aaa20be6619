/// What the default registry is called, and where it really is. Every special case of Docker Hub stands here.
///
/// Names on the command line leave it out (`ffmpeg`, `jrottenberg/ffmpeg`), its API answers under another host than its
/// name says, and credential files know it under a third.
package enum DockerHub {
    /// The registry's canonical name: what stands in references, locks and mirror settings.
    package static let name = "docker.io"
    /// The host that answers the registry API for it.
    package static let apiHost = "registry-1.docker.io"
    /// The namespace of images without one: `ffmpeg` is `library/ffmpeg`.
    package static let officialNamespace = "library"
    /// The key under which `docker login` has always stored its credentials.
    package static let credentialKey = "https://index.docker.io/v1/"
    /// Other names people and files give it.
    package static let aliases = ["index.docker.io", "registry-1.docker.io"]

    /// All names of a registry: its own, and for any of Docker Hub's the others as well.
    package static func names(of registry: String) -> [String] {
        registry == name || aliases.contains(registry) ? [name] + aliases : [registry]
    }

    /// The canonical name of a registry host.
    package static func canonicalName(of host: String) -> String {
        host == "index.docker.io" ? name : host
    }
}
