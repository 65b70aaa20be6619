package import ByteKit
internal import JSON

/// A parsed recipe file: one function, or several under `functions`.
package struct RecipeFile: Sendable {
    /// The file as it was named.
    package let path: String
    /// In the order written; never empty.
    package let functions: [Recipe]
    /// A digest over the canonical form of all functions, which the lock records.
    package let checksum: Digest
    /// What it says that is passed over; only function files of SCAR's have such things.
    package let warnings: [RecipeWarning]

    init(path: String, functions: [Recipe], warnings: [RecipeWarning] = []) {
        self.path = path
        self.functions = functions
        self.warnings = warnings
        checksum = Digest(of: functions.flatMap(\.checksum.bytes))
    }
}

/// Reads recipes.
///
/// It is strict: what is not understood is refused, and where it stands is said.
package enum RecipeParser {
    /// Parses a recipe file: JSON, or SCAR's function definition language where the path ends in `.yaml` or `.yml`.
    ///
    /// Nothing is read but `bytes`: whether the script and the files exist is found out when they are packed. `path` is
    /// the file's path as the person gave it, for messages and for what is relative to its folder.
    package static func parse(_ bytes: [UInt8], path: String) throws(RecipeError) -> RecipeFile {
        guard FunctionFile.isNamed(path) else { return try file(of: try JSON.parse(bytes, file: path), path: path) }
        let file = try FunctionFile(bytes, file: path)
        return try self.file(of: file.recipes, path: path, warnings: file.warnings)
    }

    private static func file(
        of json: JSON, path: String, warnings: [RecipeWarning] = []
    ) throws(RecipeError) -> RecipeFile {
        guard json["functions"] != nil else {
            return RecipeFile(path: path, functions: [try recipe(json, path: path)], warnings: warnings)
        }
        // Unknown keys beside `functions`, and the list's own rules; its recipes are checked one by one below.
        var check = SchemaCheck(file: path, root: RecipeSchema.file)
        _ = try check.canonical(json)
        var recipes: [Recipe] = []
        for function in json["functions"]?.array ?? [] {
            let recipe = try recipe(function, path: path)
            guard !recipes.contains(where: { $0.name == recipe.name }) else {
                throw RecipeError(
                    .conflict, "two functions are named ‘\(recipe.name)’", file: path, at: function["name"]?.position,
                    hint: "give one of them another name")
            }
            recipes.append(recipe)
        }
        return RecipeFile(path: path, functions: recipes, warnings: warnings)
    }

    private static func recipe(_ json: JSON, path: String) throws(RecipeError) -> Recipe {
        var check = SchemaCheck(file: path, root: RecipeSchema.recipe)
        let canonical = try check.canonical(json)
        return try RecipeReader(file: path, json: canonical, positions: check.positions).recipe()
    }
}

extension JSON {
    /// Parses a document and says what is wrong with it as a recipe's or lock's error.
    static func parse(
        _ bytes: [UInt8], file: String, limits: JSONLimits = JSONLimits()
    ) throws(RecipeError) -> JSON {
        do throws(JSONError) {
            return try parse(bytes, limits: limits)
        } catch {
            let isDuplicate = error.code == .duplicateName
            throw RecipeError(
                isDuplicate ? .duplicateKey : .syntax, "\(error.reason)", file: file, at: error.position,
                hint: isDuplicate ? "remove one of the two" : nil)
        }
    }
}
