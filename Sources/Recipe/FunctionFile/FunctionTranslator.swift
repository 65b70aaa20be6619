internal import JSON

/// Makes the recipe of one function, whose values have been checked already.
struct FunctionTranslator {
    let file: String
    /// The entry of `functions.aws`.
    let function: JSON
    /// Its path, as in `functions.aws[0]`.
    let path: String
    /// The servers that the file describes.
    let storages: [FunctionStorage]
    let positions: [String: JSON.Position]
    private(set) var warnings: [PlacedWarning] = []
    private var draft = RecipeDraft()

    init(
        file: String, function: JSON, path: String, storages: [FunctionStorage], positions: [String: JSON.Position]
    ) {
        self.file = file
        self.function = function
        self.path = path
        self.storages = storages
        self.positions = positions
    }

    mutating func recipe() throws(RecipeError) -> JSON {
        guard let lambda = function["lambda"] else {
            throw error(
                .missingKey, "the function has no section ‘lambda’", "",
                hint: "it needs one, with ‘name’ and ‘container’"
            )
        }
        draft.position = lambda.position
        copy(function, FunctionKeys.function)
        try readImage(lambda)
        readPrograms(lambda)
        try readSettings(lambda)
        try readChannels(lambda["input"], "input")
        try readChannels(lambda["output"], "output")
        try readEndpoint()
        readBatch()
        return draft.json
    }

    /// Takes over what a recipe says in the same way.
    private mutating func copy(_ json: JSON, _ keys: [FunctionKey]) {
        for key in keys {
            let member = json.members?.first { $0.name == Array(key.name.utf8) }
            guard let value = member?.json else { continue }
            switch key.fate {
            case .same(let path): draft.set(path, value)
            case .section(let inner): copy(value, inner)
            case .read, .list, .dropped: break
            }
        }
    }

    // MARK: lambda

    private mutating func readImage(_ lambda: JSON) throws(RecipeError) {
        let container = lambda["container"]
        guard let archive = container?["image_file"] ?? lambda["image_file"] else { return }
        guard container?["image"] == nil else {
            let place = container?["image_file"] == nil ? "lambda.image_file" : "lambda.container.image_file"
            throw error(
                .conflict, "‘image’ and ‘image_file’ exclude each other", place, hint: "remove one of the two")
        }
        draft.set("image", .string("docker-archive:" + text(archive)), at: archive)
    }

    private mutating func readPrograms(_ lambda: JSON) {
        if let script = lambda["run_script"] {
            if lambda["init_script"] == nil {
                draft.set("script", script)
            } else {
                warn("‘run_script’ is left out: ‘init_script’ is what runs for every call", script)
            }
        }
        if let payload = lambda["extra_payload"] { draft.set("files", .array([payload]), at: payload) }
    }

    private mutating func readSettings(_ lambda: JSON) throws(RecipeError) {
        if let runtime = lambda["runtime"] {
            if text(runtime) == "image" {
                draft.set("target", .string("image"), at: runtime)
            } else {
                warn("‘runtime’ has no meaning: the supervisor needs no language's runtime", runtime)
            }
        }
        if let architectures = lambda["architectures"], let first = architectures[0] {
            draft.set("function.architecture", first)
            if let second = architectures[1] { warn("a function has one architecture; the first is taken", second) }
        }
        if let level = lambda["log_level"] {
            let name = text(level).lowercased()
            draft.set("function.logLevel", .string(name == "critical" ? "error" : name), at: level)
        }
        if let systems = lambda["file_system"], let elements = systems.array, !elements.isEmpty {
            let named = elements.map { element in
                let members = [("arn", element["Arn"]), ("path", element["LocalMountPath"])]
                return JSON(
                    JSON.object(named: members.compactMap { name, json in json.map { (name, $0) } }).value,
                    at: element.position)
            }
            draft.set("function.fileSystems", .array(named), at: systems)
        }
        if let skips = lambda["file_stage_in"], skips.bool == true {
            throw error(
                .notInThisVersion, "‘file_stage_in’ cannot be true: not in this version", "lambda.file_stage_in",
                hint: "remove it: the input file is then brought to $INPUT_FILE_PATH")
        }
    }

    // MARK: Input and output

    private mutating func readChannels(_ channels: JSON?, _ name: String) throws(RecipeError) {
        guard let channels, let elements = channels.array, !elements.isEmpty else { return }
        var written: [JSON] = []
        var servers: [FunctionStorage] = []
        for (index, channel) in elements.enumerated() {
            var members: [(name: String, json: JSON)] = []
            let place = "lambda.\(name)[\(index)].storage_provider"
            if let server = try server(of: channel, place, isInput: name == "input") {
                if !servers.contains(where: { $0.name == server.name }) { servers.append(server) }
                let position = channel["storage_provider"]?.position ?? channel.position
                members.append(("storage", JSON(JSON.string(server.name).value, at: position)))
            }
            if let path = channel["path"] {
                let parts = text(path).split(separator: "/").joined(separator: "/")
                members.append(("path", JSON(JSON.string(parts).value, at: path.position)))
            }
            if let prefix = channel["prefix"] { members.append(("prefix", prefix)) }
            if let suffix = channel["suffix"] { members.append(("suffix", suffix)) }
            written.append(JSON(JSON.object(named: members).value, at: channel.position))
        }
        draft.set(name, .array(written), at: channels)
        if !servers.isEmpty { draft.set("storages", .array(servers.map(\.json)), at: channels) }
    }

