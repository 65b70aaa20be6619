import AWS
import ByteKit
import JSON
import Publisher
import TestKit
import Testing

@Suite("A template")
struct TemplateTests {
    private static let digest = Digest(of: Array("package".utf8))

    private static func function(_ name: String, size: Int = 1000) -> Deployment {
        Deployment(
            name: name,
            function: DesiredFunction(
                memory: 512, timeout: 60, timeoutThreshold: 10, ephemeralStorage: 512, layers: [], environment: []),
            package: .init(path: "out/\(name)/function.zip", size: size, digest: digest))
    }

    /// A function with all that a function can have, under names that templates must not stumble over.
    private static func rich() -> Deployment {
        var rich = function("frames-of_videos", size: 60 << 20)
        rich.description = "What ${looks} like %{an} expression, and is none"
        rich.architecture = "arm64"
        rich.tags = ["team": "video", "cost": "${none}"]
        rich.function.environment = [("TOKEN", "hunter2"), ("STAGE", "test")]
        rich.function.layers = ["arn:aws:lambda:eu-west-1:123456789012:layer:tools:3"]
        rich.keptVariables = ["MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"]
        rich.inputs = [
            .init(bucket: "videos.example", folder: "in", suffixes: [".mp4", ".mov"]),
            .init(bucket: "more", folder: ""),
        ]
        rich.outputs = [.init(bucket: "pictures", folder: "out")]
        rich.api = .init(
            name: "frames", authorization: .jwt(issuer: "https://login.example.com", audience: ["frames"]),
            cors: CORS(origins: ["https://example.com"], methods: ["GET"], headers: ["authorization"]))
        rich.network = .init(subnets: ["subnet-0a1b2c3d"], securityGroups: ["sg-0a1b2c3d"])
        rich.fileSystems = [
            .init(
                arn: "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0",
                path: "/mnt/data")
        ]
        rich.deadLetter = "arn:aws:sqs:eu-west-1:123456789012:failed"
        rich.concurrency = 7
        return rich
    }

    /// A file of several functions that hand files on, one for each kind of address.
    private static func workflow() -> [Deployment] {
        var next = function("faces")
        next.inputs = [.init(bucket: "pictures", folder: "out", suffixes: [".png"])]
        next.outputs = [.init(bucket: "pictures", folder: "faces")]
        next.api = .init(kind: .rest, name: "faces")
        var open = function("2-open")
        open.role = "arn:aws:iam::123456789012:role/open"
        open.deadLetter = "arn:aws:sns:eu-west-1:123456789012:failed"
        open.api = .init(
            kind: .url, name: "open", authorization: .none, cors: CORS(origins: ["*"], methods: [], headers: []))
        var twin = function("faces-")
        twin.api = .init(kind: .rest, name: "faces-", authorization: .none)
        return [rich(), next, open, twin]
    }

    @Test("holds no value of a variable, and a parameter for each", arguments: Template.allCases)
    func secrets(_ template: Template) throws {
        let text = String(decoding: try template.text(for: [Self.rich()]), as: UTF8.self)
        #expect(!text.contains("hunter2"))
        for name in ["TOKEN", "STAGE", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"] {
            #expect(text.contains("The variable \(name) of the function frames-of_videos."))
        }
    }

    @Test(
        "is one that cfn-lint has nothing against",
        .enabled(if: TemplateLint.isInstalled, "needs cfn-lint: scripts/setup test"))
    func lint() throws {
        let folder = try TestFolder()
        for template in [Template.cloudformation, .sam] {
            var files: [String] = []
            var workflow = Self.workflow()
            // Of a tag's value Lambda takes no such letters.
            for index in workflow.indices { workflow[index].tags = ["team": "video"] }
            for (name, deployments) in [("workflow", workflow), ("plain", [Self.function("plain")])] {
                let path = "\(folder.path)/\(template.rawValue)-\(name).json"
                var file = try OutputFile(path)
                try file.write(try template.text(for: deployments))
                try file.finish()
                files.append(path)
            }
            let complaints = try TemplateLint.complaints(files)
            #expect(complaints == "")
        }
    }

