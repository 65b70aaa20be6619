internal import ByteKit
internal import JSON

/// Where files come from and go to.
extension RecipeReader {
    func storages(_ json: JSON?) -> [Recipe.Storage] {
        (json?.array ?? []).map {
            Recipe.Storage(
                storage: text($0["storage"]), path: text($0["path"]), prefix: texts($0["prefix"]),
                suffix: texts($0["suffix"]))
        }
    }

    /// A function whose output calls it again would do so until the account is empty.
    func refuseLoops(_ recipe: Recipe) throws(RecipeError) {
        for (index, output) in recipe.outputs.enumerated() {
            for input in recipe.inputs where input.storage == output.storage && calls(output, input) {
                throw error(
                    .conflict, "‘output[\(index)]’ puts files into ‘\(input.path)’, where they call the function again",
                    "output[\(index)].path", "use another folder, or prefixes or suffixes that differ")
            }
        }
    }

    /// Whether a file of this output may be a new file of this input.
    private func calls(_ output: Recipe.Storage, _ input: Recipe.Storage) -> Bool {
        guard output.path == input.path || output.path.hasPrefix(input.path + "/") else { return false }
        return NameFilter.meet(output.prefix, input.prefix, at: .beginning)
            && NameFilter.meet(output.suffix, input.suffix, at: .end)
    }

    // MARK: Servers

    func storageServers() throws(RecipeError) -> [Recipe.StorageServer] {
        var servers: [Recipe.StorageServer] = []
        for (index, server) in (json["storages"]?.array ?? []).enumerated() {
            let name = text(server["name"])
            guard name != "s3", !servers.contains(where: { $0.name == name }) else {
                let reason = name == "s3" ? "is Amazon's own" : "is there twice"
                throw error(
                    .conflict, "the storage ‘\(name)’ \(reason)", "storages[\(index)].name", "choose another name")
            }
            let authority = try path(server["authority"], key: "storages[\(index)].authority")
            let verify = server["verify"]?.bool ?? true
            if authority != nil, !verify || !text(server["endpoint"]).hasPrefix("https:") {
                throw error(
                    .conflict, "the storage ‘\(name)’ has an ‘authority’ and does not ask for it",
                    "storages[\(index)].authority", "remove it, or use https:// and ‘verify’")
            }
            servers.append(
                Recipe.StorageServer(
                    name: name, endpoint: text(server["endpoint"]), region: text(server["region"]),
                    pathStyle: server["pathStyle"]?.bool ?? true, verify: verify, authority: authority,
                    accessKey: text(server["accessKey"]), secretKey: text(server["secretKey"]),
                    sessionToken: server["sessionToken"]?.string))
        }
        return servers
    }

    /// SCAR's other kinds of storage.
    private static var laterStorages: [String] { ["onedata", "webdav", "rucio"] }

    func refuseUnknownStorages(_ recipe: Recipe) throws(RecipeError) {
        for (key, channels) in [("input", recipe.inputs), ("output", recipe.outputs)] {
            for (index, channel) in channels.enumerated() where channel.storage != "s3" {
                let name = channel.storage
                guard !recipe.servers.contains(where: { $0.name == name }) else { continue }
                let kind = name.prefix { $0 != "." }
                guard !Self.laterStorages.contains(String(kind)) else {
                    throw error(
                        .notInThisVersion, "‘\(key)[\(index)].storage’ cannot be ‘\(name)’: not in this version",
                        "\(key)[\(index)].storage", "it can be s3, or a server that speaks S3's protocol")
                }
                throw error(
                    .unknownValue, "‘\(key)[\(index)].storage’ is ‘\(name)’, which is none of the recipe's ‘storages’",
                    "\(key)[\(index)].storage", "describe it under ‘storages’, or use s3")
            }
        }
    }
}
