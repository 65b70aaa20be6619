internal import ByteKit
internal import Glibc
package import JSON
package import Recipe
internal import Supervisor

/// Runs a recipe's tests on the built package, each in a fresh cage.
package struct RecipeTest {
    /// What one test gave.
    package struct Result: Sendable {
        package var function: String
        package var test: String
        /// What was not as the test wants it; empty when the test passed.
        package var problems: [String]
        /// The last lines of what the function said.
        package var log: String
        /// Files that it looked for and that pruning took, the last one first. A test may pass all the same.
        package var missed: [MissedFiles.File] = []
        package var seconds: Double

        package var isPassed: Bool { problems.isEmpty }
    }

    private let recipe: Recipe
    private let cage: Cage
    /// The folder that everything goes into.
    private let folder: String
    private let package: StagedPackage

    /// Builds a function's package for its tests.
    ///
    /// - Parameter folder: an empty folder, on a disk with room for the image.
    package init(_ recipe: Recipe, of file: RecipeFile, in folder: String, cage: Cage, builder: Builder) throws {
        self.init(
            recipe, package: try builder.stage(recipe, of: file, in: folder, cage: cage), in: folder, cage: cage)
    }

    /// - Parameter package: what `Builder.stage` has made in the folder, for this cage.
    init(_ recipe: Recipe, package: StagedPackage, in folder: String, cage: Cage) {
        self.recipe = recipe
        self.cage = cage
        self.folder = folder
        self.package = package
    }

    /// Runs all tests, in the order of the recipe.
    package func run(_ report: (Result) throws -> Void) throws {
        let specPath = "\(package.task)/\(LaunchSpec.fileName)"
        let shipped = try InputFile.contents(of: specPath, limit: 4 << 20)
        for (number, test) in recipe.tests.enumerated() {
            try Cancellation.check()
            try report(try run(test, in: "\(folder)/test-\(number + 1)", specPath, shipped))
        }
    }

    private func run(
        _ test: Recipe.Test, in place: String, _ specPath: String, _ shipped: [UInt8]
    ) throws -> Result {
        try Folder.create(place)
        defer { Folder.remove(place) }
        var run = LocalRun(recipe, package: package, in: "\(place)/run", cage: cage)
        let missedPath = package.removed.isEmpty ? nil : run.missedPath
        try OutputFile.write(try spec(for: test, shipped, missed: missedPath), to: specPath)
        let log = try LogFile("\(place)/log")
        let began = ContinuousClock.now
        run.output = log.descriptor
        run.end = began + .seconds(test.timeout)
        if recipe.outputs.isEmpty { run.outputPaths = [Self.outputPath] }
        try Folder.create("\(place)/run")
        let outcome = try run.run(try work(of: test)).first
        let time = ContinuousClock.now - began
        try Folder.create("\(place)/output")
        _ = try run.collectOutputs(into: "\(place)/output")
        var problems = try outcome.map { try check($0, test, time) } ?? ["the function gave no answer"]
        let output = try OutputCheck("\(place)/output")
        problems += output.missing(test.output)
        if let expected = test.expected { problems += try output.differences(from: expected.resolved) }
        let words = problems.isEmpty ? "" : try log.lastLines()
        return Result(
            function: recipe.name, test: test.name, problems: problems, log: words,
            missed: missed(run, words + problems.joined(separator: "\n")),
            seconds: Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18)
    }

    private func missed(_ run: LocalRun, _ words: String) -> [MissedFiles.File] {
        MissedFiles(package.removed, libraryFolders: package.libraryFolders).files(noted: run.missed, log: words)
    }

    /// The launch spec with what belongs to the test alone: its variables, and an output for all files where the recipe has
    /// none, so that there is something to look at.
    ///
    /// - Parameter missed: where programs note down what they do not find; nil when nothing could be missing.
    private func spec(for test: Recipe.Test, _ shipped: [UInt8], missed: String?) throws -> [UInt8] {
        var spec = try LaunchSpec.decode(shipped)
        if let missed {
            spec.environment.append(
                LaunchSpec.Variable(name: Array("SCAR_PATH_MISSED".utf8), value: Array(missed.utf8)))
        }
        for variable in test.environment {
            spec.environment.append(
                LaunchSpec.Variable(name: Array(variable.name.utf8), value: Array(variable.value.utf8)))
        }
        if recipe.outputs.isEmpty {
            spec.outputs = [LaunchSpec.Channel(storage: Array("s3".utf8), path: Array(Self.outputPath.utf8))]
        }
        return spec.encode()
    }

    private static let outputPath = "test-output"

    private func work(of test: Recipe.Test) throws -> LocalRun.Work {
        if let input = test.input { return .inputs([input.resolved]) }
        return .event(
            try test.event.map { try InputFile.contents(of: $0.resolved, limit: 6 << 20) } ?? Array("{}".utf8))
    }

    private func check(_ outcome: LocalRun.Outcome, _ test: Recipe.Test, _ time: Duration) throws -> [String] {
        var problems: [String] = []
        let body = String(decoding: outcome.body, as: UTF8.self)
        // Whatever came out of it then came out of our ending it.
        guard time <= .seconds(test.timeout) else { return ["it took longer than \(test.timeout) s"] }
        if outcome.isFailure, !test.fails {
            problems.append("the function failed: \(message(of: outcome.body) ?? body)")
        }
        if !outcome.isFailure, test.fails {
            problems.append("the function did not fail: it answered \(excerpt(body))")
        }
        if let wanted = test.response, !TestResponse.holds(outcome.body, wanted), outcome.isFailure == test.fails {
            problems.append("the response does not hold ‘\(excerpt(wanted))’: \(excerpt(body))")
        }
        return problems
    }

    private func message(of document: [UInt8]) -> String? {
        (try? JSON.parse(document))?["errorMessage"]?.string
    }

    private func excerpt(_ text: String) -> String { text.utf8.count > 300 ? text.prefix(300) + "…" : text }
}

extension RecipeTest.Result {
    package var json: JSON {
        .object([
            ("function", .string(function)), ("test", .string(test)), ("passed", .bool(isPassed)),
            ("problems", .array(problems.map { .string($0) })), ("log", .string(log)),
            (
                "missed",
                .array(
                    (isPassed ? [] : missed).map {
                        JSON.object([("path", .string("/" + $0.path)), ("rule", .string($0.rule))])
                    })
            ),
            ("milliseconds", .integer(Int(seconds * 1000))),
        ])
    }
}

/// Where the words of a function under test go.
private struct LogFile: ~Copyable {
    let path: String
    let descriptor: Int32

    init(_ path: String) throws(FileError) {
        self.path = path
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError("create", path) }
    }

    /// The end of it, ten lines at most.
    func lastLines() throws(FileError) -> String {
        let file = try InputFile(path)
        let count = min(file.size, 4096)
        let lines = String(decoding: try file.read(count: count, at: file.size - count), as: UTF8.self)
            .split(separator: "\n")
        return lines.suffix(10).joined(separator: "\n")
    }

    deinit { close(descriptor) }
}
