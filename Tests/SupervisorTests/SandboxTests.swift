import Supervisor
import TestKit
import Testing

/// The executable through the life of a sandbox: its end, its log, its limits, and a long time of work.
@Suite(.enabled(if: BootstrapBinary.path != nil, "build it first: swift build -c release --product bootstrap"))
struct SandboxTests {
    @Test("SIGTERM tells the program to end, lets it, and ends the supervisor with 0; what stays is killed")
    func shutdown() throws {
        for (script, isObedient) in [
            ("#!/bin/sh\ntrap 'echo tidied > \"$SCAR_MARK\"; exit 0' TERM; sleep 300 & wait\n", true),
            ("#!/bin/sh\ntrap '' TERM; setsid sleep 301 & sleep 302\n", false),
        ] {
            let package = TestPackage(script) { spec, path in
                spec.environment.append(.init(name: utf8("SCAR_MARK"), value: utf8("\(path)/mark")))
            }
            let path = package.folder.path
            let runtime = FakeRuntime([("{}", 300)])
            let result = shell(
                """
                \(package.command(runtime.address)) &
                i=0; until [ -e '\(path)/scratch/invocations/1/event.json' ] || [ $i -gt 100 ]; do sleep 0.1; i=$((i+1)); done
                sleep 0.3; kill -TERM $!; wait $!; echo $?; sleep 0.3
                for p in /proc/[0-9]*; do tr '\\0' '\\n' < $p/environ 2>/dev/null | grep -qx 'SCAR_MARK=\(path)/mark' && echo left; done
                """)
            #expect(result.output == "0\n", "\(result.output)")
            #expect((package.folder.read("mark") == "tidied\n") == isObedient)
        }
    }

    @Test("SIGTERM while it waits for an event ends it with 0 at once")
    func idleShutdown() {
        let package = TestPackage("#!/bin/sh\n")
        // A Lambda that never answers.
        let silent = FakeRuntime([], .raw([]))
        let result = shell(
            "exec 3>&1; \(package.command(silent.address)) & sleep 0.5; kill -TERM $!; wait $!; echo $?")
        #expect(result.output == "0\n")
    }

