internal import ArgumentParser
internal import Publisher
internal import Toolchain

struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove a published function with all that was made for it.",
        discussion: """
            Removes notifications, APIs, the function with its versions, its role and its log group, and buckets that \
            were made for it and are empty. Buckets that hold files, and what was not made by ‘publish’, stay.
            """)

    @Argument(help: "The function's name.")
    var name: [String]

    @OptionGroup var account: AccountOptions

    @Flag(help: "Say what would be removed, and remove nothing.")
    var plan = false

    @Flag(help: "Keep the logs.")
    var keepLogs = false

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    func run() throws {
        let session = try account.session()
        let report = PublishReport(isQuiet: quiet)
        for name in name {
            var removal = Removal(session)
            removal.keepsLogs = keepLogs
            let (found, kept) = try removal.plan(name)
            if plan {
                try StandardOutput.write(PublishReport.text(of: found))
            } else {
                guard !found.isEmpty else {
                    throw ToolError(
                        "not-found", "there is nothing of a function \(name) in \(found.region)",
                        hint: "‘scar-build ls’ lists what is published")
                }
                try FunctionPublisher(session).apply(found) { report.show($0, isDone: $1) }
            }
            if !quiet { for thing in kept { StandardError.write("    kept  \(thing)\n") } }
        }
    }
}

struct RollbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Let callers of a function have the version before.")

    @Argument(help: "The function's name.")
    var name: String

    @Option(help: ArgumentHelp("This version instead of the one before.", valueName: "number"))
    var to: Int?

    @OptionGroup var account: AccountOptions

    func run() throws {
        let (from, to) = try Inventory(try account.session()).rollBack(name, to: to)
        try StandardOutput.line("\(name): version \(from) → \(to)")
    }
}
