internal import ByteKit
internal import ImageModel
internal import Packager
internal import Recipe
internal import Supervisor

extension PackageInput {
    /// What recipe and image say of a package: all but where the image's tree lies, and how its programs run there.
    ///
    /// - Parameters:
    ///   - root: a look into the image.
    ///   - bootstrap: the supervisor's executable on this machine.
    init(_ recipe: Recipe, _ image: ResolvedImage, _ root: RootView, bootstrap: String) {
        self.init(name: recipe.name, bootstrap: bootstrap)
        self.image = root
        asRoot = recipe.asRoot
        reuse = recipe.reuse
        script = recipe.script.map { Source(path: $0.written, file: $0.resolved) }
        command = recipe.command
        if script == nil && command == nil {
            let own = image.config.entrypoint + image.config.command
            command = own.isEmpty ? nil : own
        }
        files = recipe.files.map { Source(path: $0.written, file: $0.resolved) }
        environment =
            image.config.environment.compactMap(Self.variable) + recipe.environment.map { ($0.name, $0.value) }
        workingDirectory = image.config.workingDirectory
        timeoutThreshold = recipe.function.timeoutThreshold
        inputs = recipe.inputs.map(Self.channel)
        outputs = recipe.outputs.map(Self.channel)
        storages = recipe.servers.map(Self.storage)
        handling = LaunchSpec.Handling(recipe)
        batch = LaunchSpec.Batch(recipe)
    }

    static func variable(_ text: String) -> (name: String, value: String)? {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { return nil }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    private static func channel(_ storage: Recipe.Storage) -> LaunchSpec.Channel {
        LaunchSpec.Channel(
            storage: Array(storage.storage.utf8), path: Array(storage.path.utf8),
            prefix: storage.prefix.map { Array($0.utf8) }, suffix: storage.suffix.map { Array($0.utf8) })
    }

    private static func storage(_ server: Recipe.StorageServer) -> LaunchSpec.Storage {
        LaunchSpec.Storage(
            name: Array(server.name.utf8), endpoint: Array(server.endpoint.utf8), region: Array(server.region.utf8),
            pathStyle: server.pathStyle, verify: server.verify,
            authority: server.authority.map { Array("\(FunctionPackage.filesFolder)/\($0.written)".utf8) },
            accessKey: Array(server.accessKey.utf8), secretKey: Array(server.secretKey.utf8),
            sessionToken: server.sessionToken.map { Array($0.utf8) })
    }
}

extension LauncherChoice {
    /// The launcher that a recipe means for an image.
    init(of recipe: Recipe, _ image: ResolvedImage, _ input: PackageInput) throws(PackagerError) {
        guard let root = input.image else { self.init(.generic, because: "there is no image to look into"); return }
        let facts = ImageFacts(
            root: root, environment: input.environment,
            command: recipe.command ?? image.config.entrypoint + image.config.command,
            workingDirectory: input.workingDirectory)
        self = try Self.choose(recipe.launcher, for: input.script, in: facts)
    }
}
