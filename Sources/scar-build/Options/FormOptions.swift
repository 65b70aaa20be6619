internal import ArgumentParser
internal import Recipe
internal import Toolchain

/// Which form of package runs on this machine.
struct FormOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Which package to run instead of the recipe's target: auto, zip, layer, image or runtime.",
            valueName: "form"))
    var target: Recipe.Target?

    func validate() throws {
        guard let target, ![.auto, .zip, .layer, .image, .runtime].contains(target) else { return }
        throw ValidationError("--target takes auto, zip, layer, image or runtime here: nothing else is run.")
    }

    func options(_ source: SourceOptions, _ caging: CageOptions) throws -> BuildOptions {
        var options = try source.options()
        options.target = target
        options.tracesUncaged = caging.isUncaged
        return options
    }
}
