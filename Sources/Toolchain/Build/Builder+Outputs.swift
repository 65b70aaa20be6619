internal import ByteKit
internal import Glibc
internal import ImageModel
internal import LayerFS
internal import Recipe

/// What a tree becomes besides squashfs.
extension Builder {
    func buildTar(
        _ recipe: Recipe, _ image: ResolvedImage, _ linked: Linker.LinkedTree, in folder: String
    ) throws -> BuildResult {
        let compression = try planner.streamCompression(of: recipe, .tar)
        let path = "\(folder)/\(recipe.name).tar\(compression.ending)"
        // Under a name that goes again until it is known to be what the recipe allows.
        let report = try Folder.withTemporary(in: folder) { temporary in
            let report = try linked.writeTar(to: "\(temporary)/artifact", compression, pool: pool)
            try accept(report, linked, recipe)
            try Folder.move("\(temporary)/artifact", to: path)
            return report
        }
        let artifact = BuildResult.Output(path: path, digest: report.artifactDigest, size: report.artifactSize)
        return try record(recipe, image, .tar, .tar(compression), report, artifact, in: folder)
    }

    func buildFolder(
        _ recipe: Recipe, _ image: ResolvedImage, _ linked: Linker.LinkedTree, in folder: String
    ) throws -> BuildResult {
        let path = "\(folder)/\(recipe.name).rootfs"
        let report = try OutputFolder.write(path, in: folder) { temporary in
            try Budget.check(recipe.budget.artifact, linked.report.unpackedSize, of: "artifact", linked.report)
            let report = try linked.writeFolder(to: temporary, pool: pool)
            try accept(report, linked, recipe)
            return report
        }
        let artifact = BuildResult.Output(path: path, digest: nil, size: report.artifactSize)
        return try record(recipe, image, .dir, .folder, report, artifact, in: folder)
    }

    func buildLayout(
        _ recipe: Recipe, _ image: ResolvedImage, _ linked: Linker.LinkedTree, in folder: String
    ) throws -> BuildResult {
        let compression = try planner.streamCompression(of: recipe, .oci)
        let path = "\(folder)/\(recipe.name).oci"
        var report = linked.report
        let layout = try OutputFolder.write(path, in: folder) { temporary in
            try Folder.create(ImageLayout.blobs(in: temporary))
            let layer = try ImageLayout.Layer.write(linked, compression, pool, &report, in: temporary)
            let layout = try ImageLayout(image, [layer], created: options.time)
            try write(layout, in: temporary)
            report.artifactSize = layout.size
            try accept(report, linked, recipe)
            return layout
        }
        let artifact = BuildResult.Output(path: path, digest: layout.manifestDigest, size: report.artifactSize)
        return try record(
            recipe, image, .oci, .layout(compression, diffIDs: layout.layers.map(\.diffID)), report, artifact,
            in: folder)
    }

    /// Writes all of a layout but its layers.
    func write(_ layout: ImageLayout, in folder: String) throws {
        for file in layout.files { try OutputFile.write(file.bytes, to: "\(folder)/\(file.path)") }
        // A layout is for other users' programs as well.
        for name in ["", "/blobs", "/blobs/sha256"] { _ = unsafe chmod(folder + name, 0o755) }
    }

    /// Tells what writing had to say, and throws when the artifact is larger than the recipe allows.
    func accept(_ report: LinkReport, _ linked: Linker.LinkedTree, _ recipe: Recipe) throws {
        for warning in report.warnings.dropFirst(linked.report.warnings.count) { progress(.warning(warning)) }
        try Budget.check(recipe.budget.artifact, report.artifactSize, of: "artifact", report)
    }

    private func record(
        _ recipe: Recipe, _ image: ResolvedImage, _ target: Recipe.Target, _ form: BuildResult.Form,
        _ report: LinkReport, _ artifact: BuildResult.Output, in folder: String
    ) throws -> BuildResult {
        progress(.wrote(artifact.path.split(separator: "/").last.map(String.init) ?? "", bytes: artifact.size))
        let result = BuildResult(
            recipe: recipe, image: image, target: target, form: form, report: report, artifact: artifact)
        try writeRecords(result, in: folder)
        return result
    }
}
