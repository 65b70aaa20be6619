import JSON
import Supervisor
import TestKit
import Testing
import Transport

@Suite struct BatchTests {
    private static let everything = #"{"Records": [\#(EventTests.record("a.txt")), \#(EventTests.record("b.txt"))]}"#

    @Test("an event is a signed job with the event in its environment, and nothing runs here")
    func job() throws {
        let batch = try FakeBatch()
        var function = try batch.function("#!/bin/sh\ntouch \"$0.ran\"\n", takesAll: true)
        let event = EventTests.event(EventTests.record("a.txt"))
        let answer = try function.handle(event)
        #expect(answer.contains(#""jobs":[{"jobName":"test-8f5-a","jobId":"b1c2-3","size":1}]"#), "\(answer)")
        let request = try #require(batch.server.requests.first)
        #expect(request.method == "POST" && request.path == "/v1/submitjob")
        #expect(
            request.headers["authorization"]?.hasPrefix(
                "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/") == true)
        #expect(request.headers["authorization"]?.contains("/eu-west-1/batch/aws4_request") == true)
        let job = try #require(batch.jobs.first)
        #expect(job["jobQueue"]?.string == "queue" && job["jobDefinition"]?.string == "definition")
        #expect(job["arrayProperties"] == nil)
        #expect(batch.variable("EVENT") == event)
        #expect(batch.variable("AWS_LAMBDA_REQUEST_ID") == "8f5-a")
        #expect(shell("ls '\(function.folder.path)/package/script'").output == "run\n")
    }

    @Test("an event about several objects is a job with a child for each that is wanted")
    func array() throws {
        let batch = try FakeBatch()
        var function = try batch.function("#!/bin/sh\n", takesAll: true)
        let records = ["a.txt", "b.txt", "folder/", "c.txt"].map { EventTests.record($0) }.joined(separator: ",")
        let answer = try function.handle(#"{"Records": [\#(records)]}"#)
        #expect(batch.jobs.first?["arrayProperties"]?["size"]?.integer == 3)
        #expect(answer.contains(#""size":3"#) && answer.contains("the object marks a folder"), "\(answer)")
    }

    @Test("an event about nothing that is wanted becomes no job")
    func unwanted() throws {
        let batch = try FakeBatch()
        var function = try batch.function("#!/bin/sh\n", takesAll: true)
        #expect(try function.handle(EventTests.event(EventTests.record("folder/"))).contains(#""ignored""#))
        #expect(batch.server.requests.isEmpty)
    }

    @Test("a job with several nodes has the event on each of them")
    func nodes() throws {
        let batch = try FakeBatch()
        var function = try batch.function("#!/bin/sh\n", takesAll: true, nodes: 3)
        _ = try function.handle(#"{"n": 1}"#)
        #expect(batch.jobs.first?["containerOverrides"] == nil)
        #expect(
            batch.jobs.first?["nodeOverrides"]?["nodePropertyOverrides"]?.array?.first?["targetNodes"]?.string == "0:")
        #expect(batch.variable("EVENT") == #"{"n": 1}"#)
    }

    @Test("a client over HTTP is told 202 and the job")
    func request() throws {
        let batch = try FakeBatch()
        var function = try batch.function("#!/bin/sh\n", takesAll: true)
        let answer = try function.handle(RequestRunTests.event("x"))
        #expect(answer.hasPrefix(#"{"statusCode":202,"#) && answer.contains(#"\"jobId\":\"b1c2-3\""#), "\(answer)")
    }

    @Test("an event too long for an environment goes by the place that the recipe names, and is an error without one")
    func longEvent() throws {
        let batch = try FakeBatch()
        let event = #"{"text": "\#(String(repeating: "x", count: 24 << 10))"}"#
        var placed = try batch.function("#!/bin/sh\n", takesAll: true, events: "long/events")
        _ = try placed.handle(event)
        #expect(batch.variable("EVENT") == nil)
        let place = try #require(batch.variable("EVENT_OBJECT"))
        #expect(place.hasPrefix("long/events/8f5-a-") && place.hasSuffix(".json"))
        #expect(placed.folder.read("storage/\(place)") == event)
        var unplaced = try batch.function("#!/bin/sh\n", takesAll: true)
        #expect(unplaced.failure(event).type == "Batch.TooLong")
        // Quotes count twice inside of JSON: this one is short, and its request is not.
        var quoted = try batch.function("#!/bin/sh\n", takesAll: true)
        #expect(quoted.failure("[\(String(repeating: "\"\",", count: 7000))1]").type == "Batch.TooLong")
    }

    @Test("an event becomes a job when time or memory did not suffice, and nothing half-done is stored")
    func shortages() throws {
        let half = "echo half > \"$TMP_OUTPUT_DIR/half\"; "
        for (script, seconds) in [("sleep 30", 2.5), ("kill -9 $$", 30), ("sh -c 'kill -9 $$'", 30)] {
            let batch = try FakeBatch()
            var function = try batch.function("#!/bin/sh\n\(half)\(script)\n") { spec, _ in
                spec.handling.keepOutput = [.timeout, .failure]
            }
            let answer = try function.handle(EventTests.event(EventTests.record("a.txt")), seconds: seconds)
            #expect(answer.contains(#""jobId":"b1c2-3""#), "\(script): \(answer)")
            #expect(shell("test -e '\(function.folder.path)/storage/out'").code != 0, "\(script)")
        }
    }

    @Test("only what did not suffice becomes a job: other objects of the event were handled")
    func oneOfTwo() throws {
        let batch = try FakeBatch()
        let script = """
            #!/bin/sh
            case "$INPUT_FILE_PATH" in *"b c.txt") kill -9 $$ ;; esac
            cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/"
            """
        var function = try batch.function(script)
        let records = [EventTests.record("a.txt"), EventTests.record("sub/b+c.txt")].joined(separator: ",")
        let answer = try function.handle(#"{"Records": [\#(records)]}"#)
        #expect(answer.contains("results/a.txt") && answer.contains(#""jobs":[{"#), "\(answer)")
        #expect(batch.variable("EVENT")?.contains("sub/b+c.txt") == true)
        #expect(batch.variable("EVENT")?.contains("a.txt\"") == false)
    }

    @Test("of a queue's messages only the one that ran out of memory becomes a job, and not the whole queue's event")
    func oneMessage() throws {
        let batch = try FakeBatch()
        var function = try batch.function("#!/bin/sh\ncase \"$INPUT_FILE_PATH\" in */a.txt) kill -9 $$ ;; esac\n")
        let record = EventTests.event(EventTests.record("a.txt")).replacing("\"", with: "\\\"")
        let messages = ["plain", record].enumerated().map { index, body in
            #"{"messageId": "m\#(index)", "eventSource": "aws:sqs", "body": "\#(body)"}"#
        }
        let answer = try function.handle(#"{"Records": [\#(messages.joined(separator: ","))]}"#)
        #expect(answer.contains(#""jobs":[{"#), "\(answer)")
        #expect(batch.jobs.count == 1)
        #expect(batch.variable("EVENT")?.contains("m1") == true)
        #expect(batch.variable("EVENT")?.contains("m0") == false)
    }

    @Test("what time did not suffice for becomes a job, and so does what then had none at all")
    func noTimeLeft() throws {
        let batch = try FakeBatch()
        var function = try batch.function("#!/bin/sh\nsleep 30\n")
        let records = [EventTests.record("a.txt"), EventTests.record("sub/b+c.txt")].joined(separator: ",")
        let answer = try function.handle(#"{"Records": [\#(records)]}"#, seconds: 2.5)
        #expect(batch.jobs.count == 2, "\(answer)")
    }

    @Test("an object that is not there is no shortage, whatever the one before it came to")
    func missingAfterKill() throws {
        let batch = try FakeBatch()
        var function = try batch.function("#!/bin/sh\nkill -9 $$\n")
        let records = [EventTests.record("a.txt"), EventTests.record("missing.txt")].joined(separator: ",")
        #expect(function.failure(#"{"Records": [\#(records)]}"#).type == "Storage.NotFound")
        #expect(batch.jobs.count == 1)
    }

    @Test("a job that could not be submitted is not submitted once more for the whole event")
    func onceOnly() throws {
        let batch = try FakeBatch { _ in .init(500, ["x-amzn-errortype": "ServerException"]) }
        var function = try batch.function("#!/bin/sh\nkill -9 $$\n")
        #expect(function.failure(EventTests.event(EventTests.record("a.txt"))).type == "Batch.SubmitFailed")
        #expect(batch.server.requests.count == 1)
        var web = try batch.function("#!/bin/sh\n", takesAll: true)
        #expect(try web.handle(RequestRunTests.event("x")).hasPrefix(#"{"statusCode":500,"#))
    }

    @Test("jobs with several nodes have no children: each object is a job")
    func nodesAndObjects() throws {
        let batch = try FakeBatch()
        var function = try batch.function("#!/bin/sh\n", takesAll: true, nodes: 2)
        _ = try function.handle(Self.everything)
        #expect(batch.jobs.count == 2)
        #expect(batch.jobs.allSatisfy { $0["arrayProperties"] == nil })
        #expect(batch.variable("EVENT")?.contains("a.txt") == false)
    }

    @Test("a program that fails by itself becomes no job")
    func failure() throws {
        let batch = try FakeBatch()
        var function = try batch.function("#!/bin/sh\nexit 3\n")
        #expect(function.failure(#"{"n": 1}"#).type == "Script.ExitCode")
        #expect(batch.server.requests.isEmpty)
    }

    @Test("what the recipe does not name is no reason for a job")
    func notNamed() throws {
        let batch = try FakeBatch()
        var function = try batch.function("#!/bin/sh\nkill -9 $$\n") { spec, _ in
            spec.batch?.takesAfter = [.timeout]
        }
        #expect(function.failure(#"{"n": 1}"#).type == "Script.Signal")
        #expect(batch.server.requests.isEmpty)
    }

    @Test("too little room in /tmp for an input is a reason for a job", .enabled(if: isRoot, "only root can mount"))
    func noRoom() throws {
        let batch = try FakeBatch()
        var function = try batch.function("#!/bin/sh\n")
        let path = function.folder.path
        shell("mkdir -p '\(path)/scratch' && mount -t tmpfs -o size=64k tmpfs '\(path)/scratch'")
        defer { shell("umount '\(path)/scratch'") }
        function.folder.write(String(repeating: "x", count: 1 << 20), to: "storage/in/large.txt")
        let answer = try function.handle(EventTests.event(EventTests.record("large.txt")))
        #expect(answer.contains(#""jobId":"b1c2-3""#), "\(answer)")
    }

    private static let isRoot = shell("id -u").output == "0\n"

    @Test("a queue that is busy is asked again; one that may have taken the job is not")
    func attempts() throws {
        let busy = try FakeBatch { $0.attempt < 2 ? .init(429, ["x-amzn-errortype": "TooManyRequestsException"]) : nil }
        var patient = try busy.function("#!/bin/sh\n", takesAll: true)
        #expect(try patient.handle("{}").contains("b1c2-3"))
        #expect(busy.server.requests.count == 3)
        let broken = try FakeBatch { _ in .init(500, ["x-amzn-errortype": "ServerException"]) }
        var careful = try broken.function("#!/bin/sh\n", takesAll: true)
        #expect(careful.failure("{}").type == "Batch.SubmitFailed")
        #expect(broken.server.requests.count == 1)
    }

    @Test("a refusal is told in Batch's words, without the credentials")
    func refusal() throws {
        let batch = try FakeBatch { _ in
            .init(
                400, ["x-amzn-errortype": "ClientException:", "x-amzn-requestid": "r-1"],
                utf8(#"{"message": "JobQueue queue not found, says example/secret"}"#))
        }
        var function = try batch.function("#!/bin/sh\n", takesAll: true)
        let failure = function.failure("{}")
        #expect(
            failure.message
                == "cannot submit a job to the queue queue of AWS Batch: ClientException: JobQueue queue not found, says (secret) (status 400, request r-1)"
        )
    }
}

/// The supervisor as a job's entry point.
@Suite(.enabled(if: BootstrapBinary.path != nil, "build it first: swift build -c release --product bootstrap"))
struct BatchJobTests {
    private let copies = """
        #!/bin/sh
        echo "copying $STORAGE_OBJECT_KEY"
        cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/"
        """

    private func package(_ script: String) -> TestPackage {
        let package = TestPackage(script) { spec, _ in
            spec.outputs = [.init(storage: utf8("s3"), path: utf8("out"))]
            spec.batch = LaunchSpec.Batch(queue: utf8("q"), definition: utf8("d"), takesAll: true)
        }
        package.folder.write("content a", to: "storage/in/a.txt")
        package.folder.write("content b", to: "storage/in/b.txt")
        return package
    }

    private func run(_ package: borrowing TestPackage, _ variables: [String: String]) -> ShellResult {
        let path = package.folder.path
        let all = variables.map { "\($0.key)='\($0.value)'" }.joined(separator: " ")
        return shell(
            """
            env -i PATH=/usr/bin:/bin AWS_BATCH_JOB_ID=j-1 LAMBDA_TASK_ROOT='\(path)/package' \
            SCAR_SCRATCH='\(path)/scratch' SCAR_LOCAL_STORAGE='\(path)/storage' \(all) '\(path)/package/bootstrap' 2>&1
            """)
    }

    private var both: String { #"{"Records": [\#(EventTests.record("a.txt")),\#(EventTests.record("b.txt"))]}"# }

    @Test("it handles the event of its environment, and ends with 0")
    func runs() {
        let package = package(copies)
        let result = run(package, ["EVENT": EventTests.event(EventTests.record("a.txt"))])
        #expect(result.code == 0, "\(result.output)")
        #expect(result.output.contains("copying a.txt"))
        #expect(package.folder.read("storage/out/a.txt") == "content a")
        #expect(shell("ls '\(package.folder.path)/scratch/invocations'").output == "")
    }

    @Test("each child of an array job has an object of its own")
    func children() {
        for (index, name) in ["a.txt", "b.txt"].enumerated() {
            let package = package(copies)
            let result = run(package, ["EVENT": both, "AWS_BATCH_JOB_ARRAY_INDEX": "\(index)"])
            #expect(result.code == 0, "\(result.output)")
            #expect(shell("ls '\(package.folder.path)/storage/out'").output == "\(name)\n")
        }
        let surplus = package(copies)
        #expect(run(surplus, ["EVENT": both, "AWS_BATCH_JOB_ARRAY_INDEX": "2"]).code == 1)
        #expect(run(surplus, ["EVENT": both, "AWS_BATCH_JOB_ARRAY_INDEX": "x"]).code == 1)
    }

    @Test("a long event is read from where it was put")
    func longEvent() {
        let package = package(copies)
        package.folder.write(EventTests.event(EventTests.record("b.txt")), to: "storage/long/events/e.json")
        #expect(run(package, ["EVENT_OBJECT": "long/events/e.json"]).code == 0)
        #expect(package.folder.read("storage/out/b.txt") == "content b")
        #expect(run(package, ["EVENT_OBJECT": "long/events/missing.json"]).code == 1)
    }

    @Test("the program's exit code is the job's, its signal as a shell says it, and nothing is stored")
    func exitCodes() {
        for (script, code) in [("exit 7", Int32(7)), ("kill -TERM $$", 143)] {
            let package = package("#!/bin/sh\necho half > \"$TMP_OUTPUT_DIR/half\"\n\(script)\n")
            let result = run(package, ["EVENT": EventTests.event(EventTests.record("a.txt"))])
            #expect(result.code == code, "\(result.output)")
            #expect(package.folder.read("storage/out/half") == nil)
        }
    }

    @Test("a program that names the error of its answer has failed all the same")
    func namedError() {
        let package = package("#!/bin/sh\necho 'Status: 404' > \"$RESPONSE_HEADERS_FILE\"\nexit 3\n")
        #expect(run(package, ["EVENT": RequestRunTests.event("x")]).code == 3)
    }

    @Test("one that Batch ends has not been done, so that it may be tried again")
    func ended() {
        let package = package("#!/bin/sh\ntouch \"$0.began\"\nsleep 30\n")
        let path = package.folder.path
        let result = shell(
            """
            env -i PATH=/usr/bin:/bin AWS_BATCH_JOB_ID=j-1 LAMBDA_TASK_ROOT='\(path)/package' EVENT='{}' \
            SCAR_SCRATCH='\(path)/scratch' '\(path)/package/bootstrap' 2>/dev/null &
            for i in $(seq 100); do [ -e '\(path)/package/script/run.began' ] && break; sleep 0.1; done
            kill -TERM $!; wait $!
            """)
        #expect(result.code == 143)
    }

    @Test("of several nodes only the main one stores what it made")
    func nodes() {
        for (node, isStored) in [("0", false), ("1", true)] {
            let package = package(copies)
            let result = run(
                package,
                [
                    "EVENT": EventTests.event(EventTests.record("a.txt")), "AWS_BATCH_JOB_NODE_INDEX": node,
                    "AWS_BATCH_JOB_MAIN_NODE_INDEX": "1",
                ])
            #expect(result.code == 0, "\(result.output)")
            #expect((package.folder.read("storage/out/a.txt") != nil) == isStored)
            _ = run(
                package,
                [
                    "EVENT": RequestRunTests.event("x"), "AWS_BATCH_JOB_NODE_INDEX": node,
                    "AWS_BATCH_JOB_MAIN_NODE_INDEX": "1",
                ])
            #expect(
                shell("ls '\(package.folder.path)/storage/out' 2>/dev/null | wc -l").output
                    == (isStored ? "2\n" : "0\n"))
        }
    }
}
