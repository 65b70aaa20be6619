package import ByteKit
package import ImageModel
internal import LayerFS
package import Recipe
internal import Registry
package import Report

/// What somebody wants to look into.
package enum InspectionSubject: Sendable {
    case image(ImageSource)
    case recipe(RecipeFile, function: String?)
    case squashfs(String)
    case zip(String)
}

extension Builder {
    /// Reads what is to be looked into. Nothing is compiled, and of an image's layers nothing is kept.
    ///
    /// - Parameters:
    ///   - platform: which image of several; nil for the one that was asked for.
    ///   - sums: how the files' data are summed up.
    package func inspect(
        _ subject: InspectionSubject, platform: Platform? = nil, sums: ContentSum.Kind = .mark
    ) throws -> Inspection {
        var survey: Survey
        switch subject {
        case .image(let source):
            let origin = try planner.origin(of: source, keepsLayers: false)
            progress(.resolving(source.description))
            let platform = try platform ?? options.platform ?? Platform(parsing: "linux/amd64")
            let image = try origin.resolve(platform, pinned: nil)
            survey = try self.survey(image, from: origin, source, sums)
        case .recipe(let file, let function):
            let recipe = try Self.recipe(function, of: file)
            let image = try planner.resolve(
                recipe, lock: try lock(of: file, for: recipe), lockPath: lockPath(of: file))
            let origin = try planner.origin(of: recipe.image, keepsLayers: false)
            survey = try self.survey(image, from: origin, recipe.image, sums)
            survey.kind = .recipe
            survey.name = "\(recipe.name): \(image.reference)"
            let rules = try rules(of: recipe)
            let profile = recipe.prune.profile
            // Nothing of files' contents is kept here, and a closure is worked out from them.
            let more = profile.isClosure ? " (and what else it takes, a build says)" : ""
            survey.prunings.insert(
                Survey.Pruning("the recipe, profile \(profile.rawValue)\(more)", rules.prune, keep: rules.keep), at: 0)
        case .squashfs(let path):
            survey = try SquashSurvey.survey(path, sums: sums)
            complete(&survey, path)
        case .zip(let path):
            survey = try ZipSurvey.survey(path, sums: sums)
            complete(&survey, path)
        }
        let inspection = try Inspection(survey)
        for note in inspection.notes.prefix(10) { progress(.warning(note)) }
        return inspection
    }

    /// What every image is held against.
    private static let profiles = [Survey.Pruning("safe", PruneRule.safe)]

    private func complete(_ survey: inout Survey, _ path: String) {
        survey.prunings = Self.profiles
        survey.removals = survey.digest.flatMap { BuildFolder(of: path).removals(of: $0) }
    }

    private static func recipe(_ name: String?, of file: RecipeFile) throws -> Recipe {
        if let name { return try file.function(name) }
        guard file.functions.count == 1, let recipe = file.functions.first else {
            let names = file.functions.map(\.name).joined(separator: ", ")
            throw ToolError(
                "usage", "\(file.path) has \(file.functions.count) functions",
                hint: "say which with --function: \(names)",
                exitCode: .usage)
        }
        return recipe
    }

    private func survey(
        _ image: ResolvedImage, from origin: any ImageOrigin, _ source: ImageSource, _ sums: ContentSum.Kind
    ) throws -> Survey {
        let size = image.manifest.layers.reduce(0) { $0 + $1.size }
        progress(
            .resolved(
                image: image.reference, manifest: image.manifestDigest, layers: image.manifest.layers.count, bytes: size
            ))
        let work = LayerWork(image: image, progress: progress)
        let layers = try work.map(weight: { $0.listing.weight + $0.observer.weight }) { job in
            let layer = job.layer
            return unsafe try work.transfer(job, { unsafe try origin.pull(layer, onBytes: $0) }) { bytes in
                var observer = LayerObserver()
                let listing = try LayerLister(sums: sums).list(bytes, layer: layer.digest, &observer)
                return Survey.Layer(listing, observer, mediaType: layer.mediaType.description, size: layer.size)
            }
        }
        let isRootfs =
            switch source {
            case .tar, .standardInput: true
            default: false
            }
        var survey = Survey(
            name: image.reference, kind: isRootfs ? .rootfs : .image, digest: image.manifestDigest,
            platform: isRootfs ? nil : "\(image.platform)", size: size, layers: layers, config: image.config)
        survey.prunings = Self.profiles
        return survey
    }
}
