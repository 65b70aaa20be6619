import ByteKit
import Recipe
import Testing

@Suite("Wrong function files")
struct WrongFunctionFileTests {
    private func refusal(_ bytes: [UInt8]) -> String? {
        #expect(throws: RecipeError.self) { try RecipeParser.parse(bytes, path: "f.yaml") }?.diagnostic.description
    }

    @Test("A wrong file is refused with its place and what to do", arguments: wrong)
    func diagnostics(_ wrong: WrongRecipe) {
        #expect(refusal(Array(wrong.text.utf8)) == wrong.says)
    }

    private static func with(_ name: String, _ lambda: String, beside: String = "", _ says: String) -> WrongRecipe {
        let bytes = functionFile(lambda, beside: beside)
        return WrongRecipe(name, String(decoding: bytes, as: UTF8.self), says)
    }

    static let wrong: [WrongRecipe] = [
        WrongRecipe("empty", "", "f.yaml:1:1: error[recipe-syntax]: the file is empty"),
        WrongRecipe(
            "onlyOscar", "functions:\n  oscar:\n  - here: {name: x}\n",
            "f.yaml:1:1: error[missing-key]: the file has no function for AWS\n  help: a function is an entry of the list ‘aws’ "
                + "in ‘functions’, and has a section ‘lambda’"),
        WrongRecipe(
            "noLambda", "functions:\n  aws:\n  - iam: {}\n",
            "f.yaml:3:5: error[missing-key]: the function has no section ‘lambda’\n  help: it needs one, with ‘name’ and ‘container’"
        ),
        with(
            "misspeltKey", "memroy: 512",
            "f.yaml:6:7: error[unknown-key]: ‘memroy’ is not a key of ‘lambda’\n  help: did you mean ‘memory’?"),
        with(
            "wrongSection", "log_retention_policy_in_days: 7",
            "f.yaml:6:7: error[unknown-key]: ‘log_retention_policy_in_days’ is not a key of ‘lambda’\n"
                + "  help: ‘log_retention_policy_in_days’ belongs in ‘functions.aws.cloudwatch’"),
        with(
            "outOfRange", "memory: 64",
            "f.yaml:6:15: error[out-of-range]: ‘functions.aws[0].lambda.memory’ is 64, but must be a whole number of MB from 128 to 10240"
        ),
        with(
            "octal", "memory: 0512",
            "f.yaml:6:15: error[wrong-type]: ‘functions.aws[0].lambda.memory’ must be a whole number of MB from 128 to 10240, "
                + "not a string\n  help: leave the quotes away"),
        with(
            "inputFromMinio", "input:\n- {storage_provider: minio.here, path: a-bucket}",
            "f.yaml:7:28: error[conflicting-keys]: ‘minio.here’ cannot call a function in Lambda\n"
                + "  help: only files in S3 call functions: set ‘storage_provider’ to s3"),
        with(
            "outputToUnknownMinio", "output:\n- {storage_provider: minio, path: a-bucket}",
            "f.yaml:7:28: error[unknown-value]: ‘minio’ is not among the file's ‘storage_providers’\n"
                + "  help: describe it there, under ‘minio’, with its ‘endpoint’"),
        with(
            "outputToOnedata", "output:\n- {storage_provider: onedata.mine, path: a-bucket}",
            "f.yaml:7:28: error[not-in-this-version]: outputs cannot go to ‘onedata.mine’\n"
                + "  help: use s3, or a server that speaks S3's protocol, such as MinIO"),
        with(
            "unknownProvider", "output:\n- {storage_provider: s4, path: a-bucket}",
            "f.yaml:7:28: error[unknown-value]: ‘s4’ is no storage provider\n  help: did you mean ‘s3’?"),
        with(
            "imageTwice", "image_file: c.tar",
            "f.yaml:6:19: error[conflicting-keys]: ‘image’ and ‘image_file’ exclude each other\n  help: remove one of the two"
        ),
        with(
            "scriptOutside", "init_script: ../x.sh",
            "f.yaml:6:20: error[path-outside-recipe]: ‘script’ is ‘../x.sh’, which leads out of the recipe's folder\n"
                + "  help: a recipe ships only what stands in its own folder and below: put the file there, or the recipe beside it"
        ),
        with(
            "stageIn", "file_stage_in: true",
            "f.yaml:6:22: error[not-in-this-version]: ‘file_stage_in’ cannot be true: not in this version\n"
                + "  help: remove it: the input file is then brought to $INPUT_FILE_PATH"),
        with(
            "cognito", "", beside: "api_gateway: {name: door, method: {authorizationType: COGNITO_USER_POOLS}}",
            "f.yaml:6:59: error[not-in-this-version]: ‘authorizationType’ cannot be COGNITO_USER_POOLS\n"
                + "  help: use AWS_IAM or NONE; a JSON recipe's ‘api.jwt’ takes the tokens of an issuer"),
        with(
            "fileSystemAlone",
            "file_system:\n- Arn: arn:aws:elasticfilesystem:eu-west-3:123456789012:access-point/fsap-0123456789abcdef0\n"
                + "  LocalMountPath: /mnt/models",
            "f.yaml:7:7: error[conflicting-keys]: ‘function.fileSystems’ needs ‘function.vpc’\n"
                + "  help: EFS is reached through a network: add ‘vpc’ with its subnets and security groups"),
    ]

