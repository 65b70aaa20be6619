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
                prepared.form == .image
                ? try writeImage(prepared, recipe, image, isChosen: try planner.target(of: recipe) != .auto, in: folder)
                : try writeZips(prepared, recipe, image, temporary, in: folder)
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
        let path = "\(folder)/\(recipe.name).image"
        var report = prepared.report
        let layout = try OutputFolder.write(path, in: folder) { temporary in
            try Folder.create(ImageLayout.blobs(in: temporary))
            let base = try ImageLayout.Layer.write(prepared.linked, compression, pool, &report, in: temporary)
            let entries = try PackageLayer.entries(of: prepared)
            let summary = try FileArchive.write(
                entries, to: "\(temporary)/layer", compression, time: Int64(options.time), pool: pool)
            let top = ImageLayout.Layer(
                compression: compression, digest: summary.digest, size: summary.size, diffID: summary.archiveDigest,
                comment: "the function ‘\(recipe.name)’")
            try top.place("\(temporary)/layer", in: temporary)
            let layout = try ImageLayout(
                image, [base, top], created: options.time, start: PackageLayer.start(of: image.config))
            try write(layout, in: temporary)
            try accept(report, prepared.linked, recipe)
            try Budget.check(recipe.budget.package, layout.size, of: "package", report)
            return layout
        }
        let output = BuildResult.Output(path: path, digest: layout.manifestDigest, size: layout.size)
        progress(.wrote(path, bytes: output.size))
        return BuildResult(
            recipe: recipe, image: image, target: .image,
            form: .layout(compression, diffIDs: layout.layers.map(\.diffID)), report: report,
            artifact: BuildResult.Output(path: path, digest: report.artifactDigest, size: report.artifactSize),
            package: BuildResult.Package(prepared, output: output, unpackedSize: prepared.unpackedSize))
    }
}
