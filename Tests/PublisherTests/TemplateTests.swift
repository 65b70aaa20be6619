import AWS
import ByteKit
import JSON
import Publisher
import TestKit
import Testing

@Suite("A template")
struct TemplateTests {
    @Test("holds no value of a variable, and a parameter for each", arguments: Template.allCases)
    func secrets(_ template: Template) throws {
        let text = String(decoding: try template.text(for: [TemplateCases.rich()]), as: UTF8.self)
        #expect(!text.contains("hunter2"))
        for name in ["TOKEN", "STAGE", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"] {
            #expect(text.contains("The variable \(name) of the function frames-of_videos."))
        }
    }

    @Test(
        "of jobs asks for their variables: once for one that the function has with the same value",
        arguments: Template.allCases)
    func jobSecrets(_ template: Template) throws {
        let text = String(decoding: try template.text(for: [TemplateCases.jobs(.init())]), as: UTF8.self)
        #expect(!text.contains("hunter"))
        for name in ["TOKEN", "STAGE"] { #expect(text.contains("The variable \(name) of the function jobs-ec2.")) }
        for name in ["STAGE", "OWN"] {
            #expect(text.contains("The variable \(name) of jobs of the function jobs-ec2."))
        }
        #expect(!text.contains("The variable TOKEN of jobs"))
    }

    @Test("says which image must be there, by its digest, and how it gets there", arguments: Template.allCases)
    func images(_ template: Template) throws {
        let text = String(decoding: try template.text(for: [TemplateCases.imaged()]), as: UTF8.self)
        #expect(text.contains("Images come first"))
        #expect(text.contains("scar-build push out/image.oci ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:"))
        #expect(text.contains("}@\(TemplateCases.image.digest)"))
        let layered = String(decoding: try template.text(for: [TemplateCases.layered()]), as: UTF8.self)
        #expect(!layered.contains("Images come"))
    }

    @Test(
        "is one that cfn-lint has nothing against",
        .enabled(if: TemplateLint.isInstalled, "needs cfn-lint: scripts/setup test"))
    func lint() throws {
        let folder = try TestFolder()
        for template in [Template.cloudformation, .sam] {
            var files: [String] = []
            for (name, deployments) in try TemplateCases.all() {
                var deployments = deployments
                // Of a tag's value Lambda takes no such letters.
                for index in deployments.indices where deployments[index].tags["cost"] != nil {
                    deployments[index].tags = ["team": "video"]
                }
                let path = "\(folder.path)/\(template.rawValue)-\(name).json"
                try OutputFile.write(try template.text(for: deployments), to: path)
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
        let plain = TemplateCases.function("plain")
        var (moved, code, memory) = (plain, plain, plain)
        moved.package?.path = "elsewhere.zip"
        code.package?.digest = Digest(of: [1])
        memory.function.memory = 1024
        let first = try version(plain)
        #expect(first.count == 1)
        #expect(try version(moved) == first)
        #expect(try version(code) != first)
        #expect(try version(memory) != first)
        // The layer's version is called the same, whatever is in it.
        let layered = TemplateCases.layered()
        var (path, layer) = (layered, layered)
        path.layer?.path = "elsewhere.zip"
        layer.layer?.digest = Digest(of: [1])
        #expect(try version(path) == version(layered))
        #expect(try version(layer) != version(layered))
        let imaged = TemplateCases.imaged()
        var image = imaged
        image.image?.digest = Digest(of: [1])
        #expect(try version(image) != version(imaged))
    }

    // MARK: - Runtimes

    /// The resources of a type, by their labels.
    private static func resources(_ type: String, _ json: JSON) -> [String: JSON] {
        (json["Resources"]?.members ?? []).filter { $0.json["Type"]?.string == type }
            .reduce(into: [:]) { $0[String(decoding: $1.name, as: UTF8.self)] = $1.json }
    }

    @Test(
        "has each runtime once, a version for each image of it, and an alias for each function, which says so",
        arguments: [Template.cloudformation, .sam])
    func runtimes(_ template: Template) throws {
        let json = try JSON.parse(try template.text(for: TemplateCases.inRuntimes()))
        #expect(Set(Self.resources("AWS::Lambda::Runtime", json).keys) == ["RubyRuntime", "ScarBuildAloneRuntime"])
        #expect(Self.resources("AWS::Lambda::RuntimeVersion", json).count == 3)
        let aliases = Self.resources("AWS::Lambda::RuntimeAlias", json)
        let names = Set(aliases.values.map { $0["Properties"]?["Name"]?.string })
        #expect(names == ["alone.current", "_.-one-.current", "two.current", "three.current"])
        let type = template == .sam ? "AWS::Serverless::Function" : "AWS::Lambda::Function"
        let function = Self.resources(type, json)["TwoFunction"]
        #expect(function?["Properties"]?["Runtime"]?.string == "custom")
        let configuration = function?["Properties"]?["RuntimeConfig"]
        #expect(configuration?["RuntimeAlias"]?.string == "two.current")
        #expect(configuration?["RuntimeArn"]?["Fn::Sub"]?.string?.hasSuffix(":runtime/${RubyRuntimeName}") == true)
        #expect(function?["DependsOn"]?.array?.contains(.string("TwoRuntimeAlias")) == true)
        let text = String(decoding: json.text(), as: UTF8.self)
        #expect(text.contains("scar-build push out/image.oci"))
        #expect(text.contains("scar-build push out/other.oci"))
        #expect(json["Parameters"]?["RubyRuntimeName"]?["Default"]?.string == "ruby")
        // It is not `publish`'s: that knows its own by what they are described as.
        #expect(!text.contains("scar-build: "))
    }

    @Test("has another version of a runtime for another image, and the same version of the function")
    func runtimeImage() throws {
        let json = try [TemplateCases.image.digest, Digest(of: [1])].map { digest in
            var deployment = TemplateCases.function("frames")
            deployment.runtime = .init(image: .init(path: "frames.runtime", digest: digest, size: 1))
            return try JSON.parse(try Template.cloudformation.text(for: [deployment]))
        }
        func labels(_ type: String, _ json: JSON) -> Set<String> { Set(Self.resources(type, json).keys) }
        #expect(labels("AWS::Lambda::RuntimeVersion", json[0]) != labels("AWS::Lambda::RuntimeVersion", json[1]))
        #expect(labels("AWS::Lambda::Version", json[0]) == labels("AWS::Lambda::Version", json[1]))
    }

    /// cfn-lint knows neither the resources nor that functions can name them: of the former it is told.
    @Test(
        "with runtimes is one that cfn-lint has nothing against",
        .enabled(if: TemplateLint.isInstalled, "needs cfn-lint: scripts/setup test"))
    func runtimeLint() throws {
        let folder = try TestFolder()
        let files = try [Template.cloudformation, .sam].map { template in
            let json = Self.without("RuntimeConfig", try JSON.parse(try template.text(for: TemplateCases.inRuntimes())))
            let path = "\(folder.path)/\(template.rawValue).json"
            let text = String(decoding: json.text(), as: UTF8.self)
            try OutputFile.write(
                Array(text.replacing("\"custom\"", with: "\"provided.al2023\"").utf8), to: path)
            return path
        }
        let schemas = "\(Products.repository)/Tests/Oracles/runtime-schemas"
        let complaints = try TemplateLint.complaints(files, schemas: schemas)
        #expect(complaints == "")
    }

    /// A document without any member of a name.
    private static func without(_ name: String, _ json: JSON) -> JSON {
        if let items = json.array { return .array(items.map { without(name, $0) }) }
        guard let members = json.members else { return json }
        return .object(
            named: members.filter { $0.name != Array(name.utf8) }.map {
                (String(decoding: $0.name, as: UTF8.self), without(name, $0.json))
            })
    }

    @Test("of Terraform's says of a function in a runtime that there is no such resource, and what to do")
    func terraformRuntime() throws {
        let error = try #require(throws: PublishError.self) {
            try Template.terraform.text(for: TemplateCases.inRuntimes())
        }
        #expect(error.code == .noResource)
        #expect(error.message.contains("customer-managed runtimes"))
        #expect(error.hint?.contains("--emit cloudformation") == true)
        #expect(error.hint?.contains("--target zip") == true)
    }

    @Test("refuses what publishing refuses", arguments: Template.allCases)
    func refusals(_ template: Template) {
        var two = [TemplateCases.function("one"), TemplateCases.function("other")]
        for index in two.indices { two[index].inputs = [.init(bucket: "videos", folder: "in")] }
        let conflict = #expect(throws: PublishError.self) { try template.text(for: two) }
        #expect(conflict?.code == .conflict)
        var loop = TemplateCases.function("loop")
        loop.inputs = [.init(bucket: "videos", folder: "in")]
        loop.outputs = loop.inputs
        #expect(throws: PublishError.self) { try template.text(for: [loop]) }
        var token = TemplateCases.function("token")
        token.api = .init(kind: .rest, name: "token", authorization: .jwt(issuer: "https://a.example", audience: []))
        #expect(throws: PublishError.self) { try template.text(for: [token]) }
        var nothing = TemplateCases.function("nothing")
        nothing.package = nil
        #expect(throws: PublishError.self) { try template.text(for: [nothing]) }
        var inside = TemplateCases.function("private")
        inside.description = "a \u{F0000}AWS::Region\u{F0001}"
        #expect(throws: PublishError.self) { try template.text(for: [inside]) }
        var halfNamed = TemplateCases.jobs(.init(subnets: ["subnet-0a1b2c3d"]))
        let network = #expect(throws: PublishError.self) { try template.text(for: [halfNamed]) }
        #expect(network?.hint?.contains("securityGroups") == true)
        halfNamed.job?.compute.securityGroups = ["sg-0a1b2c3d"]
        #expect(throws: Never.self) { try template.text(for: [halfNamed]) }
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
        // Those within a document that Terraform writes follow it.
        .dropFirst().map { String($0.prefix { $0 != "}" }) }.filter { !$0.hasPrefix("jsonencode(") }
    }

    @Test("of Terraform's refers only to what it declares, and takes nothing of the recipe's for an expression")
    func references() throws {
        var texts: [String] = []
        var used = 0
        for (_, deployments) in try TemplateCases.all() {
            let json = try JSON.parse(try Template.terraform.text(for: deployments))
            used += Self.check(json, Self.declared(in: json))
            texts += Self.texts(json)
        }
        #expect(used > 200)
        #expect(texts.contains("What $${looks} like %%{an} expression, and is none"))
        #expect(texts.contains("$${none}"))
    }

    private static func declared(in json: JSON) -> Set<String> {
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
        return declared
    }

    /// How many expressions there are.
    private static func check(_ json: JSON, _ declared: Set<String>) -> Int {
        let used = texts(json).flatMap { expressions(in: $0) }
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
        return used.count
    }

    @Test("of Terraform's sends a large package through a bucket, and a small one as it is")
    func sizes() throws {
        let json = try JSON.parse(try Template.terraform.text(for: TemplateCases.workflow()))
        let functions = json["resource"]?["aws_lambda_function"]
        #expect(functions?["frames-of_videos"]?["s3_key"]?.string == "${aws_s3_object.frames-of_videos.key}")
        #expect(functions?["frames-of_videos"]?["filename"] == nil)
        #expect(functions?["faces"]?["filename"]?.string == "out/faces/function.zip")
        #expect(functions?["x_2-open"]?["source_code_hash"]?.string == TemplateCases.digest.base64)
    }
}
