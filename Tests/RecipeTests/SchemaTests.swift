import ByteKit
import JSON
import Recipe
import TestKit
import Testing

/// A key of the table, with a value that differs from its default.
struct SampleKey: Sendable, CustomTestStringConvertible {
    var path: [String]
    var value: JSON
    var testDescription: String { path.joined(separator: ".") }
}

@Suite("The recipe's table of keys")
struct SchemaTests {
    @Test("docs/recipe.schema.json is made from the table")
    func schemaDocument() throws {
        let text = RecipeSchema.document.text(pretty: true)
        #expect(
            try Golden.matches(text, repository("docs/recipe.schema.json")),
            "run the tests with UPDATE_GOLDEN=1 to write it anew")
    }

    @Test("docs/recipe.md lists the keys of the table")
    func reference() throws {
        let path = repository("docs/recipe.md")
        let page = String(decoding: try InputFile.contents(of: path, limit: 1 << 20), as: UTF8.self)
        let begin = try #require(page.range(ofFirst: "<!-- keys: made from the table in Sources/Recipe -->\n"))
        let end = try #require(page.range(ofFirst: "<!-- end of keys -->"))
        let made = String(page[..<begin.upperBound]) + KeyReference.markdown + String(page[end.lowerBound...])
        #expect(try Golden.matches([UInt8](made.utf8), path), "run the tests with UPDATE_GOLDEN=1 to write it anew")
    }

    @Test("Every key of the table is read: another value makes another recipe", arguments: samples)
    func everyKeyIsRead(_ sample: SampleKey) throws {
        var with = try parse(Self.document(sample, sample.value))
        var without = try parse(Self.document(sample, nil))
        with.checksum = Digest(of: [])
        without.checksum = Digest(of: [])
        #expect(with != without)
    }

    @Test("Every value of a closed set is one that the recipe knows", arguments: choices)
    func everyChoiceIsKnown(_ sample: SampleKey) throws {
        // A value that the recipe's enum lacked would read as the default, and two samples would be alike.
        var recipe = try parse(Self.document(sample, sample.value))
        recipe.checksum = Digest(of: [])
        let others = Self.choices.filter { $0.path == sample.path && $0.value != sample.value }
        for other in others {
            var recipeOfOther = try parse(Self.document(other, other.value))
            recipeOfOther.checksum = Digest(of: [])
            #expect(recipe != recipeOfOther)
        }
    }

    @Test("Every rule takes its own example")
    func examples() {
        for rule in Self.rules(of: .object(RecipeSchema.recipe)) + Self.rules(of: .object(Lockfile.schema)) {
            #expect(rule.takes(rule.example), "\(rule.description): \(rule.example)")
            #expect(!rule.takes(rule.example + "\0"))
        }
    }

    @Test(
        "JSON Schema takes what the parser takes, and refuses what has the wrong shape",
        .enabled(
            if: (try? Peer.run("python3", ["-c", "import jsonschema"]).status == 0) ?? false,
            "needs Python's jsonschema"))
    func agreesWithAValidator() throws {
        let good = Self.samples.map { Self.document($0, $0.value) }
        // What depends on two values, on the syntax or on a unit is beyond JSON Schema.
        let beyond: Set<String> = [
            "empty", "trailingComma", "duplicateKey", "twoOfOneName", "badImage", "blockNoPower", "gzipLevel",
            "variableWithNUL", "clampText", "clampLate", "tarInZip", "squashfsAsTar", "treeAsImage",
            "gzipLevelZero",
            "xzLevel", "lz4Level", "zstdLevelZero",
        ]
        let bad = (WrongRecipeTests.shapes + WrongRecipeTests.values).filter { !beyond.contains($0.name) }.map(\.text)
        let program = """
            import json, sys, jsonschema
            schema, good, bad = (json.load(open(p)) for p in sys.argv[1:])
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            for text in good: validator.validate(json.loads(text))
            for text in bad:
                if validator.is_valid(json.loads(text)): sys.exit('takes ' + text)
            """
        try Folder.withTemporary { folder in
            try Self.write(RecipeSchema.document, "\(folder)/schema")
            try Self.write(.array(good.map { .string($0) }), "\(folder)/good")
            try Self.write(.array(bad.map { .string($0) }), "\(folder)/bad")
            let result = try Peer.run(
                "python3", ["-c", program, "\(folder)/schema", "\(folder)/good", "\(folder)/bad"])
            #expect(result.status == 0, "\(result.errorText)")
        }
    }
}

