internal import ArgumentParser
internal import AWS
internal import ByteKit
internal import Publisher
internal import Toolchain

struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show what a published function said.")

    @Argument(help: "The function's name.")
    var name: String

    @Option(help: ArgumentHelp("Only the call with this request id, all of what it said.", valueName: "id"))
    var request: String?

    @Option(help: ArgumentHelp("Only this job of AWS Batch, all of what it said, and how it stands.", valueName: "id"))
    var job: String?

    @Option(help: ArgumentHelp("From so long ago: 90s, 15m, 2h, 3d.", valueName: "time"))
    var since: TimeLength = TimeLength(seconds: 3600)

    @Flag(name: .shortAndLong, help: "Go on showing what comes, until stopped.")
    var follow = false

    @OptionGroup var account: AccountOptions

    func validate() throws {
        if job != nil, request != nil { throw ValidationError("--job and --request exclude each other.") }
    }

    func run() throws {
        let client = try AWSClient.overNetwork(profile: account.profile, region: account.region)
        if let job { return try show(job, client) }
        let log = FunctionLog(name, client)
        let start = (client.serviceTime - since.seconds) * 1000
        if let request {
            let events = try log.events(ofRequest: request)
            guard !events.isEmpty else {
                throw ToolError(
                    "not-found", "the log of \(name) has no call \(request)",
                    hint: "logs arrive some seconds after the call, and end with the log group's retention")
            }
            for event in events { try Self.show(event) }
            return
        }
        try log.forEach(since: start, follow: follow) { try Self.show($0) }
    }

    private func show(_ job: String, _ client: AWSClient) throws {
        let log = JobLog(client)
        let found = try log.job(job)
        for event in try log.events(of: found) { try Self.show(event) }
        try StandardOutput.line(Diagnostic.printable(JobLog.summary(of: found)))
    }

    private static func show(_ event: LogsAPI.Event) throws {
        var text = event.message[...]
        while text.last == "\n" || text.last == "\r" { text.removeLast() }
        let time = Timestamp.extended(event.time / 1000, milliseconds: event.time % 1000)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            try StandardOutput.line("\(time)  \(Diagnostic.printable(String(line)))")
        }
    }
}
