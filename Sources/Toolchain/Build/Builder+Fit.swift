internal import ByteKit
internal import ImageModel
internal import Recipe

extension Builder {
    /// Runs `body` with the recipe's profile; with `fit`, with the mildest profile that fits.
    ///
    /// What does not fit is what ends with “over budget”. Where a container image is the last of several forms, a stronger
    /// profile that makes one of the others fit comes before it: an image takes nearly everything.
    func fitting<Value>(
        _ recipe: Recipe, _ image: ResolvedImage, _ lock: Lockfile?, of file: RecipeFile, _ forms: [PackageForm],
        _ body: (Recipe, [PackageForm]) throws -> Value
    ) throws -> Value {
        guard recipe.prune.profile == .fit else { return try body(try traced(recipe, image, lock, of: file), forms) }
        var candidates: [Recipe.Prune.Profile] = [.safe, .closure]
        if Self.canBeTraced(recipe, lock) { candidates.append(.traced) }
        let cheap = forms.filter { $0 != .image }
        let rounds = cheap.isEmpty || cheap.count == forms.count ? [forms] : [cheap, forms]
        var last: (any Error)?
        for forms in rounds {
            for profile in candidates {
                var candidate = recipe
                candidate.prune.profile = profile
                do {
                    let value = try body(try traced(candidate, image, lock, of: file), forms)
                    progress(.fitted(profile.rawValue))
                    return value
                } catch let error as ToolError where error.exitCode == .overBudget || error.isAboutForm {
                    progress(.tried("profile \(profile.rawValue)", reason: error.diagnostic.message))
                    last = error
                } catch let error as ToolError where error.isAboutCage {
                    // It is the strongest: what the milder ones lack still says why none fits.
                    progress(.tried("profile \(profile.rawValue)", reason: error.diagnostic.message))
                }
            }
        }
        throw last ?? ToolError("over-budget", "no profile was tried", exitCode: .overBudget)
    }

    private static func canBeTraced(_ recipe: Recipe, _ lock: Lockfile?) -> Bool {
        guard let lock else { return !recipe.tests.isEmpty }
        return lock.functions.contains { $0.name == recipe.name && $0.trace != nil }
    }
}

extension ToolError {
    /// Whether another form of package would do.
    fileprivate var isAboutForm: Bool { diagnostic.code == "entry-name" }
}