// MARK: - Samples

extension SchemaTests {
    static let samples: [SampleKey] = samples(of: RecipeSchema.recipe, path: [])

    static let choices: [SampleKey] = samples.flatMap { sample -> [SampleKey] in
        guard case .choice(let choices)? = kind(at: sample.path) else { return [] }
        return choices.map { SampleKey(path: sample.path, value: .string($0.name)) }
    }

    /// The leaves of the table, less those whose only value is their default.
    private static func samples(of object: SchemaObject, path: [String]) -> [SampleKey] {
        object.keys.flatMap { key -> [SampleKey] in
            let inner = path + [key.name]
            if let object = key.kind.object { return samples(of: object, path: inner) }
            var standard: JSON?
            if case .defaulting(let value) = key.presence { standard = value }
            return value(key.kind, unlike: standard).map { [SampleKey(path: inner, value: $0)] } ?? []
        }
    }

    private static func value(_ kind: SchemaKind, unlike standard: JSON?) -> JSON? {
        let candidates: [JSON] =
            switch kind {
            case .text(let rule): [.string(rule.example)]
            case .choice(let choices): choices.reversed().map { .string($0.name) }
            case .integer(let range, _): [.integer(range.lowerBound), .integer(range.lowerBound + 1)]
            case .integerChoice(let numbers, _): numbers.map { .integer($0) }
            case .size(let range, _), .time(let range): [.integer(range.lowerBound)]
            case .boolean: [.bool(true), .bool(false)]
            case .list(let element, _): value(element, unlike: nil).map { [.array([$0])] } ?? []
            case .map(let name, let value, _): [.object(named: [(name.example, .string(value.example))])]
            case .document: [.object(named: [("source", .array([.string("aws.ecr")]))])]
            case .object: []
            }
        return candidates.first { $0 != standard }
    }

