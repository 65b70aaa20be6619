import ByteKit
import JSON
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
        let deployment = Deployments.deployment(of: recipe, PublishableCode(package: package))
        #expect(deployment.inputs.map(\.bucket) == ["amazon"])
        #expect(deployment.outputs.map(\.bucket) == ["amazon"])
        #expect(deployment.keptVariables == ["M_KEY", "M_SECRET", "M_TOKEN"])
        #expect(deployment.function.environment.isEmpty)
    }

    private func deployment(_ members: String) throws -> Deployment {
        let text = "{\"name\": \"f\", \"image\": \"i\", \(members)}"
        let recipe = try #require(try RecipeParser.parse(Array(text.utf8), path: "f.json").functions.first)
        return Deployments.deployment(of: recipe, PublishableCode())
    }

    @Test("is jobs with the function's variables and their own, and what they run on")
    func job() throws {
        let deployment = try deployment(
            """
            "execution": "batch", "function": {"environment": {"AB": "1", "CD": "2"}},
            "batch": {"vcpus": 4, "memory": 8192, "nodes": 2, "environment": {"CD": "3"}, "events": "events/long",
                      "compute": {"kind": "fargate-spot", "maxVcpus": 16, "subnets": ["subnet-1"]}}
            """)
        let job = try #require(deployment.job)
        #expect(job.takesAll)
        #expect([job.vcpus, job.memory, job.gpus, job.nodes] == [4, 8192, 0, 2])
        #expect(job.environment == ["AB": "1", "CD": "3"])
        #expect(job.events?.bucket == "events")
        #expect(job.events?.folder == "long")
        #expect(job.compute.kind == .fargateSpot)
        #expect(job.compute.maxVcpus == 16)
        #expect(job.compute.subnets == ["subnet-1"])
        #expect(try self.deployment(#""execution": "lambda-batch""#).job?.takesAll == false)
        #expect(try self.deployment(#""execution": "lambda""#).job == nil)
    }

    @Test("is triggers, whose queues hear of single messages where calls say which failed")
    func triggers() throws {
        let deployment = try deployment(
            """
            "calls": {"partialBatches": true, "streaming": true}, "api": {"kind": "url"},
            "triggers": {"queues": [{"arn": "arn:aws:sqs:eu-west-1:123456789012:q", "concurrency": 5}],
                         "rules": [{"name": "a", "schedule": "rate(1 day)"},
                                   {"name": "b", "pattern": {"source": ["shop"]}, "bus": "shop"}]}
            """)
        #expect(
            deployment.queues == [
                .init(arn: "arn:aws:sqs:eu-west-1:123456789012:q", concurrency: 5, reportsFailures: true)
            ])
        let pattern = try JSON.parse(Array(#"{"source": ["shop"]}"#.utf8))
        #expect(deployment.rules.map(\.cause) == [.schedule("rate(1 day)"), .pattern(pattern)])
        #expect(deployment.rules.map(\.bus) == ["default", "shop"])
        #expect(deployment.api?.isStreamed == true)
    }

    @Test("is refused before a build when no function or job could come of it")
    func refused() throws {
        func check(_ members: String) throws {
            let text = "{\"name\": \"f\", \"image\": \"i\", \(members)}"
            for recipe in try RecipeParser.parse(Array(text.utf8), path: "f.json").functions {
                try Deployments.check(recipe)
            }
        }
        let target = #expect(throws: ToolError.self) { try check(#""target": "squashfs""#) }
        #expect(target?.diagnostic.code == "not-in-this-version")
        #expect(throws: PublishError.self) { try check(#""execution": "batch", "batch": {"gpus": 1}"#) }
        for target in ["auto", "zip", "layer", "image", "runtime"] { try check("\"target\": \"\(target)\"") }
    }
}
