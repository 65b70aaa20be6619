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

    func run() throws {
        let reporter = TerminalReporter(isQuiet: source.quiet)
        try StandardOutput.line(
            Builder(try source.options(), progress: reporter.handler).lock(try recipe.read(isQuiet: source.quiet)))
    }
}