    /// A whole recipe with the sample's key, or without it, and whatever the key needs beside it.
    static func document(_ sample: SampleKey, _ value: JSON?) -> String {
        var required: [(path: [String], value: JSON)] = [
            (["name"], .string("n")), (["image"], .string("i")),
        ]
        let path = sample.path.joined(separator: ".")
        switch path {
        // Not every compression has every level.
        case "artifact.level": required.append((["artifact", "compression"], .string("xz")))
        case "function.runtime": required.append((["target"], .string("runtime")))
        case "function.timeout": required.append((["function", "timeoutThreshold"], .integer(0)))
        case "function.fileSystems.arn", "function.fileSystems.path":
            required += [
                (["function", "vpc", "subnets"], .array([.string("subnet-1")])),
                (["function", "vpc", "securityGroups"], .array([.string("sg-1")])),
                (
                    ["function", "fileSystems", "arn"],
                    .string("arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-00000000000000000")
                ), (["function", "fileSystems", "path"], .string("/mnt/other")),
            ]
        case "function.vpc.subnets", "function.vpc.securityGroups":
            required += [
                (["function", "vpc", "subnets"], .array([.string("subnet-1")])),
                (["function", "vpc", "securityGroups"], .array([.string("sg-1")])),
            ]
        case _ where sample.path[0] == "input" || sample.path[0] == "output":
            required.append(([sample.path[0], "path"], .string("other/path")))
            if sample.path.last == "storage" { required += server(named: "minio") }
        case _ where sample.path[0] == "storages": required += server(named: "other")
        case _ where sample.path[0] == "tests": required.append((["tests", "name"], .string("other")))
        case "api.cors.origins", "api.cors.methods", "api.cors.headers":
            required.append((["api", "cors", "origins"], .array([.string("*")])))
        case "api.jwt.issuer", "api.jwt.audience":
            required += [
                (["api", "jwt", "issuer"], .string("https://other.example")),
                (["api", "jwt", "audience"], .array([.string("other")])),
            ]
        case _ where sample.path[0] == "api": required.append((["api", "stage"], .string("other")))
        case "triggers.queues.batchSize", "triggers.queues.window", "triggers.queues.concurrency",
            "triggers.queues.arn":
            required += [
                (["triggers", "queues", "arn"], .string("arn:aws:sqs:eu-west-1:123456789012:other")),
                (["triggers", "queues", "batchSize"], .integer(5)),
            ]
        case _ where sample.path[0] == "triggers":
            required.append((["triggers", "rules", "name"], .string("other")))
            if sample.path.last == "schedule" {
                required.append((["triggers", "rules", "schedule"], .string("rate(2 days)")))
            } else {
                required.append(
                    (
                        ["triggers", "rules", "pattern"],
                        .object(named: [("source", .array([.string("aws.s3")]))])
                    ))
            }
        case _ where sample.path[0] == "batch": required.append((["batch", "memory"], .integer(2048)))
        default: break
        }
        var tree = JSON.object(named: [])
        for (path, standard) in required where path != sample.path {
            tree = put(standard, at: path[...], in: tree, .object(RecipeSchema.recipe))
        }
        if let value = value ?? required.first(where: { $0.path == sample.path })?.value {
            tree = put(value, at: sample.path[...], in: tree, .object(RecipeSchema.recipe))
        }
        return String(decoding: tree.text(), as: UTF8.self)
    }

    private static func server(named name: String) -> [(path: [String], value: JSON)] {
        [
            (["storages", "name"], .string(name)), (["storages", "endpoint"], .string("https://other.example")),
            (["storages", "accessKey"], .string("OTHER_ACCESS")), (["storages", "secretKey"], .string("OTHER_SECRET")),
        ]
    }

    /// The tree with a value put at a path; objects in lists are the list's first.
    private static func put(_ value: JSON, at path: ArraySlice<String>, in tree: JSON?, _ kind: SchemaKind) -> JSON {
        guard let name = path.first else { return value }
        if case .list(let element, _) = kind { return .array([put(value, at: path, in: tree?[0], element)]) }
        var members = tree?.members ?? []
        let old = members.first { $0.name == [UInt8](name.utf8) }?.json
        guard let inner = kind.object?.keys.first(where: { $0.name == name })?.kind else { return value }
        members.removeAll { $0.name == [UInt8](name.utf8) }
        members.append(JSON.Member(name: [UInt8](name.utf8), json: put(value, at: path.dropFirst(), in: old, inner)))
        return JSON(.object(members))
    }

    private static func kind(at path: [String]) -> SchemaKind? {
        var kind = SchemaKind.object(RecipeSchema.recipe)
        for name in path {
            guard let key = kind.object?.keys.first(where: { $0.name == name }) else { return nil }
            kind = key.kind
        }
        return kind
    }

    private static func rules(of kind: SchemaKind) -> [TextRule] {
        switch kind {
        case .text(let rule): [rule]
        case .map(let name, let value, _): [name, value]
        case .list(let element, _): rules(of: element)
        case .object(let object): object.keys.flatMap { rules(of: $0.kind) }
        default: []
        }
    }

    private static func write(_ json: JSON, _ path: String) throws {
        try OutputFile.write(json.text(), to: path)
    }
}

extension String {
    /// Where a text first stands.
    func range(ofFirst text: String) -> Range<Index>? { firstRange(of: text) }
}
