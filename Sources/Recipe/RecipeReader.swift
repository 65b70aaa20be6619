internal import ByteKit
internal import ImageModel
internal import JSON

/// Makes a recipe of a document that the table has been held against, and checks what a table cannot say: values that
/// depend on each other.
struct RecipeReader {
    let file: String
    let json: JSON
    let positions: [String: JSON.Position]

    func recipe() throws(RecipeError) -> Recipe {
        let name = text(json["name"])
        let platform = try platform()
        let script = try path(json["script"], key: "script")
        let command = json["command"].map(texts)
        if script != nil, command != nil {
            throw error(.conflict, "‘script’ and ‘command’ exclude each other", "command", "remove one of the two")
        }
        let servers = try storageServers()
        let recipe = Recipe(
            name: name, image: try image(), platform: platform, launcher: text(json["launcher"]),
            reuse: json["reuse"]?.bool ?? false, asRoot: json["asRoot"]?.bool ?? false, script: script,
            command: command, files: try files(besides: servers), environment: variables(json["environment"]),
            prune: prune(),
            budget: budget(), artifact: try artifact(), target: value(json["target"], .auto),
            function: try function(platform), inputs: storages(json["input"]), outputs: storages(json["output"]),
            servers: servers,
            calls: calls(),
            execution: value(json["execution"], .lambda), api: try api(name: name), triggers: try triggers(),
            batch: batch(), tests: try tests(),
            checksum: Digest(of: json.text()))
        try refuseUnknownStorages(recipe)
        try refuseLoops(recipe)
        return recipe
    }

    // MARK: Image and platform

    private func image() throws(RecipeError) -> ImageSource {
        do throws(ImageSourceError) {
            return try ImageSource(parsing: text(json["image"]), relativeTo: RecipePath.folder(of: file))
        } catch {
            throw self.error(.malformedValue, "‘image’: \(error.message)", "image", error.hint)
        }
    }

    private func platform() throws(RecipeError) -> Platform {
        let ofArchitecture = json["function"]?["architecture"]?.string.map {
            $0 == "arm64" ? "linux/arm64" : "linux/amd64"
        }
        let written = json["platform"]?.string
        if let written, let ofArchitecture, written != ofArchitecture {
            throw error(
                .conflict, "‘function.architecture’ is for \(ofArchitecture), but ‘platform’ is \(written)",
                "function.architecture", "leave one of the two away: each follows the other")
        }
        let text = written ?? ofArchitecture ?? "linux/amd64"
        guard let platform = try? Platform(parsing: text)
        else { throw error(.malformedValue, "‘platform’: ‘\(text)’ is no platform", "platform") }
        return platform
    }

    // MARK: Paths

    func path(_ json: JSON?, key: String) throws(RecipeError) -> RecipePath? {
        guard let written = json?.string else { return nil }
        do throws(RecipePath.Refusal) {
            return try RecipePath(inside: RecipePath.folder(of: file), written)
        } catch {
            let reason = error == .absolute ? "is absolute" : "leads out of the recipe's folder"
            throw self.error(
                .pathOutside, "‘\(key)’ is ‘\(excerpt(written))’, which \(reason)", key,
                "a recipe ships only what stands in its own folder and below: put the file there, or the recipe "
                    + "beside it"
            )
        }
    }

    /// What is shipped: the files that the recipe lists, and the certificates of its storages where it does not.
    private func files(besides servers: [Recipe.StorageServer]) throws(RecipeError) -> [RecipePath] {
        var files = try listedFiles()
        for path in servers.compactMap(\.authority) {
            let isListed = files.contains { $0.written == path.written || path.written.hasPrefix($0.written + "/") }
            if !isListed { files.append(path) }
        }
        return files
    }

    private func listedFiles() throws(RecipeError) -> [RecipePath] {
        var files: [RecipePath] = []
        for (index, json) in (json["files"]?.array ?? []).enumerated() {
            guard let path = try path(json, key: "files[\(index)]") else { continue }
            guard !files.contains(where: { $0.written == path.written }) else {
                throw error(
                    .conflict, "‘files’ names ‘\(excerpt(path.written))’ twice", "files[\(index)]",
                    "remove one of the two")
            }
            files.append(path)
        }
        return files
    }

    // MARK: Prune, budget, artifact

    private func prune() -> Recipe.Prune {
        let prune = json["prune"]
        return Recipe.Prune(
            profile: value(prune?["profile"], .safe), keep: texts(prune?["keep"]), drop: texts(prune?["drop"]))
    }

    private func budget() -> Recipe.Budget {
        let budget = json["budget"]
        return Recipe.Budget(
            artifact: budget?["artifact"]?.integer, unpacked: budget?["unpacked"]?.integer,
            package: budget?["package"]?.integer)
    }

