internal import ByteKit
internal import Glibc
internal import LayerFS
internal import Recipe

/// What a lock file asks of this tool.
extension Builder {
    /// Where the lock of a recipe stands.
    func lockPath(of file: RecipeFile) -> String { options.lock ?? Lockfile.path(forRecipe: file.path) }

    /// The lock that a recipe is built by: nil when there is none and none is asked for, or when the build is for another
    /// platform than the recipe, whose images and traces are not those of the lock.
    func lock(of file: RecipeFile, for recipe: Recipe) throws -> Lockfile? {
        let path = lockPath(of: file)
        if let platform = options.platform, platform != recipe.platform {
            guard !options.isLocked else {
                throw ToolError(
                    "stale-lock", "\(path) is for \(recipe.platform), and the build is for \(platform)",
                    hint: "leave --platform out, or put ‘platform’ into the recipe and run ‘scar-build lock’ again")
            }
            return nil
        }
        guard unsafe access(path, F_OK) == 0 else {
            guard !options.isLocked else {
                throw ToolError(
                    "no-lock", "there is no lock file \(path)",
                    hint: "run ‘scar-build lock \(file.path)’ and keep the file with the recipe")
            }
            return nil
        }
        let lock = try Lockfile.parse(try InputFile.contents(of: path, limit: Lockfile.mostBytes), path: path)
        guard lock.layoutVersion == ToolVersion.layout else {
            throw ToolError(
                "layout-version",
                "\(path) was made for layout version \(lock.layoutVersion); this tool writes version "
                    + "\(ToolVersion.layout), which lays the same files out as other bytes",
                hint: lock.layoutVersion < ToolVersion.layout
                    ? "run ‘scar-build lock \(file.path)’ to have the same images in the new layout, or use the version of "
                        + "scar-build that made the lock"
                    : "use the version of scar-build that made the lock, or a later one")
        }
        return lock
    }

    /// Says, before anything is built, which libraries of this program are not those that the lock was made with.
    func warn(of lock: Lockfile?, for recipe: Recipe) throws {
        let changes = try libraryChanges(lock?.libraries ?? [], for: recipe)
        guard !changes.isEmpty else { return }
        progress(
            .warning(
                "the lock was made with \(changes.joined(separator: ", ")): ‘\(recipe.name)’ may come out as other bytes"
            ))
    }

    /// What of these libraries is another version here, as far as the recipe's result depends on it:
    /// `zstd 1.5.4, and this is 1.5.6`.
    func libraryChanges(_ libraries: [Lockfile.Library], for recipe: Recipe) throws -> [String] {
        try planner.libraries(of: recipe).compactMap { own in
            guard let locked = libraries.first(where: { $0.name == own.name }), locked.version != own.version
            else { return nil }
            return "\(own.name) \(locked.version), and this is \(own.version)"
        }
    }
}
