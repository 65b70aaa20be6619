internal import ByteKit
internal import ImageModel
internal import LayerFS
internal import Packager
internal import Recipe

/// A package that fits, ready to be written.
struct PreparedPackage {
    var form: PackageForm
    var linked: Linker.LinkedTree
    var report: LinkReport
    /// What becomes `/var/task`.
    var package: FunctionPackage
    /// What becomes `/opt`, where the form is a layer.
    var layer: [ZipEntry] = []
    /// The squashfs image, where the form has one.
    var artifact: BuildResult.Output?
    var launcher: LauncherChoice
    /// Bytes that Lambda counts, unpacked.
    var unpackedSize = 0
    /// Why it is this form: how much it needs, and of what.
    var reason = ""
    /// The forms before it, and why they are not it.
    var tried: [(form: PackageForm, reason: String)] = []
}

/// Why a package cannot have a form.
private struct Misfit: Error {
    /// In a few words.
    var reason: String
    /// What to say when there is no other form.
    var error: ToolError
}

extension Builder {
    /// Links a recipe and makes its package, in the first form that fits.
    ///
    /// - Parameters:
    ///   - root: where the tree of a form will lie; nil for the root.
    ///   - folder: where the squashfs image is written, where there is one.
    func prepare(
        _ recipe: Recipe, _ image: ResolvedImage, _ forms: [PackageForm], root: (PackageForm) -> String?,
        in folder: String
    ) throws -> PreparedPackage {
        let objects = try compile(recipe, image)
        var tried: [(form: PackageForm, reason: String)] = []
        for form in forms {
            do {
                var prepared = try prepare(recipe, image, objects, form, root: root(form), in: folder)
                prepared.tried = tried
                progress(.packaged(form.title, reason: prepared.reason))
                return prepared
            } catch let misfit as Misfit {
                guard form != forms.last else { throw misfit.error }
                progress(.tried(form.title, reason: misfit.reason))
                tried.append((form, misfit.reason))
            }
        }
        preconditionFailure("there is always a form to try")
    }

    private func prepare(
        _ recipe: Recipe, _ image: ResolvedImage, _ objects: [LayerObject], _ form: PackageForm, root: String?,
        in folder: String
    ) throws -> PreparedPackage {
        var linked = try link(
            recipe, objects, image, prefix: root, isReadable: form.isReadByOthers, scratch: folder)
        try Budget.check(recipe.budget.unpacked, linked.report.unpackedSize, of: "unpacked tree", linked.report)
        // Known before anything is written, mostly.
        try check(form, size: form == .squashfs ? 0 : linked.report.unpackedSize, recipe, linked)
        var input = try packageInput(recipe, image, linked)
        input.root = root ?? "/"
        input.isSupervised = form == .runtime
        var report = linked.report
        var artifact: BuildResult.Output?
        if form == .squashfs {
            // In the order of its data the tree gets its files' bytes, while the program starts.
            for program in try PackageBuilder.programs(of: input) {
                try linked.bringForward(Array(program.utf8), environment: Self.libraryPath(input))
            }
            let path = "\(folder)/\(FunctionPackage.artifactPath)"
            let (written, writtenReport) = try writeArtifact(recipe, try planner.settings(of: recipe), linked, to: path)
            input.artifact = PackageInput.Artifact(
                file: path, digest: written.digest ?? Digest(of: []), size: written.size,
                unpackedSize: writtenReport.unpackedSize,
                blocks: try BlockTable.make(ofImage: path, size: written.size, pool: pool))
            (artifact, report) = (written, writtenReport)
        } else if !form.isRoot {
            try Budget.check(recipe.budget.artifact, report.unpackedSize, of: "artifact", report)
        }
        var prepared = PreparedPackage(
            form: form, linked: linked, report: report, package: try package(input, linked), artifact: artifact,
            launcher: input.launcher)
        addTree(to: &prepared)
        prepared.unpackedSize = try prepared.package.entries.unpackedSize() + prepared.layer.unpackedSize()
        if form.isRoot { prepared.unpackedSize += report.unpackedSize }
        try check(form, size: prepared.unpackedSize, recipe, linked)
        prepared.reason = Self.reason(prepared, recipe)
        return prepared
    }

    private func addTree(to prepared: inout PreparedPackage) {
        let isLayer = prepared.form == .layer
        guard isLayer || prepared.form == .tree else { return }
        let tree = TreeEntries(
            prepared.linked, below: isLayer ? FunctionPackage.layerTreeFolder : FunctionPackage.treeFolder)
        if isLayer { prepared.layer = tree.entries } else { prepared.package.entries += tree.entries }
        guard tree.leftOut > 0 else { return }
        progress(.warning("\(tree.leftOut) devices and pipes of the image were left out: a zip archive holds none"))
    }

    // MARK: - What fits

    /// - Parameter size: bytes that Lambda counts, as far as they are known.
    private func check(_ form: PackageForm, size: Int, _ recipe: Recipe, _ linked: Linker.LinkedTree) throws {
        var excess: LambdaLimits.Excess?
        switch form {
        case .tree, .layer, .squashfs:
            excess = LambdaLimits.check(zipSize: 0, unpackedSize: size).first
            if form == .squashfs, excess == nil {
                excess = LambdaLimits.check(
                    treeSize: linked.report.unpackedSize, ephemeralStorage: recipe.function.ephemeralStorage)
            }
        case .image, .runtime: excess = LambdaLimits.check(imageSize: size)
        }
        if let excess {
            let reason =
                "\(ByteCount.text(excess.actual)) of \(ByteCount.text(excess.allowed)), "
                + "the limit for \(excess.limit.rawValue)"
            throw Misfit(reason: reason, error: Budget.error(excess, linked.report))
        }
        guard form == .tree || form == .layer, let path = TreeEntries.foreignName(in: linked) else { return }
        let reason = "the path ‘/\(DiagnosticText.printable(path))’ is not UTF-8, as names in a zip archive must be"
        throw Misfit(
            reason: reason,
            error: ToolError(
                "entry-name", "the image cannot be a \(form.title): \(reason)",
                hint: "name it in ‘prune.drop’, or build with --target auto and without ‘artifact.format’"))
    }

    private static func reason(_ prepared: PreparedPackage, _ recipe: Recipe) -> String {
        func part(_ size: Int, _ limit: Int, _ what: String = "") -> String {
            "\(ByteCount.text(size))\(what) of \(ByteCount.text(limit))"
        }
        switch prepared.form {
        case .tree, .layer: return part(prepared.unpackedSize, LambdaLimits.unpacked, " unpacked")
        case .squashfs:
            let room = recipe.function.ephemeralStorage << 20
            return part(prepared.unpackedSize, LambdaLimits.unpacked) + ", "
                + part(prepared.report.unpackedSize, room, " in /tmp")
        case .image, .runtime: return part(prepared.unpackedSize, LambdaLimits.image)
        }
    }
}
