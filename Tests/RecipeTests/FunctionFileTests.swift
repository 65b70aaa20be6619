import ByteKit
import JSON
import Recipe
import TestKit
import Testing

/// A function file with one function, whose section `lambda` has these lines besides.
func functionFile(_ lambda: String = "", beside: String = "") -> [UInt8] {
    let indented = lambda.split(separator: "\n").map { "      \($0)\n" }.joined()
    let sections = beside.split(separator: "\n").map { "    \($0)\n" }.joined()
    let text = "functions:\n  aws:\n  - lambda:\n      name: a\n      container: {image: b}\n" + indented + sections
    return Array(text.utf8)
}

@Suite("Function files of SCAR's")
struct FunctionFileTests {
    /// SCAR's examples, with values of our own, and one file with every key.
    static let examples = [
        "av-workflow", "aws-cli", "cowsay", "cowsay-ecr", "darknet", "darknet-api-s3", "deep-audio", "dwi-ivim",
        "elixir", "erlang", "every-key", "ffmpeg", "imagemagick", "mask-detector-workflow", "minicow", "mpi-batch",
        "mpi-lambda", "mrbayes", "plant-classification", "r", "ruby", "spectacle", "theano", "video-process",
    ]

    private func read(_ bytes: [UInt8]) throws -> (recipe: Recipe, warnings: [String]) {
        let file = try RecipeParser.parse(bytes, path: "f.yaml")
        return (try #require(file.functions.first), file.warnings.map(\.description))
    }

    @Test("Each example means the recipe that stands beside it", arguments: examples)
    func example(_ name: String) throws {
        let path = "Tests/Golden/function-files/\(name)"
        let bytes = try InputFile.contents(of: repository(path + ".yaml"), limit: 1 << 20)
        let converted = try RecipeParser.converted(bytes, path: "\(name).yaml")
        #expect(
            try Golden.matches(converted.text, repository(path + ".json")),
            "run the tests with UPDATE_GOLDEN=1 to write it anew")
        let warnings = converted.warnings.map { "\($0)\n" }.joined()
        // Where nothing is passed over there is no such file.
        let expected = repository(path + ".txt")
        if warnings.isEmpty {
            #expect((try? InputFile.contents(of: expected, limit: 1 << 20)) == nil)
        } else {
            #expect(try Golden.matches(Array(warnings.utf8), expected))
        }
    }

    @Test("What is written for a function file is read as the same recipes", arguments: examples)
    func roundTrip(_ name: String) throws {
        let path = repository("Tests/Golden/function-files/\(name).yaml")
        let bytes = try InputFile.contents(of: path, limit: 1 << 20)
        let read = try RecipeParser.parse(bytes, path: "f.yaml")
        let written = try RecipeParser.converted(bytes, path: "f.yaml").text
        #expect(try RecipeParser.parse(written, path: "f.json").functions == read.functions)
    }

    @Test("docs/from-scar.md lists every key")
    func reference() throws {
        let path = repository("docs/from-scar.md")
        let page = String(decoding: try InputFile.contents(of: path, limit: 1 << 20), as: UTF8.self)
        let begin = try #require(page.range(ofFirst: "<!-- keys: made from the table in Sources/Recipe -->\n"))
        let end = try #require(page.range(ofFirst: "<!-- end of keys -->"))
        let made = String(page[..<begin.upperBound]) + FunctionReference.markdown + String(page[end.lowerBound...])
        #expect(try Golden.matches([UInt8](made.utf8), path), "run the tests with UPDATE_GOLDEN=1 to write it anew")
    }

    // MARK: Where SCAR went wrong

    @Test("Values are checked: SCAR's own checks never ran")
    func checksRun() {
        #expect(throws: RecipeError.self) { try read(functionFile("memory: 999999")) }
        #expect(throws: RecipeError.self) { try read(functionFile("timeout: 901")) }
        #expect(throws: RecipeError.self) { try read(functionFile(beside: "iam:\n  role: somebody")) }
        #expect(throws: RecipeError.self) { try read(functionFile(beside: "batch:\n  vcpus: 0")) }
    }

    @Test("execution_mode is read where SCAR's documents have it")
    func executionMode() throws {
        #expect(try read(functionFile("execution_mode: lambda-batch")).recipe.execution == .lambdaBatch)
    }

