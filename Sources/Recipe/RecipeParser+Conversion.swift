internal import JSON

extension RecipeParser {
    /// What `$schema` says in recipes that are written here, and the name of the file to go with them.
    package static let schemaName = "recipe.schema.json"

    /// The recipe that a function file means, as the text of a JSON recipe in the same folder.
    package static func converted(
        _ bytes: [UInt8], path: String
    ) throws(RecipeError) -> (text: [UInt8], warnings: [RecipeWarning]) {
        guard FunctionFile.isNamed(path) else {
            throw RecipeError(
                .syntax, "only a function file (.yaml) is made into a recipe", file: path, at: nil,
                hint: "for an image there is ‘scar-build init IMAGE’")
        }
        let file = try FunctionFile(bytes, file: path)
        _ = try parse(bytes, path: path)
        return (text(of: file.recipes), file.warnings)
    }

    /// A recipe for an image, in few words.
    ///
    /// - Parameters:
    ///   - platform: nil leaves it to the defaults.
    ///   - launcher: nil leaves it to the build.
    ///   - command: none when it is empty.
    package static func text(
        name: String, image: String, platform: String? = nil, launcher: String? = nil, command: [String] = []
    ) -> [UInt8] {
        var members: [(name: String, json: JSON)] = [("name", .string(name)), ("image", .string(image))]
        if let platform { members.append(("platform", .string(platform))) }
        if let launcher { members.append(("launcher", .string(launcher))) }
        if !command.isEmpty { members.append(("command", .array(command.map { .string($0) }))) }
        return text(of: .object(named: members))
    }

    private static func text(of recipe: JSON) -> [UInt8] {
        let schema = JSON.Member(name: Array("$schema".utf8), json: .string(schemaName))
        return JSON(.object([schema] + (recipe.members ?? []))).text(pretty: true)
    }
}
