import JSON
import Supervisor
import TestKit
import Transport

/// A stand-in for AWS Batch that takes jobs, or does not.
final class FakeBatch: Sendable {
    let server: LoopbackServer

    init(_ behaviour: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Reply? = { _ in nil }) throws {
        server = try LoopbackServer { request in
            behaviour(request) ?? .init(200, [:], utf8(#"{"jobArn": "arn", "jobName": "j", "jobId": "b1c2-3"}"#))
        }
    }

    /// The jobs that were asked for.
    var jobs: [JSON] { server.requests.compactMap { try? JSON.parse($0.body) } }

    /// A variable of the last job.
    func variable(_ name: String) -> String? {
        let overrides =
            jobs.last?["containerOverrides"]
            ?? jobs.last?["nodeOverrides"]?["nodePropertyOverrides"]?.array?.first?["containerOverrides"]
        return overrides?["environment"]?.array?.first { $0["name"]?.string == name }?["value"]?.string
    }

    /// A function whose events may become jobs here, with a folder as its storage.
    func function(
        _ script: String, takesAll: Bool = false, nodes: Int = 1, events: String? = nil,
        _ change: @escaping (inout LaunchSpec, String) -> Void = { _, _ in }
    ) throws -> TestFunction {
        try TestFunction(
            script,
            environment: [
                "AWS_ENDPOINT_URL_BATCH=\(server.origin)", "AWS_ACCESS_KEY_ID=AKIAEXAMPLE",
                "AWS_SECRET_ACCESS_KEY=example/secret", "AWS_REGION=eu-west-1",
            ]
        ) { spec, path in
            spec.batch = LaunchSpec.Batch(
                queue: utf8("queue"), definition: utf8("definition"), nodes: nodes, takesAll: takesAll,
                takesAfter: LaunchSpec.Batch.Shortage.allCases, events: events.map(utf8))
            change(&spec, path)
        }
    }
}
