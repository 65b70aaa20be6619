internal import ArgumentParser
internal import Publisher
internal import Recipe
internal import Toolchain

struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove published functions with all that was made for them.",
        discussion: """
            Removes notifications, APIs, the function with its versions, its role and its log group, and buckets that \
            were made for it and are empty. Buckets that hold files, and what was not made by ‘publish’, stay.
            """)

    @Argument(help: "The functions' names.")
    var name: [String] = []

    @Option(
        name: [.customShort("f"), .customLong("conf-file")],
        help: ArgumentHelp("Every function of this recipe, or function file of SCAR's.", valueName: "recipe"),
        completion: .file(extensions: ["json", "yaml", "yml"]))
    var confFile: String?

    @Flag(name: .shortAndLong, help: "Everything that was published from here, in this account and region.")
    var all = false

    @OptionGroup var account: AccountOptions

    @Flag(help: "Say what would be removed, and remove nothing.")
    var plan = false

    @Flag(help: "Keep the logs.")
    var keepLogs = false

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    func validate() throws {
        let ways = [!name.isEmpty, confFile != nil, all].filter(\.self).count
        guard ways == 1 else {
            throw ValidationError("Say what to remove in one way: by names, with -f RECIPE, or with --all.")
        }
    }

    func run() throws {
        var found = 0
        for (name, session) in try functions() where try remove(name, session) { found += 1 }
        guard found == 0, !all else { return }
        throw ToolError(
            "not-found", "there is nothing of \(confFile.map { "the functions of \($0)" } ?? "these functions")",
            hint: "‘scar-build ls’ lists what is published")
    }

    /// What to remove, and from where. A name that was typed must be there.
    private func functions() throws -> [(name: String, Session)] {
        if let confFile {
            let file = try RecipeArgument.read(confFile, isQuiet: true)
            return try file.functions.map { ($0.name, try account.session(recipe: $0.function.region)) }
        }
        let session = try account.session()
        return try (all ? Inventory(session).names() : name).map { ($0, session) }
    }

    /// Whether there was anything to remove.
    private func remove(_ name: String, _ session: Session) throws -> Bool {
        var removal = Removal(session)
        removal.keepsLogs = keepLogs
        let (found, kept) = try removal.plan(name)
        guard !found.isEmpty || plan else {
            guard self.name.isEmpty else {
                throw ToolError(
                    "not-found", "there is nothing of a function \(name) in \(found.region)",
                    hint: "‘scar-build ls’ lists what is published")
            }
            return false
        }
        if plan {
            try StandardOutput.write(PublishReport.text(of: found))
        } else {
            let report = PublishReport(isQuiet: quiet)
            try FunctionPublisher(session).apply(found) { report.show($0, isDone: $1) }
        }
        if !quiet { for thing in kept { StandardError.write("    kept  \(thing)\n") } }
        return true
    }
}
