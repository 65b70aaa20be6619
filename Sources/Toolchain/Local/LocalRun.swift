internal import ByteKit
internal import Glibc
package import Recipe

/// Runs a built package on this machine, in a cage like Lambda's and under a Runtime API of our own: the supervisor is the
/// one that ships.
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
        /// The end of what the function has said since the event before, where the sandbox keeps it.
        var log: [UInt8] = []
    }

    let recipe: Recipe
    private let package: StagedPackage
    /// A folder of this run's own.
    private let place: String
    private let cage: Cage
    /// Variables besides Lambda's own.
    package var variables: [(name: String, value: String)] = []
    /// When everything must be over.
    package var end: ContinuousClock.Instant?
    /// The places that the function's outputs go to: buckets, and folders in them.
    package var outputPaths: [String]
    /// Where the function's own words go.
    package var output = STDERR_FILENO

    /// - Parameters:
    ///   - recipe: the function.
    ///   - package: what `Builder.stage` has made for this cage.
    ///   - place: an empty folder.
    ///   - cage: what the function runs in.
    package init(_ recipe: Recipe, package: StagedPackage, in place: String, cage: Cage) {
        self.recipe = recipe
        self.package = package
        self.place = place
        self.cage = cage
        outputPaths = recipe.outputs.map(\.path)
        buckets = "\(place)/storage"
    }

    /// The folder that stands for all buckets: each bucket is a folder in it.
    package var buckets: String

    /// Where the function's programs note down what they look for and do not find, when they are told to. The path library
    /// does that, and so an image that is the root has nothing to note it.
    var missedPath: String? {
        package.root == nil ? "\(cage == .none ? buckets : CageRoot.storagePath)/\(Self.missedName)" : nil
    }

    /// What was noted down, an absolute path a line; of much the end, where a program gave up. The folder is the function's
    /// as well: whatever else stands there is no note.
    var missed: [UInt8] {
        guard let file = try? InputFile("\(buckets)/\(Self.missedName)", followsLinks: false) else { return [] }
        let count = min(file.size, Self.missedLimit)
        return (try? file.read(count: count, at: file.size - count)) ?? []
    }

    private static let missedLimit = 2 << 20

    /// No bucket's name begins with a dot.
    private static let missedName = ".missed"

    /// Runs all work in one sandbox, one event after the other, as Lambda would; and in a fresh one what follows an event
    /// that ended the sandbox.
    package func run(_ work: Work) throws -> [Outcome] {
        try Folder.create(buckets)
        var sandbox: LocalSandbox?
        defer { sandbox?.stop() }
        var outcomes: [Outcome] = []
        for event in try events(for: work) {
            try Cancellation.check()
            let current = try sandbox ?? start()
            sandbox = current
            let (outcome, isOver) = try current.invoke(LocalEvent(event, number: outcomes.count + 1))
            outcomes.append(outcome)
            if isOver {
                current.stop()
                sandbox = nil
            }
        }
        return outcomes
    }

    /// Starts a sandbox.
    ///
    /// - Parameters:
    ///   - number: which of those that run at once; each has files of its own.
    ///   - keepsLog: whether what the function says of an event is part of its outcome.
    func start(_ number: Int = 1, keepsLog: Bool = false) throws -> LocalSandbox {
        let place = "\(place)/\(number)"
        try Folder.create(place)
        let runtime = try LocalRuntime(functionName: recipe.name, timeout: recipe.function.timeout)
        var variables: [(name: String, value: String)]
        switch cage {
        case .bubblewrap:
            variables = LambdaVariables.of(
                recipe, package: CageRoot.packagePath, api: runtime.address,
                image: package.root == nil ? nil : package.environment)
            variables.append(("SCAR_LOCAL_STORAGE", CageRoot.storagePath))
        case .none:
            variables = LambdaVariables.of(recipe, package: package.task, api: runtime.address)
            variables += [
                ("SCAR_LOCAL_STORAGE", buckets), ("SCAR_SCRATCH", "\(place)/scratch"), ("SCAR_PARENT", "\(getpid())"),
            ]
        }
        let log = keepsLog ? try SandboxLog(to: output) : nil
        defer { log?.closeInput() }
        let start = SupervisorProcess.Start(
            cage: cage, package: package, storage: buckets, place: place,
            ephemeralStorage: recipe.function.ephemeralStorage, variables: variables + self.variables,
            output: log?.input ?? output)
        return try LocalSandbox(
            runtime, start,
            LocalSandbox.Limits(memory: recipe.function.memory, timeout: recipe.function.timeout, end: end), log)
    }

    /// Copies what the function stored for its outputs into a folder; gives the paths.
    ///
    /// All that is in the buckets may be the function's, which has ended. Links are passed over wherever they stand: they
    /// would lead to what is this machine's.
    package func collectOutputs(into folder: String) throws -> [String] {
        var collected = Collected()
        var seen: Set<String> = []
        for path in outputPaths where seen.insert(path).inserted {
            var source = buckets
            var kind: mode_t? = S_IFDIR
            for name in path.split(separator: "/") where kind == S_IFDIR {
                source += "/\(name)"
                kind = try Self.kind(of: source)
            }
            // An output that got nothing has no folder.
            if kind == S_IFDIR { try collect(source, S_IFDIR, into: folder, &collected) }
        }
        return collected.paths
    }

    private struct Collected {
        var paths: [String] = []
        var names: Set<String> = []
    }

    /// What a file is, and not what it leads to; nil when it is not there.
    private static func kind(of path: String) throws -> mode_t? {
        var status = stat()
        if unsafe lstat(path, &status) == 0 { return status.st_mode & S_IFMT }
        if errno == ENOENT { return nil }
        throw FileError("read", path)
    }

    private func collect(
        _ source: String, _ kind: mode_t, into folder: String, _ collected: inout Collected
    ) throws {
        try Cancellation.check()
        if kind == S_IFDIR {
            for name in try Folder.names(in: source) {
                guard let kind = try Self.kind(of: "\(source)/\(name)") else { continue }
                try collect("\(source)/\(name)", kind, into: "\(folder)/\(name)", &collected)
            }
            return
        }
        guard kind == S_IFREG else { return }
        guard collected.names.insert(folder).inserted else {
            throw ToolError(
                "same-name", "two outputs of the function have a file that would be \(folder)",
                exitCode: .functionFailed)
        }
        let parent = folder.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        try Folder.create(parent.isEmpty ? "/" : parent)
        let input = try InputFile(source, followsLinks: false)
        var file = try OutputFile(folder)
        try file.append(from: input, offset: 0, length: input.size)
        try file.finish()
        collected.paths.append(folder)
    }
}
