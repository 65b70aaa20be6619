internal import ArgumentParser
internal import Toolchain

struct PublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Publish a package as a Lambda function (comes in a later version).")

    @OptionGroup var recipe: RecipeArgument

    func run() throws {
        // The recipe is read, so that at least its mistakes are found today.
        _ = try recipe.read()
        throw ToolError(
            "not-in-this-version", "publish is not in version \(ToolVersion.version)",
            hint: "‘scar-build build’ makes the zip; until then create the function with the aws command line: "
                + "runtime provided.al2023, any handler name, and the recipe's memory and ephemeral storage")
    }
}
