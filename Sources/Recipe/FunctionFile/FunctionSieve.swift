internal import JSON

/// Takes out of a function file what has no meaning any more, and keeps a warning for each.
struct FunctionSieve {
    let file: String
    var warnings: [PlacedWarning] = []
    /// The servers that `readProviders` found.
    private(set) var storages: [FunctionStorage] = []

    /// The node without what the table drops.
    mutating func sifted(_ node: YAMLNode, _ keys: [FunctionKey]) -> YAMLNode {
        guard let members = node.members else { return node }
        var kept: [YAMLNode.Member] = []
        for var member in members where !isElsewhere(member) {
            switch keys.first(where: { $0.name == member.name })?.fate {
            case .dropped(let reason):
                if !member.node.isNull { warn("‘\(member.name)’ has no meaning: \(reason)", at: member.namePosition) }
                continue
            case .section(let inner): member.node = sifted(member.node, inner)
            case .list(let inner):
                if let elements = member.node.elements {
                    member.node.value = .sequence(elements.map { sifted($0, inner) })
                }
            case .same("function.environment"): member.node = withoutSCARs(member.node)
            case .same, .read, nil: break
            }
            kept.append(member)
        }
        return YAMLNode(value: .mapping(kept), position: node.position)
    }

    /// What is read by `readProviders` and `warnOfClusters`.
    private func isElsewhere(_ member: YAMLNode.Member) -> Bool {
        member.name == "storage_providers" || (member.name == "oscar" && member.node.elements != nil)
    }

    /// Variables of the Lambda function that only SCAR's supervisor looks at.
    private mutating func withoutSCARs(_ node: YAMLNode) -> YAMLNode {
        guard let members = node.members else { return node }
        let own = ["FDL", "IMAGE_ID", "API_GATEWAY_ID", "EXTRA_PAYLOAD"]
        let kept = members.filter { member in
            guard member.name.hasPrefix("UDOCKER_") || own.contains(member.name) else { return true }
            warn(
                "‘\(member.name)’ has no meaning: no udocker runs in the function, and its supervisor is another",
                at: member.namePosition)
            return false
        }
        return YAMLNode(value: .mapping(kept), position: node.position)
    }

    // MARK: Other places

    /// Functions for OSCAR are another program's.
    mutating func warnOfClusters(_ node: YAMLNode?) {
        for entry in node?.elements ?? [] {
            let cluster = entry.members?.first?.name ?? "?"
            let name = entry[cluster]?["name"]?.text ?? "?"
            warn(
                "the function ‘\(excerpt(name))’ for the OSCAR cluster ‘\(excerpt(cluster))’ is left out: "
                    + "oscar-cli deploys it", at: entry.position)
        }
    }

    /// Which keys each kind of provider has, and which of them are secrets.
    private static let providers: [(kind: String, keys: [String], secrets: [String])] = [
        ("s3", ["region"], ["access_key", "secret_key"]),
        ("minio", ["endpoint", "verify", "region"], ["access_key", "secret_key"]),
        ("onedata", ["oneprovider_host", "space"], ["token"]),
        ("webdav", ["hostname"], ["login", "password"]),
        (
            "rucio",
            ["host", "auth_host", "account", "rse", "client_id", "token_endpoint", "oidc_audience", "scopes"],
            ["access_token", "refresh_token"]
        ),
    ]

    /// Reads the storage providers: their secrets are in no recipe and no package. No value is in any message.
    mutating func readProviders(_ node: YAMLNode) throws(RecipeError) {
        guard !node.isNull else { return }
        guard let kinds = node.members else {
            throw error(.wrongType, "‘storage_providers’ must be a mapping", node.position)
        }
        for kind in kinds {
            guard let known = Self.providers.first(where: { $0.kind == kind.name }) else {
                throw unknown(kind, "storage_providers", among: Self.providers.map(\.kind))
            }
            for provider in kind.node.members ?? [] {
                let path = "\(kind.name).\(provider.name)"
                let members = provider.node.members ?? []
                for member in members where !(known.keys + known.secrets).contains(member.name) {
                    throw unknown(member, path, among: known.keys + known.secrets)
                }
                if let secret = members.first(where: { known.secrets.contains($0.name) }) {
                    warn("‘\(secret.name)’ of ‘\(excerpt(path))’ \(Self.instead(path))", at: secret.namePosition)
                }
                guard kind.name == "minio" else { continue }
                let storage = try FunctionStorage(provider, file: file)
                guard !storages.contains(where: { $0.name == storage.name }) else {
                    throw RecipeError(
                        .conflict, "‘\(excerpt(path))’ and another provider are both ‘\(storage.name)’ here",
                        file: file,
                        at: provider.namePosition, hint: "rename one: case, ‘-’ and ‘_’ make no difference")
                }
                storages.append(storage)
            }
        }
    }

    private static func instead(_ path: String) -> String {
        let taken = "is not taken: no secret goes into recipes and packages"
        if path.hasPrefix("minio.") {
            let variables = FunctionStorage.variables(of: FunctionStorage.name(path))
            return taken + ". Set the function's variables \(excerpt(variables.accessKey)) and "
                + "\(excerpt(variables.secretKey)) once it is published"
        }
        guard path.hasPrefix("s3.") else { return taken + ". Such storage is not in this version" }
        return taken + ". The function's role reads and writes; commands here use AWS_ACCESS_KEY_ID and "
            + "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    }

    private mutating func warn(_ message: String, at position: JSON.Position) {
        warnings.append(PlacedWarning(message, file: file, at: position))
    }

    private func error(_ code: RecipeError.Code, _ message: String, _ position: JSON.Position) -> RecipeError {
        RecipeError(code, message, file: file, at: position)
    }

    private func unknown(_ member: YAMLNode.Member, _ owner: String, among names: [String]) -> RecipeError {
        let nearest = NearestName.of(member.name, among: names)
        return RecipeError(
            .unknownKey, "‘\(excerpt(member.name))’ is not a key of ‘\(excerpt(owner))’", file: file,
            at: member.namePosition,
            hint: nearest.map { "did you mean ‘\($0)’?" } ?? "the keys here are \(alternatives(names, word: "and"))")
    }
}
