internal import ArgumentParser
internal import Recipe
internal import Toolchain

/// How a function runs on this machine.
struct CageOptions: ParsableArguments {
    @Flag(name: .customLong("no-cage"), help: "Run the function as you, without a cage.")
    var isUncaged = false

    /// The cage that was asked for, or the best there is; what is missing is said.
    func cage(for functions: [Recipe], _ reporter: TerminalReporter) -> Cage {
        if isUncaged { return .none }
        let (cage, lack) = Cage.find()
        if let lack {
            reporter.handler(
                .warning("no cage: \(lack); the function runs as you, and can read and write what you can"))
        }
        if let shortage = functions.compactMap({ cage.shortage(for: $0.function) }).first {
            reporter.handler(.warning(shortage))
        }
        return cage
    }
}

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

    func options(_ source: SourceOptions) throws -> BuildOptions {
        var options = try source.options()
        options.target = target
        return options
    }
}
