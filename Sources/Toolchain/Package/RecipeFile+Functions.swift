package import Recipe

extension RecipeFile {
    /// The function of this name.
    package func function(_ name: String) throws -> Recipe {
        guard let recipe = functions.first(where: { $0.name == name }) else {
            throw ToolError("usage", "the recipe has no function ‘\(name)’", location: path, exitCode: .usage)
        }
        return recipe
    }
}