    // MARK: Hostile YAML

    /// What a refusal of hostile bytes must say.
    struct Hostile: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var says: String
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ says: String) {
            (self.name, self.bytes, self.says) = (name, Array(text.utf8), says)
        }
    }

    @Test("Hostile YAML is refused, at once", arguments: hostile)
    func refusesHostile(_ hostile: Hostile) throws {
        let said = try #require(refusal(hostile.bytes))
        #expect(said.contains(hostile.says), "\(said.prefix(300))")
        #expect(said.utf8.count < 2000)
    }

    private static let laughs: String = {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...40 {
            let list = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(list)]\n"
        }
        return text
    }()

    static let hostile: [Hostile] = {
        var latin = Hostile(
            "notUTF8", "functions:\n  aws: x\n", "f.yaml:2:1: error[recipe-syntax]: this line is not UTF-8")
        latin.bytes[18] = 0xe9
        return [
            latin, Hostile("billionLaughs", laughs, "comes to more than 50000 values"),
            Hostile(
                "repeatedText",
                "a: &a " + String(repeating: "x", count: 500_000) + "\nb: [" + String(repeating: "*a,", count: 40_000)
                    + "]\n",
                "more than 4194304 bytes of text"),
            Hostile("aliasOfItself", "a: &a [*a]\n", "‘*a’ stands inside of itself"),
            Hostile("aliasOfNothing", "a: *b\n", "there is no anchor ‘b’ before this alias"),
            Hostile("deepFlow", String(repeating: "[", count: 100_000), "nest too deeply"),
            Hostile(
                "deepBlock", (0..<2000).map { String(repeating: " ", count: $0 % 1000) + "a:\n" }.prefix(1000).joined(),
                "nest too deeply"),
            Hostile("deepSequence", String(repeating: "- ", count: 100_000) + "a", "nest too deeply"),
            Hostile("hugeFile", "a: " + String(repeating: "x", count: 2 << 20), "a function file at most 1048576"),
            Hostile(
                "hugeScalar",
                "functions:\n  aws:\n  - lambda:\n      name: \"" + String(repeating: "x", count: 900_000) + "\"\n",
                "‘functions.aws[0].lambda.name’ is ‘xxx"),
            Hostile("manyValues", "a: [" + String(repeating: "x,", count: 60_000) + "]\n", "more than 50000 values"),
            Hostile("tabs", "functions:\n\taws: []\n", "help: indent with spaces: YAML takes no tabs there"),
            Hostile("duplicateKey", "functions: {}\nfunctions: {}\n", "f.yaml:2:1: error[duplicate-key]"),
            Hostile(
                "mergeKey", "a: &a {b: c}\nd:\n  <<: *a\n",
                "f.yaml:3:3: error[recipe-syntax]: ‘<<’ (a merge key) is not read"),
            Hostile(
                "pythonTag", "a: !!python/object/apply:os.system [\"true\"]\n",
                "the tag ‘!!python/object/apply:os.system’ is not read"),
            Hostile("binaryTag", "a: !!binary aGVsbG8=\n", "the tag ‘!!binary’ is not read"),
            Hostile("ownTag", "%TAG ! tag:example.org,2026:\n---\na: !x y\n", "is not read"),
            Hostile("keyOfMapping", "? {a: b}\n: c\n", "a key must be a text"),
            Hostile("secondDocument", "a: b\n---\nc: d\n", "a second document begins here"),
            Hostile("notAMapping", "- a\n", "a function file must be an object, not an array"),
            Hostile(
                "nulInName", "functions:\n  aws:\n  - lambda: {name: \"a\\0b\", container: {image: c}}\n",
                "‘functions.aws[0].lambda.name’ is"),
            Hostile("controlCharacters", "a: \u{1}\n", "this is not YAML"),
            Hostile("unfinished", "a: \"b\n", "this is not YAML"),
            Hostile("unfinishedFlow", "a: [b\n", "this is not YAML"),
            Hostile("futureVersion", "%YAML 3.0\n---\na: b\n", "this is not YAML"),
        ]
    }()

    @Test("A byte order mark is passed over")
    func byteOrderMark() throws {
        let file = try RecipeParser.parse([0xef, 0xbb, 0xbf] + functionFile(), path: "f.yaml")
        #expect(file.functions.first?.name == "a")
    }

    @Test("A tag that says a value is a text is heeded")
    func textTag() throws {
        let file = try RecipeParser.parse(functionFile("description: !!str 12"), path: "f.yaml")
        #expect(file.functions.first?.function.description == "12")
    }
}
