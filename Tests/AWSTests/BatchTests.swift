import AWS
import ByteKit
import JSON
import TestKit
import Testing
import Transport

@Suite("Jobs of AWS Batch")
struct BatchTests {
    private typealias Answer = ScriptedTransport.Answer

    private static func question(_ request: HTTPRequest) -> JSON {
        guard case .bytes(let bytes) = request.body else { return .null }
        return (try? JSON.parse(bytes)) ?? .null
    }

    /// A queue with 150 jobs that can run, in two pages, each of a revision of its own. Of each two, one has several nodes.
    private static func transport() -> ScriptedTransport {
        ScriptedTransport { request in
            let question = question(request)
            if request.url.path.hasSuffix("listjobs") {
                guard question["jobStatus"]?.string == "RUNNABLE" else { return Answer(200, [:], Array("{}".utf8)) }
                let isFirst = question["nextToken"] == nil
                let jobs = (isFirst ? 0..<75 : 75..<150).map { #"{"jobId": "j", "jobDefinition": "d:\#($0)"}"# }
                let next = isFirst ? #", "nextToken": "2""# : ""
                return Answer(200, [:], Array("{\"jobSummaryList\": [\(jobs.joined(separator: ","))]\(next)}".utf8))
            }
            let definitions = (question["jobDefinitions"]?.array ?? []).compactMap(\.string).map { name in
                let container = #"{"image": "i@\#(name)", "jobRoleArn": "r"}"#
                return name.hasSuffix("0")
                    ? #"{"nodeProperties": {"nodeRangeProperties": [{"container": \#(container)}]}}"#
                    : #"{"containerProperties": \#(container)}"#
            }
            return Answer(200, [:], Array("{\"jobDefinitions\": [\(definitions.joined(separator: ","))]}".utf8))
        }
    }

    private func job(_ members: String) throws -> BatchAPI.Job? {
        let transport = ScriptedTransport { _ in
            Answer(200, [:], Array(#"{"jobs": [{"jobId": "j", "status": "FAILED", \#(members)}]}"#.utf8))
        }
        return try BatchAPI(try Fixture.client(transport)).job("j")
    }

    @Test("have as many children or nodes as Batch can give them", arguments: [1, 2, 10_000])
    func size(count: Int) throws {
        #expect(try job(#""arrayProperties": {"size": \#(count)}"#)?.arraySize == count)
        #expect(try job(#""nodeProperties": {"numNodes": \#(count)}"#)?.nodes == count)
    }

    @Test(
        "of an impossible number of children or nodes are taken for jobs of one",
        arguments: ["-9223372036854775808", "9223372036854775807", "-1", "0", "10001", "1e3", "\"3\"", "null"])
    func impossibleSize(count: String) throws {
        #expect(try job(#""arrayProperties": {"size": \#(count)}"#)?.arraySize == nil)
        #expect(try job(#""nodeProperties": {"numNodes": \#(count)}"#)?.nodes == nil)
    }

    @Test("that have not ended are asked for in every state, on every page, and so is what all of them are made from")
    func unfinished() throws {
        let transport = Self.transport()
        let containers = try BatchAPI(try Fixture.client(transport)).unfinishedContainers(in: "frames")
        #expect(Set(containers.map(\.image)) == Set((0..<150).map { "i@d:\($0)" }))
        #expect(containers.allSatisfy { $0.role == "r" })
        let questions = transport.requests.map(Self.question)
        #expect(
            questions.compactMap { $0["jobStatus"]?.string } == [
                "SUBMITTED", "PENDING", "RUNNABLE", "RUNNABLE", "STARTING", "RUNNING",
            ])
        #expect(questions.compactMap { $0["jobDefinitions"]?.array?.count } == [100, 50])
    }
}
