import Glibc
import Supervisor
import TestKit
import Testing

/// A function with a script, and a folder that plays its storage.
struct TestFunction: ~Copyable {
    let folder = TestFolder.made()
    private var worker: FunctionWorker

    init(
        _ script: String, storage: Bool = true, environment: [String] = [],
        _ change: (inout LaunchSpec, String) -> Void = { _, _ in }
    ) throws {
        let path = folder.path
        folder.write(script, to: "package/script/run", executable: script.hasPrefix("#!"))
        shell("mkdir -p '\(path)/storage/in/sub' '\(path)/root'")
        folder.write("content of a", to: "storage/in/a.txt")
        folder.write("content of b", to: "storage/in/sub/b c.txt")
        var spec = LaunchSpec(
            name: utf8("test"), root: utf8("/"), script: utf8("script/run"),
            environment: [.init(name: utf8("COLOUR"), value: utf8("blue"))], timeoutThreshold: 1)
        if storage { spec.outputs = [.init(storage: utf8("s3"), path: utf8("out/results"))] }
        change(&spec, path)
        worker = FunctionWorker(
            .init(
                spec: spec, package: utf8("\(path)/package"), scratch: utf8("\(path)/scratch"),
                storage: storage ? LocalStorage(root: utf8("\(path)/storage")) : nil,
                environment: [
                    "PATH=/usr/bin:/bin", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:1", "_LAMBDA_X=1", "HOME=/nowhere",
                    "COLOUR=red", "AWS_EC2_METADATA_DISABLED=true",
                ]
                .map(utf8) + environment.map(utf8)))
        try worker.prepare()
    }

    mutating func handle(_ event: String, seconds: Double = 30) throws -> String {
        text(try worker.handle(.sample(event, seconds: seconds), nil).body)
    }

    mutating func handle(bytes: [UInt8]) throws -> String {
        var invocation = Invocation.sample("")
        invocation.event = bytes
        return try handle(invocation)
    }

    mutating func handle(_ invocation: Invocation) throws -> String { text(try worker.handle(invocation, nil).body) }

    /// What the function fails with.
    mutating func failure(_ event: String, seconds: Double = 30) -> (type: String, message: String) {
        do throws(Failure) {
            return ("none", text(try worker.handle(.sample(event, seconds: seconds), nil).body))
        } catch {
            return ("\(error.type.text)", text(error.message))
        }
    }

    /// What is done between two events.
    mutating func rest() { worker.rest() }

    /// Folders of invocations that were left behind.
    var leftovers: String { shell("ls -A '\(folder.path)/scratch/invocations' 2>/dev/null").output }
}

@Suite struct FunctionWorkerTests {
    private func request(_ body: String) -> String {
        #"{"httpMethod":"POST","body":"\#(body)","isBase64Encoded":false}"#
    }

