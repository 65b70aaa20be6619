import ByteKit
import Publisher
import Recipe
import Testing
import Toolchain

@Suite("What a recipe wants in the cloud")
struct DeploymentsTests {
    @Test("is buckets of Amazon's only, and that variables with credentials of other storages stay as they are")
    func storages() throws {
        let text = """
            {"name": "f", "image": "i", "input": [{"path": "own/in", "storage": "minio"}, {"path": "amazon/in"}],
             "output": [{"path": "amazon/out"}, {"path": "own/out", "storage": "minio"}],
             "storages": [{"name": "minio", "endpoint": "https://minio.example", "accessKey": "M_KEY",
                           "secretKey": "M_SECRET", "sessionToken": "M_TOKEN"}]}
            """
        let recipe = try #require(try RecipeParser.parse(Array(text.utf8), path: "f.json").functions.first)
        let package = Deployment.Package(path: "f.zip", size: 1, digest: Digest(of: []))
        let deployment = Deployments.deployment(of: recipe, package: package)
        #expect(deployment.inputs.map(\.bucket) == ["amazon"])
        #expect(deployment.outputs.map(\.bucket) == ["amazon"])
        #expect(deployment.keptVariables == ["M_KEY", "M_SECRET", "M_TOKEN"])
        #expect(deployment.function.environment.isEmpty)
    }
}
