internal import ArgumentParser
internal import Registry
internal import Toolchain

/// How registries are spoken to, and how the work is done.
struct RegistryOptions: ParsableArguments {
    @OptionGroup var servers: ServerOptions

    @Option(help: ArgumentHelp("How many threads work; by default one on each processor.", valueName: "n"))
    var jobs: Int?

    @Flag(help: "Use no network: everything must be on this machine.")
    var offline = false

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    func validate() throws {
        if let jobs, !(1...1024).contains(jobs) { throw ValidationError("--jobs takes a number from 1 to 1024.") }
    }

    func options(cache: String) throws -> BuildOptions {
        var registry = try servers.configuration()
        registry.isOffline = offline
        var options = BuildOptions(cache: cache, registry: registry)
        options.jobs = jobs
        options.latestTime = try Self.sourceDateEpoch()
        options.time = options.latestTime ?? 0
        return options
    }

    private static func sourceDateEpoch() throws -> UInt32? {
        guard let text = CacheOption.variable("SOURCE_DATE_EPOCH") else { return nil }
        guard let time = UInt32(text) else {
            throw ValidationError(
                "SOURCE_DATE_EPOCH is ‘\(text)’, which is not a number of seconds from 0 to \(UInt32.max).")
        }
        return time
    }
}