    @Test("a storage event runs the script on the object and stores what it writes")
    func objects() throws {
        var function = try TestFunction(
            "#!/bin/sh\nset -e\nmkdir \"$TMP_OUTPUT_DIR/deep\"\ntr a-z A-Z < \"$INPUT_FILE_PATH\" > \"$TMP_OUTPUT_DIR/deep/upper.txt\"\n"
        )
        let answer = try function.handle(EventTests.event(EventTests.record("a.txt")))
        #expect(
            answer.hasPrefix(
                #"{"outputs":[{"bucket":"out","key":"results/deep/upper.txt","size":12}],"inputs":[{"bucket":"in","key":"a.txt","size":12}],"seconds":"#
            ))
        #expect(function.folder.read("storage/out/results/deep/upper.txt") == "CONTENT OF A")
        #expect(function.leftovers.isEmpty)
        #expect(shell("find '\(function.folder.path)/storage' -name '*.partial'").output.isEmpty)
    }

    @Test("several records run the script once each; the first that fails is named")
    func severalRecords() throws {
        var function = try TestFunction(
            "#!/bin/sh\nbasename \"$INPUT_FILE_PATH\" >> \"$TMP_OUTPUT_DIR/$STORAGE_OBJECT_KEY.log\" 2>/dev/null || touch \"$TMP_OUTPUT_DIR/$(basename \"$INPUT_FILE_PATH\")\"; case $STORAGE_OBJECT_KEY in *bad*) exit 4;; esac"
        )
        let answer = try function.handle(
            EventTests.event(EventTests.record("a.txt"), EventTests.record("sub/b+c.txt"), EventTests.record("sub/")))
        #expect(answer.contains(#""key":"results/a.txt.log""#))
        #expect(answer.contains(#""key":"results/b c.txt""#))
        #expect(answer.contains(#""ignored":[{"bucket":"in","key":"sub/","reason":"the object marks a folder"}]"#))
        function.folder.write("", to: "storage/in/bad")
        let failure = function.failure(
            EventTests.event(EventTests.record("a.txt"), EventTests.record("bad"), EventTests.record("a.txt")))
        #expect(failure.type == "Script.ExitCode")
        #expect(failure.message == "record 2 of 3, in/bad: the program ended with exit code 4")
        #expect(function.leftovers.isEmpty)
    }

    @Test(
        "keys that would lead out of the storage are refused",
        arguments: [
            "../secret", "..%2Fsecret", "a/../../secret", "/etc/passwd", "%2Fetc%2Fpasswd", "sub//a", "./a.txt",
            "a%00b", "..",
        ])
    func badKeys(key: String) throws {
        var function = try TestFunction("#!/bin/sh\ncp \"$INPUT_FILE_PATH\" \"$TMP_OUTPUT_DIR\"\n")
        function.folder.write("secret", to: "secret")
        let failure = function.failure(EventTests.event(EventTests.record(key)))
        #expect(failure.type == "Storage.BadKey", "\(failure)")
        #expect(function.leftovers.isEmpty)
    }

    @Test("bucket names that are paths are refused", arguments: ["..", "a/b", "", ".", "/"])
    func badBuckets(bucket: String) throws {
        var function = try TestFunction("#!/bin/sh\n")
        #expect(function.failure(EventTests.event(EventTests.record("a.txt", bucket: bucket))).type == "Storage.BadKey")
    }

    @Test("no symlink in the storage is followed, neither to read nor to write")
    func symlinks() throws {
        var function = try TestFunction("#!/bin/sh\necho x > \"$TMP_OUTPUT_DIR/x\"\n")
        let path = function.folder.path
        shell(
            "cd '\(path)' && mkdir outside && echo secret > outside/file && ln -s ../../outside/file storage/in/link && ln -s ../../outside storage/in/folder && ln -s ../outside storage/out"
        )
        #expect(function.failure(EventTests.event(EventTests.record("link"))).type == "Storage.ReadFailed")
        #expect(function.failure(EventTests.event(EventTests.record("folder/file"))).type == "Storage.ReadFailed")
        #expect(function.failure(EventTests.event(EventTests.record("a.txt"))).type == "Storage.WriteFailed")
        #expect(shell("ls '\(path)/outside'").output == "file\n")
        shell("cd '\(path)' && rm storage/out && mkfifo storage/in/fifo")
        #expect(function.failure(EventTests.event(EventTests.record("fifo"))).type == "Storage.ReadFailed")
        #expect(function.failure(EventTests.event(EventTests.record("sub"))).type == "Storage.ReadFailed")
        #expect(function.failure(EventTests.event(EventTests.record("nothing"))).type == "Storage.NotFound")
    }

    @Test("output that is a symlink stays behind; folders and filters are honoured")
    func outputs() throws {
        var function = try TestFunction(
            "#!/bin/sh\ncd \"$TMP_OUTPUT_DIR\"; mkdir -p s/t; echo 1 > s/t/r-1.wav; echo 2 > r-2.txt; echo 3 > other.wav; ln -s /etc/passwd r-link.wav; ln -s / s/root; mkfifo pipe\n"
        ) { spec, _ in
            spec.outputs = [
                .init(storage: utf8("s3"), path: utf8("out"), prefix: [utf8("r-")], suffix: [utf8(".wav")]),
                .init(storage: utf8("s3"), path: utf8("text/a/b"), suffix: [utf8(".txt")]),
            ]
        }
        _ = try function.handle(EventTests.event(EventTests.record("a.txt")))
        #expect(
            shell("cd '\(function.folder.path)/storage' && find out text -type f | sort").output
                == "out/s/t/r-1.wav\ntext/a/b/r-2.txt\n")
    }

    @Test("without credentials, an object event and outputs that have a place to go to are errors that say so")
    func noCredentials() throws {
        var function = try TestFunction("#!/bin/sh\necho 1 > \"$TMP_OUTPUT_DIR/1\"\n", storage: false) { spec, _ in
            spec.outputs = [.init(storage: utf8("s3"), path: utf8("out"))]
        }
        let failure = function.failure(EventTests.event(EventTests.record("a.txt")))
        #expect(failure.type == "Storage.Credentials")
        #expect(failure.message.hasPrefix("record 1 of 1, in/a.txt: no credentials for the storage: "))
        #expect(function.failure(request("x")).type == "Storage.Credentials")
    }

    @Test("an output whose storage launch.json does not describe is an error that names it")
    func unknownStorage() throws {
        var function = try TestFunction("#!/bin/sh\necho 1 > \"$TMP_OUTPUT_DIR/1\"\n", storage: false) { spec, _ in
            spec.outputs = [.init(storage: utf8("webdav"), path: utf8("out"))]
        }
        let failure = function.failure(request("x"))
        #expect(failure.type == "Storage.Unsupported")
        #expect(failure.message == "launch.json describes no storage called ‘webdav’")
    }

    @Test("a request's body is the input file, and the output is the answer")
    func requests() throws {
        var function = try TestFunction("#!/bin/sh\nprintf 'you said %s' \"$(cat \"$INPUT_FILE_PATH\")\"\n")
        #expect(
            try function.handle(request("hi"))
                == #"{"statusCode":200,"headers":{"Content-Type":"text/plain; charset=utf-8","amz-lambda-request-id":"8f5-a"},"body":"you said hi","isBase64Encoded":false}"#
        )
        #expect(try function.handle("[1, 2]").contains(#""body":"you said [1, 2]""#))
        var binary = try TestFunction("#!/bin/sh\nprintf '\\377\\376'\n")
        #expect(try binary.handle(request("")).hasSuffix(#""body":"//4=","isBase64Encoded":true}"#))
    }

    @Test("one output file is the answer, as base64; it goes to the outputs that take it as well")
    func fileAnswer() throws {
        var function = try TestFunction("#!/bin/sh\necho ignored; printf picture > \"$TMP_OUTPUT_DIR/p.png\"\n")
        #expect(try function.handle(request("")).hasSuffix(#""body":"cGljdHVyZQ==","isBase64Encoded":true}"#))
        #expect(function.folder.read("storage/out/results/p.png") == "picture")
        var alone = try TestFunction("#!/bin/sh\nprintf picture > \"$TMP_OUTPUT_DIR/p.png\"\n", storage: false) {
            spec, _ in
            spec.outputs = []
        }
        #expect(try alone.handle(request("")).hasSuffix(#""body":"cGljdHVyZQ==","isBase64Encoded":true}"#))
    }

    @Test("an answer over the limit is an error and nothing else is lost")
    func tooLarge() throws {
        var function = try TestFunction("#!/bin/sh\nhead -c 7000000 /dev/zero | tr '\\0' x\n")
        #expect(function.failure(request("")).type == "Function.ResponseSizeTooLarge")
        var file = try TestFunction("#!/bin/sh\nhead -c 5000000 /dev/zero > \"$TMP_OUTPUT_DIR/f\"\n", storage: false) {
            spec, _ in spec.outputs = []
        }
        #expect(file.failure(request("")).type == "Function.ResponseSizeTooLarge")
        var stored = try TestFunction("#!/bin/sh\necho small; head -c 5000000 /dev/zero > \"$TMP_OUTPUT_DIR/f\"\n")
        #expect(try stored.handle(request("")).contains(#""body":"small\n""#))
        #expect(shell("stat -c %s '\(stored.folder.path)/storage/out/results/f'").output == "5000000\n")
    }

    @Test("the script sees SCAR's variables and its own, and none of the runtime's")
    func variables() throws {
        let event = EventTests.event(EventTests.record("sub/b+c.txt"))
        var function = try TestFunction(
            "#!/bin/sh\nenv > \"$TMP_OUTPUT_DIR/env\"; cat \"$EVENT_FILE\" > \"$TMP_OUTPUT_DIR/event\""
        ) { spec, _ in
            spec.environment.append(.init(name: utf8("PATH"), value: utf8("/usr/games:/usr/bin:/bin")))
        }
        _ = try function.handle(event)
        let path = function.folder.path
        let lines = (function.folder.read("storage/out/results/env") ?? "").split(separator: "\n").map(String.init)
        let work = "\(path)/scratch/invocations/1"
        for line in [
            "INPUT_FILE_PATH=\(work)/input/b c.txt", "TMP_INPUT_DIR=\(work)/input", "TMP_OUTPUT_DIR=\(work)/output",
            "EVENT_FILE=\(work)/event.json", "STORAGE_OBJECT_KEY=sub/b c.txt", "EVENT_TIME=2026-11-23T10:00:00Z",
            "EVENT=\(event)", "REQUEST_ID=8f5-a", "AWS_LAMBDA_REQUEST_ID=8f5-a", "SCAR_ROOT=/",
            "COLOUR=blue",
            "HOME=/nowhere", "_X_AMZN_TRACE_ID=Root=1", "LAMBDA_TASK_ROOT=\(path)/package",
            "PATH=/usr/games:/usr/bin:/bin",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(!lines.contains { $0.hasPrefix("AWS_LAMBDA_RUNTIME_API") || $0.hasPrefix("_LAMBDA_") })
        #expect(function.folder.read("storage/out/results/event") == event)
    }

    @Test("a large event is in the file and not in the environment")
    func largeEvent() throws {
        var function = try TestFunction("#!/bin/sh\necho \"${EVENT:-unset}\" $(stat -c %s \"$EVENT_FILE\")\n")
        let event = "\"" + String(repeating: "x", count: 3_000_000) + "\""
        #expect(try function.handle(event).contains(#""body":"unset 3000002\n""#))
    }

    @Test("failures say what happened, with the last lines of standard error")
    func failures() throws {
        var function = try TestFunction(
            "#!/bin/sh\ncase $(cat \"$INPUT_FILE_PATH\") in\nexit) echo first >&2; echo the reason >&2; exit 3;;\nkill) kill -9 $$;;\n137) exit 137;;\nsleep) echo waiting >&2; sleep 60;;\nesac\n"
        )
        #expect(
            function.failure(request("exit")) == (
                "Script.ExitCode", "the program ended with exit code 3\nfirst\nthe reason"
            ))
        #expect(
            function.failure(request("kill")) == ("Script.Signal", "the program was ended by signal 9 (out of memory?)")
        )
        #expect(function.failure(request("137")).message == "the program ended with exit code 137")
        let timeout = function.failure(request("sleep"), seconds: 1.5)
        #expect(timeout.type == "Script.Timeout")
        #expect(timeout.message.contains("timeoutThreshold keeps 1 s back") && timeout.message.hasSuffix("waiting"))
        for seconds in [0.5, 0, -100, -1e15] {
            let late = function.failure(request("exit"), seconds: seconds)
            #expect(late.type == "Script.Timeout", "\(late)")
        }
        #expect(try function.handle(request("none"), seconds: 9e14).contains("200"))
        #expect(function.leftovers.isEmpty)
    }

    @Test(
        "the first line is honoured; a script without one goes to the interpreter that the package names, or to the shell"
    )
    func interpreters() throws {
        var python = try TestFunction("#!/usr/bin/env python3\nimport sys; print(sys.version_info[0], sys.argv[1:])\n")
        #expect(try python.handle("{}").contains(#""body":"3 []\n""#))
        var argument = try TestFunction("#! /bin/sh -e \nfalse\necho not reached\n")
        #expect(argument.failure("{}") == ("Script.ExitCode", "the program ended with exit code 1"))
        var carriage = try TestFunction("#!/bin/sh\r\necho fine\n")
        #expect(try carriage.handle("{}").contains("fine"))
        var plain = try TestFunction("echo plain shell\n")
        #expect(try plain.handle("{}").contains("plain shell"))
        var named = try TestFunction("print(len('python'))\n") { spec, _ in
            spec.interpreter = ["python3", "-B"].map(utf8)
        }
        #expect(try named.handle("{}").contains(#""body":"6\n""#))
        var missing = try TestFunction("#!/no/such/interpreter\n")
        #expect(missing.failure("{}").type == "Script.NotStarted")
        var nothing = try TestFunction("#!\n")
        #expect(nothing.failure("{}").type == "Script.NotFound")
    }

    @Test("a command is found on PATH, and gets the script as its last argument")
    func commands() throws {
        var function = try TestFunction("the script\n") { spec, _ in spec.command = ["cat", "-n"].map(utf8) }
        #expect(try function.handle("{}").contains("1\\tthe script"))
        var missing = try TestFunction("") { spec, _ in spec.command = [utf8("no-such-command")] }
        #expect(missing.failure("{}").type == "Script.NotFound")
        #expect(throws: Failure("Launch.Invalid", utf8("launch.json names neither a script nor a command"))) {
            _ = try TestFunction("") { spec, _ in spec.script = nil }
        }
    }

    @Test("the program starts in the folder the recipe names, inside the image's root")
    func workingDirectory() throws {
        var function = try TestFunction("#!/bin/sh\npwd\n") { spec, path in
            spec.root = utf8("\(path)/root")
            spec.workingDirectory = utf8("/srv")
            shell("cd '\(path)/root' && mkdir bin srv && cp -L /bin/sh bin/sh")
        }
        #expect(try function.handle("{}").contains("\(function.folder.path)/root/srv"))
    }

    @Test("an image's folder to start in is made when it is missing, and does without when it cannot be")
    func missingWorkingDirectory() throws {
        func function(_ folder: String) throws -> TestFunction {
            try TestFunction("#!/bin/sh\npwd\n") { spec, path in
                spec.root = utf8("\(path)/root")
                spec.workingDirectory = utf8(folder)
                shell("cd '\(path)/root' && mkdir bin && touch file && cp -L /bin/sh bin/sh")
            }
        }
        var missing = try function("/srv/data")
        #expect(try missing.handle("{}").contains("\(missing.folder.path)/root/srv/data"))
        var impossible = try function("/file/below")
        #expect(try impossible.handle("{}").contains("/invocations/"))
    }

    @Test("what the program leaves in its folders goes, however it was left")
    func leftovers() throws {
        var function = try TestFunction(
            "#!/bin/sh\ncd \"$TMP_INPUT_DIR\"; mkdir -p locked/in && touch locked/in/f && chmod 0 locked; i=0; while [ $i -lt 300 ]; do mkdir d && cd d && i=$((i+1)); done; ln -s / \"$TMP_OUTPUT_DIR/../root\"; echo $$\n"
        )
        #expect(try function.handle("{}").contains("200"))
        #expect(function.leftovers.isEmpty)
        #expect(shell("ls /").output.contains("etc"))
    }

    @Test("a tree that is not ready in time to start is waited for by the first event, whose failure it may be")
    func lateTree() throws {
        let folder = TestFolder.made()
        let path = folder.path
        shell(
            "mkdir -p '\(path)/tree' '\(path)/package/script' && head -c 30000000 /dev/urandom > '\(path)/tree/data' && mksquashfs '\(path)/tree' '\(path)/package/artifact.squashfs' -comp zstd -quiet -no-progress"
        )
        // What lies below /tmp is the machine's for every image.
        shell("cp -L /bin/sh '\(path)/sh'")
        folder.write(
            "#!\(path)/sh\nstat -c %s \"$SCAR_ROOT/data\"\n", to: "package/script/run", executable: true)
        for (name, answer) in [("artifact.squashfs", "30000000\\n"), ("missing.squashfs", "Artifact.Unreadable")] {
            let spec = LaunchSpec(
                name: utf8("late"),
                artifact: name.hasPrefix("missing")
                    ? .missing(name, unpackedSize: 30_000_000)
                    : .init(name, in: "\(path)/package", unpackedSize: 30_000_000),
                root: utf8("\(path)/scar/root"), script: utf8("script/run"), timeoutThreshold: 1)
            var worker = FunctionWorker(
                .init(
                    spec: spec, package: utf8("\(path)/package"), scratch: utf8("\(path)/scratch"), storage: nil,
                    environment: [utf8("PATH=/usr/bin:/bin")], patience: 0))
            // With no patience at all a tree that cannot be made may, or may not, be known of already.
            let isPrepared = (try? worker.prepare()) != nil
            #expect(isPrepared || name.hasPrefix("missing"))
            do throws(Failure) {
                let said = text(try worker.handle(.sample("{}"), nil).body)
                #expect(said.contains(answer), "\(said)")
            } catch {
                #expect("\(error.type.text)" == answer, "\(text(error.message))")
            }
        }
    }
}
