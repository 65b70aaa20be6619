import Glibc
import Supervisor
import TestKit
import Testing

/// Answers that the executable sends while its program writes them.
@Suite(.enabled(if: BootstrapBinary.path != nil, "build it first: swift build -c release --product bootstrap"))
struct StreamingTests {
    private func answers(_ script: String, _ events: String..., seconds: Double = 30) -> [FakeRuntime.Call] {
        let package = TestPackage(script) { spec, _ in spec.handling.streams = true }
        let runtime = FakeRuntime(events.map { ($0, seconds) })
        #expect(shell(package.command(runtime.address)).code == 0, "\(package.log)")
        return runtime.calls.filter { $0.path.hasSuffix("/response") || $0.path.hasSuffix("/error") }
    }

    @Test("a function URL gets a head, eight NULs and the body, in chunks, and the next event comes as ever")
    func web() throws {
        let calls = answers(
            "#!/bin/sh\nprintf 'Status: 201\\nX-A: b\\n' > \"$RESPONSE_HEADERS_FILE\"; echo one; sleep 0.2; echo two\n",
            RequestRunTests.event(), RequestRunTests.event())
        #expect(calls.count == 2)
        let first = try #require(calls.first)
        #expect(first.head.contains("Lambda-Runtime-Function-Response-Mode: streaming"))
        #expect(first.head.contains("Content-Type: application/vnd.awslambda.http-integration-response"))
        let parts = first.body.split(separator: String(repeating: "\0", count: 8), maxSplits: 1)
        #expect(parts.count == 2)
        #expect(
            parts[0].hasPrefix(#"{"statusCode":201,"headers":{"Content-Type":"text/plain; charset=utf-8","X-A":"b""#))
        #expect(parts[1] == "one\ntwo\n")
        #expect(first.trailer.isEmpty)
    }

    @Test("a direct caller gets the bytes alone, of the type that the program names")
    func direct() throws {
        let calls = answers("#!/bin/sh\necho 'Content-Type: x/y' > \"$RESPONSE_HEADERS_FILE\"; echo out\n", "{}")
        #expect(calls.first?.body == "out\n")
        #expect(calls.first?.head.contains("Content-Type: x/y") == true)
    }

    @Test("what goes wrong after the beginning is told in the trailer, and before it as every failure")
    func failures() throws {
        let calls = answers(
            "#!/bin/sh\n[ \"$CONT_VAR_early\" ] && exit 4; echo begun; sleep 0.1; exit 3\n", RequestRunTests.event(),
            RequestRunTests.event(query: "early=1"), "{}")
        #expect(calls.count == 3)
        #expect(calls[0].body.hasSuffix("begun\n"))
        #expect(calls[0].trailer.contains("Lambda-Runtime-Function-Error-Type: Script.ExitCode\n"))
        let body = try #require(calls[0].trailer.split(separator: "Error-Body: ").last?.split(separator: "\n").first)
        #expect(
            text(Base64.decode(utf8(String(body))) ?? []).hasPrefix(
                #"{"errorMessage":"the program ended with exit code 3","#))
        #expect(calls[1].body.hasPrefix(#"{"statusCode":500,"#) && calls[1].trailer.isEmpty)
        #expect(calls[2].trailer.contains("Script.ExitCode"))
    }

    @Test("a program over its time is told of in the trailer")
    func timeout() {
        let calls = answers("#!/bin/sh\necho begun; exec sleep 30\n", "{}", seconds: 1.5)
        #expect(calls.first?.trailer.contains("Script.Timeout") == true)
    }

    @Test("one output file is streamed when nothing was printed, larger than answers otherwise may be")
    func file() {
        let calls = answers(
            "#!/bin/sh\nhead -c 20000000 /dev/zero | tr '\\0' x > \"$TMP_OUTPUT_DIR/f.txt\"\n", RequestRunTests.event())
        let body = calls.first?.body ?? ""
        #expect(body.utf8.count > 20_000_000 && body.utf8.count < 20_001_000)
        #expect(calls.first?.errorType == nil)
    }

    @Test("a file is streamed piece by piece: it is never in memory as a whole")
    func pieces() throws {
        let package = TestPackage("#!/bin/sh\nhead -c 120000000 /dev/zero > \"$TMP_OUTPUT_DIR/f.bin\"\n") { spec, _ in
            spec.handling.streams = true
        }
        let runtime = FakeRuntime([("{}", 120)])
        let command = package.command(runtime.address, prefix: "/usr/bin/time -f %M -o '\(package.folder.path)/peak'")
        #expect(shell(command).code == 0, "\(package.log)")
        #expect(runtime.calls.first { $0.path.hasSuffix("/response") }?.body.utf8.count == 120_000_000)
        let peak = try #require(Int((package.folder.read("peak") ?? "").filter { $0 != "\n" }))
        #expect(peak < 40_000, "\(peak) KiB")
    }

    @Test("an answer over 200 MB is cut off and said to be")
    func tooLong() {
        let calls = answers("#!/bin/sh\nhead -c 220000000 /dev/zero\n", "{}", seconds: 120)
        #expect(calls.first?.trailer.contains("Function.ResponseSizeTooLarge") == true)
        #expect((calls.first?.body.utf8.count ?? 0) <= 200 << 20)
    }

    @Test("storage events are answered as a whole")
    func objects() {
        let event = EventTests.event(EventTests.record("a", name: "ObjectRemoved:Delete"))
        let calls = answers("#!/bin/sh\n", event)
        #expect(calls.first?.head.contains("streaming") == false)
        #expect(calls.first?.body.contains("\"ignored\"") == true)
    }
}
