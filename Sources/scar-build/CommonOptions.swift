internal import ArgumentParser
internal import ByteKit
internal import Glibc
internal import ImageModel
internal import Recipe
internal import Registry
internal import Toolchain

/// The recipe a command works on.
struct RecipeArgument: ParsableArguments {
    @Argument(
        help: "The recipe: a JSON file, or a function file of SCAR's (.yaml).",
        completion: .file(extensions: ["json", "yaml", "yml"]))
    var recipe: String?

    @Option(
        name: [.customShort("f"), .customLong("conf-file")],
        help: ArgumentHelp("The same as RECIPE, as SCAR has it.", valueName: "recipe"),
        completion: .file(extensions: ["json", "yaml", "yml"]))
    var confFile: String?

    func validate() throws {
        guard recipe == nil || confFile == nil else { throw ValidationError("RECIPE and -f exclude each other.") }
        guard recipe != nil || confFile != nil else { throw ValidationError("Missing expected argument '<recipe>'") }
    }

    /// - Parameter isQuiet: whether what the file says in vain is passed over in silence.
    func read(isQuiet: Bool) throws -> RecipeFile { try Self.read(recipe ?? confFile ?? "", isQuiet: isQuiet) }

    static func read(_ path: String, isQuiet: Bool) throws -> RecipeFile {
        let file = try RecipeParser.parse(try InputFile.contents(of: path, limit: 4 << 20), path: path)
        let reporter = TerminalReporter(isQuiet: isQuiet)
        for warning in file.warnings { reporter.handler(.warning("\(warning)")) }
        return file
    }
}

/// Where things are kept between builds.
struct CacheOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("Where blobs and compiled layers are kept (SCAR_BUILD_CACHE).", valueName: "dir"),
        completion: .directory)
    var cache: String?

    func folder() throws -> String {
        if let folder = cache ?? Self.variable("SCAR_BUILD_CACHE") { return folder }
        if let folder = Self.variable("XDG_CACHE_HOME") { return folder + "/scar-build" }
        guard let home = Self.variable("HOME") else {
            throw ValidationError("There is no HOME to keep a cache in; say where with --cache.")
        }
        return home + "/.cache/scar-build"
    }

    static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }
}

/// How registries are spoken to, and how the work is done.
struct RegistryOptions: ParsableArguments {
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
        var registry = try RegistryConfiguration.fromEnvironment()
        registry.mirrors = try mirror.map { try Mirror(parsing: $0) } + registry.mirrors
        for host in insecureRegistry { try registry.allowInsecure(host) }
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

/// Where images come from and where things are kept.
struct SourceOptions: ParsableArguments {
    @OptionGroup var registries: RegistryOptions
    @OptionGroup var place: CacheOption

    @Option(help: ArgumentHelp("Build for this platform instead of the recipe's.", valueName: "os/arch"))
    var platform: String?

    @Flag(help: "Use the lock file, and fail when there is none or it is out of date.")
    var locked = false

    var quiet: Bool { registries.quiet }

    func options() throws -> BuildOptions {
        var options = try registries.options(cache: try place.folder())
        options.platform = try platform.map { try Platform(parsing: $0) }
        options.isLocked = locked
        return options
    }
}
