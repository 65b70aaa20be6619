import ByteKit
import TestKit
import Testing

@Suite("A function that is served on this machine", .enabled(if: Testbed.isUp, Testbed.reason("tiny")), .serialized)
final class ServeTests {
    private let folder: TestFolder
    private let port: Int
    private let service: BackgroundProgram

    init() throws {
        folder = try TestFolder()
        port = try BackgroundProgram.freePort()
        let script = """
            #!/bin/sh
            case "$(cat "$INPUT_FILE_PATH")" in
                *fail*) echo 'it went wrong' >&2; exit 4 ;;
                *store*) echo stored > "$TMP_OUTPUT_DIR/result.txt"; echo more > "$TMP_OUTPUT_DIR/more.txt" ;;
                *) echo "got $(cat "$INPUT_FILE_PATH")" ;;
            esac
            """
        try OutputFile.write(Array(script.utf8), to: "\(folder.path)/script.sh")
        let recipe = try Tool.recipe(
            #"""
            {"name": "served", "image": "scar-build/tiny:latest", "script": "script.sh",
             "input": [{"path": "bucket/in"}], "output": [{"path": "bucket/out"}]}
            """#, in: folder.path)
        service = try BackgroundProgram(
            "sh",
            [
                "-c", #"exec "$0" run "$1" -q --serve "127.0.0.1:$2" --cache "$3/cache" --buckets "$3/buckets""#,
                Products.scarBuild, recipe, "\(port)", folder.path,
            ], package: "dash")
        let url = "http://127.0.0.1:\(port)/"
        for _ in 0..<240 where try Peer.run("curl", ["-s", "-o", "/dev/null", url]).status != 0 {
            _ = try Peer.run("sleep", ["0.5"])
        }
    }

    /// Calls the function with curl; gives what curl was told to print, and the body.
    private func call(_ event: String, _ arguments: [String] = [], function: String = "served") throws -> String {
        try Peer.run(
            "curl",
            ["-s", "-w", "\n%{http_code}", "-d", event] + arguments + [
                "http://127.0.0.1:\(port)/2015-03-31/functions/\(function)/invocations"
            ]
        ).text
    }

    @Test("answers calls, by its name, with a qualifier, and by its ARN")
    func answers() throws {
        for name in ["served", "served:live", "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aserved"] {
            let answer = try call(#"{"n": 1}"#, function: name)
            #expect(answer.contains(#"got {\"n\": 1}"#) && answer.hasSuffix("200"), "\(name): \(answer)")
        }
        let unknown = try call("{}", function: "other")
        #expect(unknown.contains("Function not found: other") && unknown.hasSuffix("404"))
    }

    @Test("says that the function failed, and goes on")
    func failure() throws {
        let failed = try call(#"{"please": "fail"}"#, ["-i"])
        #expect(failed.contains("X-Amz-Function-Error: Unhandled"))
        #expect(failed.contains("it went wrong"))
        #expect(try call(#"{"n": 2}"#).contains(#"got {\"n\": 2}"#))
    }

    @Test("gives the end of what the function has said of an event to the caller who asks for it")
    func log() throws {
        let field = "X-Amz-Log-Result: "
        for round in 1...2 {
            let answer = try call(#"{"please": "fail \#(round)"}"#, ["-i", "-H", "X-Amz-Log-Type: Tail"])
            let line = try #require(answer.split(separator: "\r\n").first { $0.hasPrefix(field) })
            let coded = String(line.dropFirst(field.count))
            let log = try Peer.run("sh", ["-c", #"printf %s "$0" | base64 -d"#, coded]).text
            #expect(log.contains("it went wrong\n"), "\(log)")
            // The other event's is not in it; a new sandbox, for it may get one, says more than a used one.
            #expect(log.split(separator: "\n").filter { $0 == "it went wrong" }.count == 1, "\(log)")
            #expect(log.utf8.count <= 4096)
        }
        #expect(try !call(#"{"n": 3}"#, ["-i"]).contains(field))
    }

    @Test("gives each of many callers at once the answer to its own event")
    func concurrency() throws {
        let script = """
            for n in $(seq 40); do
                curl -s -d "{\\"n\\": $n}" "$0" > "$1/$n" &
            done
            wait
            for n in $(seq 40); do grep -q "got {.*: $n}" "$1/$n" || echo "$n: $(cat "$1/$n")"; done
            """
        try Folder.create("\(folder.path)/answers")
        let result = try Peer.run(
            "sh",
            [
                "-c", script, "http://127.0.0.1:\(port)/2015-03-31/functions/served/invocations",
                "\(folder.path)/answers",
            ])
        #expect(result.text == "")
    }

    @Test("takes events that nobody waits for, and stores what comes of them in the buckets’ folder")
    func unattended() throws {
        let answer = try call(#"{"please": "store"}"#, ["-H", "X-Amz-Invocation-Type: Event"])
        #expect(answer.hasSuffix("202"))
        try BackgroundProgram.wait(for: "the output file") {
            (try? InputFile.contents(of: "\(folder.path)/buckets/bucket/out/result.txt", limit: 100))
                == Array("stored\n".utf8)
        }
    }

    @Test("takes objects of events from the buckets’ folder")
    func objects() throws {
        try Folder.create("\(folder.path)/buckets/bucket/in")
        try OutputFile.write(Array("please store".utf8), to: "\(folder.path)/buckets/bucket/in/a.txt")
        let answer = try call(
            #"{"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "bucket"}, "object": {"key": "in/a.txt"}}}]}"#
        )
        #expect(answer.contains("out/result.txt"), "\(answer)")
    }

    @Test("goes on after there were no descriptors for more connections")
    func manyConnections() throws {
        #expect(try call(#"{"n": 1}"#).hasSuffix("200"))
        let script = """
            import os, resource, socket, sys, time
            port = int(sys.argv[1])
            def words(process):
                try:
                    with open(f"/proc/{process}/cmdline", "rb") as file: return file.read().split(b"\\0")
                except OSError:
                    return []
            service = [p for p in map(int, filter(str.isdigit, os.listdir("/proc"))) if b"127.0.0.1:%d" % port in words(p)][0]
            folder = f"/proc/{service}/fd"
            few = len(os.listdir(folder)) + 9
            before = resource.prlimit(service, resource.RLIMIT_NOFILE)
            resource.prlimit(service, resource.RLIMIT_NOFILE, (few, before[1]))
            idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
            time.sleep(1)
            open_ones = sorted(int(name) for name in os.listdir(folder))
            print("full" if sum(number < few for number in open_ones) >= few - 1 else open_ones)
            for connection in idle: connection.close()
            resource.prlimit(service, resource.RLIMIT_NOFILE, before)
            """
        let result = try Peer.run("python3", ["-c", script, "\(port)"])
        #expect(result.text == "full\n", "\(result.text)\(result.errorText)")
        let answer = try call(#"{"n": 2}"#, ["-m", "20"])
        #expect(answer.contains(#"got {\"n\": 2}"#), "\(answer)")
    }

    @Test("does not run for a web page that knows the port")
    func origin() throws {
        let answer = try call("{}", ["-H", "Origin: https://example.com"])
        #expect(answer.hasSuffix("403"), "\(answer)")
    }

    @Test("refuses more than Lambda takes, and what is no call")
    func refusals() throws {
        try OutputFile.write([UInt8](repeating: UInt8(ascii: "1"), count: 6 << 20 | 1), to: "\(folder.path)/large")
        #expect(try call("@\(folder.path)/large").hasSuffix("413"))
        #expect(try call("{}", ["-X", "PUT"]).hasSuffix("405"))
        #expect(try call("{}", ["-H", "X-Amz-Invocation-Type: Sometimes"]).hasSuffix("400"))
        #expect(try call("{}", ["-H", "X-Amz-Invocation-Type: DryRun"]).hasSuffix("204"))
        #expect(try call("{}", ["-H", "Transfer-Encoding: chunked"]).hasSuffix("200"))
    }

    @Test(
        "is Lambda for the aws client",
        .enabled(if: AWSCommand.isInstalled, "needs awscli: scripts/setup test"))
    func client() throws {
        let result = try AWSCommand.run(
            [
                "lambda", "invoke", "--endpoint-url", "http://127.0.0.1:\(port)", "--function-name", "served",
                "--payload", #"{"from": "aws"}"#, "\(folder.path)/answer",
            ],
            variables: [
                ("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_DEFAULT_REGION", "us-east-1"),
            ])
        #expect(result.status == 0, "\(result.errorText)")
        let answer = try InputFile.contents(of: "\(folder.path)/answer", limit: 1 << 20)
        #expect(String(decoding: answer, as: UTF8.self).contains(#"got {\"from\": \"aws\"}"#))
    }
}

@Suite("The command line of a service")
struct ServeCommandTests {
    @Test(
        "refuses addresses that are none",
        arguments: ["nowhere", "1.2.3:80", "127.0.0.1:70000", "127.0.0.1:80:80", "[::1]:80"])
    func addresses(_ address: String) throws {
        let result = try Tool.run(["run", "recipe.json", "--serve", address])
        #expect(result.status == 2)
        #expect(result.errorText.contains("--serve"))
    }

    @Test("takes its events from callers alone")
    func events() throws {
        #expect(try Tool.run(["run", "recipe.json", "--serve", "9000", "--event", "e.json"]).status == 2)
        #expect(try Tool.run(["run", "recipe.json", "--buckets", "b"]).status == 2)
    }
}
