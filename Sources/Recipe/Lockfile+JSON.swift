internal import ByteKit
internal import JSON

extension Lockfile {
    /// The lock as text: the same lock gives the same bytes.
    package func text() -> [UInt8] {
        var members: [(name: StaticString, json: JSON)] = [
            ("lockVersion", .integer(Self.currentVersion)), ("layoutVersion", .integer(layoutVersion)),
        ]
        if !libraries.isEmpty {
            members.append(("libraries", .object(named: libraries.map { ($0.name, .string($0.version)) })))
        }
        members += [("recipe", .string("\(recipeChecksum)")), ("functions", .array(functions.map(\.json)))]
        return JSON.object(members).text(pretty: true)
    }

    /// Bytes of a lock, with what the tests of many functions opened.
    package static let mostBytes = 64 << 20
    private static let limits = JSONLimits(bytes: mostBytes, values: 2_000_000)

    /// Parses a lock, whose path is for messages.
    ///
    /// It is as strict as with recipes, for a lock that is half understood pins nothing.
    package static func parse(_ bytes: [UInt8], path: String) throws(RecipeError) -> Lockfile {
        let json = try JSON.parse(bytes, file: path, limits: limits)
        // The version first: a later lock is not wrong, only later.
        if let version = json["lockVersion"], version.integer != currentVersion {
            throw RecipeError(
                .unsupportedLock,
                "the lock has version \(excerpt(String(decoding: version.text(), as: UTF8.self))), "
                    + "but this scar-build reads version \(currentVersion)", file: path, at: version.position,
                hint: "use the scar-build that wrote it, or run ‘scar-build lock’ to write it anew")
        }
        var check = SchemaCheck(file: path, root: schema)
        let lock = try check.canonical(json)
        var functions: [Function] = []
        for json in lock["functions"]?.array ?? [] {
            let function = try Function(json, path: path)
            guard !functions.contains(where: { $0.name == function.name }) else {
                throw RecipeError(
                    .conflict, "the lock has ‘\(function.name)’ twice", file: path, at: json["name"]?.position,
                    hint: "run ‘scar-build lock’ to write it anew")
            }
            functions.append(function)
        }
        return Lockfile(
            layoutVersion: lock["layoutVersion"]?.integer ?? 0,
            libraries: (lock["libraries"]?.members ?? []).map {
                Library(name: String(decoding: $0.name, as: UTF8.self), version: $0.json.string ?? "")
            },
            recipeChecksum: try digest(lock["recipe"], path), functions: functions)
    }

    /// The keys of a lock.
    package static var schema: SchemaObject {
        SchemaObject(
            "a lock",
            [
                SchemaKey("lockVersion", .integer(1...1, unit: "format"), .required, "The lock's format."),
                SchemaKey(
                    "layoutVersion", .integer(0...1_000_000, unit: "layout"), .required,
                    "The version of the artifact layout."),
                SchemaKey(
                    "libraries", .map(name: .library, value: .libraryVersion, most: 32),
                    "The versions of the libraries that compress."),
                SchemaKey("recipe", .text(.digest), .required, "The recipe's checksum when it was locked."),
                SchemaKey(
                    "functions", .list(.object(functionSchema), count: 1...256), .required, "One lock a function."),
            ])
    }

    private static var functionSchema: SchemaObject {
        SchemaObject(
            "a locked function",
            [
                SchemaKey("name", .text(.functionName), .required, "The function."),
                SchemaKey("image", .text(.image), .required, "The image in its canonical spelling."),
                SchemaKey("platform", .text(.image), .required, "The platform."),
                SchemaKey("manifest", .text(.digest), .required, "The image manifest."),
                SchemaKey("config", .text(.digest), .required, "The image configuration."),
                SchemaKey(
                    "layers", .list(.object(layerSchema), count: 0...100_000), .required, "The layers, base first."),
                SchemaKey(
                    "trace", .list(.object(traceSchema), count: 1...256), "What the recipe's tests opened."),
            ])
    }

    private static var traceSchema: SchemaObject {
        SchemaObject(
            "what a test opened",
            [
                SchemaKey("test", .text(.testName), .required, "The test."),
                SchemaKey(
                    "opened", .list(.text(.tracedPath), count: 0...1_000_000), .required,
                    "Paths in the image; bytes that are no text are written as %FF, and % as %25."),
            ])
    }

    private static var layerSchema: SchemaObject {
        SchemaObject(
            "a locked layer",
            [
                SchemaKey("digest", .text(.digest), .required, "The layer as it is stored."),
                SchemaKey("size", .integer(0...(1 << 46), unit: "bytes"), .required, "Its compressed size."),
                SchemaKey("mediaType", .text(.mediaType), .required, "Its media type."),
            ])
    }

    fileprivate static func digest(_ json: JSON?, _ path: String) throws(RecipeError) -> Digest {
        guard let text = json?.string, let digest = try? Digest(parsing: text) else {
            throw RecipeError(.malformedValue, "the lock has a malformed digest", file: path, at: json?.position)
        }
        return digest
    }
}

extension Lockfile.Function {
    fileprivate init(_ json: JSON, path: String) throws(RecipeError) {
        var layers: [Lockfile.Layer] = []
        for layer in json["layers"]?.array ?? [] {
            layers.append(
                Lockfile.Layer(
                    digest: try Lockfile.digest(layer["digest"], path), size: layer["size"]?.integer ?? 0,
                    mediaType: layer["mediaType"]?.string ?? ""))
        }
        var trace: [Recipe.Trace]?
        for json in json["trace"]?.array ?? [] {
            var opened: [[UInt8]] = []
            for text in json["opened"]?.array ?? [] {
                guard let path = text.string.flatMap(TracedPath.bytes(of:)) else {
                    throw RecipeError(
                        .malformedValue, "the lock has a malformed path", file: path, at: text.position,
                        hint: "run ‘scar-build lock’ to write it anew")
                }
                opened.append(path)
            }
            trace = (trace ?? []) + [Recipe.Trace(test: json["test"]?.string ?? "", opened: opened)]
        }
        self.init(
            name: json["name"]?.string ?? "", image: json["image"]?.string ?? "",
            platform: json["platform"]?.string ?? "", manifest: try Lockfile.digest(json["manifest"], path),
            config: try Lockfile.digest(json["config"], path), layers: layers, trace: trace)
    }

    fileprivate var json: JSON {
        var members: [(name: StaticString, json: JSON)] = members
        if let trace {
            let tests = trace.map { trace in
                JSON.object([
                    ("test", .string(trace.test)),
                    ("opened", .array(trace.opened.map { .string(TracedPath.text(of: $0)) })),
                ])
            }
            members.append(("trace", .array(tests)))
        }
        return .object(members)
    }

    private var members: [(name: StaticString, json: JSON)] {
        [
            ("name", .string(name)), ("image", .string(image)), ("platform", .string(platform)),
            ("manifest", .string("\(manifest)")), ("config", .string("\(config)")),
            (
                "layers",
                .array(
                    layers.map {
                        .object([
                            ("digest", .string("\($0.digest)")), ("size", .integer($0.size)),
                            ("mediaType", .string($0.mediaType)),
                        ])
                    })
            ),
        ]
    }
}
