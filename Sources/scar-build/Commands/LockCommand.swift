internal import ArgumentParser
internal import Toolchain

struct LockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Pin a recipe's image by digest.",
        discussion:
            "Resolves the image anew and writes RECIPE's lock file (ffmpeg.json has ffmpeg.lock.json), which later builds follow."
    )

    @OptionGroup var recipe: RecipeArgument
    @OptionGroup var source: ImageOptions
    @OptionGroup var caging: CageOptions

    func run() throws {
        let reporter = TerminalReporter(isQuiet: source.quiet)
        var options = try source.options()
        options.tracesUncaged = caging.isUncaged
        try StandardOutput.line(
            Builder(options, progress: reporter.handler).lock(try recipe.read(isQuiet: source.quiet)))
    }
}
