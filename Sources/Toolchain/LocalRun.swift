internal import ByteKit
internal import Glibc
internal import JSON
package import Recipe

/// Runs a built package on this machine, under a Runtime API of our own: the supervisor is the one that ships.
package struct LocalRun {
    /// What to run it on.
    package enum Work: Sendable {
        /// Events, each the bytes of a document.
        case event([UInt8])
        /// Files that are put where the function's input is, one event each.
        case inputs([String])
    }

    /// What one event gave.
    package struct Outcome: Sendable {
        package var body: [UInt8]
        package var isFailure: Bool
    }

    private let recipe: Recipe
    /// The unpacked package, and a folder that stands for all buckets.
    private let taskRoot: String
    private let buckets: String

    package init(_ recipe: Recipe, taskRoot: String, buckets: String) {
        self.recipe = recipe
        self.taskRoot = taskRoot
        self.buckets = buckets
    }

    /// Runs all work in one sandbox, one event after the other, as Lambda would.
    package func run(_ work: Work) throws -> [Outcome] {
        let runtime = try LocalRuntime(functionName: recipe.name, timeout: recipe.function.timeout)
        defer { runtime.close() }
        let events = try events(for: work)
        let process = try start(runtime)
        defer { process.stop() }
        let isOver = Monitor(false)
        defer { isOver.withLock { $0 = true } }
        // Whoever waits for an answer must also hear that the person wants no more.
        _ = try Thread {
            while !isOver.withLock({ $0 }) {
                if Cancellation.isRequested { return runtime.close() }
                usleep(50_000)
            }
        }
        return try events.map { event in
            let id = runtime.submit(event)
            switch runtime.outcome(of: id) {
            case .response(let body): return Outcome(body: body, isFailure: false)
            case .error(let body), .initError(let body): return Outcome(body: body, isFailure: true)
            case nil:
                try Cancellation.check()
                throw ToolError(
                    "supervisor-died", "the supervisor ended before it answered", hint: "its last words are above",
                    exitCode: .functionFailed)
            }
        }
    }

    /// Copies what the function stored for its outputs into a folder; gives the paths.
    package func collectOutputs(into folder: String) throws -> [String] {
        var written: [String] = []
        var seen: Set<String> = []
        for channel in recipe.outputs where seen.insert(channel.path).inserted {
            let root = ([buckets] + channel.path.split(separator: "/").map(String.init)).joined(separator: "/")
            try collect(root, into: folder, &written)
        }
        return written
    }

    private func collect(_ source: String, into folder: String, _ written: inout [String]) throws {
        var status = stat()
        guard unsafe lstat(source, &status) == 0 else {
            // An output that got nothing has no folder.
            if errno == ENOENT { return }
            throw FileError("read", source)
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in try Folder.names(in: source) {
                try collect("\(source)/\(name)", into: "\(folder)/\(name)", &written)
            }
            return
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return }
        guard !written.contains(folder) else {
            throw ToolError(
                "same-name", "two outputs of the function have a file that would be \(folder)",
                exitCode: .functionFailed)
        }
        let parent = folder.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        try Folder.create(parent.isEmpty ? "/" : parent)
        let input = try InputFile(source)
        var file = try OutputFile(folder)
        try file.append(from: input, offset: 0, length: input.size)
        try file.finish()
        written.append(folder)
    }

    // MARK: - Events

    private func events(for work: Work) throws -> [[UInt8]] {
        switch work {
        case .event(let event): return [event]
        case .inputs(let files):
            guard let channel = recipe.inputs.first else {
                throw ToolError(
                    "no-input", "‘\(recipe.name)’ has no ‘input’, so there is no place for --input files",
                    hint: "give the function an event with --event", exitCode: .usage)
            }
            let names = files.map(Self.name)
            guard Set(names).count == names.count else {
                throw ToolError(
                    "same-name", "two --input files have the same name, and a bucket has each name once",
                    hint: "run the function on one of them at a time", exitCode: .usage)
            }
            return try files.map { try place($0, in: channel) }
        }
    }

    /// Copies a file to where the function's input bucket would have it, and makes the event S3 would send.
    private func place(_ file: String, in channel: Recipe.Storage) throws -> [UInt8] {
        let name = Self.name(of: file)
        let path = channel.path.split(separator: "/").map(String.init)
        let folder = ([buckets] + path).joined(separator: "/")
        try Folder.create(folder)
        let source = try InputFile(file)
        var copy = try OutputFile("\(folder)/\(name)")
        try copy.append(from: source, offset: 0, length: source.size)
        try copy.finish()
        let key = (path.dropFirst() + [name]).joined(separator: "/")
        return Self.event(bucket: path.first ?? "", key: key, size: source.size).text()
    }

    private static func name(of file: String) -> String { file.split(separator: "/").last.map(String.init) ?? file }

    /// An S3 notification. Amazon S3 User Guide, "Event message structure".
    private static func event(bucket: String, key: String, size: Int) -> JSON {
        .object([
            (
                "Records",
                .array([
                    .object([
                        ("eventVersion", .string("2.1")), ("eventSource", .string("aws:s3")),
                        ("awsRegion", .string("us-east-1")), ("eventTime", .string("1970-01-01T00:00:00.000Z")),
                        ("eventName", .string("ObjectCreated:Put")),
                        (
                            "s3",
                            .object([
                                ("s3SchemaVersion", .string("1.0")),
                                (
                                    "bucket",
                                    .object([("name", .string(bucket)), ("arn", .string("arn:aws:s3:::\(bucket)"))])
                                ),
                                ("object", .object([("key", .string(formEncoded(key))), ("size", .integer(size))])),
                            ])
                        ),
                    ])
                ])
            )
        ])
    }

    /// As S3 writes keys into events: a space is a plus, and what is not unreserved is a percent escape.
    private static func formEncoded(_ key: String) -> String {
        var text = ""
        for byte in key.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "/"), UInt8(ascii: "*"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: " "): text += "+"
            default: text += "%" + hexadecimal([byte]).uppercased()
            }
        }
        return text
    }

    // MARK: - The supervisor's process

    private func start(_ runtime: LocalRuntime) throws -> SupervisorProcess {
        let environment = [
            "AWS_LAMBDA_RUNTIME_API=\(runtime.address)", "LAMBDA_TASK_ROOT=\(taskRoot)",
            "SCAR_LOCAL_STORAGE=\(buckets)",
            "AWS_LAMBDA_FUNCTION_NAME=\(recipe.name)", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=\(recipe.function.memory)", "AWS_REGION=us-east-1",
            "AWS_EXECUTION_ENV=AWS_Lambda_provided.al2023", "LANG=C.UTF-8", "TZ=:UTC",
            "PATH=/usr/local/bin:/usr/bin:/bin",
        ]
        return try SupervisorProcess("\(taskRoot)/bootstrap", environment) { runtime.close() }
    }
}
