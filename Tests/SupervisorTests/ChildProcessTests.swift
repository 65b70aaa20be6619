import Glibc
import Supervisor
import TestKit
import Testing

@Suite struct ChildProcessTests: ~Copyable {
    let folder = TestFolder.made()

    private func run(
        _ script: String, seconds: Double = 20, grace: Double = 0.3, kept: Int = 1 << 20,
        log: (ChildProcess.Stream, [UInt8]) -> Void = { _, _ in }
    ) -> ChildProcess.Report {
        ChildProcess.run(
            ChildProcess.Program(
                path: utf8("/bin/sh"), arguments: ["sh", "-c", script].map(utf8),
                environment: [utf8("PATH=/usr/bin:/bin"), utf8("MARK=\(folder.path)")], folder: utf8(folder.path)),
            ChildProcess.Limits(
                deadline: monotonicNanoseconds() + Int64(seconds * 1e9), grace: Int64(grace * 1e9), outputBytes: kept),
            log: log)
    }

    /// Processes of this test that are still there.
    private var left: String {
        shell(
            "for p in /proc/[0-9]*; do tr '\\0' '\\n' < $p/environ 2>/dev/null | grep -qx 'MARK=\(folder.path)' && echo $p; done"
        ).output
    }

    @Test("exit codes and signals are told apart", arguments: [0, 1, 3, 126, 137, 255])
    func exitCodes(code: Int32) {
        #expect(run("exit \(code)").outcome == .exited(code))
    }

    @Test(
        "a program that a signal ends is told with the signal",
        arguments: [SIGTERM, SIGKILL, SIGSEGV, SIGPIPE, SIGUSR1])
    func signals(signal: Int32) {
        #expect(run("kill -\(signal) $$").outcome == .signalled(signal))
    }

    @Test("both streams come whole, in lines, and the environment and folder are the given ones")
    func streams() {
        var lines: [String] = []
        let report = run("echo out; echo err >&2; pwd; env | sort | grep -v -e PWD -e _=; printf unfinished; cat") {
            stream, bytes in
            lines.append("\(stream) \(text(bytes))")
        }
        #expect(report.outcome == .exited(0))
        #expect(text(report.output) == "out\n\(folder.path)\nMARK=\(folder.path)\nPATH=/usr/bin:/bin\nunfinished")
        #expect(text(report.errorTail) == "err\n")
        #expect(lines.contains("errors err\n"))
        #expect(lines.joined().contains("unfinished\n"))
    }

    @Test("SIGPIPE is not ignored in the program")
    func brokenPipe() {
        #expect(run("( yes; echo $? >&2 ) | head -1 >/dev/null").errorTail.starts(with: utf8("141")))
    }

    @Test("a program over its time is told to end, and is killed when it does not")
    func timeouts() {
        let begin = monotonicNanoseconds()
        let obedient = run("trap 'echo bye; exit 0' TERM; sleep 30 & wait", seconds: 0.4, grace: 10)
        #expect(obedient.outcome == .timedOut)
        #expect(text(obedient.output) == "bye\n")
        let stubborn = run("trap '' TERM; while :; do sleep 30; done", seconds: 0.4, grace: 0.3)
        #expect(stubborn.outcome == .timedOut)
        let past = run("sleep 30", seconds: -5, grace: 0.1)
        #expect(past.outcome == .timedOut)
        #expect(monotonicNanoseconds() - begin < 8_000_000_000)
        #expect(left.isEmpty)
    }

    @Test("daemons that a program leaves behind are ended with it, in whatever session, at once")
    func daemons() {
        let begin = monotonicNanoseconds()
        let report = run(
            """
            setsid sh -c 'trap "" TERM HUP; sleep 300' >/dev/null 2>&1 &
            ( ( setsid sh -c 'trap "" TERM; (sleep 301 &) ; sleep 302' & ) & )
            sleep 303 &
            sleep 0.2; echo done
            """)
        #expect(report.outcome == .exited(0))
        #expect(text(report.output) == "done\n")
        #expect(left.isEmpty)
        #expect(monotonicNanoseconds() - begin < 8_000_000_000)
    }

    @Test("daemons are ended too when the program is over its time")
    func daemonsAtTimeout() {
        let report = run("setsid sh -c 'trap \"\" TERM; sleep 300' & sleep 300", seconds: 0.5)
        #expect(report.outcome == .timedOut)
        #expect(left.isEmpty)
    }

    @Test("a flood of output is passed on, and no more of it kept than the limit")
    func flood() {
        var passed = 0
        let report = run("head -c 100000000 /dev/zero | tr '\\0' '\\n'; echo end >&2", seconds: 120, kept: 1 << 20) {
            stream, bytes in
            if stream == .output { passed += bytes.count }
        }
        #expect(report.outcome == .exited(0))
        #expect(report.output.count == 1 << 20)
        #expect(report.outputCount == 100_000_000)
        #expect(passed == 100_000_000)
        #expect(text(report.errorTail) == "end\n")
    }

    @Test("of much on standard error the end is kept, and a line without end is passed on in pieces")
    func errorTail() {
        var longest = 0
        let report = run("seq 1 100000 >&2; head -c 300000 /dev/zero | tr '\\0' x; echo last words >&2") { _, bytes in
            longest = max(longest, bytes.count)
        }
        #expect(text(report.errorTail).hasSuffix("100000\nlast words\n"))
        #expect(report.errorTail.count <= 8192)
        #expect(longest < 100_000)
    }

    @Test("what is no text is kept for the answer and kept out of the log")
    func binary() {
        var logged: [UInt8] = []
        let report = run("printf 'a\\0b\\n'; echo more") { _, bytes in logged += bytes }
        #expect(report.output == utf8("a\0b\nmore\n"))
        #expect(!logged.contains(0))
    }

    @Test("a program that closes its streams, or hands them on, is still waited for")
    func closedStreams() {
        let report = run("exec >&- 2>&-; sleep 0.3; exit 9")
        #expect(report.outcome == .exited(9))
        #expect(report.output.isEmpty)
    }

    @Test("what cannot be started is told with the kernel's reason")
    func notStarted() {
        let limits = ChildProcess.Limits(deadline: monotonicNanoseconds() + 10_000_000_000, grace: 1, outputBytes: 10)
        func start(_ path: String, folder: String = "/", argument: String = "x") -> ChildProcess.Outcome {
            ChildProcess.run(
                .init(path: utf8(path), arguments: [utf8(argument)], environment: [], folder: utf8(folder)), limits
            ) { _, _ in }.outcome
        }
        #expect(start("/no/such/program") == .notStarted(ENOENT))
        #expect(start("/etc/passwd") == .notStarted(EACCES))
        #expect(start("/bin/true", folder: "/no/such/folder") == .notStarted(ENOENT))
        #expect(start("/bin/true", argument: "a\0b") == .notStarted(EINVAL))
        #expect(start("/bin/true") == .exited(0))
    }

    @Test("the program inherits no descriptor but the standard three")
    func descriptors() {
        let secret = unsafe open("/etc/passwd", O_RDONLY)
        defer { close(secret) }
        #expect(text(run("ls /proc/self/fd | tr '\\n' ' '").output) == "0 1 2 3 ")
    }
}
