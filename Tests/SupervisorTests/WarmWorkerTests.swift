import Glibc
import Supervisor
import TestKit
import Testing

/// Functions whose worker is a shell: it runs the script in a subshell, or does what a test wants to go wrong.
@Suite struct WarmWorkerTests {
    /// Runs `$script` for each request, in `$folder`, with the request's variables.
    static let worker = """
        trap '' TERM; count=0; echo ready >&4
        while read -r id file <&3; do
            count=$((count + 1))
            (
                trap - TERM; exec 3<&- 4>&-
                folder=$(tr '\\0' '\\n' < "$file" | sed -n 1p); script=$(tr '\\0' '\\n' < "$file" | sed -n 2p)
                eval "$(tr '\\0' '\\n' < "$file" | sed -n "3,\\$s/^\\([A-Z_]*\\)=\\(.*\\)/export \\1='\\2'/p")"
                export count; cd "$folder"; . "$script"
            )
            code=$?
            if [ $code -gt 128 ]; then echo "signal $id $((code - 128))" >&4; else echo "exit $id $code" >&4; fi
        done

        """

    private static func function(_ script: String, worker: String = worker) throws -> TestFunction {
        signal(SIGPIPE, SIG_IGN)
        return try TestFunction(script, storage: false) { spec, path in add(worker, to: &spec, in: path) }
    }

    /// Makes a function one that has a worker.
    static func add(
        _ worker: String = worker, to spec: inout LaunchSpec, in path: String, interpreter: String = "/bin/sh"
    ) {
        spec.worker = .init(command: [utf8(interpreter)], program: utf8("launcher/worker/sh"))
        spec.environment.append(.init(name: utf8("MARK"), value: utf8(path)))
        shell("mkdir -p '\(path)/package/launcher/worker'")
        let file = unsafe fopen("\(path)/package/launcher/worker/sh", "w")
        unsafe fputs(worker, file)
        unsafe fclose(file)
    }

    /// A script that kills the worker it runs in, and itself.
    static let fatal = "kill -9 -$(ps -o pgid= -p $(exec sh -c 'echo $PPID') | tr -d ' ')"

    /// Processes of a test's function that are still there.
    static func processes(of folder: String) -> Int {
        shell(
            "for p in /proc/[0-9]*; do tr '\\0' '\\n' < $p/environ 2>/dev/null | grep -qx 'MARK=\(folder)' && echo $p; done"
        ).output.split(separator: "\n").count
    }

    @Test("one process runs the script for all events, each with its own output, variables and folder")
    func events() throws {
        var function = try Self.function(
            "echo $count $REQUEST_ID $(pwd) $COLOUR ${LEFT-none}; LEFT=over; echo err >&2\n")
        let path = function.folder.path
        for count in 1...3 {
            let said = try function.handle("{}")
            #expect(said.contains("\"body\":\"\(count) 8f5-a \(path)/scratch/invocations/1 blue none\\n\""), "\(said)")
        }
        #expect(function.leftovers.isEmpty)
    }

    @Test("exit codes and signals are told as without a worker, with the last lines of standard error, and it lives on")
    func failures() throws {
        var function = try Self.function(
            "echo reason $count >&2; case $(cat \"$EVENT_FILE\") in 1) exit 3;; 2) kill -9 $(exec sh -c 'echo $PPID');; esac; echo fine $count"
        )
        #expect(function.failure("1") == ("Script.ExitCode", "the program ended with exit code 3\nreason 1"))
        let killed = function.failure("2")
        #expect(killed.type == "Script.Signal" && killed.message.contains("reason 2"), "\(killed)")
        #expect(try function.handle("3").contains("fine 3"))
    }

    @Test("what a script leaves behind ends with its event, in whatever session, and the worker does not")
    func descendants() throws {
        var function = try Self.function(
            "setsid sleep 300 >/dev/null 2>&1 & (sleep 301 & (setsid sh -c 'trap \"\" TERM; sleep 302' &) ); echo done $count\n"
        )
        #expect(try function.handle("{}").contains("done 1"))
        // The keeper, and the worker.
        #expect(Self.processes(of: function.folder.path) <= 2)
        #expect(try function.handle("{}").contains("done 2"))
        #expect(Self.processes(of: function.folder.path) <= 2)
    }

