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

    @Flag(
        help:
            "Call it over HTTP at its address, as a client would: the file is the body, and of any kind. Signed as you."
    )
    var api = false

    @Option(help: ArgumentHelp("With --api, an item of the query. Repeatable.", valueName: "name=value"))
    var query: [String] = []

    @Flag(help: "Show the end of the call's log as well.")
    var log = false

    @Option(help: ArgumentHelp("Call this version or alias.", valueName: "version"))
    var qualifier = "live"

    @OptionGroup var account: AccountOptions

    func validate() throws {
        guard api || query.isEmpty else { throw ValidationError("--query goes with --api.") }
        guard !api || !log else { throw ValidationError("--log is Lambda's, and excludes --api.") }
        if let item = query.first(where: { !$0.contains("=") }) {
            throw ValidationError("--query takes a name and a value, as in ‘size=small’, and not ‘\(item)’.")
        }
    }

    func run() throws {
        if api { return try callAPI() }
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
        try OutputFile.write(Invocation.content(of: outcome.payload), to: output)
    }

    private func callAPI() throws {
        let body = try payload.map { try InputFile.contents(of: $0, limit: Invocation.largest) }
        let session = try account.session()
        let items = query.map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: String(parts[0]), value: String(parts[1]))
        }
        let answer = try Inventory(session).address(of: name, alias: qualifier).call(
            session, body: body, query: items, isAsynchronous: isAsynchronous)
        guard (200..<400).contains(answer.status) else {
            throw ToolError(
                "function-failed",
                "\(name) answered with status \(answer.status): \(String(decoding: answer.body.prefix(2000), as: UTF8.self))",
                hint: answer.requestID.map { "scar-build logs \(name) --request \($0)" }, exitCode: .functionFailed)
        }
        guard let output else { return try StandardOutput.write(answer.body) }
        try OutputFile.write(answer.body, to: output)
    }
}