    @Test("another package, and another setting, make another version of CloudFormation's; another path does not")
    func versions() throws {
        func version(_ deployment: Deployment) throws -> [String] {
            let json = try JSON.parse(try Template.cloudformation.text(for: [deployment]))
            return (json["Resources"]?.members ?? []).filter { $0.json["Type"]?.string == "AWS::Lambda::Version" }
                .map { String(decoding: $0.name, as: UTF8.self) }
        }
        let plain = Self.function("plain")
        var (moved, code, memory) = (plain, plain, plain)
        moved.package?.path = "elsewhere.zip"
        code.package?.digest = Digest(of: [1])
        memory.function.memory = 1024
        let first = try version(plain)
        #expect(first.count == 1)
        #expect(try version(moved) == first)
        #expect(try version(code) != first)
        #expect(try version(memory) != first)
    }

    @Test("says so of a function in a runtime, which it does not write", arguments: Template.allCases)
    func runtime(_ template: Template) throws {
        var deployment = Self.function("frames")
        deployment.runtime = Deployment.Runtime(image: .init(path: "frames.runtime", digest: Digest(of: []), size: 1))
        let error = #expect(throws: PublishError.self) { try template.text(for: [deployment]) }
        #expect(error?.code == .notInThisVersion)
        #expect(error?.message.contains("customer-managed runtimes") == true)
    }

    @Test("refuses what publishing refuses", arguments: Template.allCases)
    func refusals(_ template: Template) {
        var two = [Self.function("one"), Self.function("other")]
        for index in two.indices { two[index].inputs = [.init(bucket: "videos", folder: "in")] }
        let conflict = #expect(throws: PublishError.self) { try template.text(for: two) }
        #expect(conflict?.code == .conflict)
        var loop = Self.function("loop")
        loop.inputs = [.init(bucket: "videos", folder: "in")]
        loop.outputs = loop.inputs
        #expect(throws: PublishError.self) { try template.text(for: [loop]) }
        var token = Self.function("token")
        token.api = .init(kind: .rest, name: "token", authorization: .jwt(issuer: "https://a.example", audience: []))
        #expect(throws: PublishError.self) { try template.text(for: [token]) }
    }

    // MARK: - Terraform

    /// Every text of a document.
    private static func texts(_ json: JSON) -> [String] {
        if let text = json.string { return [text] }
        return (json.array ?? []).flatMap(texts) + (json.members ?? []).flatMap { texts($0.json) }
    }

    /// The expressions within a text of Terraform's: what stands between `${` and `}`, where the `$` is not doubled.
    private static func expressions(in text: String) -> [String] {
        text.replacing("$${", with: "").replacing("%%{", with: "").split(
            separator: "${", omittingEmptySubsequences: false
        )
        .dropFirst().map { String($0.prefix { $0 != "}" }) }
    }

    @Test("of Terraform's refers only to what it declares, and takes nothing of the recipe's for an expression")
    func references() throws {
        let json = try JSON.parse(try Template.terraform.text(for: Self.workflow()))
        var declared: Set<String> = []
        for type in json["resource"]?.members ?? [] {
            for item in type.json.members ?? [] {
                declared.insert(
                    "\(String(decoding: type.name, as: UTF8.self)).\(String(decoding: item.name, as: UTF8.self))")
            }
        }
        for type in json["data"]?.members ?? [] {
            declared.insert("data.\(String(decoding: type.name, as: UTF8.self)).current")
        }
        for variable in json["variable"]?.members ?? [] {
            declared.insert("var.\(String(decoding: variable.name, as: UTF8.self))")
        }
        let all = Self.texts(json)
        let used = all.flatMap { Self.expressions(in: $0) }
        #expect(used.count > 50)
        for expression in used {
            let place =
                declared.contains(expression)
                ? expression : expression.split(separator: ".").dropLast().joined(separator: ".")
            #expect(declared.contains(place), "\(expression) is declared nowhere")
        }
        for type in json["resource"]?.members ?? [] {
            for item in type.json.members ?? [] {
                for place in item.json["depends_on"]?.array ?? [] {
                    #expect(declared.contains(place.string ?? ""))
                }
            }
        }
        #expect(all.contains("What $${looks} like %%{an} expression, and is none"))
        #expect(all.contains("$${none}"))
    }

    @Test("of Terraform's sends a large package through a bucket, and a small one as it is")
    func sizes() throws {
        let json = try JSON.parse(try Template.terraform.text(for: Self.workflow()))
        let functions = json["resource"]?["aws_lambda_function"]
        #expect(functions?["frames-of_videos"]?["s3_key"]?.string == "${aws_s3_object.frames-of_videos.key}")
        #expect(functions?["frames-of_videos"]?["filename"] == nil)
        #expect(functions?["faces"]?["filename"]?.string == "out/faces/function.zip")
        #expect(functions?["x_2-open"]?["source_code_hash"]?.string == Self.digest.base64)
    }
}
