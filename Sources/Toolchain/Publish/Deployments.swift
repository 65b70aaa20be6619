internal import AWS
internal import ByteKit
internal import JSON
package import Publisher
package import Recipe

/// From recipes and their packages to what should be there once they are published.
package enum Deployments {
    /// What a recipe wants.
    ///
    /// - Parameter code: what was built from it.
    package static func deployment(of recipe: Recipe, _ code: PublishableCode) -> Deployment {
        let function = recipe.function
        var deployment = Deployment(
            name: recipe.name,
            function: DesiredFunction(
                memory: function.memory, timeout: function.timeout, timeoutThreshold: function.timeoutThreshold,
                ephemeralStorage: function.ephemeralStorage, layers: function.layers,
                environment: function.environment.map { ($0.name, $0.value) }),
            description: function.description ?? "", architecture: function.architecture.rawValue,
            package: code.package,
            role: function.role, logRetention: function.logRetention,
            tags: function.tags.reduce(into: [:]) { $0[$1.name] = $1.value })
        deployment.layer = code.layer
        deployment.image = code.image
        deployment.runtime = code.runtime.map { Deployment.Runtime(name: function.runtime, image: $0) }
        deployment.job = job(recipe)
        // Only Amazon's buckets can call a function, and only they are the role's business.
        deployment.inputs = recipe.inputs.filter { $0.storage == "s3" }.map(channel)
        deployment.outputs = recipe.outputs.filter { $0.storage == "s3" }.map(channel)
        deployment.keptVariables = recipe.servers.flatMap { server in
            [server.accessKey, server.secretKey, server.sessionToken].compactMap(\.self)
        }
        deployment.api = recipe.api.map(api)
        deployment.api?.isStreamed = recipe.calls.streaming
        deployment.queues = recipe.triggers.queues.map { queue in
            Deployment.QueueTrigger(
                arn: queue.arn, batchSize: queue.batchSize, window: queue.window, concurrency: queue.concurrency,
                reportsFailures: recipe.calls.partialBatches)
        }
        deployment.rules = recipe.triggers.rules.map { rule in
            Deployment.RuleTrigger(
                name: rule.name, cause: rule.schedule.map { .schedule($0) } ?? .pattern(rule.pattern ?? .null),
                bus: rule.bus)
        }
        deployment.network = function.vpc.map {
            EC2API.Network(subnets: $0.subnets, securityGroups: $0.securityGroups)
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

    /// The jobs of a recipe whose calls do not run in Lambda alone.
    private static func job(_ recipe: Recipe) -> Deployment.Job? {
        guard recipe.execution != .lambda else { return nil }
        var job = Deployment.Job(takesAll: recipe.execution == .batch)
        // A job is the function elsewhere: what the function's variables say holds for it as well.
        for variable in recipe.function.environment + (recipe.batch?.environment ?? []) {
            job.environment[variable.name] = variable.value
        }
        guard let batch = recipe.batch else { return job }
        job.vcpus = batch.vcpus
        job.memory = batch.memory
        job.gpus = batch.gpus
        job.nodes = batch.nodes
        job.events = batch.events.map { Deployment.Channel(path: $0, prefixes: [], suffixes: []) }
        let compute = batch.compute
        let kind: Deployment.Job.Compute.Kind =
            switch compute.kind {
            case .ec2: .ec2
            case .spot: .spot
            case .fargate: .fargate
            case .fargateSpot: .fargateSpot
            }
        job.compute = Deployment.Job.Compute(
            kind: kind, minVcpus: compute.minVcpus, maxVcpus: compute.maxVcpus, instanceTypes: compute.instanceTypes,
            subnets: compute.subnets, securityGroups: compute.securityGroups, instanceProfile: compute.instanceRole,
            serviceRole: compute.serviceRole)
        return job
    }

    /// Refuses what this version cannot publish, and what would be found wrong only after it is built.
    package static func check(_ recipe: Recipe) throws {
        guard [.auto, .zip, .layer, .image, .runtime].contains(recipe.target) else {
            throw ToolError.notInThisVersion(
                "publishing the target ‘\(recipe.target.rawValue)’",
                hint: "a function is made from the targets auto, zip, layer, image and runtime")
        }
        try job(recipe)?.validate(name: recipe.name, architecture: recipe.function.architecture.rawValue)
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
