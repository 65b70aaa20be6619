internal import ArgumentParser
internal import ImageModel
internal import Toolchain

/// Where images come from and where things are kept.
struct ImageOptions: ParsableArguments {
    @OptionGroup var registries: RegistryOptions
    @OptionGroup var place: CacheOption

    @Option(help: ArgumentHelp("Build for this platform instead of the recipe's.", valueName: "os/arch"))
    var platform: String?

    var quiet: Bool { registries.quiet }

    func options() throws -> BuildOptions {
        var options = try registries.options(cache: try place.folder())
        options.platform = try platform.map { try Platform(parsing: $0) }
        return options
    }
}

/// The same for commands that may be held to a lock.
struct SourceOptions: ParsableArguments {
    @OptionGroup var images: ImageOptions

    @Flag(help: "Use the lock file, and fail when there is none or it is out of date.")
    var locked = false

    var quiet: Bool { images.quiet }

    func options() throws -> BuildOptions {
        var options = try images.options()
        options.isLocked = locked
        return options
    }
}
