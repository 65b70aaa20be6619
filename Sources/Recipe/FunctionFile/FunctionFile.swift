internal import JSON

/// A file in SCAR's function definition language, made into the recipes it means.
///
/// Everything in it is held against `FunctionKeys`; what has no meaning any more becomes a warning.
struct FunctionFile {
    /// A recipe document: of one function as it is, of several under `functions`.
    let recipes: JSON
    let warnings: [RecipeWarning]

    /// Whether a file of this name holds function definitions.
    static func isNamed(_ path: String) -> Bool { path.hasSuffix(".yaml") || path.hasSuffix(".yml") }

    init(_ bytes: [UInt8], file: String) throws(RecipeError) {
        var sieve = FunctionSieve(file: file)
        let document = try YAMLParser.parse(bytes, file: file)
        let root = sieve.sifted(document, Self.keys)
        if let providers = document["storage_providers"] { try sieve.readProviders(providers) }
        sieve.warnOfClusters(document["functions"]?["oscar"])
        var check = SchemaCheck(file: file, root: Self.table)
        let checked = try check.canonical(root.json(as: .object(Self.table)))
        let functions = checked["functions"]?["aws"]?.array ?? []
        guard !functions.isEmpty else {
            throw RecipeError(
                .missingKey, "the file has no function for AWS", file: file, at: root.position,
                hint: "a function is an entry of the list ‘aws’ in ‘functions’, and has a section ‘lambda’")
        }
        var recipes: [JSON] = []
        for (index, function) in functions.enumerated() {
            var translator = FunctionTranslator(
                file: file, function: function, path: "functions.aws[\(index)]", storages: sieve.storages,
                positions: check.positions)
            recipes.append(try translator.recipe())
            sieve.warnings += translator.warnings
        }
        let isOne = recipes.count == 1
        self.recipes = isOne ? recipes[0] : JSON(JSON.object([("functions", .array(recipes))]).value, at: root.position)
        warnings = sieve.warnings.sorted { ($0.line, $0.column) < ($1.line, $1.column) }.map(\.warning)
    }

    /// The keys of a file, outermost.
    private static let keys: [FunctionKey] = {
        let settings = "settings of SCAR's own (`scar.cfg`) are not read"
        return [
            FunctionKey("functions", .section([FunctionKey("aws", .list(FunctionKeys.function))])),
            FunctionKey("scar", .dropped(settings)), FunctionKey("aws", .dropped(settings)),
            FunctionKey("oscar", .dropped(settings)),
        ]
    }()

    private static let table = SchemaObject("a function file", keys.map { SchemaKey($0.name, $0.kind, "") })
}

/// A warning and where it belongs among the others.
struct PlacedWarning {
    let warning: RecipeWarning
    let line: Int
    let column: Int

    init(_ message: String, file: String, at position: JSON.Position) {
        warning = RecipeWarning(message, file: file, at: position)
        (line, column) = (position.line, position.column)
    }
}
