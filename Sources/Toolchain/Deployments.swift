internal import AWS
internal import ByteKit
package import Publisher
package import Recipe

/// From recipes and their packages to what should be there once they are published.
package enum Deployments {
    /// What a recipe wants.
    ///
    /// - Parameter package: the zip that was built from it.
    package static func deployment(of recipe: Recipe, package: Deployment.Package) -> Deployment {
        let function = recipe.function
        var deployment = Deployment(
            name: recipe.name,
            function: DesiredFunction(
                memory: function.memory, timeout: function.timeout, timeoutThreshold: function.timeoutThreshold,
                ephemeralStorage: function.ephemeralStorage, layers: function.layers,
                environment: function.environment.map { ($0.name, $0.value) }),
            description: function.description ?? "", architecture: function.architecture.rawValue, package: package,
            role: function.role, logRetention: function.logRetention,
            tags: function.tags.reduce(into: [:]) { $0[$1.name] = $1.value })
        // Only Amazon's buckets can call a function, and only they are the role's business.
        deployment.inputs = recipe.inputs.filter { $0.storage == "s3" }.map(channel)
        deployment.outputs = recipe.outputs.filter { $0.storage == "s3" }.map(channel)
        deployment.keptVariables = recipe.servers.flatMap { server in
            [server.accessKey, server.secretKey, server.sessionToken].compactMap(\.self)
        }
        deployment.api = recipe.api.map(api)
        deployment.network = function.vpc.map {
            Deployment.Network(subnets: $0.subnets, securityGroups: $0.securityGroups)
        }
        deployment.fileSystems = function.fileSystems.map {
            FunctionSettings.FileSystem(arn: $0.arn, path: $0.path)
        }
        deployment.deadLetter = function.deadLetter
        deployment.concurrency = function.concurrency
        deployment.packagesBucket = function.bucket
        deployment.keptVersions = function.keepVersions
        deployment.isPreheated = function.preheat
        return deployment
    }

    private static func channel(_ storage: Recipe.Storage) -> Deployment.Channel {
        Deployment.Channel(path: storage.path, prefixes: storage.prefix, suffixes: storage.suffix)
    }

    private static func api(_ api: Recipe.API) -> Deployment.API {
        let kind: Deployment.API.Kind =
            switch api.kind {
            case .http: .http
            case .rest: .rest
            case .url: .url
            }
        let authorization: Deployment.API.Authorization =
            if let jwt = api.jwt {
                .jwt(issuer: jwt.issuer, audience: jwt.audience)
            } else {
                api.authorization == .none ? .none : .iam
            }
        return Deployment.API(
            kind: kind, name: api.name, stage: api.stage, authorization: authorization,
            cors: api.cors.map { CORS(origins: $0.origins, methods: $0.methods, headers: $0.headers) })
    }

    /// Refuses what this version cannot publish.
    package static func check(_ recipe: Recipe) throws(ToolError) {
        guard [.auto, .zip].contains(recipe.target) else {
            throw .notInThisVersion(
                "publishing the target ‘\(recipe.target.rawValue)’",
                hint: recipe.target == .image || recipe.target == .runtime
                    ? "images and runtimes need what pushes to a registry; ‘target’ zip can be published today"
                    : "only a zip becomes a function: set ‘target’ to \"zip\"")
        }
        guard recipe.execution == .lambda else {
            throw .notInThisVersion(
                "publishing with ‘execution’ \(recipe.execution.rawValue)",
                hint: "set ‘execution’ to \"lambda\"; docs/publish.md says what is published")
        }
    }

    /// Refuses functions of several regions: a template is deployed in one.
    package static func checkOneRegion(_ file: RecipeFile) throws(ToolError) {
        let regions = Set(file.functions.map(\.function.region))
        guard regions.count > 1 else { return }
        let names = regions.map { $0 ?? "no region" }.sorted().joined(separator: ", ")
        throw ToolError(
            "several-regions", "the functions of this file belong to several regions (\(names)), and a template to one",
            location: file.path, hint: "write a recipe for each region")
    }
}
