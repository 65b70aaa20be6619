package import JSON

extension RecipeSchema {
    /// The JSON Schema of recipe files, `docs/recipe.schema.json`.
    package static var document: JSON {
        let recipe = JSON.object(named: [("$ref", .string("#/$defs/recipe"))])
        let several = file.keys.first?.summary ?? ""
        return .object(named: [
            ("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
            ("title", .string("A recipe of scar-build")),
            ("if", .object(named: [("required", .array([.string("functions")]))])),
            (
                "then",
                .object(named: [
                    ("type", .string("object")),
                    (
                        "properties",
                        .object(named: [
                            ("$schema", .object(named: [("type", .string("string"))])),
                            (
                                "functions",
                                .object(named: [
                                    ("description", .string(several)), ("type", .string("array")), ("items", recipe),
                                    ("minItems", .integer(1)), ("maxItems", .integer(256)),
                                ])
                            ),
                        ])
                    ), ("additionalProperties", .bool(false)),
                ])
            ),
            ("else", recipe),
            ("$defs", .object(named: [("recipe", JSONSchema(Self.recipe).json)])),
        ])
    }
}
