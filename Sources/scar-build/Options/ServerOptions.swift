internal import ArgumentParser
internal import Registry

/// Which servers stand for registries.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Ask this server instead of a registry, as in docker.io=https://mirror.example. Repeatable; adds to SCAR_BUILD_MIRRORS.",
            valueName: "registry=url"))
    var mirror: [String] = []

    @Option(
        help: ArgumentHelp(
            "Speak to this registry without TLS, or without a look at its certificate. Repeatable; adds to SCAR_BUILD_INSECURE_REGISTRIES.",
            valueName: "host"))
    var insecureRegistry: [String] = []

    func configuration() throws -> RegistryConfiguration {
        var configuration = try RegistryConfiguration.fromEnvironment()
        configuration.mirrors = try mirror.map { try Mirror(parsing: $0) } + configuration.mirrors
        for host in insecureRegistry { try configuration.allowInsecure(host) }
        return configuration
    }
}
