internal import ImageModel
internal import JSON

extension RecipeReader {
    func function(_ platform: Platform) throws(RecipeError) -> Recipe.Function {
        guard let function = json["function"] else { preconditionFailure("the table gives ‘function’ a default") }
        let settings = Recipe.Function(
            memory: number(function["memory"]), timeout: number(function["timeout"]),
            timeoutThreshold: number(function["timeoutThreshold"]),
            ephemeralStorage: number(function["ephemeralStorage"]),
            architecture: platform.architecture == "arm64" ? .arm64 : .x86,
            description: function["description"]?.string, region: function["region"]?.string,
            role: function["role"]?.string, bucket: function["bucket"]?.string, layers: texts(function["layers"]),
            logRetention: number(function["logRetention"]), logLevel: text(function["logLevel"]),
            metrics: function["metrics"]?.bool ?? false,
            tags: variables(function["tags"]), environment: variables(function["environment"]),
            vpc: function["vpc"].map {
                Recipe.Network(subnets: texts($0["subnets"]), securityGroups: texts($0["securityGroups"]))
            },
            fileSystems: (function["fileSystems"]?.array ?? []).map {
                Recipe.FileSystem(arn: text($0["arn"]), path: text($0["path"]))
            },
            deadLetter: function["deadLetter"]?.string, concurrency: function["concurrency"]?.integer,
            runtime: function["runtime"]?.string, keepVersions: number(function["keepVersions"]),
            preheat: function["preheat"]?.bool ?? false)
        try check(settings)
        return settings
    }

    private func check(_ function: Recipe.Function) throws(RecipeError) {
        guard function.timeoutThreshold < function.timeout else {
            // With a timeout of 10 seconds or fewer, it is the threshold's default that must be lowered.
            let isWritten = positions["function.timeoutThreshold"].map { $0.line > 0 } ?? false
            throw error(
                .conflict,
                "‘function.timeoutThreshold’ (\(function.timeoutThreshold)) leaves nothing of ‘function.timeout’ "
                    + "(\(function.timeout)) for the script",
                isWritten ? "function.timeoutThreshold" : "function.timeout",
                "set ‘timeoutThreshold’ to fewer seconds than ‘timeout’")
        }
        guard function.fileSystems.isEmpty || function.vpc != nil else {
            throw error(
                .conflict, "‘function.fileSystems’ needs ‘function.vpc’", "function.fileSystems",
                "EFS is reached through a network: add ‘vpc’ with its subnets and security groups")
        }
        let target: Recipe.Target = value(json["target"], .auto)
        guard function.runtime == nil || target == .runtime else {
            throw error(
                .conflict, "‘function.runtime’ names a runtime, but the target is ‘\(target.rawValue)’",
                "function.runtime", "make the target ‘runtime’, or remove the name")
        }
        let bytes = function.environment.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        guard bytes <= 4096 else {
            throw error(
                .outOfRange, "‘function.environment’ has \(bytes) bytes, but Lambda takes 4096", "function.environment",
                "move what the script needs to the recipe's ‘environment’, which has no such limit")
        }
    }

    func calls() -> Recipe.Calls {
        let calls = json["calls"]
        return Recipe.Calls(
            eventMayBring: texts(calls?["eventMayBring"]), keepOutput: texts(calls?["keepOutput"]),
            requireOutput: calls?["requireOutput"]?.bool ?? false,
            partialBatches: calls?["partialBatches"]?.bool ?? false, streaming: calls?["streaming"]?.bool ?? false,
            linkLargeAnswers: calls?["linkLargeAnswers"]?.bool ?? false)
    }

    func api(name: String) throws(RecipeError) -> Recipe.API? {
        guard let api = json["api"] else { return nil }
        let found = Recipe.API(
            kind: value(api["kind"], .http), name: api["name"]?.string ?? name, stage: text(api["stage"]),
            authorization: value(api["authorization"], .iam),
            jwt: api["jwt"].map { Recipe.API.JWT(issuer: text($0["issuer"]), audience: texts($0["audience"])) },
            cors: api["cors"].map {
                Recipe.API.CORS(
                    origins: texts($0["origins"]), methods: texts($0["methods"]), headers: texts($0["headers"]))
            })
        try check(found)
        return found
    }

    private func check(_ api: Recipe.API) throws(RecipeError) {
        if api.jwt != nil, api.kind != .http {
            throw error(
                .conflict, "‘api.jwt’ is for ‘api.kind’ http", "api.jwt",
                "set ‘kind’ to \"http\", or use ‘authorization’ instead")
        }
        if api.cors != nil, api.kind == .rest {
            throw error(
                .conflict, "‘api.cors’ is for ‘api.kind’ http and url", "api.cors",
                "a REST API hands every request to the function, and so those that browsers ask first")
        }
    }

    func batch() -> Recipe.Batch? {
        guard let batch = json["batch"], let compute = batch["compute"] else { return nil }
        return Recipe.Batch(
            vcpus: number(batch["vcpus"]), memory: number(batch["memory"]), gpus: number(batch["gpus"]),
            nodes: number(batch["nodes"]), environment: variables(batch["environment"]),
            takesAfter: texts(batch["takesAfter"]), events: batch["events"]?.string,
            compute: Recipe.Batch.Compute(
                kind: value(compute["kind"], .ec2), minVcpus: number(compute["minVcpus"]),
                maxVcpus: number(compute["maxVcpus"]), instanceTypes: texts(compute["instanceTypes"]),
                subnets: texts(compute["subnets"]), securityGroups: texts(compute["securityGroups"]),
                instanceRole: compute["instanceRole"]?.string, serviceRole: compute["serviceRole"]?.string))
    }
}
