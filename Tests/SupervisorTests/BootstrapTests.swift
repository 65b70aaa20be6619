import Glibc
import Supervisor
import TestKit
import Testing

/// The supervisor as it ships: the static executable that the bootstrap product builds.
enum BootstrapBinary {
    /// From SCAR_BOOTSTRAP, or the release build beside the tests.
    static let path: String? = {
        if let path = Peer.environment("SCAR_BOOTSTRAP") { return path }
        let bundle = CommandLine.arguments[0].split(separator: "/").dropLast().joined(separator: "/")
        return ["/\(bundle)/bootstrap", "/\(bundle)/../../release/bootstrap", ".build/release/bootstrap"]
            .first { shell("test -x '\($0)'").code == 0 }
    }()
}

/// A package in a folder, and the supervisor run on it.
struct TestPackage: ~Copyable {
    let folder = TestFolder.made()

    /// - Parameter bootstrap: the supervisor; that of this machine's processor when nil.
    init(
        _ script: String, bootstrap: String? = nil, _ change: (inout LaunchSpec, String) -> Void = { _, _ in }
    ) {
        folder.write(script, to: "package/script/run", executable: true)
        shell(
            "mkdir -p '\(folder.path)/storage/in' && cp '\(bootstrap ?? BootstrapBinary.path ?? "")' '\(folder.path)/package/bootstrap'"
        )
        var spec = LaunchSpec(name: utf8("test"), root: utf8("/"), script: utf8("script/run"), timeoutThreshold: 1)
        change(&spec, folder.path)
        folder.write(text(spec.encode()), to: "package/launch.json")
    }

    /// Starts the supervisor in the background of a shell; `$!` is what the script can wait for.
    func command(_ address: String, prefix: String = "", environment: String = "") -> String {
        """
        env -i PATH=/usr/bin:/bin AWS_LAMBDA_RUNTIME_API=\(address) LAMBDA_TASK_ROOT='\(folder.path)/package' \
        SCAR_SCRATCH='\(folder.path)/scratch' \(environment) \(prefix) '\(folder.path)/package/bootstrap' 2>'\(folder.path)/log'
        """
    }

    var log: String { folder.read("log") ?? "" }
}

@Suite(.enabled(if: BootstrapBinary.path != nil, "build it first: swift build -c release --product bootstrap"))
struct BootstrapTests {
    private func request(_ body: String) -> String {
        #"{"httpMethod":"POST","body":"\#(body)","isBase64Encoded":false}"#
    }

    @Test("it answers events over one connection or many, plain or in chunks, and ends with Lambda")
    func answers() throws {
        let package = TestPackage("#!/bin/sh\nprintf 'you said '; cat \"$INPUT_FILE_PATH\"\n")
        for manner in [FakeRuntime.Manner.plain, .chunked, .closing] {
            let long = String(repeating: "long ", count: 20_000)
            let runtime = FakeRuntime([(request("one"), 30), (request(long), 30), ("[1]", 30)], manner)
            #expect(shell(package.command(runtime.address)).code == 0, "\(package.log)")
            let answers = runtime.calls.filter { $0.path.hasSuffix("/response") }
            #expect(answers.count == 3)
            #expect(answers.first?.path == "/2018-06-01/runtime/invocation/id-1/response")
            #expect(answers.first?.body.contains(#""body":"you said one""#) == true)
            #expect(answers.dropFirst().first?.body.contains("you said \(long)") == true)
            #expect(answers.last?.body.contains(#""body":"you said [1]""#) == true)
        }
    }

    @Test("failures of the script and of the package are reported as Lambda wants them")
    func failures() throws {
        let package = TestPackage("#!/bin/sh\necho the reason >&2; exit 3\n")
        let runtime = FakeRuntime([("{}", 30)])
        #expect(shell(package.command(runtime.address)).code == 0)
        let error = try #require(runtime.calls.first { $0.path.hasSuffix("/error") })
        #expect(error.path == "/2018-06-01/runtime/invocation/id-1/error")
        #expect(error.errorType == "Script.ExitCode")
        #expect(
            error.body
                == #"{"errorMessage":"the program ended with exit code 3\nthe reason","errorType":"Script.ExitCode","stackTrace":[]}"#
        )
        #expect(package.log.contains("the reason\n"))

