internal import ByteKit
internal import ImageModel
internal import LayerFS
internal import Packager
internal import Recipe
internal import Registry

extension Builder {
    /// An image of this many bytes, compressed, is fetched for a look at its programs; a larger one is not.
    private static let lookedInto = 256_000_000

    /// A first recipe for an image, from what the image says of itself and has in it.
    ///
    /// - Parameters:
    ///   - image: as a recipe names it.
    ///   - name: the function's; nil for the image's own.
    ///   - path: where the recipe will stand, as paths of local images are relative to its folder.
    package func firstRecipe(for image: String, name: String?, path: String) throws -> [UInt8] {
        let bare = RecipeParser.text(
            name: name ?? "function", image: image, platform: options.platform.map { "\($0)" })
        guard let recipe = try RecipeParser.parse(bare, path: path).functions.first else { return bare }
        let resolved = try planner.resolve(recipe, lock: nil, lockPath: "")
        let command = resolved.config.entrypoint + resolved.config.command
        if command.isEmpty {
            progress(.warning("the image does not say what it runs: give the recipe a ‘script’ or a ‘command’"))
        }
        let text = RecipeParser.text(
            name: name ?? Self.name(of: recipe.image), image: image, platform: options.platform.map { "\($0)" },
            launcher: try foundLauncher(recipe, resolved, command), command: command)
        // What is written is read again before it is anybody's.
        _ = try RecipeParser.parse(text, path: path)
        return text
    }

    /// The launcher that a build would find; nil when looking would take long.
    private func foundLauncher(_ recipe: Recipe, _ image: ResolvedImage, _ command: [String]) throws -> String? {
        let origin = try planner.origin(of: recipe)
        let missing = image.manifest.layers.filter { !origin.isAtHand($0) }.reduce(0) { $0 + $1.size }
        guard missing <= Self.lookedInto else {
            progress(
                .warning(
                    "the image is large (\(ByteCount.text(missing)) to fetch) and was not looked into; the build finds "
                        + "the launcher"))
            return nil
        }
        return try healing(recipe) {
            let linked = try link(
                recipe, try compile(recipe, image), image, prefix: nil, scratch: cache.root)
            let facts = ImageFacts(
                root: TreeView.view(linked), environment: image.config.environment.compactMap(PackageInput.variable),
                command: command, workingDirectory: image.config.workingDirectory)
            let choice = try LauncherChoice.choose("auto", for: nil, in: facts)
            progress(.launcher(choice.launcher.name, reason: choice.reason))
            return choice.launcher.name
        }
    }

    /// A function's name made of an image's: the last part of its repository, or of its path.
    private static func name(of image: ImageSource) -> String {
        let whole: String =
            switch image {
            case .registry(let reference): reference.repository
            case .ociLayout(let path, _), .dockerArchive(let path), .tar(let path): path.written
            case .standardInput: ""
            }
        let last = whole.split(separator: "/").last { $0 != "." && $0 != ".." } ?? ""
        let letters = last.utf8.prefix { $0 != UInt8(ascii: ".") }.prefix(64).map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                byte
            default: UInt8(ascii: "-")
            }
        }
        return letters.isEmpty ? "function" : String(decoding: letters, as: UTF8.self)
    }
}
