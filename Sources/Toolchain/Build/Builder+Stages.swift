internal import ByteKit
internal import Glibc
internal import ImageModel
internal import JSON
internal import LayerFS
internal import Packager
internal import Publisher
internal import Recipe
internal import Supervisor

extension Builder {
    /// The image's layers, compiled.
    func compile(_ recipe: Recipe, _ image: ResolvedImage) throws -> [LayerObject] {
        let settings = try planner.settings(of: recipe)
        let cache = cache
        let compiler = ImageCompiler(
            origin: try planner.origin(of: recipe), store: cache.blobs,
            compiler: LayerCompiler(settings: settings, pool: pool),
            objectPath: { cache.objectPath($0, settings) }, progress: progress)
        return try compiler.compile(image)
    }

    /// - Parameters:
    ///   - prefix: the folder that the tree will lie in; nil for the root.
    ///   - isReadable: whether everybody may read all files.
    ///   - scratch: a folder for what relocation makes; no file appears there.
    func link(
        _ recipe: Recipe, _ objects: [LayerObject], _ image: ResolvedImage, prefix: String?, isReadable: Bool = false,
        scratch: String
    ) throws -> Linker.LinkedTree {
        progress(.linking(layers: objects.count))
        var rules = try rules(of: recipe)
        rules.closure = FunctionRoots(recipe: recipe, image: image).plan
        rules.prefix = prefix.map { Array($0.utf8) }
        rules.machine = image.platform.machine
        rules.isReadable = isReadable
        // The package stands there in every form, and nothing of the image beside it.
        if isReadable, prefix == nil { rules.prune.append(.package) }
        let linked = try Linker(settings: try planner.settings(of: recipe), pool: pool)
            .link(objects, rules, scratch: scratch)
        for warning in linked.report.warnings.prefix(10) { progress(.warning(warning)) }
        progress(
            .linked(
                files: linked.report.files, unpacked: linked.report.unpackedSize,
                removed: linked.report.removals.reduce(0) { $0 + $1.bytes }))
        return linked
    }

    /// What the recipe wants linking to do.
    func rules(of recipe: Recipe) throws -> Linker.Rules {
        var prune = recipe.prune.profile == .none ? [] : PruneRule.safe
        if !recipe.prune.drop.isEmpty { prune.append(PruneRule("drop", "the recipe drops it", recipe.prune.drop)) }
        var rules = Linker.Rules(
            prune: prune, keep: recipe.prune.keep.map { PathPattern($0) }, latestTime: planner.latestTime(of: recipe))
        if let order = recipe.artifact.order {
            rules.first = try InputFile.contents(of: order.resolved, limit: 64 << 20)
                .split(separator: UInt8(ascii: "\n")).map { Array($0) }
        }
        return rules
    }

    /// - Parameter recipe: one with a profile that needs no choice any more.
    func build(
        _ recipe: Recipe, _ image: ResolvedImage, _ forms: [PackageForm], into folder: String
    ) throws -> BuildResult {
        let target = try planner.target(of: recipe)
        try desired(recipe.function).validate(name: recipe.name)
        try checkLayers(recipe, forms)
        try Folder.create(folder)
        if let name = target.folderName(of: recipe) { try OutputFolder.check("\(folder)/\(name)", in: folder) }
        Folder.removeAbandoned(in: folder)
        guard forms.isEmpty else { return try buildPackage(recipe, image, forms, in: folder) }
        let linked = try link(
            recipe, try compile(recipe, image), image, prefix: nil, scratch: folder)
        try Budget.check(recipe.budget.unpacked, linked.report.unpackedSize, of: "unpacked tree", linked.report)
        switch target {
        case .tar: return try buildTar(recipe, image, linked, in: folder)
        case .oci: return try buildLayout(recipe, image, linked, in: folder)
        case .dir: return try buildFolder(recipe, image, linked, in: folder)
        default: return try buildArtifact(recipe, image, try planner.settings(of: recipe), linked, in: folder)
        }
    }

    /// A layer of ours is one of those that a function may have.
    private func checkLayers(_ recipe: Recipe, _ forms: [PackageForm]) throws {
        guard forms.contains(.layer), recipe.function.layers.count >= LambdaLimits.layers else { return }
        throw ToolError(
            "over-limit",
            "‘function.layers’ has \(recipe.function.layers.count) layers, and with the image's that is more than the "
                + "\(LambdaLimits.layers) that a function may have",
            hint: "leave one out, or build with --target zip", exitCode: .overBudget)
    }

