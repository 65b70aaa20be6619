internal import ArgumentParser
internal import ByteKit
internal import Recipe
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
