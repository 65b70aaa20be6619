internal import ArgumentParser
internal import Toolchain

struct PushCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Put an image that was built into a registry.",
        discussion: """
            Takes the folder that a build with --target image or oci wrote. Bills of materials and provenance that the \
            build wrote beside it are attached to the image, as its referrers. Prints the image's name with its digest.
            """)

    @Argument(help: "The image: a folder.", completion: .directory)
    var image: String

    @Argument(help: "Where it goes: registry.example/thumbnails:1.")
    var name: String

    @OptionGroup var registries: RegistryOptions
    @OptionGroup var place: CacheOption

    func run() throws {
        let reporter = TerminalReporter(isQuiet: registries.quiet)
        let builder = try Builder(try registries.options(cache: try place.folder()), progress: reporter.handler)
        try StandardOutput.line(try builder.push(image, to: name))
    }
}