    @Test("a script over its time is told to end and then killed; one that obeys leaves the worker alive")
    func timeouts() throws {
        var function = try Self.function(
            "case $(cat \"$EVENT_FILE\") in 1) trap 'echo bye >&2; exit 0' TERM; sleep 30 & wait;; 2) trap '' TERM; sleep 30;; esac; echo fine $count\n"
        )
        let obedient = function.failure("1", seconds: 1.5)
        #expect(obedient.type == "Script.Timeout" && obedient.message.hasSuffix("bye"), "\(obedient)")
        #expect(try function.handle("0").contains("fine 2"))
        let begin = monotonicNanoseconds()
        #expect(function.failure("2", seconds: 1.5).type == "Script.Timeout")
        #expect(monotonicNanoseconds() - begin < 8_000_000_000)
        // Killed with its script; the next event has a new one.
        #expect(try function.handle("0").contains("fine 1"))
    }

    @Test("a worker that dies under its script fails the event, and the next one has a new worker")
    func death() throws {
        var function = try Self.function(
            "[ \"$(cat \"$EVENT_FILE\")\" = 1 ] && \(Self.fatal); echo fine $count\n"
        )
        let failure = function.failure("1")
        #expect(
            failure == ("Worker.Ended", "the worker that ran the script was ended by signal 9 before it answered"),
            "\(failure)")
        #expect(try function.handle("0").contains("fine 1"))
        #expect(try function.handle("0").contains("fine 2"))
    }

    @Test("a worker that ends between events is replaced without harm")
    func idleDeath() throws {
        var function = try Self.function(
            "echo fine $count\n",
            worker: Self.worker.replacing("echo \"exit $id $code\" >&4", with: "echo \"exit $id $code\" >&4; exit 0"))
        for _ in 0..<2 {
            #expect(try function.handle("0").contains("fine 1"))
            usleep(100_000)
        }
    }

    @Test(
        "a worker that never gets ready is done without: each event has a process of its own",
        arguments: ["exit 7\n", "exec 4>&-; exit 0\n", "kill -9 $$\n"])
    func unready(worker: String) throws {
        var function = try Self.function("echo alone ${count-none}\n", worker: worker)
        for _ in 0..<5 { #expect(try function.handle("0").contains("alone none")) }
        #expect(Self.processes(of: function.folder.path) == 0)
    }

    @Test(
        "an answer that is none fails the event",
        arguments: [
            "exit other 0", "exit 8f5-a", "exit 8f5-a -1", "exit 8f5-a 256", "quit 8f5-a 0", "", "exit  8f5-a 0",
            String(repeating: "x", count: 5000),
        ])
    func nonsense(answer: String) throws {
        var function = try Self.function(
            "echo fine\n", worker: "echo ready >&4; while read -r id file <&3; do echo '\(answer)' >&4; done\n")
        #expect(function.failure("{}").type == "Worker.Confused")
    }

    @Test("a worker that hangs is ended when the time is up")
    func hanging() throws {
        var function = try Self.function(
            "echo fine\n", worker: "echo ready >&4; trap '' TERM; while :; do sleep 9; done\n")
        let failure = function.failure("{}", seconds: 1.5)
        #expect(failure.type == "Script.Timeout", "\(failure)")
        #expect(Self.processes(of: function.folder.path) == 0)
    }

    @Test("nothing of a worker outlives the function")
    func end() throws {
        var path = ""
        do {
            var function = try Self.function("echo fine\n")
            path = function.folder.path
            #expect(try function.handle("0").contains("fine"))
            #expect(Self.processes(of: path) > 0)
        }
        #expect(Self.processes(of: path) == 0)
    }
}

extension String {
    fileprivate func replacing(_ text: String, with other: String) -> String {
        var (result, rest) = ("", self[...])
        while !rest.isEmpty {
            if rest.hasPrefix(text) {
                result += other
                rest = rest.dropFirst(text.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result
    }
}
