import ByteKit
import JSON
import Publisher
import Recipe
import TestKit
import Testing
import Toolchain

/// The templates of all recipes that come with it, in every form that a function and its jobs can have. Of what a build makes
/// templates say only path, size and digest, so nothing is built.
@Suite("A recipe's template in every form,")
struct RecipeTemplateTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private static let zip = Deployment.Package(path: "out/f.zip", size: 1000, digest: Digest(of: [1]))
    private static let forms: [PublishableCode] = [
        PublishableCode(package: zip),
        PublishableCode(
            package: zip, layer: Deployment.Package(path: "out/layer.zip", size: 60 << 20, digest: Digest(of: [2]))),
        PublishableCode(image: image),
    ]
    private static let image = Deployment.Image(path: "out/f.oci", digest: Digest(of: [3]), size: 2000)

    private static func recipes() throws -> [RecipeFile] {
        let list = try Peer.run("sh", ["-c", "cd \"$1\" && ls recipes/*.json", "sh", Products.repository])
        return try list.text.split(separator: "\n").map { name in
            let path = "\(Products.repository)/\(name)"
            return try RecipeParser.parse(try InputFile.contents(of: path, limit: 1 << 20), path: path)
        }
    }

    /// Every recipe in every form, alone and with jobs; the kinds of machines take turns.
    private static func deployments() throws -> [Deployment] {
        let kinds = Deployment.Job.Compute.Kind.allCases
        var all: [Deployment] = []
        for recipe in try recipes().flatMap(\.functions) {
            for code in forms {
                all.append(Deployments.deployment(of: recipe, code))
                var jobs = Deployments.deployment(of: recipe, code)
                let kind = kinds[all.count / 2 % kinds.count]
                jobs.image = image
                jobs.job = Deployment.Job(
                    memory: 2048, environment: ["STAGE": "test"], takesAll: kind == .spot,
                    compute: .init(
                        kind: kind, instanceTypes: recipe.function.architecture == .arm64 ? ["m7g"] : ["optimal"]))
                all.append(jobs)
            }
        }
        return all
    }

    private func write(_ deployment: Deployment, _ template: Template, _ number: Int) throws -> String {
        let path = "\(folder.path)/\(number).json"
        try OutputFile.write(try template.text(for: [deployment]), to: path)
        return path
    }

    @Test(
        "as a zip, with a layer, as an image, and with jobs on each kind of machine, passes cfn-lint",
        .enabled(if: TemplateLint.isInstalled, "needs cfn-lint: scripts/setup test"),
        arguments: [Template.cloudformation, .sam])
    func lint(_ template: Template) throws {
        let deployments = try Self.deployments()
        #expect(deployments.count >= 90)
        let files = try deployments.enumerated().map { try write($1, template, $0) }
        for part in Self.parts(files) { #expect(try TemplateLint.complaints(part) == "") }
    }

    /// As many at a time as a peer is done with in the time that it has.
    private static func parts<Item>(_ list: [Item]) -> [[Item]] {
        stride(from: 0, to: list.count, by: 24).map { Array(list[$0..<min($0 + 24, list.count)]) }
    }

    @Test("is one that Terraform can evaluate", .enabled(if: TerraformRun.isPossible, "needs terraform"))
    func evaluated() throws {
        var deployments = try Self.deployments()
        for index in deployments.indices {
            // Functions of one file have different names, and are not told of the same objects.
            deployments[index].name += "-\(index)"
            for input in deployments[index].inputs.indices { deployments[index].inputs[input].folder += "-\(index)" }
        }
        for (number, part) in Self.parts(deployments).enumerated() {
            let path = "\(folder.path)/\(number).tf.json"
            try OutputFile.write(try Template.terraform.text(for: part), to: path)
            let made = try TerraformRun.evaluate(path, in: "\(folder.path)/terraform-\(number)").members ?? []
            let functions = made.filter { String(decoding: $0.name, as: UTF8.self).hasPrefix("aws_lambda_function.") }
            #expect(functions.count == part.count)
        }
    }
}
