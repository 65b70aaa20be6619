internal import ByteKit
internal import Glibc
package import Recipe
internal import Registry
internal import Report

/// Builds a package anew from its lock, and compares.
package struct Verifier {
    private let options: BuildOptions
    private let progress: ProgressHandler

    /// Image layouts that have the image's blobs; what they lack comes from the registry.
    package var layouts: [String] = []

    /// - Parameter options: of registries, time and threads; cache and output are not used.
    package init(_ options: BuildOptions, progress: @escaping ProgressHandler) {
        self.options = options
        self.progress = progress
    }

    /// Looks for the recipe that a package was built from: by its name, here, beside the package and above it.
    ///
    /// Whoever made the package may have put a recipe beside it that builds just that. So where there are several, none is
    /// taken, and what was taken is part of what is said.
    package static func recipePath(for package: String) throws -> String {
        let given = try GivenPackage(package)
        let names = [".json", ".yaml", ".yml"].map { given.function + $0 }
        let folders = [".", given.folder, given.folder + "/.."]
        var found: [(path: String, file: FileIdentity)] = []
        for path in folders.flatMap({ folder in names.map { folder == "." ? $0 : "\(folder)/\($0)" } }) {
            guard let file = FileIdentity(path, followsLinks: true), !found.contains(where: { $0.file == file }) else {
                continue
            }
            found.append((path, file))
        }
        guard let first = found.first else {
            throw ToolError(
                "no-recipe",
                "there is no recipe for \(package): looked for \(names[0]) in \(folders.joined(separator: ", "))",
                hint: "name it: scar-build verify PACKAGE RECIPE", exitCode: .usage)
        }
        guard found.count == 1 else {
            throw ToolError(
                "several-recipes",
                "\(package) could be built from \(found.map(\.path).joined(separator: ", "))",
                hint: "say which is yours: scar-build verify PACKAGE RECIPE", exitCode: .usage)
        }
        return first.path
    }

    /// Builds anew what a package is said to be, without any cache, and compares.
    ///
    /// - Parameters:
    ///   - package: a zip, squashfs image, archive or image layout that a build made.
    ///   - file: the recipe; its lock must be there.
    ///   - function: which of its functions; nil for the only one, or the one that the package's name has.
    ///   - scratch: an empty folder, with room for the image and what is built of it.
    package func verify(
        _ package: String, _ file: RecipeFile, function: String?, in scratch: String
    ) throws -> Verification {
        let given = try GivenPackage(package)
        let recipe = try Self.recipe(function ?? given.function, isNamed: function != nil, of: file)
        var options = options
        options.cache = "\(scratch)/cache"
        options.output = "\(scratch)/out"
        options.isLocked = true
        options.form = given.form
        options.attestations = Attestations()
        if options.target == nil { options.target = Self.target(of: given) }
        let builder = try Builder(options, progress: progress)
        guard let lock = try builder.lock(of: file, for: recipe) else {
            preconditionFailure("a locked build has a lock")
        }
        let locked = try lock.function(for: recipe, lockPath: builder.lockPath(of: file))
        for layout in layouts { try builder.takeBlobs(of: locked, from: layout) }
        guard let outcome = try builder.build(file, only: recipe.name).first else {
            preconditionFailure("one function was built")
        }
        let built =
            switch given.kind {
            case .layer: String(outcome.path.dropLast(".zip".count)) + "-layer.zip"
            case .layout(.runtime): String(outcome.path.dropLast(".zip".count)) + ".runtime"
            default: outcome.path
            }
        let source = Verification.Source(
            recipe: file.path, image: locked.image, manifest: locked.manifest.description)
        var verification = try Self.compare(given, built: built, source)
        verification.causes = try DifferenceCauses(
            verification, given, recipe, file, lock: lock, locked: locked, builder
        ).sentences()
        return verification
    }

    /// What is built when the recipe's own target is another; nil leaves that to the recipe.
    private static func target(of given: GivenPackage) -> Recipe.Target? {
        switch given.kind {
        case .squashfs: .squashfs
        case .tar: .tar
        case .layout(nil): .oci
        case .zip, .layer, .layout: nil
        }
    }

    private static func recipe(_ name: String, isNamed: Bool, of file: RecipeFile) throws -> Recipe {
        if !isNamed, file.functions.count == 1 { return file.functions[0] }
        return try file.function(name)
    }

    // MARK: - Comparing

    private static func compare(
        _ given: GivenPackage, built: String, _ source: Verification.Source
    ) throws -> Verification {
        if case .layout = given.kind { return try compareLayouts(given.path, built, source) }
        let digests = (try Digest(ofFile: given.path), try Digest(ofFile: built))
        return Verification(
            path: given.path, source: source, given: "\(digests.0)", built: "\(digests.1)",
            difference: digests.0 == digests.1 ? nil : try PackageDifference.between(given: given.path, built: built))
    }

    /// Compares two image layouts file by file. That each file is what its name says is a part of it.
    private static func compareLayouts(
        _ given: String, _ built: String, _ source: Verification.Source
    ) throws -> Verification {
        let (left, right) = (ImageFolder(given), ImageFolder(built))
        let digests = (try left.digests(), try right.digests())
        var difference = PackageDifference()
        for name in ["index.json", "oci-layout"] {
            let bytes = PackageDifference.between(
                try InputFile.contents(of: "\(given)/\(name)", limit: 4 << 20),
                try InputFile.contents(of: "\(built)/\(name)", limit: 4 << 20))
            if let bytes { difference.add(name, bytes) }
        }
        for index in 0..<max(digests.0.count, digests.1.count) {
            // The manifest, the config, then layers.
            let name = index < 2 ? ["manifest", "config"][index] : "layer \(index - 1)"
            guard index < digests.0.count else {
                difference.add(name, .missing)
                continue
            }
            guard index < digests.1.count else {
                difference.add(name, .added)
                continue
            }
            let files = (left.file(of: digests.0[index]), right.file(of: digests.1[index]))
            try difference.addBlobs(name, files.0, files.1, isLayer: index >= 2)
        }
        return Verification(
            path: given, source: source, given: digests.0.first.map { "\($0)" } ?? "nothing",
            built: digests.1.first.map { "\($0)" } ?? "nothing", difference: difference.parts.isEmpty ? nil : difference
        )
    }
}

extension Builder {
    /// Puts blobs of a locked image into the cache, from an image layout: as many as it has, each checked.
    func takeBlobs(of locked: Lockfile.Function, from layout: String) throws {
        let folder = layout.hasPrefix("oci:") ? String(layout.dropFirst(4)) : layout
        guard unsafe access("\(folder)/oci-layout", F_OK) == 0 else {
            throw ToolError(
                "no-layout", "\(folder) is no image layout",
                hint: "‘skopeo copy docker://IMAGE oci:FOLDER’ makes one", exitCode: .usage)
        }
        for digest in [locked.manifest, locked.config] + locked.layers.map(\.digest) {
            let source = ImageFolder(folder).file(of: digest)
            guard !cache.blobs.contains(digest), unsafe access(source, F_OK) == 0 else { continue }
            let input = try InputFile(source)
            guard try Digest(of: input) == digest else {
                throw ToolError(
                    "damaged-layout", "\(source) is not what its name says", hint: "copy the image into the layout anew"
                )
            }
            var output = try OutputFile(cache.blobs.path(of: digest), isReadSoon: false)
            try output.append(from: input, offset: 0, length: input.size)
            try output.finish()
        }
    }
}
