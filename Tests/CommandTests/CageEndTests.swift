import ByteKit
import TestKit
import Testing

@Suite(
    "A caged function",
    .enabled(if: CageScene.isPossible, "needs a bubblewrap that works, docker-registry and gcc"))
struct CageEndTests {
    private let scene: CageScene

    init() throws { scene = try CageScene() }

    private static let greedy =
        CageScene.head + """
            int main(void) {
                prctl(PR_SET_NAME, NAME);
                say("begin", 0);
                for (int at = 0; at < 20; at++) {
                    if (fork() == 0) { char *own = malloc(20 << 20); memset(own, 1, 20 << 20); sleep(60); _exit(own[5]); }
                    usleep(20000);
                }
                sleep(60);
            }
            """

    @Test("ends when its processes together hold more memory than it has, and that is said", arguments: [true, false])
    func memory(isCaged: Bool) throws {
        let recipe = try scene.recipe(program: Self.greedy, #", "function": {"memory": 128}"#)
        let result = try scene.run("run", recipe, isCaged ? [] : ["--no-cage"])
        #expect(result.status == 5)
        #expect(
            result.errorText.contains(
                "Runtime exited with error: signal: killed: the function used more than its 128 MB"),
            "\(result.errorText)")
        try expectNobody()
    }

    @Test("may share its memory and fill /tmp: neither counts against it twice")
    func sharedMemory() throws {
        let facts = try scene.facts(
            """
            int main(void) {
                char *own = malloc(80 << 20);
                memset(own, 1, 80 << 20);
                // Ten processes with the same 80 MB, and 200 MB of /tmp that are mapped.
                for (int at = 0; at < 10; at++) if (fork() == 0) { sleep(1); _exit(own[5]); }
                int file = open("/tmp/data", O_RDWR | O_CREAT, 0600);
                ftruncate(file, 200 << 20);
                memset(mmap(NULL, 200 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), 1, 200 << 20);
                while (wait(NULL) > 0);
                say("done", 0);
            }
            """, #", "function": {"memory": 128}"#)
        #expect(facts["done"] == "ok")
    }

    @Test("counts memory that has no file, however it was asked for")
    func anonymousFiles() throws {
        let program =
            CageScene.head + """
                int main(void) {
                    int file = memfd_create("x", 0);
                    ftruncate(file, 300 << 20);
                    memset(mmap(NULL, 300 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), 1, 300 << 20);
                    sleep(60);
                }
                """
        let result = try scene.run("run", try scene.recipe(program: program, #", "function": {"memory": 128}"#))
        #expect(result.status == 5)
        #expect(result.errorText.contains("more than its 128 MB"), "\(result.errorText)")
    }

    @Test("ends when its time is over, whatever it does against that", arguments: [true, false])
    func timeout(isCaged: Bool) throws {
        let program =
            CageScene.head + """
                int main(void) {
                    for (int at = 1; at < 32; at++) signal(at, SIG_IGN);
                    if (fork() == 0) setsid();
                    while (1) sleep(60);
                }
                """
        let function = #", "function": {"timeout": 2, "timeoutThreshold": 0}"#
        let began = ContinuousClock.now
        let result = try scene.run(
            "run", try scene.recipe(program: program, function), isCaged ? [] : ["--no-cage"])
        #expect(result.status == 5)
        #expect(result.errorText.contains("Task timed out after 2.00 seconds"), "\(result.errorText)")
        #expect(ContinuousClock.now - began < .seconds(30))
        try expectNobody()
    }

    @Test("starts anew for the next event after one that ended it")
    func nextEvent() throws {
        for name in ["a.txt", "b.txt", "c.txt"] { try scene.write(name, to: name) }
        try scene.write(
            """
            #!/bin/sh
            case $INPUT_FILE_PATH in *b.txt) kill -9 $PPID; sleep 60;; esac
            cat "$INPUT_FILE_PATH" > "$TMP_OUTPUT_DIR/of-$(basename "$INPUT_FILE_PATH")"
            """, to: "script.sh")
        let recipe = try scene.recipe(
            script: "script.sh",
            #", "input": [{"path": "bucket/in"}], "output": [{"path": "bucket/out"}], "function": {"timeout": 5, "timeoutThreshold": 1}"#
        )
        let result = try scene.run(
            "run", recipe,
            ["a.txt", "b.txt", "c.txt"].flatMap { ["--input", "\(scene.path)/\($0)"] } + ["-o", "\(scene.path)/out"])
        #expect(result.status == 5)
        #expect(result.errorText.contains("failed on 1 of 3 events"), "\(result.errorText)")
        #expect(try Folder.names(in: "\(scene.path)/out") == ["of-a.txt", "of-c.txt"])
    }

    /// A run in the background, which is then ended by a signal; what is left in its TMPDIR, and a pattern of the program
    /// that it ran, which no other test runs.
    private func left(after signal: String) throws -> (status: String, names: [String], program: String) {
        let seconds = Int.random(in: 100_000...999_999)
        try Folder.create("\(scene.path)/tmp")
        try scene.write("#!/bin/sh\necho begun >&2\nsleep \(seconds)\n", to: "script.sh")
        let recipe = try scene.recipe(script: "script.sh")
        let command = """
            "$1" run "$2" --cache "$3/cache" -q 2>"$3/log" & process=$!
            for i in $(seq 200); do grep -q begun "$3/log" && break; sleep 0.1; done
            kill -\(signal) $process; wait $process; echo $?
            """
        let result = try Peer.run(
            "bash", ["-c", command, "bash", Products.scarBuild, recipe, scene.path],
            variables: [("TMPDIR", "\(scene.path)/tmp")])
        #expect(try scene.text(of: "log").contains("begun"))
        return (
            result.text.split(separator: "\n").last.map(String.init) ?? "", try Folder.names(in: "\(scene.path)/tmp"),
            "[s]leep \(seconds)"
        )
    }

    @Test("ends with its last process and leaves no folder when the person stops it", arguments: ["INT", "TERM"])
    func stopped(signal: String) throws {
        let (status, names, program) = try left(after: signal)
        #expect(status == "130" && names == [])
        #expect(try isGone(program))
    }

    @Test("ends when its runner is killed, whose folder the next run removes")
    func killed() throws {
        let (status, names, program) = try left(after: "KILL")
        #expect(status == "137" && names.count == 1)
        try BackgroundProgram.wait(for: "the end of \(program)") { try isGone(program) }
        try scene.write("#!/bin/sh\ntrue\n", to: "script.sh")
        let next = try scene.run(
            "run", try scene.recipe(script: "script.sh"), variables: [("TMPDIR", "\(scene.path)/tmp")])
        #expect(next.status == 0, "\(next.errorText)")
        #expect(try Folder.names(in: "\(scene.path)/tmp") == [])
    }

    /// Whether no process has such a command line.
    private func isGone(_ pattern: String) throws -> Bool {
        let found = try Peer.run("pgrep", ["-f", pattern])
        // Whatever else than 0 and 1 it ends with is no answer.
        try #require(found.status == 0 || found.status == 1, "\(found.errorText)")
        return found.status == 1
    }

    /// Those that were killed may need a moment.
    private func expectNobody() throws {
        try BackgroundProgram.wait(for: "the end of all processes") { try !isRunning() }
    }

    /// Whether a process is left that has taken the name NAME.
    private func isRunning() throws -> Bool {
        let listing = try Peer.run("ps", ["-eo", "stat=,comm="])
        try #require(listing.status == 0, "\(listing.errorText)")
        // What is dead and not yet fetched by init does not run.
        return listing.text.split(separator: "\n").contains { !$0.hasPrefix("Z") && $0.hasSuffix(" \(scene.name)") }
    }
}
