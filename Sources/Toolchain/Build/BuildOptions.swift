package import ImageModel
package import Recipe
package import Registry

/// What the command line decides about a build, apart from the recipe.
package struct BuildOptions: Sendable {
    /// The folder that results are written into.
    package var output = "out"
    /// Instead of the recipe's target.
    package var target: Recipe.Target?
    /// The only form of package that is tried, whatever the target allows; nil for all of them.
    package var form: PackageForm?
    /// The lock file, when it does not stand beside the recipe.
    package var lock: String?
    /// What is written beside a result about it.
    package var attestations = Attestations()
    /// Instead of the recipe's platform.
    package var platform: Platform?
    /// Whether the lock must be there and up to date.
    package var isLocked = false
    /// Whether tests that a build runs, to see what they open, run without a cage, as whoever builds.
    package var tracesUncaged = false
    /// Where blobs and compiled layers are kept.
    package var cache: String
    /// How many threads work; nil for one on each processor.
    package var jobs: Int?
    /// The time written into artifact and package, in seconds since 1970.
    package var time: UInt32 = 0
    /// The latest time a file may have, when the recipe does not say; nil leaves all as they are.
    package var latestTime: UInt32?
    package var registry: RegistryConfiguration

    package init(cache: String, registry: RegistryConfiguration) {
        self.cache = cache
        self.registry = registry
    }
}
