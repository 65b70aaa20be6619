import Supervisor
import TestKit
import Testing

/// AWS's own Runtime Interface Emulator in the place of Lambda.
@Suite(
    .enabled(if: BootstrapBinary.path != nil, "build it first: swift build -c release --product bootstrap"),
    .enabled(if: RuntimeEmulator.path != nil, Comment(rawValue: RuntimeEmulator.absence)),
    .serialized)
struct EmulatorTests {
    /// Sends events one after the other; what came back, and the function's folder as it then is.
    private func answers(
        _ script: String, _ events: [String], _ change: (inout LaunchSpec) -> Void = { _ in },
        look: (borrowing TestPackage) -> Void = { _ in }
    ) throws -> [String] {
        let emulator = try #require(RuntimeEmulator.path)
        let package = TestPackage(script) { spec, _ in
            spec.outputs = [.init(storage: utf8("s3"), path: utf8("out"))]
            change(&spec)
        }
        package.folder.write("content", to: "storage/in/a b.txt")
        let path = package.folder.path
        for (index, event) in events.enumerated() { package.folder.write(event, to: "events/\(index)") }
        let (service, api) = (FakeRuntime.freePort(), FakeRuntime.freePort())
        let calls = events.indices.map { "call '\(path)/events/\($0)'" }.joined(separator: "\n")
        let output = shell(
            """
            env -i PATH=/usr/bin:/bin HOME=/tmp AWS_LAMBDA_FUNCTION_TIMEOUT=4 LAMBDA_TASK_ROOT='\(path)/package' \
            SCAR_SCRATCH='\(path)/scratch' SCAR_LOCAL_STORAGE='\(path)/storage' '\(emulator)' \
            --runtime-interface-emulator-address 127.0.0.1:\(service) --runtime-api-address 127.0.0.1:\(api) \
            '\(path)/package/bootstrap' > '\(path)/log' 2>&1 &
            rie=$!
            call() { curl -s --retry 30 --retry-connrefused --retry-delay 0 -m 30 -X POST \
            http://127.0.0.1:\(service)/2015-03-31/functions/function/invocations --data-binary @"$1" | tr '\\n' '~'; echo; }
            \(calls)
            kill $rie; wait $rie 2>/dev/null
            """
        ).output
        look(package)
        let lines = output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        try #require(lines.count >= events.count, "\(package.log)")
        return lines
    }

    @Test("answers, failures, timeouts and storage events, one after the other")
    func outcomes() throws {
        var stored: String?
        let said = try answers(
            "#!/bin/sh\ncase $(cat \"$INPUT_FILE_PATH\") in\nfail) echo why >&2; exit 3;;\nkill) kill -9 $$;;\nsleep) sleep 60;;\n*) tr a-z A-Z < \"$INPUT_FILE_PATH\" | tee \"$TMP_OUTPUT_DIR/out.txt\";;\nesac\n",
            [
                #"{"httpMethod":"POST","body":"hello","isBase64Encoded":false}"#,
                #"{"body":"fail","isBase64Encoded":false}"#, #"{"body":"kill","isBase64Encoded":false}"#,
                EventTests.event(EventTests.record("a+b.txt")), #"{"body":"sleep","isBase64Encoded":false}"#,
                #"{"body":"again","isBase64Encoded":false}"#, EventTests.event(EventTests.record("nothing")),
            ], look: { stored = $0.folder.read("storage/out/out.txt") })
        #expect(said[0].contains(#""body":"HELLO","isBase64Encoded":false"#), "\(said[0])")
        #expect(
            said[1]
                == #"{"errorMessage":"the program ended with exit code 3\nwhy","errorType":"Script.ExitCode","stackTrace":[]}"#
        )
        #expect(said[2].contains(#""errorType":"Script.Signal""#), "\(said[2])")
        #expect(
            said[3].hasPrefix(
                #"{"outputs":[{"bucket":"out","key":"out.txt","size":7}],"inputs":[{"bucket":"in","key":"a b.txt","size":7}],"seconds":"#
            ))
        #expect(said[4].contains(#""errorType":"Script.Timeout""#), "\(said[4])")
        #expect(said[5].contains(#""body":"AGAIN""#), "\(said[5])")
        #expect(said[6].contains(#""errorType":"Storage.NotFound""#), "\(said[6])")
        #expect(stored == "AGAIN")
    }

    @Test("every kind of event once, each with the answer of its form")
    func kinds() throws {
        let s3 = EventTests.event(EventTests.record("a+b.txt"))
        let events = [
            s3, EventTests.event(EventTests.record("a+b.txt", source: "minio:s3")), MessageTests.queued(s3, "words"),
            MessageTests.notified(s3), MessageTests.bus("a b.txt"),
            #"{"storage_provider":"minio.default","event":\#(s3)}"#, WebRequestTests.gateway1, WebRequestTests.gateway2,
            WebRequestTests.balancer, RequestRunTests.event("***", encoded: true), #"{"some":"document"}"#, "\"words\"",
            #"{"script":"ZWNobyBicm91Z2h0Cg=="}"#, #"{"cmd_args":"[\"x y\"]"}"#,
            EventTests.event(EventTests.record("a", name: "ObjectRemoved:Delete")),
        ]
        let said = try answers("#!/bin/sh\necho \"$#$1 $REQUEST_METHOD $(cat \"$INPUT_FILE_PATH\")\"\n", events) {
            $0.handling.eventMayBring = [.script, .arguments]
            $0.handling.reportsMessages = true
        }
        let input = #""inputs":[{"bucket":"in","key":"a b.txt","size":7}]"#
        for index in [0, 1, 3, 4, 5] { #expect(said[index].contains(input), "\(said[index])") }
        #expect(said[2] == #"{"batchItemFailures":[]}"#)
        #expect(said[6].hasPrefix(#"{"statusCode":200,"headers":{"#) && said[6].contains(#""body":"0 PUT hi\n""#))
        #expect(said[7].contains(#""body":"0 POST 1,2\n""#))
        #expect(said[8].contains(#""statusDescription":"200 OK""#))
        #expect(said[9].hasPrefix(#"{"statusCode":400,"#))
        #expect(said[10].contains(#""body":"0  {\"some\":\"document\"}\n""#), "\(said[10])")
        #expect(said[11].contains(#""body":"0  \"words\"\n""#))
        #expect(said[12].contains(#""body":"brought\n""#))
        #expect(said[13].contains(#""body":"1x y "#))
        #expect(said[14].contains(#""ignored":[{"bucket":"in","key":"a","reason":"#))
    }

    @Test("it takes an answer that is streamed")
    func streaming() throws {
        let said = try answers("#!/bin/sh\necho one; sleep 0.1; echo two\n", ["{}", RequestRunTests.event()]) {
            $0.handling.streams = true
        }
        #expect(said[0] == "one~two~", "\(said[0])")
        #expect(said[1].hasPrefix(#"{"statusCode":200,"headers":{"#) && said[1].hasSuffix("one~two~"), "\(said[1])")
    }
}
