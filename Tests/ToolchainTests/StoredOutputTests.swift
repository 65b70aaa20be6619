import ByteKit
import Glibc
import Recipe
import TestKit
import Testing

@testable import Toolchain

@Suite("What a function has stored")
final class StoredOutputTests {
    private let folder: TestFolder
    private var buckets: String { "\(folder.path)/run/storage" }

    init() throws {
        folder = try TestFolder()
        try Folder.create("\(folder.path)/home/thumbs")
        try OutputFile.write(Array("secret".utf8), to: "\(folder.path)/home/thumbs/secret")
        try Folder.create("\(buckets)/bucket")
    }

    private func collect(_ outputs: String...) throws -> [String] {
        let list = outputs.map { #"{"path": "\#($0)"}"# }.joined(separator: ", ")
        let text = #"{"name": "n", "image": "i", "command": ["c"], "output": [\#(list)]}"#
        let recipe = try #require(try RecipeParser.parse(Array(text.utf8), path: "r.json").functions.first)
        let package = StagedPackage(
            task: "", layer: nil, root: nil, supervisor: "", environment: [], removed: [], libraryFolders: [])
        let run = LocalRun(recipe, package: package, in: "\(folder.path)/run", cage: .none)
        let written = try run.collectOutputs(into: "\(folder.path)/out")
        return written.map { String($0.dropFirst(folder.path.count + 1)) }
    }

    @Test("is not looked for through links, wherever on the way to it the function made them")
    func links() throws {
        for (link, target) in [
            ("bucket/results", "home"), ("other", "home"), ("bucket/thumbs", "home/thumbs"),
        ] {
            #expect(unsafe symlink("\(folder.path)/\(target)", "\(buckets)/\(link)") == 0)
        }
        #expect(try collect("bucket/results/thumbs", "other/thumbs", "bucket/thumbs", "bucket/results/none") == [])
        #expect(unsafe access("\(folder.path)/out", F_OK) != 0)
    }

    @Test("is copied with the folders that it is in, and without what is no file")
    func files() throws {
        try Folder.create("\(buckets)/bucket/out/deep")
        for name in ["a", "deep/b"] { try OutputFile.write(Array(name.utf8), to: "\(buckets)/bucket/out/\(name)") }
        #expect(unsafe symlink("\(folder.path)/home/thumbs/secret", "\(buckets)/bucket/out/c") == 0)
        #expect(unsafe mkfifo("\(buckets)/bucket/out/d", 0o600) == 0)
        #expect(try collect("bucket/out", "bucket/nothing", "bucket/out/a/below") == ["out/a", "out/deep/b"])
        #expect(try InputFile.contents(of: "\(folder.path)/out/deep/b", limit: 9) == Array("deep/b".utf8))
    }

    @Test("has no name twice")
    func sameName() throws {
        for name in ["bucket/out", "second/out"] {
            try Folder.create("\(buckets)/\(name)")
            try OutputFile.write(Array(name.utf8), to: "\(buckets)/\(name)/a")
        }
        let error = #expect(throws: ToolError.self) { try collect("bucket/out", "second/out") }
        #expect(error?.diagnostic.code == "same-name")
    }
}
