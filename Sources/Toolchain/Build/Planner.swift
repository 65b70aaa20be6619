internal import ByteKit
internal import ImageModel
internal import LayerFS
internal import Recipe
internal import Registry
internal import Transport

/// Turns a recipe into resolved images and plans.
struct Planner {
    let options: BuildOptions
    let cache: Cache
    let client: RegistryClient<CurlTransport>
    let progress: ProgressHandler

    private let origins = Monitor<[String: any ImageOrigin]>([:])

    init(
        options: BuildOptions, cache: Cache, client: RegistryClient<CurlTransport>, progress: @escaping ProgressHandler
    ) {
        self.options = options
        self.cache = cache
        self.client = client
        self.progress = progress
    }

    /// Where a recipe's image comes from.
    func origin(of recipe: Recipe) throws -> any ImageOrigin { try origin(of: recipe.image) }

    /// Where an image comes from. It is looked at once: the standard input can be read no second time.
    ///
    /// - Parameter keepsLayers: whether layers that are fetched are kept in the cache.
    func origin(of image: ImageSource, keepsLayers: Bool = true) throws -> any ImageOrigin {
        let name = image.description
        return try origins.withLock { origins in
            if keepsLayers, let origin = origins[name] { return origin }
            let origin: any ImageOrigin =
                switch image {
                case .registry(let reference):
                    RegistryOrigin(reference, client: client, store: cache.blobs, keepsLayers: keepsLayers)
                case .ociLayout(let path, let tag): LayoutOrigin(folder: path.resolved, tag: tag, name: name)
                case .dockerArchive(let path): try DockerArchiveOrigin(path.resolved, name: name)
                case .tar(let path): try RootfsOrigin(path.resolved, name: name)
                case .standardInput: try RootfsOrigin(try cache.blobs.takeStandardInput(), name: name)
                }
            if keepsLayers { origins[name] = origin }
            return origin
        }
    }

    /// Finds the image of a recipe: by its lock when there is one, else by its name.
    func resolve(_ recipe: Recipe, lock: Lockfile?, lockPath: String) throws -> ResolvedImage {
        let pinned = try lock?.function(for: recipe, lockPath: lockPath).manifest
        progress(.resolving(recipe.image.description))
        let image = try origin(of: recipe).resolve(options.platform ?? recipe.platform, pinned: pinned)
        progress(
            .resolved(
                image: image.reference, manifest: image.manifestDigest, layers: image.manifest.layers.count,
                bytes: image.manifest.layers.reduce(0) { $0 + $1.size }))
        return image
    }

    /// What building a resolved recipe takes.
    func plan(_ recipe: Recipe, _ image: ResolvedImage) throws -> BuildPlan {
        let target = try target(of: recipe)
        let forms = try forms(of: recipe)
        let settings = try settings(of: recipe)
        var steps: [BuildPlan.Step] = []
        let origin = try origin(of: recipe)
        for (layer, diffID) in zip(image.manifest.layers, image.diffIDs) {
            let path = cache.objectPath(layer.digest, settings)
            if let object = LayerObject.open(path, layer: layer.digest, settings: settings),
                diffID == nil || object.diffID == diffID
            {
                steps.append(.reuse(layer: layer.digest))
            } else {
                let isFetched = origin.isAtHand(layer)
                steps.append(.compile(layer: layer.digest, size: layer.size, isFetched: isFetched))
            }
        }
        steps.append(
            .link(
                layers: image.manifest.layers.count, profile: recipe.prune.profile.rawValue,
                isRelocated: forms.first?.prefix != nil))
        // Of several forms, what is written is known when the tree is.
        if forms.count < 2 { steps.append(try write(recipe, target, forms.first, settings)) }
        if !forms.isEmpty { steps.append(.package(form: target.rawValue, firstOf: forms)) }
        return BuildPlan(function: recipe.name, image: image, target: target, steps: steps)
    }

    /// How the artifact is written.
    private func write(
        _ recipe: Recipe, _ target: Recipe.Target, _ form: PackageForm?, _ settings: BlockSettings
    ) throws -> BuildPlan.Step {
        switch target {
        case .zip where form == .tree, .layer: .write(format: "tree", compression: "deflate")
        case .image, .runtime:
            .write(format: "oci", compression: try imageCompression(of: recipe, isChosen: true).name)
        case .tar: .write(format: "tar", compression: try streamCompression(of: recipe, target).name)
        case .oci: .write(format: "oci", compression: try streamCompression(of: recipe, target).name)
        case .dir: .write(format: "dir", compression: "none")
        default: .write(format: "squashfs", compression: settings.name)
        }
    }

