import ByteKit
import Glibc
import JSON
import TestKit
import Testing

/// The templates of the recipes, as a person gets them.
@Suite("A recipe's template,")
struct TemplateCommandTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func package() throws -> String {
        let path = folder.path + "/package.zip"
        let script =
            "import sys, zipfile\nzipfile.ZipFile(sys.argv[1], 'w').writestr(zipfile.ZipInfo('bootstrap'), '#!/bin/sh')"
        try #require(try Peer.run("python3", ["-c", script, path]).status == 0)
        return path
    }

    private func emit(_ form: String, _ recipe: String, _ package: String) throws -> [UInt8] {
        // No account and no network: there is nobody at that address.
        let result = try Tool.run(
            ["publish", recipe, "--package", package, "--emit", form],
            variables: [("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_ACCESS_KEY_ID", ""), ("AWS_REGION", "")])
        try #require(result.status == 0, "\(recipe): \(result.errorText)")
        return result.output
    }

    private static func recipes() throws -> [String] {
        let list = try Peer.run("sh", ["-c", "cd \"$1\" && ls recipes/*.json", "sh", Products.repository])
        return list.text.split(separator: "\n").map { "\(Products.repository)/\($0)" }
    }

    @Test(
        "of CloudFormation or SAM, is one that cfn-lint has nothing against",
        .enabled(if: TemplateLint.isInstalled, "needs cfn-lint: scripts/setup test"))
    func lint() throws {
        let package = try package()
        let recipes = try Self.recipes()
        #expect(recipes.count >= 15)
        for form in ["cloudformation", "sam"] {
            var files: [String] = []
            for recipe in recipes {
                let path = "\(folder.path)/\(files.count).json"
                try OutputFile.write(try emit(form, recipe, package), to: path)
                files.append(path)
            }
            #expect(try TemplateLint.complaints(files) == "")
        }
    }

    @Test("in each form, is the same when it is written again, and names the package and its digest")
    func repeated() throws {
        let package = try package()
        let recipe = "\(Products.repository)/recipes/ffmpeg.json"
        let digest = Digest(of: try InputFile.contents(of: package, limit: 1 << 20))
        for form in ["cloudformation", "sam", "terraform"] {
            let text = try emit(form, recipe, package)
            #expect(try emit(form, recipe, package) == text)
            let said = String(decoding: text, as: UTF8.self)
            #expect(said.contains(package))
            #expect(form == "terraform" || said.contains(digest.hex))
        }
    }

    @Test("is not written for functions of several regions, nor together with a plan")
    func refused() throws {
        let path = try Tool.recipe(
            #"""
            {"functions": [
                {"name": "a", "image": "example/a:1", "function": {"region": "eu-west-1"}},
                {"name": "b", "image": "example/b:1", "function": {"region": "us-east-1"}}]}
            """#, in: folder.path)
        let regions = try Tool.run(["publish", path, "--emit", "sam"])
        #expect(regions.status == 1)
        #expect(regions.errorText.contains("error[several-regions]"))
        #expect(try Tool.run(["publish", path, "--emit", "sam", "--plan"]).status == 2)
        #expect(try Tool.run(["publish", path, "--emit", "pulumi"]).status == 2)
    }
}
