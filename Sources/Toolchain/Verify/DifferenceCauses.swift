internal import ByteKit
internal import JSON
internal import LayerFS
internal import Packager
internal import Recipe
internal import Report

/// What makes a package differ from what its lock builds, as far as it can be told: from `build.json` beside the package,
/// from the lock, and from what differs.
///
/// What lies beside a package is nobody's word: it explains, and decides nothing.
struct DifferenceCauses {
    let verification: Verification
    let given: GivenPackage
    let recipe: Recipe
    let file: RecipeFile
    let lock: Lockfile
    let locked: Lockfile.Function
    let builder: Builder

    init(
        _ verification: Verification, _ given: GivenPackage, _ recipe: Recipe, _ file: RecipeFile, lock: Lockfile,
        locked: Lockfile.Function, _ builder: Builder
    ) {
        self.verification = verification
        self.given = given
        self.recipe = recipe
        self.file = file
        self.lock = lock
        self.locked = locked
        self.builder = builder
    }

    func sentences() throws -> [String] {
        guard let difference = verification.difference else { return [] }
        let record = record()
        var causes = record.map { fromRecord($0) } ?? []
        let changes = try builder.libraryChanges(lock.libraries, for: recipe)
        if !changes.isEmpty, record?["tool"]?["libraries"] == nil {
            causes.append("another compression library: the lock was made with \(changes.joined(separator: ", "))")
        }
        if lock.recipeChecksum != file.checksum {
            causes.append("the recipe has changed since it was locked: ‘scar-build lock’ would note another checksum")
        }
        causes += try fromTraits(difference)
        if causes.isEmpty {
            causes.append("none that can be told: the package was changed, or made by something else than scar-build")
        }
        return causes
    }

    /// `build.json` beside the package, when it is about it.
    private func record() -> JSON? {
        guard let bytes = try? InputFile.contents(of: "\(given.folder)/build.json", limit: 16 << 20),
            let json = try? JSON.parse(bytes), json["function"]?.string == recipe.name
        else { return nil }
        return json
    }

    // MARK: - The record

    private func fromRecord(_ record: JSON) -> [String] {
        var causes: [String] = []
        let name = given.path.split(separator: "/").last.map(String.init) ?? given.path
        let parts = [record["artifact"], record["package"], record["package"]?["layer"]].compactMap(\.self)
        if let digest = parts.first(where: { $0["file"]?.string == name })?["digest"]?.string,
            digest != verification.given
        {
            causes.append("it was changed after it was built: build.json beside it has \(excerpt(digest))")
        }
        let tool = record["tool"]
        if let version = tool?["version"]?.string, version != ToolVersion.version {
            causes.append(
                "another tool: it was built by scar-build \(excerpt(version)), and this is \(ToolVersion.version)")
        }
        if let layout = tool?["layoutVersion"]?.integer, layout != ToolVersion.layout {
            causes.append("another layout: it was built for version \(layout), and this writes \(ToolVersion.layout)")
        }
        for library in CodecLibrary.all {
            guard
                let version = tool?["libraries"]?.members?.first(where: { $0.name == Array(library.name.utf8) })?.json
                    .string,
                version != library.version
            else { continue }
            causes.append(
                "another compression library: it was built with \(library.name) \(excerpt(version)), and this has "
                    + "\(library.version)")
        }
        if let checksum = record["recipe"]?.string, checksum != recipe.checksum.description {
            causes.append("another recipe: it was built from one with the checksum \(excerpt(checksum))")
        }
        if let manifest = record["image"]?["manifest"]?.string, manifest != locked.manifest.description {
            causes.append("another image: it was built from \(excerpt(manifest)), and the lock has \(locked.manifest)")
        }
        return causes
    }

    private func excerpt(_ text: String) -> String { String(text.prefix(100)) }

    // MARK: - What differs

    private func fromTraits(_ difference: PackageDifference) throws -> [String] {
        var causes: [String] = []
        if difference.has("time") {
            causes.append("another SOURCE_DATE_EPOCH, or another ‘artifact.clamp’: times differ")
        }
        if difference.has("compressor") || difference.has("block size") {
            causes.append("other ‘artifact’ settings: the squashfs image is made in another way")
        }
        let isContentSame = difference.parts.allSatisfy { part in
            part.kind == .changed && part.files.isEmpty
                && !part.traits.contains { ["content", "damaged"].contains($0) }
        }
        if isContentSame, difference.has("encoding") {
            let libraries = try builder.planner.libraries(of: recipe).map { "\($0.name) \($0.version)" }
            causes.append(
                "another version of a compression library: what is in it is the same, and only compressed bytes differ "
                    + "(this has \(libraries.joined(separator: ", ")))")
        }
        func differs(_ name: String) -> Bool {
            difference.parts.contains { $0.name.elementsEqual(name.utf8) && $0.traits.contains("content") }
        }
        func isShipped(_ name: [UInt8]) -> Bool {
            [FunctionPackage.scriptFolder, FunctionPackage.filesFolder].contains { name.starts(with: "\($0)/".utf8) }
        }
        if differs(FunctionPackage.bootstrapPath) || differs(FunctionPackage.pathLibraryPath) {
            causes.append(
                "another build of scar-build: the supervisor or the path library in the package is not this one's")
        }
        if difference.parts.contains(where: { isShipped($0.name) }) {
            causes.append("a file that the recipe ships was changed, here or in the package")
        }
        if difference.parts.contains(where: { $0.traits.contains("damaged") }) {
            causes.append("the package is damaged, or was changed by hand: data does not fit its checksum")
        }
        if causes.isEmpty, differs(FunctionPackage.launchSpecPath) {
            causes.append("another recipe: what the supervisor is told differs, and no file of the image does")
        }
        if causes.isEmpty, hasImageFiles(difference) {
            causes.append(
                "files of the image differ, which the lock pins: the package was changed, or its recipe pruned other files"
            )
        }
        return causes
    }

    private func hasImageFiles(_ difference: PackageDifference) -> Bool {
        difference.parts.contains { part in
            !part.files.isEmpty || part.name.starts(with: "\(FunctionPackage.treeFolder)/".utf8)
                || part.name.starts(with: "\(FunctionPackage.layerTreeFolder)/".utf8)
        }
    }
}
