internal import ArgumentParser
internal import AWS
internal import ByteKit
internal import Publisher
internal import Toolchain

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