    /// The form that will be built.
    func target(of recipe: Recipe) throws -> Recipe.Target {
        let target = options.target ?? recipe.target
        let isTar = recipe.artifact.format == .tar
        switch target {
        case .auto: return isTar ? .tar : .auto
        case .zip where isTar:
            throw ToolError(
                "target-conflict",
                "‘artifact.format’ is tar, but the supervisor in a zip package unpacks squashfs only",
                hint: "leave artifact.format out, or build with --target tar")
        case .squashfs where isTar:
            throw ToolError(
                "target-conflict", "‘artifact.format’ is tar, but the target is ‘squashfs’",
                hint: "leave artifact.format out, or build with --target tar")
        case .zip, .layer, .image, .runtime, .squashfs, .tar, .oci, .dir: return target
        }
    }

    /// The forms of package that are tried, in this order; none when no package is asked for.
    func forms(of recipe: Recipe) throws -> [PackageForm] {
        if let form = options.form { return [form] }
        let (target, format) = (try target(of: recipe), recipe.artifact.format)
        return switch (target, format) {
        case (.zip, .tree): [.tree]
        case (.zip, _): [.squashfs]
        case (.layer, _): [.layer]
        case (.image, _): [.image]
        case (.runtime, _): [.runtime]
        case (.auto, .tree): [.tree, .image]
        case (.auto, .squashfs): [.squashfs, .image]
        case (.auto, _): [.tree, .squashfs, .image]
        default: []
        }
    }

    /// How data is cut and compressed in layer objects, and in the squashfs that is made of them.
    ///
    /// Other forms are compressed anew, or not at all: for them the objects are what most builds have in the cache
    /// already, and never slow ones.
    func settings(of recipe: Recipe) throws -> BlockSettings {
        switch options.target ?? recipe.target {
        case .tar, .oci, .dir, .layer, .image, .runtime: return BlockSettings()
        case .zip where recipe.artifact.format == .tree: return BlockSettings()
        default: break
        }
        let block = recipe.artifact.block
        return switch recipe.artifact.compression {
        case .zstd(let level): BlockSettings(compression: .zstd, level: level, blockSize: block)
        case .gzip(let level): BlockSettings(compression: .gzip, level: level, blockSize: block)
        case .xz(let level): BlockSettings(compression: .xz, level: level, blockSize: block)
        case .lz4(let level): BlockSettings(compression: .lz4, level: level, blockSize: block)
        case .none: BlockSettings(compression: .none, level: 0, blockSize: block)
        }
    }

    /// How an archive is compressed.
    func streamCompression(of recipe: Recipe, _ target: Recipe.Target) throws -> StreamCompression {
        // Every program that reads images reads gzip; zstd came to them in 2019.
        if [.oci, .image, .runtime].contains(target), !recipe.artifact.isCompressionChosen { return .gzip(level: 6) }
        return switch recipe.artifact.compression {
        case .zstd(let level): .zstd(level: level)
        case .gzip(let level): .gzip(level: level)
        case .none: .none
        case .xz, .lz4:
            throw ToolError(
                "target-conflict",
                "archives are compressed with gzip, zstd or not at all, and the recipe wants another way",
                hint: "change artifact.compression, or build with --target squashfs")
        }
    }

    /// How an image's layers are compressed. A recipe says that of a squashfs image first of all: what Lambda may not take
    /// counts only where an image is `isChosen`.
    func imageCompression(of recipe: Recipe, isChosen: Bool) throws -> StreamCompression {
        if isChosen { return try streamCompression(of: recipe, .image) }
        if case .gzip(let level) = recipe.artifact.compression { return .gzip(level: level) }
        return .gzip(level: 6)
    }

    /// The libraries whose versions decide the bytes of what is built.
    func libraries(of recipe: Recipe) throws -> [CodecLibrary] {
        let forms = try forms(of: recipe)
        var libraries: [CodecLibrary?] = []
        if forms.isEmpty {
            let target = try target(of: recipe)
            switch target {
            case .dir: break
            case .tar, .oci: libraries.append(CodecLibrary(try streamCompression(of: recipe, target)))
            default: libraries.append(CodecLibrary(try settings(of: recipe).compression))
            }
        }
        for form in forms {
            switch form {
            case .tree, .layer: libraries.append(.deflate)
            case .squashfs: libraries += [.deflate, CodecLibrary(try settings(of: recipe).compression)]
            case .image, .runtime:
                let isChosen = try target(of: recipe) != .auto
                libraries.append(CodecLibrary(try imageCompression(of: recipe, isChosen: isChosen)))
                if form == .runtime { libraries.append(.deflate) }
            }
        }
        return CodecLibrary.all.filter { libraries.contains($0) }
    }

    /// The latest time that a file may have. The recipe's word comes before the environment's: it is part of what is
    /// built, and the environment is anybody's.
    func latestTime(of recipe: Recipe) -> Int64? {
        recipe.artifact.clamp.map { Int64($0) } ?? options.latestTime.map { Int64($0) }
    }
}

extension Platform {
    /// What ELF files for this platform have in `e_machine`. No other processor runs functions.
    var machine: UInt16 { architecture == "arm64" ? 183 : 62 }

    /// What this program's own file has there.
    static var ownMachine: UInt16 {
        #if arch(arm64)
            183
        #else
            62
        #endif
    }
}