    @Test("timeout_threshold is read where the command line put it, too, and the container's goes before it")
    func timeoutThreshold() throws {
        #expect(try read(functionFile("timeout_threshold: 7")).recipe.function.timeoutThreshold == 7)
        let both =
            "functions:\n  aws:\n  - lambda:\n      name: a\n      timeout_threshold: 7\n"
            + "      container: {image: b, timeout_threshold: 9}\n"
        #expect(try read(Array(both.utf8)).recipe.function.timeoutThreshold == 9)
    }

    @Test("A variable's value keeps everything after its first ‘=’")
    func equalsSign() throws {
        let text =
            "functions:\n  aws:\n  - lambda:\n      name: a\n"
            + "      container: {image: b, environment: {Variables: {A: b=c=d}}}\n"
        #expect(try read(Array(text.utf8)).recipe.environment.map(\.value) == ["b=c=d"])
    }

    @Test("A list replaces the default; SCAR added to it")
    func listsReplace() throws {
        let file = functionFile(beside: "batch:\n  compute_resources: {instance_types: [g4dn.xlarge]}")
        #expect(try read(file).recipe.batch?.compute.instanceTypes == ["g4dn.xlarge"])
    }

    @Test("create_image means the same, absent or not: nothing")
    func createImage() throws {
        func recipe(_ container: String) throws -> Recipe {
            try read(
                Array("functions:\n  aws:\n  - lambda:\n      name: a\n      container: {\(container)}\n".utf8)
            ).recipe
        }
        let absent = try recipe("image: b")
        for value in ["true", "false"] { #expect(try recipe("image: b, create_image: \(value)") == absent) }
    }

    @Test("An API is closed unless the file opens it, and it says so")
    func closedAPI() throws {
        let (recipe, warnings) = try read(functionFile(beside: "api_gateway:\n  name: door"))
        #expect(recipe.api?.authorization == .iam)
        #expect(warnings.contains { $0.hasPrefix("f.yaml:7:13: callers of the API must sign their requests") })
        let open = try read(functionFile(beside: "api_gateway:\n  name: door\n  method: {authorizationType: NONE}"))
        #expect(open.recipe.api?.authorization == Recipe.API.Authorization.none)
        #expect(open.warnings == [])
    }

    @Test("Secrets are in no recipe and in no message, which say what to use instead")
    func secrets() throws {
        let providers = "storage_providers:\n  s3:\n    mine: {access_key: key-one, secret_key: key-two}\n"
        let bytes = functionFile("output:\n- {storage_provider: s3.mine, path: out}") + Array(providers.utf8)
        let converted = try RecipeParser.converted(bytes, path: "f.yaml")
        let said = String(decoding: converted.text, as: UTF8.self) + converted.warnings.map(\.description).joined()
        #expect(!said.contains("key-one") && !said.contains("key-two"))
        #expect(said.contains("AWS_ACCESS_KEY_ID"))
    }

    private static let minio = """
        storage_providers:
          minio:
            default: {endpoint: 'https://minio.example.org:9000', access_key: key-one, secret_key: key-two}
            My_Own: {endpoint: 'http://10.0.0.1:9000', verify: no, region: eu-west-3}

        """

    @Test("Outputs go to the MinIO servers that the file describes, with keys that are the function's variables")
    func minioServers() throws {
        let output =
            "output:\n- {storage_provider: minio, path: a-bucket/out}\n"
            + "- {storage_provider: minio.My_Own, path: b-bucket}\n- {path: c-bucket}"
        let (recipe, warnings) = try read(functionFile(output) + Array(Self.minio.utf8))
        #expect(recipe.outputs.map(\.storage) == ["minio", "minio.my-own", "s3"])
        #expect(recipe.servers.map(\.name) == ["minio", "minio.my-own"])
        #expect(recipe.servers.map(\.endpoint) == ["https://minio.example.org:9000", "http://10.0.0.1:9000"])
        #expect(recipe.servers.map(\.verify) == [true, false])
        #expect(recipe.servers.map(\.region) == ["us-east-1", "eu-west-3"])
        #expect(recipe.servers.map(\.accessKey) == ["MINIO_ACCESS_KEY", "MINIO_MY_OWN_ACCESS_KEY"])
        #expect(recipe.servers.map(\.secretKey) == ["MINIO_SECRET_KEY", "MINIO_MY_OWN_SECRET_KEY"])
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("MINIO_ACCESS_KEY and MINIO_SECRET_KEY"))
        #expect(!warnings[0].contains("key-one") && !warnings[0].contains("key-two"))
    }

