internal import ArgumentParser
internal import AWS
internal import ByteKit
internal import Glibc
internal import Publisher
internal import Toolchain

struct SubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Call a published function for many files.",
        discussion: """
            One call for each object below BUCKET/FOLDER, with the event that S3 would send, or for each local file, with \
            its content. What is done is remembered in a journal: the same command again goes on with the rest.
            """)

    @Argument(help: "The function's name.")
    var name: String

    @Argument(help: ArgumentHelp("s3://BUCKET/FOLDER, or local files.", valueName: "what"), completion: .file())
    var what: [String]

    @Option(help: ArgumentHelp("Only objects and files that end so. Repeatable.", valueName: "suffix"))
    var suffix: [String] = []

    @Option(help: ArgumentHelp("How many calls are under way at a time.", valueName: "n"))
    var jobs = 50

    @Flag(help: "Wait for each call. Otherwise Lambda takes the events and calls the function by itself.")
    var wait = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Put the answers into this folder, each under its file's name; implies --wait.", valueName: "dir"),
        completion: .directory)
    var output: String?

    @Option(help: ArgumentHelp("Where it is remembered what is done.", valueName: "file"))
    var journal: String?

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    @OptionGroup var account: AccountOptions

    func validate() throws {
        guard (1...1000).contains(jobs) else { throw ValidationError("--jobs takes a number from 1 to 1000.") }
    }

    func run() throws {
        let session = try account.session()
        let items = try items(session)
        guard !items.isEmpty else {
            throw ToolError(
                "not-found", "there is nothing to submit", hint: "‘scar-build ls BUCKET/FOLDER’ lists files")
        }
        var submission = Submission(name, session)
        submission.width = jobs
        submission.waits = wait || output != nil
        submission.journal = journal ?? "\(name).submitted"
        if let output { try Folder.create(output) }
        let bar = ProgressBar("submit", isQuiet: quiet)
        let summary = try submission.run(
            items,
            answered: { [output] item, answer throws(AWSError) in
                guard let output else { return }
                try Self.store(answer, as: "\(output)/\(item.name.split(separator: "/").last ?? "answer")")
            }
        ) { bar.show($0, of: $1) }
        bar.end()
        let before = summary.skipped > 0 ? ", \(summary.skipped) done before" : ""
        let failed = summary.failures.count
        let verb = submission.waits ? "done" : "submitted"
        try StandardOutput.line("\(summary.called - failed) of \(items.count) \(verb)\(before)")
        guard failed > 0 else { return }
        for failure in summary.failures.prefix(20) {
            StandardError.write("  failed  \(Diagnostic.printable("\(failure.item): \(failure.reason)"))\n")
        }
        throw ToolError(
            "calls-failed", "\(failed) of \(items.count) calls failed",
            hint: "the same command again tries those once more",
            exitCode: .functionFailed)
    }

    private func items(_ session: Session) throws -> [Submission.Item] {
        try what.flatMap { text -> [Submission.Item] in
            guard text.hasPrefix("s3://") else { return [.file(text)] }
            let path = try StoragePath(text)
            return try session.s3.objects(path.bucket, prefix: path.prefix).filter { !$0.key.hasSuffix("/") }
                .map { .object(bucket: path.bucket, $0) }
        }.filter { item in suffix.isEmpty || suffix.contains { item.name.hasSuffix($0) } }
    }

    private static func store(_ answer: [UInt8], as path: String) throws(AWSError) {
        do throws(FileError) {
            try OutputFile.write(Invocation.content(of: answer), to: path)
        } catch {
            throw AWSError(.configuration, error.diagnostic.message, hint: error.diagnostic.hint)
        }
    }
}