    private func artifact() throws(RecipeError) -> Recipe.Artifact {
        let artifact = json["artifact"]
        let format = (artifact?["format"]?.string).flatMap { Recipe.Artifact.Format(rawValue: $0) }
        if format == .tar, artifact?["block"] != nil {
            throw error(
                .conflict, "‘artifact.block’ is squashfs's, but the format is tar", "artifact.block", "remove ‘block’")
        }
        try refuseConflict(format, value(json["target"], .auto))
        let level = artifact?["level"]?.integer
        let compression = artifact?["compression"]?.string
        return Recipe.Artifact(
            format: format, compression: try self.compression(compression ?? "zstd", level),
            isCompressionChosen: compression != nil || level != nil,
            order: try path(artifact?["order"], key: "artifact.order"),
            block: artifact?["block"]?.integer ?? 128 << 10, clamp: artifact?["clamp"]?.integer)
    }

    private func refuseConflict(_ format: Recipe.Artifact.Format?, _ target: Recipe.Target) throws(RecipeError) {
        switch (format, target) {
        case (.tar, .zip):
            throw error(
                .conflict, "‘artifact.format’ is tar, but the supervisor in a zip package unpacks squashfs only",
                "artifact.format", "remove ‘format’, or make the target ‘tar’")
        case (nil, _), (_, .auto), (_, .zip), (.squashfs, .squashfs), (.tree, .layer), (.tar, .tar):
            return
        case (let format?, _):
            throw error(
                .conflict, "‘artifact.format’ is \(format.rawValue), but the target is ‘\(target.rawValue)’",
                "artifact.format", "remove ‘format’: the target says it")
        }
    }

    private func compression(_ name: String, _ level: Int?) throws(RecipeError) -> Recipe.Artifact.Compression {
        switch name {
        case "zstd": return .zstd(level: try checked(level ?? 3, 1...22, of: name))
        case "gzip": return .gzip(level: try checked(level ?? 6, 1...12, of: name))
        case "xz": return .xz(level: try checked(level ?? 6, 0...9, of: name))
        case "lz4": return .lz4(level: try checked(level ?? 9, 1...12, of: name))
        default:
            guard level == nil else {
                throw error(
                    .conflict, "‘artifact.level’ has no meaning without compression", "artifact.level", "remove ‘level’"
                )
            }
            return .none
        }
    }

    private func checked(_ level: Int, _ levels: ClosedRange<Int>, of name: String) throws(RecipeError) -> Int {
        guard levels.contains(level) else {
            throw error(
                .outOfRange,
                "‘artifact.level’ is \(level), but \(name)'s go from \(levels.lowerBound) to \(levels.upperBound)",
                "artifact.level")
        }
        return level
    }

    // MARK: Tests

    private func tests() throws(RecipeError) -> [Recipe.Test] {
        var tests: [Recipe.Test] = []
        for (index, test) in (json["tests"]?.array ?? []).enumerated() {
            if test["event"] != nil, test["input"] != nil {
                throw error(
                    .conflict, "‘event’ and ‘input’ of a test exclude each other", "tests[\(index)].input",
                    "make two tests of it")
            }
            tests.append(
                Recipe.Test(
                    name: text(test["name"]), event: try path(test["event"], key: "tests[\(index)].event"),
                    input: try path(test["input"], key: "tests[\(index)].input"),
                    environment: variables(test["environment"]), output: texts(test["output"]),
                    expected: try path(test["expected"], key: "tests[\(index)].expected"),
                    response: test["response"]?.string, fails: test["fails"]?.bool ?? false,
                    timeout: number(test["timeout"])))
        }
        return tests
    }
}

// MARK: - Values whose kind the table has guaranteed

extension RecipeReader {
    func text(_ json: JSON?) -> String { json?.string ?? "" }
    func texts(_ json: JSON?) -> [String] { (json?.array ?? []).map { text($0) } }
    func number(_ json: JSON?) -> Int { json?.integer ?? 0 }

    /// A case of a closed set; the table has the same names, which the tests hold it to.
    func value<Value: RawRepresentable<String>>(_ json: JSON?, _ fallback: Value) -> Value {
        json?.string.flatMap(Value.init(rawValue:)) ?? fallback
    }

    func variables(_ json: JSON?) -> [Recipe.Variable] {
        (json?.members ?? []).map {
            Recipe.Variable(name: String(decoding: $0.name, as: UTF8.self), value: text($0.json))
        }
    }

    func error(_ code: RecipeError.Code, _ message: String, _ key: String, _ hint: String? = nil) -> RecipeError {
        RecipeError(code, message, file: file, at: positions[key], hint: hint)
    }
}
