internal import JSON

/// A server of `storage_providers` that speaks S3's protocol: an entry of a recipe's `storages`.
///
/// Its keys are not read: they are the function's variables, and these are the names that are expected of them.
struct FunctionStorage {
    /// `minio`, `minio.mine`: what a recipe's outputs call it.
    let name: String
    /// The recipe's entry.
    let json: JSON

    /// - Parameter provider: the entry of `storage_providers.minio`, whose keys are known ones.
    init(_ provider: YAMLNode.Member, file: String) throws(RecipeError) {
        name = Self.name("minio.\(provider.name)")
        let node = provider.node
        func value(_ key: String, _ kind: SchemaKind) -> JSON? {
            node[key].map { $0.json(as: kind) }.flatMap { $0.isNull ? nil : $0 }
        }
        guard let endpoint = value("endpoint", .text(.endpoint)) else {
            throw RecipeError(
                .missingKey, "‘\(excerpt("minio.\(provider.name)"))’ has no ‘endpoint’", file: file,
                at: provider.namePosition, hint: "say where the server is, as in https://minio.example.org:9000")
        }
        var members: [(name: String, json: JSON)] = [
            ("name", JSON(JSON.string(name).value, at: provider.namePosition)), ("endpoint", endpoint),
        ]
        if let region = value("region", .text(.regionName)) { members.append(("region", region)) }
        if let verify = value("verify", .boolean) { members.append(("verify", verify)) }
        let variables = Self.variables(of: name)
        members.append(("accessKey", .string(variables.accessKey)))
        members.append(("secretKey", .string(variables.secretKey)))
        json = JSON(JSON.object(named: members).value, at: provider.namePosition)
    }

    /// What a reference such as `minio.My_Server` is in a recipe: `minio.my-server`. One without a name is the default's.
    static func name(_ reference: String) -> String {
        let name = reference.lowercased().replacing("_", with: "-")
        return name == "minio.default" ? "minio" : name
    }

    /// The function's variables that hold the keys.
    static func variables(of name: String) -> (accessKey: String, secretKey: String) {
        let word = name.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 }
        return (String(word) + "_ACCESS_KEY", String(word) + "_SECRET_KEY")
    }
}