        package.folder.write("{}", to: "package/launch.json")
        let broken = FakeRuntime([("{}", 30)])
        #expect(shell(package.command(broken.address)).code == 1)
        #expect(broken.calls.map(\.path) == ["/2018-06-01/runtime/init/error"])
        #expect(broken.calls.first?.errorType == "Launch.Invalid")
        shell("rm '\(package.folder.path)/package/launch.json'")
        let empty = FakeRuntime([])
        #expect(shell(package.command(empty.address)).code == 1)
        #expect(empty.calls.first?.errorType == "Launch.Missing")
    }

    @Test(
        "deep folders that nobody may write to are removed all the same",
        .enabled(if: shell("setpriv --reuid=65534 true").code == 0, "only root can be somebody else"))
    func unwritableFolders() throws {
        let script = """
            #!/bin/sh
            d=$TMP_OUTPUT_DIR
            for i in $(seq 45); do mkdir $d/x; d=$d/x; done
            touch $d/f
            find "$TMP_OUTPUT_DIR" -mindepth 1 -depth -type d -exec chmod 555 {} +
            """
        let package = TestPackage(script)
        shell("mkdir -p '\(package.folder.path)/scratch'; chmod -R a+rwX '\(package.folder.path)'")
        let runtime = FakeRuntime([("{}", 20), ("[1]", 20)])
        let command = package.command(
            runtime.address, prefix: "setpriv --reuid=65534 --regid=65534 --clear-groups timeout 30")
        #expect(shell(command).code == 0, "\(package.log)")
        #expect(runtime.calls.count { $0.path.hasSuffix("/response") } == 2, "\(package.log)")
        #expect(shell("ls '\(package.folder.path)/scratch/invocations'").output == "")
    }

    @Test("an event's texts cannot become variables of their own", arguments: [true, false])
    func embeddedZero(isObject: Bool) throws {
        let package = TestPackage("#!/bin/sh\nenv > \"$TMP_OUTPUT_DIR/env\"\n") { spec, _ in
            spec.outputs = [.init(storage: utf8("s3"), path: utf8("out"))]
        }
        package.folder.write("content", to: "storage/in/a.txt")
        let record = EventTests.record("a.txt").replacing("2026-11-23T10:00:00Z", with: #"t\u0000LD_PRELOAD=/x.so"#)
        let message = #"{"messageId": "m\u0000BASH_ENV=/x", "eventSource": "aws:sqs", "body": "b"}"#
        let runtime = FakeRuntime([(isObject ? EventTests.event(record) : #"{"Records": [\#(message)]}"#, 20)])
        let command = package.command(
            runtime.address, environment: "SCAR_LOCAL_STORAGE='\(package.folder.path)/storage'")
        #expect(shell(command).code == 0, "\(package.log)")
        let variables = package.folder.read("storage/out/env") ?? ""
        #expect(variables.contains("REQUEST_ID="), "\(package.log)")
        let names = variables.split(separator: "\n").map { $0.prefix { $0 != "=" } }
        #expect(!names.contains("LD_PRELOAD") && !names.contains("BASH_ENV"))
    }

    @Test("without Lambda it says what is missing, and does not hang")
    func noRuntime() {
        let package = TestPackage("#!/bin/sh\n")
        #expect(shell(package.command("''")).code == 2)
        #expect(package.log.contains("AWS_LAMBDA_RUNTIME_API"))
        #expect(shell(package.command("nowhere.example:9001")).code == 2)
        #expect(shell(package.command("127.0.0.1:1")).code == 1)
        #expect(package.log.contains("Connection refused"))
    }

    @Test(
        "a Lambda that sends nonsense ends it and nothing more",
        arguments: [
            "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: a/../b\r\nLambda-Runtime-Deadline-Ms: 1\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: a\r\nLambda-Runtime-Deadline-Ms: soon\r\nContent-Length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "HTTP/1.1 500 Error\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        ])
    func nonsense(answer: String) {
        let package = TestPackage("#!/bin/sh\n")
        let runtime = FakeRuntime([], .raw(utf8(answer)))
        #expect(shell("timeout 20 " + package.command(runtime.address)).code == 1)
        #expect(runtime.calls.count == 1)
    }

    @Test("an artifact is unpacked before the first event, and reused by the next start")
    func artifact() throws {
        let package = TestPackage("#!/bin/sh\ncat \"$SCAR_ROOT/etc/greeting\"; ls -A \"$SCAR_ROOT\"\n") { spec, path in
            shell(
                "mkdir -p '\(path)/tree/etc' '\(path)/tree/bin' && cp -L /bin/sh '\(path)/tree/bin/sh' && echo hello > '\(path)/tree/etc/greeting' && mksquashfs '\(path)/tree' '\(path)/package/artifact.squashfs' -comp zstd -quiet -no-progress"
            )
            spec.root = utf8("\(path)/scar/root")
            spec.artifact = .init("artifact.squashfs", in: "\(path)/package", unpackedSize: 6)
        }
        for start in ["unpacked 2 files, ", "the tree is in place already"] {
            let runtime = FakeRuntime([("{}", 30)])
            #expect(shell(package.command(runtime.address)).code == 0)
            #expect(runtime.calls.count == 3)
            #expect(runtime.calls.dropFirst().first?.body.contains(#""body":"hello\nbin\netc\n""#) == true)
            #expect(package.log.contains(start), "\(package.log)")
        }
        // Another artifact, or a tree without its stamp, is unpacked anew; what an interrupted start left goes.
        shell(
            "cd '\(package.folder.path)' && rm scar/root.digest && mkdir scar/root.partial && touch scar/root/stale scar/root.partial/stale"
        )
        let runtime = FakeRuntime([("{}", 30)])
        #expect(shell(package.command(runtime.address)).code == 0)
        #expect(package.log.contains("unpacked 2 files"))
        #expect(
            shell("ls -A '\(package.folder.path)/scar'; ls -A '\(package.folder.path)/scar/root'").output
                == "root\nroot.digest\nroot.lock\nbin\netc\n")
    }

    @Test("an artifact that does not fit or cannot be read is an init error that says so")
    func badArtifact() throws {
        func start(_ make: @escaping (String) -> LaunchSpec.Artifact) throws -> FakeRuntime.Call {
            let package = TestPackage("#!/bin/sh\n") { spec, path in
                spec.root = utf8("\(path)/scar/root")
                spec.artifact = make(path)
            }
            let runtime = FakeRuntime([])
            #expect(shell(package.command(runtime.address)).code == 1)
            #expect(!shell("ls -A '\(package.folder.path)/scar'").output.contains("root\n"))
            return try #require(runtime.calls.first)
        }
        let missing = try start { _ in .missing("artifact.squashfs", unpackedSize: 1) }
        #expect(missing.errorType == "Artifact.Unreadable")
        let wrong = try start { path in
            shell("cd '\(path)/package' && yes no squashfs | head -n 100 > artifact.squashfs")
            return .init("artifact.squashfs", in: "\(path)/package", unpackedSize: 1)
        }
        #expect(wrong.body.contains("this is not a squashfs image"))
        let large = try start { path in
            shell(
                "cd '\(path)' && mkdir tree && touch tree/a && mksquashfs tree package/artifact.squashfs -quiet -no-progress"
            )
            return .init("artifact.squashfs", in: "\(path)/package", unpackedSize: 1 << 60)
        }
        #expect(large.errorType == "Artifact.NoSpace")
        #expect(large.body.contains("the tree needs 1152921504606846976 bytes"))
    }

    @Test(
        "an artifact that is no longer what it was, or whose digests are not, is an init error that names the place",
        arguments: [
            ("superblock", "artifact.squashfs", 5, "(block 0, from byte 0 on)"),
            (
                "data", "artifact.squashfs", 100_000,
                "at data: a block of the image is not what it was when it was packed"
            ),
            ("digests", "artifact.blocks", 40, "artifact.blocks is not the table that launch.json names"),
        ])
    func damaged(what: String, file: String, place: Int, message: String) throws {
        let package = TestPackage("#!/bin/sh\n") { spec, path in
            shell(
                """
                mkdir '\(path)/tree' && head -c 300000 /dev/urandom > '\(path)/tree/data' \
                && mksquashfs '\(path)/tree' '\(path)/package/artifact.squashfs' -quiet -no-progress
                """)
            spec.root = utf8("\(path)/scar/root")
            spec.environment = []
            spec.artifact = .init("artifact.squashfs", in: "\(path)/package", unpackedSize: 300_000)
            flipBit(of: "\(path)/package/\(file)", at: place)
        }
        let runtime = FakeRuntime([])
        #expect(shell(package.command(runtime.address, environment: "SCAR_UNPACK=all")).code == 1)
        let call = try #require(runtime.calls.first)
        #expect(call.path.hasSuffix("/init/error"))
        #expect(call.errorType == "Artifact.Unreadable")
        #expect(call.body.contains(message), "\(call.body)")
    }

    @Test("a gigabyte on standard output is bounded in memory, and answered with an error")
    func flood() throws {
        let package = TestPackage("#!/bin/sh\nhead -c 1000000000 /dev/zero | tr '\\0' '\\n'\n")
        let runtime = FakeRuntime([("{}", 120), ("{}", 1)])
        let command = package.command(runtime.address, prefix: "/usr/bin/time -f %M -o '\(package.folder.path)/peak'")
            .replacingLog(with: "/dev/null", in: package.folder.path)
        #expect(shell(command).code == 0)
        #expect(runtime.calls.dropFirst().first?.errorType == "Function.ResponseSizeTooLarge")
        let peak = try #require(Int((package.folder.read("peak") ?? "").filter { $0 != "\n" }))
        #expect(peak < 40_000, "\(peak) KiB")
    }

    @Test("killed in the middle, it takes the program with it, and the next start clears up")
    func killed() throws {
        let package = TestPackage("#!/bin/sh\nsleep 300\n")
        let runtime = FakeRuntime([("{}", 200)])
        shell(
            """
            cd '\(package.folder.path)'; exec 3>&1; \(package.command(runtime.address)) &
            i=0; until [ -e scratch/invocations/1/event.json ] || [ $i -gt 100 ]; do sleep 0.1; i=$((i+1)); done
            sleep 0.3; kill -9 $!; sleep 0.5
            """)
        let left = shell(
            "for p in /proc/[0-9]*; do tr '\\0' '\\n' < $p/environ 2>/dev/null | grep -q 'SCAR_SCRATCH=\(package.folder.path)\\|TMP_OUTPUT_DIR=\(package.folder.path)' && echo $p; done"
        ).output
        #expect(left.isEmpty)
        #expect(shell("ls '\(package.folder.path)/scratch/invocations'").output == "1\n")
        #expect(shell(package.command(FakeRuntime([]).address)).code == 0)
        #expect(shell("ls '\(package.folder.path)/scratch/invocations' 2>/dev/null").output.isEmpty)
    }

    @Test(
        "it runs as an ordinary user, on a root without /proc, /dev and anything else",
        .enabled(if: geteuid() == 0 && Peer.isInstalled("gcc"), "needs root, for another root and user, and gcc"))
    func bareRoot() throws {
        let package = TestPackage("#!/bin/sh\n")
        let path = package.folder.path
        shell(
            "mkdir -p '\(path)/bare/var/task/script' '\(path)/bare/tmp' '\(path)/bare/bin' && chmod 1777 '\(path)/bare/tmp' && chmod 755 '\(path)' && cp '\(path)/package/bootstrap' '\(path)/bare/var/task/'"
        )
        try #require(
            shell(
                "printf 'int main(void){return write(1,\"bare\\\\n\",5)!=5;}' | sed 's/^/#include <unistd.h>\\n/' | gcc -static -x c - -o '\(path)/bare/bin/hello'"
            ).code == 0)
        package.folder.write(
            text(LaunchSpec(name: utf8("x"), root: utf8("/"), command: [utf8("hello")], timeoutThreshold: 1).encode()),
            to: "bare/var/task/launch.json")
        let runtime = FakeRuntime([("{}", 30)])
        let result = shell(
            "env -i AWS_LAMBDA_RUNTIME_API=\(runtime.address) /usr/sbin/chroot --userspec=993:990 '\(path)/bare' /var/task/bootstrap 2>&1"
        )
        #expect(result.code == 0, "\(result.output)")
        #expect(runtime.calls.dropFirst().first?.body.contains(#""body":"bare\n""#) == true)
    }

    @Test("it starts in milliseconds, waits in little memory, and adds little to an invocation")
    func figures() throws {
        let package = TestPackage("#!/bin/sh\nexit 0\n") { spec, _ in
            spec.script = nil
            spec.command = [utf8("/bin/true")]
        }
        var starts: [Int64] = []
        for _ in 0..<10 {
            let runtime = FakeRuntime([])
            let begin = monotonicNanoseconds()
            #expect(shell("exec " + package.command(runtime.address)).code == 0)
            starts.append((runtime.calls.first?.time ?? .max) - begin)
        }
        // The shell and env before it are in this, too, and other tests beside it: the best of ten is the supervisor's own.
        let start = try #require(starts.min())
        #expect(start < 50_000_000, "\(start / 1000) µs to the first next")
        let runtime = FakeRuntime(Array(repeating: ("{}", 30), count: 50))
        #expect(shell(package.command(runtime.address)).code == 0)
        let times = runtime.calls.map(\.time)
        let overhead = zip(times.dropFirst(2), times.dropFirst(4)).map { $1 - $0 }.sorted()[20]
        #expect(overhead < 100_000_000)
    }
}

extension String {
    /// The command with its log somewhere else.
    fileprivate func replacingLog(with other: String, in folder: String) -> String {
        let log = "2>'\(folder)/log'"
        return hasSuffix(log) ? String(dropLast(log.count)) + "2>\(other)" : self
    }
}