    @Test(
        "where Lambda asks for JSON, every line is a document with time, level and request; documents stay as they are")
    func jsonLog() throws {
        let package = TestPackage(
            "#!/bin/sh\nprintf 'a \"b\"\\n\\377\\033[1m\\r\\n'; echo '{\"level\":\"TRACE\",\"x\":1}'; echo err >&2; head -c 40000 /dev/zero | tr '\\0' y >&2; exit 3\n"
        )
        let runtime = FakeRuntime([("{}", 30)])
        shell(package.command(runtime.address, environment: "AWS_LAMBDA_LOG_FORMAT=JSON"))
        let lines = package.log.split(separator: "\n")
        #expect(!lines.isEmpty && lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") }, "\(package.log)")
        #expect(lines.allSatisfy { $0.utf8.count < 20_000 })
        let expected = [
            #""level":"INFO","requestId":"id-1","message":"a \"b\""}"#,
            #""level":"INFO","requestId":"id-1","message":"\#u{fffd}\u001b[1m"}"#, #"{"level":"TRACE","x":1}"#,
            #""requestId":"id-1","message":"err"}"#,
            #""level":"ERROR","requestId":"id-1","message":"Script.ExitCode: the program ended with exit code 3"#,
            #""message":"failed after "#,
        ]
        for text in expected { #expect(lines.contains { $0.contains(text) }, "\(text)") }
        let year = #"{"timestamp":"20"#
        #expect(lines.filter { $0.hasPrefix(year) }.count == lines.count - 1)
    }

    @Test("the level that Lambda or the recipe sets hides what matters less, and never what the program says")
    func logLevel() {
        for (level, environment) in [(LogLevel.error, ""), (.debug, "AWS_LAMBDA_LOG_LEVEL=FATAL")] {
            let package = TestPackage("#!/bin/sh\necho said\n") { spec, _ in spec.handling.logLevel = level }
            shell(package.command(FakeRuntime([("{}", 30)]).address, environment: environment))
            #expect(package.log == "said\n")
        }
    }

    @Test("an event leaves a line that sums it up, and metrics where the recipe wants them")
    func figures() throws {
        let package = TestPackage("#!/bin/sh\ncp \"$INPUT_FILE_PATH\" \"$TMP_OUTPUT_DIR\"; sleep 0.1\n") { spec, _ in
            spec.outputs = [.init(storage: utf8("s3"), path: utf8("out"))]
            spec.handling.metrics = true
        }
        package.folder.write("12345", to: "storage/in/a")
        let runtime = FakeRuntime([(EventTests.event(EventTests.record("a")), 30), ("{}", 0.1)])
        shell(package.command(runtime.address, environment: "SCAR_LOCAL_STORAGE='\(package.folder.path)/storage'"))
        let lines = package.log.split(separator: "\n")
        let sum = try #require(lines.first { $0.hasPrefix("scar: done in ") })
        #expect(sum.contains("brought in 1 file, 5 bytes in ") && sum.contains("stored 1 file, 5 bytes in "))
        let metrics = lines.filter { $0.hasPrefix(#"{"_aws":{"Timestamp":"#) }
        #expect(metrics.count == 2)
        #expect(metrics[0].contains(#""Dimensions":[["FunctionName"]]"#) && metrics[0].contains(#""StageInBytes":5"#))
        #expect(metrics[0].hasSuffix(#""Failures":0}"#) && metrics[1].hasSuffix(#""Failures":1}"#))
    }

    @Test(
        "a program that fills the scratch folder fails alone: the next event has room again",
        .enabled(if: shell("unshare -m true").code == 0, "only root can mount, and not everywhere"))
    func fullDisk() throws {
        let package = TestPackage(
            "#!/bin/sh\n[ \"$(cat \"$INPUT_FILE_PATH\")\" = fill ] || { echo fine; exit 0; }\ncat /dev/zero > \"$TMP_OUTPUT_DIR/full\"\n"
        )
        let path = package.folder.path
        let runtime = FakeRuntime([
            (#"{"body":"fill","isBase64Encoded":false}"#, 30), (#"{"body":"ok","isBase64Encoded":false}"#, 30),
            (#"{"body":"\#(String(repeating: "x", count: 5_000_000))","isBase64Encoded":false}"#, 30),
            (#"{"body":"ok","isBase64Encoded":false}"#, 30),
        ])
        package.folder.write(package.command(runtime.address), to: "command")
        #expect(
            shell(
                "mkdir '\(path)/scratch'; unshare -m sh -c \"mount -t tmpfs -o size=3m x '\(path)/scratch' && . '\(path)/command'\""
            )
            .code == 0)
        let answers = runtime.calls.filter { $0.path.contains("/invocation/id") }
        #expect(answers.map(\.errorType) == ["Script.ExitCode", nil, "Staging.NoSpace", nil])
        #expect(answers[2].body.contains("No space left on device"))
    }

    @Test("ten thousand events leave no file open, no process and no memory behind")
    func endurance() throws {
        let count = 10_000
        let package = TestPackage("") { spec, _ in
            spec.script = nil
            spec.command = [utf8("/bin/true")]
            spec.handling.logLevel = .error
        }
        let path = package.folder.path
        let runtime = FakeRuntime(Array(repeating: (RequestRunTests.event("x"), 60), count: count))
        shell("\(package.command(runtime.address)) > /dev/null & echo $! > '\(path)/pid'")
        let process = (package.folder.read("pid") ?? "").filter { $0 != "\n" }
        // What is open while an event runs is its own: the least of some looks is what stays between events. On a busy machine
        // nearly all looks meet an event.
        func look(until few: Int = 0) -> (memory: Int, files: Int, children: Int) {
            var least = (memory: 0, files: Int.max, children: Int.max)
            for number in 0..<200 where number < 20 || least.files > few && few > 0 {
                let fields = shell(
                    "awk '/VmRSS/ {print $2}' /proc/\(process)/status; ls /proc/\(process)/fd | wc -l; cat /proc/\(process)/task/\(process)/children | wc -w"
                ).output.split(separator: "\n").compactMap { Int($0) }
                guard fields.count == 3, fields[1] > 0 else { continue }
                least = (max(least.memory, fields[0]), min(least.files, fields[1]), min(least.children, fields[2]))
            }
            return least
        }
        #expect(runtime.wait(forCalls: count / 5, seconds: 300))
        let early = look()
        #expect(runtime.wait(forCalls: 2 * count - 1000, seconds: 500))
        let late = look(until: early.files)
        #expect(early.memory > 0 && late.memory > 0, "it was looked at too late")
        #expect(late.memory <= early.memory + 256, "\(early) \(late)")
        #expect(late.files <= early.files && late.children <= 1, "\(early) \(late)")
        #expect(runtime.wait(forCalls: 2 * count + 1, seconds: 60))
        #expect(runtime.calls.filter { $0.path.hasSuffix("/response") }.count == count)
        #expect(shell("ls '\(path)/scratch/invocations'").output.isEmpty)
    }
}
