package import ByteKit
internal import ImageModel
internal import JSON

/// What a recipe's names stood for when it was locked: with it, the same bytes are built for ever.
package struct Lockfile: Sendable, Equatable {
    /// The lock's own format.
    package static let currentVersion = 1

    /// The version of the tool's artifact layout that the lock was made with: another one may lay the same files out
    /// differently.
    package var layoutVersion: Int
    /// The compression libraries of that tool: others may compress the same bytes to others. By name; empty in a lock that
    /// does not say.
    package var libraries: [Library]
    /// The recipe file's checksum at the time, for the record: settings may change without making a lock stale.
    package var recipeChecksum: Digest
    /// In the recipe file's order.
    package var functions: [Function]

    package init(
        layoutVersion: Int, libraries: [Library] = [], recipeChecksum: Digest, functions: [Function]
    ) {
        self.layoutVersion = layoutVersion
        self.libraries = libraries
        self.recipeChecksum = recipeChecksum
        self.functions = functions
    }

    /// A library that compresses.
    package struct Library: Sendable, Equatable {
        package var name: String
        /// As people write it: `1.5.4`.
        package var version: String

        package init(name: String, version: String) {
            self.name = name
            self.version = version
        }
    }

    /// One function's image.
    package struct Function: Sendable, Equatable {
        package var name: String
        /// The image in its canonical spelling.
        package var image: String
        package var platform: String
        package var manifest: Digest
        package var config: Digest
        /// Base first.
        package var layers: [Layer]
        /// What the recipe's tests opened; nil where its profile does not ask.
        package var trace: [Recipe.Trace]?

        package init(
            name: String, image: String, platform: String, manifest: Digest, config: Digest, layers: [Layer],
            trace: [Recipe.Trace]? = nil
        ) {
            self.name = name
            self.image = image
            self.platform = platform
            self.manifest = manifest
            self.config = config
            self.layers = layers
            self.trace = trace
        }
    }

    package struct Layer: Sendable, Equatable {
        package var digest: Digest
        /// Compressed, in bytes.
        package var size: Int
        package var mediaType: String

        package init(digest: Digest, size: Int, mediaType: String) {
            self.digest = digest
            self.size = size
            self.mediaType = mediaType
        }
    }

    /// Where the lock of a recipe stands: `recipes/ffmpeg.lock.json` for `recipes/ffmpeg.json`.
    package static func path(forRecipe path: String) -> String {
        (path.hasSuffix(".json") ? String(path.dropLast(5)) : path) + ".lock.json"
    }

    /// The lock of one function, once it is certain that it still fits the recipe.
    ///
    /// It throws `staleLock` when the lock has no such function, or the recipe's image or platform has changed since;
    /// the lock's path is for messages.
    package func function(for recipe: Recipe, lockPath: String) throws(RecipeError) -> Function {
        guard let locked = functions.first(where: { $0.name == recipe.name }) else {
            throw stale("the lock does not have the function ‘\(recipe.name)’", lockPath)
        }
        guard locked.image == recipe.image.description else {
            throw stale(
                "the lock of ‘\(recipe.name)’ is for the image ‘\(excerpt(locked.image))’, but the recipe now has "
                    + "‘\(excerpt(recipe.image.description))’", lockPath)
        }
        guard locked.platform == "\(recipe.platform)" else {
            throw stale(
                "the lock of ‘\(recipe.name)’ is for \(locked.platform), but the recipe is now for \(recipe.platform)",
                lockPath)
        }
        return locked
    }

    private func stale(_ message: String, _ path: String) -> RecipeError {
        RecipeError(
            .staleLock, message, file: path, at: nil, hint: "run ‘scar-build lock’ to bring the lock up to date")
    }
}
