internal import ByteKit
internal import ImageModel
internal import LayerFS
internal import Recipe

/// What helps when a package is too large.
extension Builder {
    /// Runs `body`; when what it makes is larger than it may be, the error says what other profiles would free, and which
    /// packages weigh most.
    func advising<Value>(
        _ recipe: Recipe, _ image: ResolvedImage, _ body: () throws -> Value
    ) throws -> Value {
        do {
            return try body()
        } catch var error as ToolError where error.exitCode == .overBudget && recipe.prune.profile != .fit {
            // Advice that cannot be had is no other failure.
            if let advice = try? advice(recipe, image) {
                error.diagnostic.hint = [error.diagnostic.hint, advice].compactMap(\.self).joined(separator: "; ")
            }
            throw error
        }
    }

    private func advice(_ recipe: Recipe, _ image: ResolvedImage) throws -> String {
        let objects = try compile(recipe, image)
        let now = try tree(recipe, objects, image)
        var advice = Self.stronger(recipe.prune.profile).compactMap { profile -> String? in
            var other = recipe
            other.prune.profile = profile
            guard let freed = try? tree(other, objects, image).report.unpackedSize, freed < now.report.unpackedSize
            else { return nil }
            let bytes = ByteCount.text(now.report.unpackedSize - freed)
            return "‘prune.profile’ \(profile.rawValue) would free \(bytes) of the unpacked tree"
        }
        let packages = try PackageWeights(now).packages.prefix(10).filter { $0.bytes > 0 }
            .map { "\(ByteCount.text($0.bytes)) in \(Diagnostic.printable($0.name))" }
        if !packages.isEmpty { advice.append("the largest packages are " + packages.joined(separator: ", ")) }
        return advice.joined(separator: "; ")
    }

    /// The profiles that take more than this one, and that need nothing but the image.
    private static func stronger(_ profile: Recipe.Prune.Profile) -> [Recipe.Prune.Profile] {
        switch profile {
        case .none: [.safe, .closure]
        case .safe: [.closure]
        case .closure, .traced, .fit: []
        }
    }

    /// The tree that a recipe makes, as a root.
    private func tree(_ recipe: Recipe, _ objects: [LayerObject], _ image: ResolvedImage) throws -> Linker.LinkedTree {
        var rules = try rules(of: recipe)
        rules.closure = FunctionRoots(recipe: recipe, image: image).plan
        return try Linker(settings: try planner.settings(of: recipe), pool: pool).link(objects, rules)
    }
}
