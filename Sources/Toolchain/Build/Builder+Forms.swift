internal import ByteKit
internal import Glibc
internal import ImageModel
internal import LayerFS
internal import Packager
internal import Recipe

/// Packages in all their forms.
extension Builder {
    func buildPackage(
        _ recipe: Recipe, _ image: ResolvedImage, _ forms: [PackageForm], in folder: String
    ) throws -> BuildResult {
        // A squashfs image is only on its way into the zip: it lies beside it, under a name that goes again.
        try Folder.withTemporary(in: folder) { temporary in
            let prepared = try prepare(recipe, image, forms, root: \.prefix, in: temporary)
            let result =
                switch prepared.form {
                case .image:
                    try writeImage(
                        prepared, recipe, image, isChosen: try planner.target(of: recipe) != .auto, in: folder)
                case .runtime: try writeRuntime(prepared, recipe, image, temporary, in: folder)
                case .tree, .squashfs, .layer: try writeZips(prepared, recipe, image, temporary, in: folder)
                }
            try writeRecords(result, in: folder)
            return result
        }
    }

    // MARK: - Zips

    private func writeZips(
        _ prepared: PreparedPackage, _ recipe: Recipe, _ image: ResolvedImage, _ temporary: String, in folder: String
    ) throws -> BuildResult {
        let zip = try write(prepared.package.entries, of: prepared, to: "\(temporary)/package.zip")
        let layer =
            prepared.form == .layer ? try write(prepared.layer, of: prepared, to: "\(temporary)/layer.zip") : nil
        try Budget.check(recipe.budget.package, zip.size + (layer?.size ?? 0), of: "package", prepared.report)
        let excesses = [zip, layer].compactMap(\.self).flatMap {
            LambdaLimits.check(zipSize: $0.size, unpackedSize: $0.unpackedSize)
        }
        try Budget.check(excesses, prepared.report)
        let main = try place(zip, at: "\(folder)/\(recipe.name).zip")
        var package = BuildResult.Package(prepared, output: main, unpackedSize: zip.unpackedSize)
        if let layer {
            package.layer = try place(layer, at: "\(folder)/\(recipe.name)-layer.zip")
            package.layerUnpackedSize = layer.unpackedSize
        }
        let form: BuildResult.Form = prepared.artifact == nil ? .tree : .squashfs(try planner.settings(of: recipe))
        return BuildResult(
            recipe: recipe, image: image, target: prepared.form.target, form: form, report: prepared.report,
            artifact: prepared.artifact
                ?? BuildResult.Output(path: main.path, digest: nil, size: prepared.report.unpackedSize),
            package: package, excesses: excesses)
    }

    private func write(_ entries: [ZipEntry], of prepared: PreparedPackage, to path: String) throws -> ZipSummary {
        try entries.write(
            toZip: path, time: ZipTime(secondsSinceEpoch: Int(options.time)), reading: TreeView.view(prepared.linked),
            pool: pool)
    }

    private func place(_ zip: ZipSummary, at path: String) throws -> BuildResult.Output {
        try Folder.move(zip.path, to: path)
        progress(.wrote(path, bytes: zip.size))
        return BuildResult.Output(path: path, digest: zip.digest, size: zip.size)
    }

    // MARK: - Images

    /// - Parameter isChosen: whether it was asked for, and is no last resort.
    private func writeImage(
        _ prepared: PreparedPackage, _ recipe: Recipe, _ image: ResolvedImage, isChosen: Bool, in folder: String
    ) throws -> BuildResult {
        let compression = try planner.imageCompression(of: recipe, isChosen: isChosen)
        let layout = try writeLayout(
            prepared, recipe, image, compression, ours: try PackageLayer.entries(of: prepared),
            comment: "the function ‘\(recipe.name)’", to: "\(folder)/\(recipe.name).image", in: folder)
        return BuildResult(
            recipe: recipe, image: image, target: .image, form: layout.form, report: layout.report,
            artifact: layout.tree,
            package: BuildResult.Package(prepared, output: layout.output, unpackedSize: prepared.unpackedSize))
    }

    /// The image of a runtime, which has nothing of the function's own, and the function's zip.
    private func writeRuntime(
        _ prepared: PreparedPackage, _ recipe: Recipe, _ image: ResolvedImage, _ temporary: String, in folder: String
    ) throws -> BuildResult {
        let zip = try write(prepared.package.entries, of: prepared, to: "\(temporary)/package.zip")
        // Before anything has its name: what a build that fails leaves behind is in the next one's way.
        let excesses = LambdaLimits.check(zipSize: zip.size, unpackedSize: zip.unpackedSize)
        try Budget.check(excesses, prepared.report)
        let supervisor = try SupervisorBinary.path(for: image.platform)
        let layout = try writeLayout(
            prepared, recipe, image, try planner.imageCompression(of: recipe, isChosen: true),
            ours: try PackageLayer.entries(ofSupervisor: supervisor, over: prepared.linked), comment: "the supervisor",
            to: "\(folder)/\(recipe.name).runtime", beside: zip.size, in: folder)
        let main = try place(zip, at: "\(folder)/\(recipe.name).zip")
        var package = BuildResult.Package(prepared, output: main, unpackedSize: zip.unpackedSize)
        package.runtime = layout.output
        package.runtimeUnpackedSize = prepared.unpackedSize - zip.unpackedSize
        return BuildResult(
            recipe: recipe, image: image, target: .runtime, form: layout.form, report: layout.report,
            artifact: layout.tree, package: package, excesses: excesses)
    }

    /// An image layout that was written for a package.
    private struct WrittenLayout {
        var form: BuildResult.Form
        var report: LinkReport
        /// The whole.
        var output: BuildResult.Output
        /// The image's files alone.
        var tree: BuildResult.Output
    }

    /// Writes an image of two layers: the image's files, and ours.
    ///
    /// - Parameters:
    ///   - comment: what the second layer has, for the image's history.
    ///   - more: bytes of the package besides.
    private func writeLayout(
        _ prepared: PreparedPackage, _ recipe: Recipe, _ image: ResolvedImage, _ compression: StreamCompression,
        ours entries: [FileArchive.Entry], comment: String, to path: String, beside more: Int = 0, in folder: String
    ) throws -> WrittenLayout {
        var report = prepared.report
        let layout = try OutputFolder.write(path, in: folder) { temporary in
            try Folder.create(ImageLayout.blobs(in: temporary))
            let base = try ImageLayout.Layer.write(prepared.linked, compression, pool, &report, in: temporary)
            let summary = try FileArchive.write(
                entries, to: "\(temporary)/layer", compression, time: Int64(options.time), pool: pool)
            let top = ImageLayout.Layer(
                compression: compression, digest: summary.digest, size: summary.size, diffID: summary.archiveDigest,
                comment: comment)
            try top.place("\(temporary)/layer", in: temporary)
            let start = PackageLayer.start(of: image.config, in: prepared.form)
            let layout = try ImageLayout(image, [base, top], created: options.time, start: start)
            try write(layout, in: temporary)
            try accept(report, prepared.linked, recipe)
            try Budget.check(recipe.budget.package, layout.size + more, of: "package", report)
            return layout
        }
        progress(.wrote(path, bytes: layout.size))
        return WrittenLayout(
            form: .layout(compression, diffIDs: layout.layers.map(\.diffID)), report: report,
            output: BuildResult.Output(path: path, digest: layout.manifestDigest, size: layout.size),
            tree: BuildResult.Output(path: path, digest: report.artifactDigest, size: report.artifactSize))
    }
}
