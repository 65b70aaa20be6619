internal import ByteKit
internal import ImageModel
internal import JSON
internal import LayerFS
internal import Packager
internal import Recipe

/// What became of a build.
package struct BuildOutcome: Sendable {
    /// The file or folder people asked for.
    package var path: String
    /// `build.json`.
    package var record: [UInt8]
}

extension Builder {
    /// Builds a function, unless what stands in the folder was built from the same: then nothing of the image is read.
    func buildUnlessDone(
        _ recipe: Recipe, _ image: ResolvedImage, _ lock: Lockfile?, of file: RecipeFile, into folder: String
    ) throws -> BuildOutcome {
        let key = try key(recipe, image, lock)
        if let stamp = BuildStamp(of: recipe.name, in: folder, key: key), let main = stamp.files.first {
            for warning in stamp.warnings { progress(.warning(warning)) }
            progress(.unchanged("\(folder)/\(main.name)"))
            return BuildOutcome(
                path: "\(folder)/\(main.name)",
                record: try InputFile.contents(of: "\(folder)/build.json", limit: 16 << 20))
        }
        warnings.withLock { $0 = [] }
        let result = try advising(recipe, image) {
            try healing(recipe) {
                try fitting(recipe, image, lock, of: file, try planner.forms(of: recipe)) { recipe, forms in
                    try build(recipe, image, forms, into: folder)
                }
            }
        }
        try stamp(result, key, in: folder)
        return BuildOutcome(path: result.main.path, record: result.record.text(pretty: true))
    }

    /// A folder gets no stamp: to know whether it is as it was takes looking at all that is in it.
    private func stamp(_ result: BuildResult, _ key: Digest, in folder: String) throws {
        guard result.target.folderName(of: result.recipe) == nil else { return }
        let outputs = result.package?.outputs ?? [result.artifact]
        let names = outputs.compactMap { $0.path.split(separator: "/").last.map(String.init) }
        let stamp = BuildStamp(
            key: key, files: names + ["build.json", "report.json"], warnings: warnings.withLock { $0 }, in: folder)
        guard let stamp else { return }
        try OutputFile.write(stamp.json.text(), to: BuildStamp.path(of: result.recipe.name, in: folder))
    }

    /// All that decides what is built.
    private func key(_ recipe: Recipe, _ image: ResolvedImage, _ lock: Lockfile?) throws -> Digest {
        var key = BuildKey()
        key.add("tool", "\(ToolVersion.version) \(ToolVersion.layout)")
        key.add(file: try SupervisorBinary.ownPath())
        key.add("recipe", recipe.checksum.description)
        let target = try planner.target(of: recipe)
        key.add("target", target.rawValue)
        key.add("platform", "\(image.platform)")
        key.add("image", image.reference.description)
        key.add("manifest", image.manifestDigest.description)
        key.add("time", "\(options.time) \(options.latestTime.map { "\($0)" } ?? "none")")
        for library in try planner.libraries(of: recipe) { key.add("library", "\(library.name) \(library.version)") }
        if let order = recipe.artifact.order { key.add(file: order.resolved) }
        let isPackage = try !planner.forms(of: recipe).isEmpty
        // A closure begins with the function's own files.
        guard isPackage || recipe.prune.profile.isClosure else { return key.digest }
        addTests(of: recipe, lock, to: &key)
        key.add(file: try SupervisorBinary.path(for: image.platform))
        if let library = try? PathLibraryFile.path(for: image.platform) { key.add(file: library) }
        for path in [recipe.script].compactMap(\.self) + recipe.files {
            for entry in try ShippedFiles.entries(of: PackageInput.Source(path: path.written, file: path.resolved)) {
                key.add("entry", String(decoding: entry.path, as: UTF8.self))
                switch entry.content {
                case .file(let file): key.add(file: file)
                case .link(let target): key.add("link", String(decoding: target, as: UTF8.self))
                case .bytes, .folder, .image: break
                }
            }
        }
        return key.digest
    }

    /// What decides which files tests open: their own, or what a lock says of them.
    private func addTests(of recipe: Recipe, _ lock: Lockfile?, to key: inout BuildKey) {
        guard recipe.prune.profile == .traced || recipe.prune.profile == .fit else { return }
        if let lock {
            key.add("trace", Digest(of: lock.text()).description)
        } else {
            for path in recipe.tests.flatMap({ [$0.event, $0.input] }).compactMap(\.self) {
                key.add(file: path.resolved)
            }
            // Without a cage ‘fit’ has a profile less to try.
            guard recipe.prune.profile == .fit, !recipe.tests.isEmpty else { return }
            key.add("traces", "\(options.tracesUncaged || Cage.find().lack == nil)")
        }
    }
}