    /// The server that a channel means; nil for S3. A provider is a kind and, after a dot, the name of its entry in
    /// `storage_providers`.
    private func server(
        of channel: JSON, _ place: String, isInput: Bool
    ) throws(RecipeError) -> FunctionStorage? {
        let provider = channel["storage_provider"].map(text) ?? "s3"
        let kind = String(provider.prefix { $0 != "." })
        guard kind != "s3" else { return nil }
        let others = ["minio", "onedata", "webdav", "rucio"]
        guard others.contains(kind) else {
            let nearest = NearestName.of(kind, among: ["s3"] + others)
            throw error(
                .unknownValue, "‘\(excerpt(provider))’ is no storage provider", place,
                hint: "did you mean ‘\(nearest ?? "s3")’?")
        }
        guard !isInput else {
            throw error(
                .conflict, "‘\(excerpt(provider))’ cannot call a function in Lambda", place,
                hint: "only files in S3 call functions: set ‘storage_provider’ to s3")
        }
        guard kind == "minio" else {
            throw error(
                .notInThisVersion, "outputs cannot go to ‘\(excerpt(provider))’", place,
                hint: "use s3, or a server that speaks S3's protocol, such as MinIO")
        }
        let name = FunctionStorage.name(provider)
        guard let server = storages.first(where: { $0.name == name }) else {
            throw error(
                .unknownValue, "‘\(excerpt(provider))’ is not among the file's ‘storage_providers’", place,
                hint: "describe it there, under ‘minio’, with its ‘endpoint’")
        }
        return server
    }

    // MARK: API and Batch

    private mutating func readEndpoint() throws(RecipeError) {
        guard let api = function["api_gateway"], let name = api["name"] else { return }
        draft.set("api.kind", .string("rest"), at: name)
        draft.set("api.name", name)
        if let stage = api["stage_name"] { draft.set("api.stage", stage) }
        let rule = api["method"]?["authorizationType"]
        switch rule.map(text) {
        case "NONE": draft.set("api.authorization", .string("none"), at: rule ?? name)
        case "AWS_IAM": draft.set("api.authorization", .string("iam"), at: rule ?? name)
        case nil:
            draft.set("api.authorization", .string("iam"), at: name)
            warn(
                "callers of the API must sign their requests; SCAR let everybody call. That is still to be had with "
                    + "‘method: {authorizationType: NONE}’ in ‘api_gateway’", name)
        case let other?:
            throw error(
                .notInThisVersion, "‘authorizationType’ cannot be \(other)", "api_gateway.method.authorizationType",
                hint: "use AWS_IAM or NONE; a JSON recipe's ‘api.jwt’ takes the tokens of an issuer")
        }
    }

    private mutating func readBatch() {
        guard let batch = function["batch"] else { return }
        if let gpu = batch["enable_gpu"] { draft.set("batch.gpus", .integer(gpu.bool == true ? 1 : 0), at: gpu) }
        if let nodes = batch["multi_node_parallel"], let isEnabled = nodes["enabled"], isEnabled.bool == true {
            draft.set("batch.nodes", nodes["number_nodes"] ?? .integer(10), at: nodes["number_nodes"] ?? isEnabled)
        }
        let compute = batch["compute_resources"]
        if let kind = compute?["type"] ?? compute?["comp_type"] {
            let name = text(kind).lowercased().split(separator: "_").joined(separator: "-")
            draft.set("batch.compute.kind", .string(name), at: kind)
        }
        for (key, role) in [("serviceRole", batch["service_role"]), ("instanceRole", compute?["instance_role"])] {
            // SCAR's own defaults, copied, have a place for the account's number.
            guard let role, !text(role).contains("{account_id}") else { continue }
            draft.set("batch.compute.\(key)", role)
        }
    }

    // MARK: Words and places

    private func text(_ json: JSON) -> String { json.string ?? "" }

    private mutating func warn(_ message: String, _ json: JSON) {
        warnings.append(PlacedWarning(message, file: file, at: json.position))
    }

    private func error(_ code: RecipeError.Code, _ message: String, _ key: String, hint: String) -> RecipeError {
        let place = key.isEmpty ? path : "\(path).\(key)"
        return RecipeError(code, message, file: file, at: positions[place] ?? function.position, hint: hint)
    }
}
