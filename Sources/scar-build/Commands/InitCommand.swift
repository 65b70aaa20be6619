internal import ArgumentParser
internal import ByteKit
internal import Glibc
internal import JSON
internal import Recipe
internal import Toolchain

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a first recipe: for an image, or from a function file of SCAR's.",
        discussion: """
            For an image: its name, its entry point as command, and the launcher that its programs speak for. With -f: \
            what the function file means, as NAME.json beside it. The recipe's JSON Schema is put beside the recipe \
            when it is not there, for editors. No file is overwritten without --force. Prints the recipe's path.
            """)

    @Argument(
        help:
            "The image, as a recipe names it: a reference, oci:FOLDER, docker-archive:FILE or tar:FILE. Relative to the recipe's folder."
    )
    var image: String?

    @Option(
        name: [.customShort("f"), .customLong("conf-file")],
        help: ArgumentHelp("A function file of SCAR's.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var confFile: String?

    @Option(
        name: [.short, .long], help: ArgumentHelp("The recipe to write; NAME.json by default.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var output: String?

    @Option(name: [.short, .long], help: "The function's name; the image's by default.")
    var name: String?

    @Flag(help: "Overwrite the recipe when it is there.")
    var force = false

    @OptionGroup var source: ImageOptions

    func validate() throws {
        guard (image == nil) != (confFile == nil) else {
            throw ValidationError("init takes an image, or a function file with -f.")
        }
        guard confFile == nil || (output == nil && name == nil) else {
            throw ValidationError("--output and --name are for images: paths in a function file lead from its folder.")
        }
    }

    func run() throws {
        let reporter = TerminalReporter(isQuiet: source.quiet)
        if let confFile {
            let dot = confFile.utf8.lastIndex(of: UInt8(ascii: ".")) ?? confFile.endIndex
            let path = String(confFile[..<dot]) + ".json"
            let recipe = try RecipeParser.converted(
                try InputFile.contents(of: confFile, limit: 4 << 20), path: confFile)
            for warning in recipe.warnings { reporter.handler(.warning("\(warning)")) }
            try write(recipe.text, to: path)
        } else if let image {
            if let output { try refuseToOverwrite(output) }
            let builder = try Builder(try source.options(), progress: reporter.handler)
            let text = try builder.firstRecipe(for: image, name: name, path: output ?? "function.json")
            let name = try RecipeParser.parse(text, path: output ?? "").functions.first?.name ?? "function"
            try write(text, to: output ?? "\(name).json")
        }
    }

    private func write(_ recipe: [UInt8], to path: String) throws {
        try refuseToOverwrite(path)
        try OutputFile.write(recipe, to: path)
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
        let schema = folder + RecipeParser.schemaName
        if !Self.isThere(schema) { try OutputFile.write(RecipeSchema.document.text(pretty: true), to: schema) }
        try StandardOutput.line(path)
    }

    private func refuseToOverwrite(_ path: String) throws {
        guard !force, Self.isThere(path) else { return }
        throw ToolError(
            "file-exists", "there is a file \(path) already", hint: "choose another name, or overwrite it with --force")
    }

    private static func isThere(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
}
