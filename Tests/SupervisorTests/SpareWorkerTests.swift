import Glibc
import Supervisor
import TestKit
import Testing

/// Functions whose worker is a spare: a shell that waits for one event, and then becomes the script.
@Suite struct SpareWorkerTests {
    /// Counts itself, waits, and runs the script that it was started with.
    private static let spare = """
        echo $$ >>"$MARK/started"; echo ready >&4
        read -r id file <&3 || exit 0
        exec 3<&- 4>&-
        eval "$(tr '\\0' '\\n' < "$file" | sed -n "3,\\$s/^\\([A-Z_]*\\)=\\(.*\\)/export \\1='\\2'/p")"
        cd "$(tr '\\0' '\\n' < "$file" | sed -n 1p)"; . "$1"

        """

    private static func function(_ script: String, spare: String = spare) throws -> TestFunction {
        signal(SIGPIPE, SIG_IGN)
        return try TestFunction(script, storage: false) { spec, path in
            WarmWorkerTests.add(spare, to: &spec, in: path)
            spec.worker?.isSpare = true
        }
    }

    /// The processes that were started as spares, in their order.
    private func started(_ function: borrowing TestFunction) -> [Substring] {
        shell("cat '\(function.folder.path)/started' 2>/dev/null").output.split(separator: "\n")
    }

    @Test("each event has a process of its own that was there before the event, and nothing is left of the last one")
    func events() throws {
        var function = try Self.function(
            "echo $$ $1 $REQUEST_ID $(pwd) $COLOUR ${LEFT-none}; LEFT=over; export LEFT; echo err >&2\n")
        let path = function.folder.path
        for count in 1...3 {
            let said = try function.handle("{}")
            let process = try #require(started(function).last)
            let words = "\(process) \(path)/package/script/run 8f5-a \(path)/scratch/invocations/1 blue none"
            #expect(said.contains("\"body\":\"\(words)\\n\""), "\(said)")
            function.rest()
            // The next one has been started, has said so, and waits.
            #expect(started(function).count == count + 1)
        }
        #expect(Set(started(function)).count == 4)
        #expect(function.leftovers.isEmpty)
    }

    @Test("where nobody has rested, as between the objects of one event, the spare is started for the event")
    func withoutRest() throws {
        var function = try Self.function("echo mine $$\n")
        for count in 1...3 {
            #expect(try function.handle("{}").contains("mine \(started(function).last ?? "?")\\n"))
            #expect(started(function).count == count)
        }
    }

    @Test("its exit code and its signal are the script's own, with the last lines of standard error")
    func failures() throws {
        var function = try Self.function(
            "echo reason >&2; case $(cat \"$EVENT_FILE\") in 1) exit 3;; 2) kill -9 $$;; 3) kill -9 0;; esac; echo fine\n"
        )
        #expect(function.failure("1") == ("Script.ExitCode", "the program ended with exit code 3\nreason"))
        for event in ["2", "3"] {
            function.rest()
            let killed = function.failure(event)
            #expect(killed.type == "Script.Signal" && killed.message.hasSuffix("reason"), "\(killed)")
        }
        function.rest()
        #expect(try function.handle("4").contains("fine"))
    }

    @Test("what a script leaves behind ends with its event, in whatever session")
    func descendants() throws {
        var function = try Self.function(
            "setsid sleep 300 >/dev/null 2>&1 & (sleep 301 & (setsid sh -c 'trap \"\" TERM; sleep 302' &) ); echo done\n"
        )
        #expect(try function.handle("{}").contains("done"))
        #expect(WarmWorkerTests.processes(of: function.folder.path) == 0)
    }

    @Test("a script over its time is told to end and then killed, and the next event has another process")
    func timeouts() throws {
        var function = try Self.function(
            "case $(cat \"$EVENT_FILE\") in 1) trap 'echo bye >&2; exit 0' TERM; sleep 30 & wait;; 2) trap '' TERM; sleep 30;; esac; echo fine\n"
        )
        let obedient = function.failure("1", seconds: 4)
        #expect(obedient.type == "Script.Timeout" && obedient.message.hasSuffix("bye"), "\(obedient)")
        function.rest()
        #expect(function.failure("2", seconds: 4).type == "Script.Timeout")
        function.rest()
        #expect(try function.handle("0").contains("fine"))
    }

    @Test("a spare that ends while it waits is replaced without harm")
    func idleDeath() throws {
        var function = try Self.function("echo fine $$\n")
        #expect(try function.handle("0").contains("fine"))
        function.rest()
        let waiting = try #require(started(function).last)
        // Until its keeper has told of it and has ended, too.
        shell(
            "keeper=$(ps -o ppid= -p \(waiting)); kill -9 \(waiting); until ps -o stat= -p $keeper | grep -q Z; do sleep 0.01; done"
        )
        #expect(try function.handle("0").contains("fine \(started(function).last ?? "?")\\n"))
        #expect(started(function).last != waiting)
    }

    @Test(
        "a spare that never gets ready is done without: each event has a process of its own, and soon none is started")
    func unready() throws {
        var function = try Self.function("echo alone ${1-none}\n", spare: "echo $$ >>\"$MARK/started\"; exit 7\n")
        for _ in 0..<5 {
            #expect(try function.handle("0").contains("alone none"))
            function.rest()
        }
        #expect(started(function).count <= 4)
        #expect(WarmWorkerTests.processes(of: function.folder.path) == 0)
    }

    @Test("resting ends with the event’s time, and a spare that needs longer is waited for by the next event")
    func slow() throws {
        // Ready when the test allows it.
        var function = try Self.function(
            "echo mine $$\n",
            spare: "[ -e \"$MARK/started\" ] && until [ -e \"$MARK/go\" ]; do sleep 0.02; done; " + Self.spare)
        #expect(try function.handle("{}", seconds: 4).contains("mine"))
        function.rest()
        #expect(started(function).count == 1)
        shell("(sleep 0.2; touch '\(function.folder.path)/go') >/dev/null 2>&1 &")
        #expect(try function.handle("{}").contains("mine \(started(function).last ?? "?")\\n"))
        #expect(started(function).count == 2)
    }

    @Test("a spare that waits ends with the function")
    func end() throws {
        var path = ""
        do {
            var function = try Self.function("echo fine\n")
            path = function.folder.path
            #expect(try function.handle("0").contains("fine"))
            function.rest()
            #expect(WarmWorkerTests.processes(of: path) > 0)
        }
        #expect(WarmWorkerTests.processes(of: path) == 0)
    }
}
