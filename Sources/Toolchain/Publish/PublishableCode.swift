internal import ByteKit
internal import JSON
package import Publisher
package import Recipe

/// What a function that is published is made from, as a build has left it.
package struct PublishableCode: Sendable, Equatable {
    /// Nil for a function that is made from the image.
    package var package: Deployment.Package?
    package var layer: Deployment.Package?
    /// The function's, or its jobs', or both.
    package var image: Deployment.Image?
    /// That of the runtime that the function runs in.
    package var runtime: Deployment.Image?

    package init(
        package: Deployment.Package? = nil, layer: Deployment.Package? = nil, image: Deployment.Image? = nil,
        runtime: Deployment.Image? = nil
    ) {
        self.runtime = runtime
        self.package = package
        self.layer = layer
        self.image = image
    }

    /// Builds every function of a recipe, and the image of those that have jobs: a job always runs an image.
    package static func build(
        _ file: RecipeFile, _ options: BuildOptions, progress: @escaping ProgressHandler
    ) throws -> [PublishableCode] {
        let outcomes = try Builder(options, progress: progress).build(file)
        var jobOptions = options
        jobOptions.target = .image
        let jobBuilder = try Builder(jobOptions, progress: progress)
        return try zip(file.functions, outcomes).map { recipe, outcome in
            var code = try PublishableCode(outcome)
            if recipe.execution != .lambda, code.image == nil {
                let folder = outcome.folder + "/jobs"
                code.image = try PublishableCode(try jobBuilder.build(recipe, of: file, into: folder)).image
            }
            return code
        }
    }

    /// Reads what a build says of itself.
    init(_ outcome: BuildOutcome) throws {
        let package = try JSON.parse(outcome.record)["package"]
        guard let form = package?["form"]?.string.flatMap({ PackageForm(rawValue: $0) }) else {
            throw ToolError("target-conflict", "\(outcome.path) is no package that a function could be made from")
        }
        guard form == .image else {
            self.package = try Deployment.Package(at: outcome.path)
            if let name = package?["layer"]?["file"]?.string {
                layer = try Deployment.Package(at: "\(outcome.folder)/\(name)")
            }
            runtime = try package?["runtime"].map { try Self.image($0, in: outcome.folder) }
            return
        }
        image = try package.map { try Self.image($0, in: outcome.folder) }
    }

    private static func image(_ record: JSON, in folder: String) throws -> Deployment.Image {
        Deployment.Image(
            path: "\(folder)/\(record["file"]?.string ?? "")",
            digest: try Digest(parsing: record["digest"]?.string ?? ""), size: record["size"]?.integer ?? 0)
    }
}

extension BuildOutcome {
    /// Where all that was built stands.
    var folder: String {
        path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }
}