    @Test("Servers whose names differ in case and signs only would be one, and are refused")
    func twinServers() {
        let bytes = functionFile("output:\n- {storage_provider: minio.my-own, path: a-bucket}") + Array(Self.minio.utf8)
        let error = #expect(throws: RecipeError.self) {
            try read(bytes + Array("    my-own: {endpoint: 'https://other.example.org'}\n".utf8))
        }
        #expect(error?.code == .conflict, "\(String(describing: error))")
    }

    @Test("A server that no output names is in no recipe")
    func unusedMinio() throws {
        #expect(try read(functionFile() + Array(Self.minio.utf8)).recipe.servers.isEmpty)
    }

    @Test("What is wrong with a server is said where it stands")
    func wrongMinio() {
        func said(_ entry: String) -> String? {
            let bytes = functionFile("output:\n- {storage_provider: minio, path: a-bucket}")
            let error = #expect(throws: RecipeError.self) {
                try read(bytes + Array("storage_providers:\n  minio:\n    default: \(entry)\n".utf8))
            }
            return error?.diagnostic.description
        }
        #expect(
            said("{verify: true}")?.hasPrefix("f.yaml:10:5: error[missing-key]: ‘minio.default’ has no ‘endpoint’")
                == true)
        #expect(said("{endpoint: 'ftp://a'}")?.hasPrefix("f.yaml:10:25: error[") == true)
        #expect(said("{endpoint: 'http://a', verify: maybe}")?.hasPrefix("f.yaml:10:45: error[wrong-type]") == true)
    }

    @Test("A misspelt key of a provider is shown without the secret beside it")
    func misspeltSecret() {
        let providers = "storage_providers:\n  minio:\n    mine: {acess_key: key-one}\n"
        let error = #expect(throws: RecipeError.self) { try read(functionFile() + Array(providers.utf8)) }
        #expect(
            error?.diagnostic.description
                == "f.yaml:8:12: error[unknown-key]: ‘acess_key’ is not a key of ‘minio.mine’\n  help: did you mean ‘access_key’?"
        )
    }

    // MARK: What values may look like

    @Test("Numbers and truth values are texts where a text is wanted, as they were written")
    func textsAsWritten() throws {
        let text =
            "functions:\n  aws:\n  - lambda:\n      name: 404\n      container:\n        image: b\n"
            + "        environment:\n          Variables: {A: 010, B: yes, C: 1.50, D: 0x1f, E: 12:30:00}\n"
        let recipe = try read(Array(text.utf8)).recipe
        #expect(recipe.name == "404")
        #expect(recipe.environment.map(\.value) == ["010", "yes", "1.50", "0x1f", "12:30:00"])
    }

    @Test("The words of YAML 1.1 are truth values where one is wanted", arguments: ["yes", "True", "ON", "true"])
    func truth(_ word: String) throws {
        #expect(try read(functionFile("preheat: \(word)")).recipe.function.preheat)
    }

    @Test("A key with nothing after it, or SCAR's empty default, says nothing")
    func emptyKeys() throws {
        let file = functionFile("input:\nlayers: []\ndescription: ~", beside: "iam:\n  role: ''\ns3:")
        let (recipe, warnings) = try read(file)
        #expect(recipe.function.role == nil && recipe.inputs.isEmpty && warnings == [])
    }

    @Test("A repeated part is read as if it stood there again")
    func aliases() throws {
        let file = functionFile(
            "input: &places\n- {path: x-bucket/in}", beside: "batch: &b {vcpus: 2}\ns3: {event: *b}")
        let recipe = try read(file).recipe
        #expect(recipe.inputs.map(\.path) == ["x-bucket/in"])
        #expect(recipe.batch?.vcpus == 2)
    }

    @Test("The file's ending decides, .yml included, and the lock has the whole name")
    func endings() throws {
        #expect(try RecipeParser.parse(functionFile(), path: "x/f.yml").functions.first?.name == "a")
        #expect(Lockfile.path(forRecipe: "x/f.yaml") == "x/f.yaml.lock.json")
    }

    @Test("Only a function file is made into a recipe")
    func onlyFunctionFiles() {
        #expect(throws: RecipeError.self) { try RecipeParser.converted([], path: "r.json") }
    }
}
