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
            "Put the answers into this folder, each where its file is below BUCKET/FOLDER; implies --wait.",
            valueName: "dir"),
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
        let paths = output == nil ? [:] : try answerPaths(items)
        let bar = ProgressBar("submit", isQuiet: quiet)
        let summary = try submission.run(
            items.map(\.item),
            answered: { [output] item, answer throws(AWSError) in
                guard let output, let path = paths[item.name] else { return }
                try Self.store(answer, as: path, below: output)
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

    /// What the function is to be called for, and which folder of a bucket it is from.
    private func items(_ session: Session) throws -> [(item: Submission.Item, place: StoragePath?)] {
        try what.flatMap { text -> [(item: Submission.Item, place: StoragePath?)] in
            guard text.hasPrefix("s3://") else { return [(.file(text), nil)] }
            let place = try StoragePath(text)
            return try session.s3.objects(place.bucket, prefix: place.prefix).filter { !$0.key.hasSuffix("/") }
                .map { (.object(bucket: place.bucket, $0), place) }
        }.filter { found in suffix.isEmpty || suffix.contains { found.item.name.hasSuffix($0) } }
    }

    /// Where the answer to each item belongs, by its name. No two may have one place.
    private func answerPaths(_ items: [(item: Submission.Item, place: StoragePath?)]) throws -> [String: String] {
        var paths: [String: String] = [:]
        var taken: Set<[UInt8]> = []
        for (item, place) in items {
            let path: String?
            switch item {
            case .object(_, let object): path = try place?.localPath(of: object.key)
            case .file(let file): path = file.split(separator: "/").last.map(String.init)
            }
            guard let path else { continue }
            guard taken.insert(Array(path.utf8)).inserted else {
                throw ToolError(
                    "same-name", "the answers for two files would both be \(path)",
                    hint: "submit them one after the other, with another --output")
            }
            paths[item.name] = path
        }
        return paths
    }

    private static func store(_ answer: [UInt8], as path: String, below folder: String) throws(AWSError) {
        do throws(FileError) {
            try Folder.create(path.lastIndex(of: "/").map { "\(folder)/\(path[..<$0])" } ?? folder)
            try OutputFile.write(Invocation.content(of: answer), to: "\(folder)/\(path)")
        } catch {
            throw AWSError(.configuration, error.diagnostic.message, hint: error.diagnostic.hint)
        }
    }
}
