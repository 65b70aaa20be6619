import ByteKit
import JSON
import TestKit
import Testing

@Suite("init, and function files of SCAR's")
struct InitTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private static let functionFile = """
        functions:
          aws:
          - lambda:
              name: from-scar
              supervisor: {version: latest}
              container: {image_file: image.tar}
        """

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    private func put(_ name: String, _ text: String) throws {
        try TestImage.write([(name, Array(text.utf8))], to: folder.path)
    }

    private func read(_ name: String) throws -> JSON {
        try JSON.parse(try InputFile.contents(of: path(name), limit: 1 << 20))
    }

    private func writeImage() throws {
        let image = TestImage(layers: [TarBuilder.archive([.folder("bin"), .file("bin/sh", "x")])])
        try TestImage.write(
            image.layout(tag: "v1") + [("image.tar", TarBuilder.archive(image.savedSince25()))], to: folder.path)
    }

    @Test("A function file is planned as a recipe is, as RECIPE and after -f, and what is passed over is said")
    func functionFileAsRecipe() throws {
        try writeImage()
        try put("f.yaml", Self.functionFile)
        for arguments in [["plan", path("f.yaml")], ["plan", "-f", path("f.yaml")]] {
            let result = try Tool.run(arguments + ["--cache", path("cache")])
            #expect(result.status == 0, "\(result.errorText)")
            #expect(result.text.hasPrefix("from-scar: docker-archive:image.tar"))
            #expect(result.errorText.hasPrefix("warning: \(path("f.yaml")):5:7: ‘supervisor’ has no meaning"))
        }
        let quiet = try Tool.run(["plan", path("f.yaml"), "--quiet", "--cache", path("cache")])
        #expect(quiet.status == 0 && quiet.errorText == "")
    }

    @Test("Two recipes, or none, are a wrong command line", arguments: [["a.json", "-f", "b.yaml"], []])
    func twoRecipes(_ arguments: [String]) throws {
        let result = try Tool.run(["plan"] + arguments)
        #expect(result.status == 2 && result.text == "")
    }

    @Test("init -f writes the recipe and its schema, and overwrites the recipe only when told to")
    func conversion() throws {
        try writeImage()
        try put("f.yml", Self.functionFile)
        let first = try Tool.run(["init", "-f", path("f.yml")])
        #expect(first.status == 0, "\(first.errorText)")
        #expect(first.text == path("f.json") + "\n")
        let recipe = try read("f.json")
        #expect(recipe["$schema"]?.string == "recipe.schema.json")
        #expect(recipe["image"]?.string == "docker-archive:image.tar")
        #expect(try read("recipe.schema.json")["title"] != nil)
        #expect(try Tool.run(["plan", path("f.json"), "--cache", path("cache")]).status == 0)

        try put("f.json", "mine")
        let second = try Tool.run(["init", "-f", path("f.yml")])
        #expect(second.status == 1 && second.errorText.contains("error[file-exists]"))
        #expect(try InputFile.contents(of: path("f.json"), limit: 100) == Array("mine".utf8))
        #expect(try Tool.run(["init", "-f", path("f.yml"), "--force"]).status == 0)
        #expect(try read("f.json") == recipe)
    }

    @Test("init IMAGE writes what the image runs and which launcher its programs speak for")
    func image() throws {
        try writeImage()
        let result = try Tool.run([
            "init", "oci:.:v1", "-n", "first", "-o", path("r.json"), "--cache", path("cache"),
        ])
        #expect(result.status == 0, "\(result.errorText)")
        let recipe = try read("r.json")
        #expect(recipe["name"]?.string == "first")
        #expect(recipe["image"]?.string == "oci:.:v1")
        #expect(recipe["launcher"]?.string != nil)
        #expect(recipe["command"]?.array?.map(\.string) == ["sh"])
        #expect(try Tool.run(["plan", path("r.json"), "--cache", path("cache")]).status == 0)
        #expect(try Tool.run(["init", "oci:.:v1", "-o", path("r.json")]).errorText.contains("error[file-exists]"))
    }

    @Test("init names the function after the image")
    func name() throws {
        try writeImage()
        let result = try Tool.run([
            "init", "docker-archive:./image.tar", "-o", path("r.json"), "--cache", path("cache"),
        ])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try read("r.json")["name"]?.string == "image")
    }

    @Test(
        "init takes an image or a function file, and not what belongs to the other",
        arguments: [[], ["a", "-f", "b.yaml"], ["-f", "b.yaml", "-o", "c.json"]])
    func wrongArguments(_ arguments: [String]) throws {
        let result = try Tool.run(["init"] + arguments)
        #expect(result.status == 2 && result.text == "")
    }
}
