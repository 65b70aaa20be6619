internal import ArgumentParser
internal import AWS
internal import ByteKit
internal import Publisher
internal import Toolchain

struct InvokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoke", abstract: "Call a published function.",
        discussion: "The answer goes to stdout, or into a file. A function that fails makes the command end with 5.")

    @Argument(help: "The function's name.")
    var name: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A file with the event, a JSON document; {} when absent.", valueName: "file"),
        completion: .file())
    var payload: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Put the answer here; an answer of base 64 is decoded.", valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(name: [.customShort("a"), .customLong("async")], help: "Only hand the event over; print the request's id.")
    var isAsynchronous = false

    @Flag(help: "Show the end of the call's log as well.")
    var log = false

    @Option(help: ArgumentHelp("Call this version or alias.", valueName: "version"))
    var qualifier = "live"

    @OptionGroup var account: AccountOptions

    func run() throws {
        let event = try payload.map { try InputFile.contents(of: $0, limit: Invocation.largest) } ?? Array("{}".utf8)
        try Invocation.check(event, isAsynchronous: isAsynchronous)
        let session = try account.session()
        let outcome = try session.lambda.invoke(
            name, qualifier: qualifier, payload: event, isAsynchronous: isAsynchronous, wantsLog: log)
        if log {
            StandardError.write(
                String(decoding: outcome.log, as: UTF8.self).split(separator: "\n").map {
                    Diagnostic.printable(String($0)) + "\n"
                }.joined())
        }
        if isAsynchronous { return try StandardOutput.line(outcome.requestID ?? "") }
        if let error = outcome.error {
            throw ToolError(
                "function-failed", "\(name) failed (\(error)): \(String(decoding: outcome.payload, as: UTF8.self))",
                hint: outcome.requestID.map { "scar-build logs \(name) --request \($0)" }, exitCode: .functionFailed)
        }
        guard let output else { return try StandardOutput.write(outcome.payload + [UInt8(ascii: "\n")]) }
        var file = try OutputFile(output)
        try file.write(Invocation.content(of: outcome.payload))
        try file.finish()
    }
}
