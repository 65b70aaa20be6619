import ByteKit
import ImageModel
import JSON
import TestKit
import Testing

#if arch(x86_64)
    /// A recipe with a lock, built for another platform than the recipe's.
    @Suite(
        "A lock", .enabled(if: CageScene.isPossible, "needs a bubblewrap that works, docker-registry and gcc"),
        .enabled(if: ArmSupervisor.isBuilt, ArmSupervisor.reason))
    final class ForeignLockTests {
        private let folder: TestFolder
        private let registry: RegistryProcess
        private let image: String

        init() throws {
            folder = try TestFolder()
            registry = try RegistryProcess()
            let images = ["amd64", "arm64"].map { name in
                TestImage(layers: [TarBuilder.archive([.file("\(name)-marker", name)])], architecture: name)
            }
            for image in images { try registry.push(image, repository: "locked/both", tag: "part") }
            var both = images[0]
            both.index = TestImage.index([("amd64", images[0].manifest), ("arm64", images[1].manifest)])
            try registry.push(both, repository: "locked/both", tag: "latest")
            image = "\(registry.origin.dropFirst("http://".count))/locked/both:latest"
        }

        private func recipe(_ more: String) throws -> String {
            try Tool.recipe(#"{"name": "locked", "image": "\#(image)", "target": "tar"\#(more)}"#, in: folder.path)
        }

        private func run(_ verb: String, _ recipe: String, _ more: [String] = []) throws -> Peer.Result {
            try Tool.run([verb, recipe, "--cache", "\(folder.path)/cache"] + more)
        }

        @Test("is not for another platform: neither its image nor its trace is used, and no provenance names it")
        func foreign() throws {
            let plain = try recipe(#", "prune": {"profile": "none"}"#)
            #expect(try run("lock", plain).status == 0)
            let foreign = ["--platform", "linux/arm64", "-o", "\(folder.path)/out"]
            let built = try run("build", plain, foreign + ["--provenance"])
            #expect(built.status == 0, "\(built.errorText)")
            let listed = try Peer.run("tar", ["-tf", "\(folder.path)/out/locked.tar.zst"])
            #expect(listed.text.contains("arm64-marker") && !listed.text.contains("amd64-marker"), "\(listed.text)")
            let path = "\(folder.path)/out/locked.provenance.json"
            let provenance = String(decoding: try InputFile.contents(of: path, limit: 1 << 20), as: UTF8.self)
            #expect(!provenance.contains("recipe.lock.json"))
            #expect(try run("build", plain, foreign + ["--locked"]).errorText.contains("error[stale-lock]"))
            // What was opened of the one platform's image says nothing of the other's.
            let lock = "\(folder.path)/recipe.lock.json"
            let text = String(decoding: try InputFile.contents(of: lock, limit: 1 << 20), as: UTF8.self)
            let marked = text.replacing(
                #""layers": ["#, with: #""trace": [{"test": "t", "opened": ["amd64-marker"]}], "layers": ["#)
            try OutputFile.write(Array(marked.utf8), to: lock)
            let traced = try recipe(
                #", "prune": {"profile": "traced"}, "tests": [{"name": "t", "response": "x"}]"#)
            let refused = try run("build", traced, foreign).errorText
            #expect(refused.contains("error[foreign-processor]"), "\(refused)")
        }
    }
#endif
