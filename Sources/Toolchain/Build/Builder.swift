internal import ByteKit
internal import Glibc
internal import ImageModel
internal import LayerFS
internal import JSON
internal import Packager
internal import Publisher
package import Recipe
internal import Registry
internal import Supervisor
internal import Transport

/// Runs the stages from recipe to package.
package struct Builder {
    let options: BuildOptions
    let cache: Cache
    let planner: Planner
    let client: RegistryClient<CurlTransport>
    let pool: WorkerPool
    let progress: ProgressHandler
    /// What the build at hand has warned of so far.
    let warnings = Monitor<[String]>([])

    /// - Parameter progress: told what happens, from any thread.
    package init(_ options: BuildOptions, progress: @escaping ProgressHandler) throws {
        self.options = options
        let warnings = warnings
        let noting: ProgressHandler = { event in
            if case .warning(let text) = event { warnings.withLock { $0.append(text) } }
            progress(event)
        }
        self.progress = noting
        cache = try Cache(options.cache)
        var registry = options.registry
        // Not through `noting`: it is about this run, not about what is built.
        registry.notice = { progress(.warning($0)) }
        registry.credentialSources.append(ECRLogin())
        client = RegistryClient(configuration: registry)
        pool = try WorkerPool(width: options.jobs ?? WorkerPool.processors)
        planner = Planner(options: options, cache: cache, client: client, progress: noting)
    }

    // MARK: - Verbs

    /// Resolves every function of a recipe and says what building would do.
    package func plan(_ file: RecipeFile) throws -> [BuildPlan] {
        try file.functions.map { recipe in
            let lock = try lock(of: file, for: recipe)
            try warn(of: lock, for: recipe)
            return try planner.plan(
                recipe, try planner.resolve(recipe, lock: lock, lockPath: lockPath(of: file)))
        }
    }

    /// Resolves every function anew and writes the recipe's lock file; gives its path.
    package func lock(_ file: RecipeFile) throws -> String {
        guard options.platform == nil else {
            throw ToolError(
                "usage", "a lock is for the recipe's own platform", hint: "put ‘platform’ into the recipe",
                exitCode: .usage)
        }
        let functions = try file.functions.map { recipe in
            let image = try planner.resolve(recipe, lock: nil, lockPath: "")
            return Lockfile.Function(
                name: recipe.name, image: recipe.image.description, platform: "\(image.platform)",
                manifest: image.manifestDigest, config: image.manifest.config.digest,
                layers: image.manifest.layers.map {
                    Lockfile.Layer(digest: $0.digest, size: $0.size, mediaType: $0.mediaType.description)
                }, trace: try traceForLock(recipe, image))
        }
        let lock = Lockfile(
            layoutVersion: ToolVersion.layout,
            libraries: CodecLibrary.all.map { Lockfile.Library(name: $0.name, version: $0.version) },
            recipeChecksum: file.checksum, functions: functions)
        let path = lockPath(of: file)
        let text = lock.text()
        // A lock that nobody can read would pin nothing.
        _ = try Lockfile.parse(text, path: path)
        try OutputFile.write(text, to: path)
        return path
    }

    /// Builds every function of a recipe. A recipe with several gives each a folder of its own.
    ///
    /// - Parameter only: the name of the only one that is wanted; nil for all.
    package func build(_ file: RecipeFile, only: String? = nil) throws -> [BuildOutcome] {
        let recipes = try only.map { [try file.function($0)] } ?? file.functions
        return try recipes.map { recipe in
            let folder = recipes.count == 1 ? options.output : "\(options.output)/\(recipe.name)"
            return try build(recipe, of: file, into: folder)
        }
    }

    /// Builds one function of a recipe into a folder.
    func build(_ recipe: Recipe, of file: RecipeFile, into folder: String) throws -> BuildOutcome {
        let lock = try lock(of: file, for: recipe)
        try warn(of: lock, for: recipe)
        warnOfSecrets(in: recipe)
        try checkAttestations(of: recipe)
        let image = try planner.resolve(recipe, lock: lock, lockPath: lockPath(of: file))
        let outcome = try buildUnlessDone(recipe, image, lock, of: file, into: folder)
        try attest(
            outcome, of: recipe, image, in: folder, lockedBy: lock.map { _ in lockPath(of: file) })
        return outcome
    }

    /// Runs `body` again when it met something damaged in the cache, which goes and is made or fetched anew.
    func healing<Value>(_ recipe: Recipe, _ body: () throws -> Value) throws -> Value {
        let settings = try planner.settings(of: recipe)
        // Each round removes an object or blob, so an image's layers bound the rounds; a disk that keeps lying ends them.
        var healed: [Digest: Int] = [:]
        var fetched = 0
        while true {
            do {
                return try body()
            } catch let error as LayerError where error.code == .damagedObject {
                guard let layer = error.layer, healed[layer, default: 0] < Self.healings else { throw error }
                healed[layer, default: 0] += 1
                progress(.warning("a compiled layer in the cache was damaged and is compiled again: \(layer)"))
                unsafe unlink(cache.objectPath(layer, settings))
            } catch let error as RegistryError where error.isDamagedCopy && fetched < Self.fetchings {
                fetched += 1
                progress(.warning("\(error.message); it is fetched again"))
            }
        }
    }

    /// How often one layer is compiled again, and blobs are fetched again.
    private static let healings = 2
    private static let fetchings = 100
}