    private func desired(_ function: Recipe.Function) -> DesiredFunction {
        DesiredFunction(
            memory: function.memory, timeout: function.timeout, timeoutThreshold: function.timeoutThreshold,
            ephemeralStorage: function.ephemeralStorage, layers: function.layers,
            environment: function.environment.map { ($0.name, $0.value) })
    }

    private func buildArtifact(
        _ recipe: Recipe, _ image: ResolvedImage, _ settings: BlockSettings, _ linked: Linker.LinkedTree,
        in folder: String
    ) throws -> BuildResult {
        let path = "\(folder)/\(recipe.name).squashfs"
        // Under a name that goes again until it is known to be what the recipe allows.
        let (artifact, report) = try Folder.withTemporary(in: folder) { temporary in
            var (artifact, report) = try writeArtifact(recipe, settings, linked, to: "\(temporary)/artifact.squashfs")
            try Folder.move(artifact.path, to: path)
            artifact.path = path
            return (artifact, report)
        }
        let result = BuildResult(
            recipe: recipe, image: image, target: .squashfs, form: .squashfs(settings), report: report,
            artifact: artifact)
        try writeRecords(result, in: folder)
        return result
    }

    func writeArtifact(
        _ recipe: Recipe, _ settings: BlockSettings, _ linked: Linker.LinkedTree, to path: String
    ) throws -> (BuildResult.Output, LinkReport) {
        let report = try Linker(settings: settings, pool: pool).writeSquash(linked, to: path, time: options.time)
        for warning in report.warnings.dropFirst(linked.report.warnings.count) { progress(.warning(warning)) }
        try Budget.check(recipe.budget.artifact, report.artifactSize, of: "artifact", report)
        progress(.wrote(path.split(separator: "/").last.map(String.init) ?? path, bytes: report.artifactSize))
        return (BuildResult.Output(path: path, digest: report.artifactDigest, size: report.artifactSize), report)
    }

    /// All of a package but where the image's tree lies.
    func packageInput(
        _ recipe: Recipe, _ image: ResolvedImage, _ linked: Linker.LinkedTree
    ) throws -> PackageInput {
        var input = PackageInput(
            recipe, image, TreeView.view(linked), bootstrap: try SupervisorBinary.path(for: image.platform))
        input.relocation = try relocation(linked, image.platform)
        input.launcher = try LauncherChoice(of: recipe, image, input)
        progress(.launcher(input.launcher.launcher.name, reason: input.launcher.reason))
        return input
    }

    /// How the image's dynamic programs run below their prefix; nil when they run as they are, or there are none.
    private func relocation(
        _ linked: Linker.LinkedTree, _ platform: Platform
    ) throws -> PackageInput.Relocation? {
        guard let relocation = linked.relocation, let loader = relocation.loader else { return nil }
        return PackageInput.Relocation(
            libraryFile: try PathLibraryFile.path(for: platform),
            loader: String(decoding: loader.path, as: UTF8.self), loaderHasArgumentZero: loader.hasArgumentZero,
            folders: relocation.libraryFolders.map { String(decoding: $0, as: UTF8.self) })
    }

    /// Makes the package, and sees to it that the programs which it starts could start.
    func package(_ input: PackageInput, _ linked: Linker.LinkedTree) throws -> FunctionPackage {
        let package = try PackageBuilder.package(input)
        for program in package.programs {
            let missing = try linked.missingLibraries(of: Array(program.utf8), environment: Self.libraryPath(input))
            guard !missing.isEmpty else { continue }
            let list = missing.prefix(8).map(\.description).joined(separator: ", ")
            let more = missing.count > 8 ? " and \(missing.count - 8) more" : ""
            throw ToolError(
                "library-missing", "\(program) cannot start: the image lacks \(list)\(more)",
                hint: "they may have been pruned: name them in ‘prune.keep’")
        }
        return package
    }

    /// The folders of the image's own `LD_LIBRARY_PATH`.
    static func libraryPath(_ input: PackageInput) -> [[UInt8]] {
        let value = input.environment.last { $0.name == "LD_LIBRARY_PATH" }?.value
        return (value ?? "").split(separator: ":").map { Array($0.utf8) }
    }

    // MARK: - Records

    func writeRecords(_ result: BuildResult, in folder: String) throws {
        try OutputFile.write(result.record.text(pretty: true), to: "\(folder)/build.json")
        let report = SizeReport(title: "\(result.recipe.name): \(result.image.reference)", result.report)
        try OutputFile.write(report.json.text(pretty: true), to: "\(folder)/report.json")
    }
}

extension PruneRule {
    fileprivate static let package = PruneRule(
        "package", "the function's package stands there", ["var/task", "var/task/**"])
}
