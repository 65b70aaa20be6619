import ByteKit
import Glibc
import Packager
import Supervisor
import TestKit
import Testing

/// A language with its worker, and a few scripts in it.
struct WorkerLanguage: Sendable, CustomTestStringConvertible {
    var launcher: String
    var program: String
    var script: String
    /// Does what the event's text says: prints what there is of this process, or ends in some way.
    var text: String

    var testDescription: String { launcher }
    var isHere: Bool { unsafe access("/usr/bin/\(program)", X_OK) == 0 }

    /// Languages of which this machine has an interpreter.
    static let here = [python, perl, ruby, node, r, elixir, erlang].filter(\.isHere)

    static let python = WorkerLanguage(
        launcher: "python", program: "python3", script: "a.py",
        text: """
            import os, sys, subprocess, signal
            wish = open(os.environ["EVENT_FILE"]).read()
            if wish == '"exit"': print("words", file=sys.stderr); sys.exit(3)
            if wish == '"fail"': raise ValueError("words")
            if wish == '"kill"': os.kill(os.getpid(), 9)
            if wish == '"leave"': subprocess.Popen(["sleep", "300"], start_new_session=True)
            left = globals().get("seen", "nothing"); seen = "something"
            leaked = os.environ.get("LEAK", "nothing"); os.environ["LEAK"] = "something"
            print(left, leaked, os.environ["REQUEST_ID"], os.getcwd(), __name__, len(sys.argv))
            os.chdir("/")
            """)
    static let perl = WorkerLanguage(
        launcher: "perl", program: "perl", script: "a.pl",
        text: """
            use Cwd;
            open(my $file, '<', $ENV{EVENT_FILE}) or die; my $wish = <$file>;
            if ($wish eq '"exit"') { print STDERR "words\\n"; exit 3 }
            die "words\\n" if $wish eq '"fail"';
            kill 9, $$ if $wish eq '"kill"';
            system 'setsid sleep 300 >/dev/null 2>&1 &' if $wish eq '"leave"';
            our $seen; my $left = $seen // 'nothing'; $seen = 'something';
            my $leaked = $ENV{LEAK} // 'nothing'; $ENV{LEAK} = 'something';
            print join(' ', $left, $leaked, $ENV{REQUEST_ID}, getcwd, __PACKAGE__ eq 'main' ? '__main__' : '', 1 + @ARGV), "\\n";
            chdir '/';
            """)
    static let ruby = WorkerLanguage(
        launcher: "ruby", program: "ruby", script: "a.rb",
        text: """
            wish = File.read(ENV['EVENT_FILE'])
            if wish == '"exit"' then warn 'words'; exit 3 end
            raise 'words' if wish == '"fail"'
            Process.kill(9, Process.pid) if wish == '"kill"'
            spawn('sleep 300', pgroup: true, out: File::NULL, err: File::NULL) if wish == '"leave"'
            left = $seen || 'nothing'; $seen = 'something'
            leaked = ENV['LEAK'] || 'nothing'; ENV['LEAK'] = 'something'
            puts [left, leaked, ENV['REQUEST_ID'], Dir.pwd, __FILE__ == $0 ? '__main__' : '', 1 + ARGV.size].join(' ')
            Dir.chdir('/')
            """)
    static let node = WorkerLanguage(
        launcher: "node", program: "node", script: "a.js",
        text: """
            const fs = require('fs');
            const wish = fs.readFileSync(process.env.EVENT_FILE, 'utf8');
            if (wish === '"exit"') { console.error('words'); process.exit(3); }
            if (wish === '"fail"') throw new Error('words');
            if (wish === '"kill"') process.kill(process.pid, 9);
            const left = globalThis.seen || 'nothing'; globalThis.seen = 'something';
            const leaked = process.env.LEAK || 'nothing'; process.env.LEAK = 'something';
            const main = require.main === module ? '__main__' : '';
            console.log(left, leaked, process.env.REQUEST_ID, process.cwd(), main, process.argv.length - 1);
            """)
    static let r = WorkerLanguage(
        launcher: "r", program: "Rscript", script: "a.R",
        text: """
            wish <- readLines(Sys.getenv("EVENT_FILE"), warn = FALSE)
            if (wish == '"exit"') { message("words"); quit(status = 3) }
            if (wish == '"fail"') stop("words")
            if (wish == '"kill"') tools::pskill(Sys.getpid(), 9L)
            if (wish == '"leave"') system("setsid sleep 300 >/dev/null 2>&1 &")
            left <- if (exists("seen")) seen else "nothing"; seen <- "something"
            leaked <- Sys.getenv("LEAK", "nothing"); Sys.setenv(LEAK = "something")
            cat(left, leaked, Sys.getenv("REQUEST_ID"), getwd(), "__main__", 1, sep = " "); cat("\\n")
            """)
    // What is remembered here outlives the process that has remembered it, in the same emulator.
    static let elixir = WorkerLanguage(
        launcher: "elixir", program: "elixir", script: "a.exs",
        text: """
            wish = File.read!(System.fetch_env!("EVENT_FILE"))
            if wish == ~s("exit"), do: (IO.puts(:stderr, "words"); System.halt(3))
            if wish == ~s("fail"), do: raise "words"
            if wish == ~s("kill"), do: System.cmd("kill", ["-9", System.pid()])
            if wish == ~s("leave"), do: System.cmd("sh", ["-c", "setsid sleep 300 >/dev/null 2>&1 &"])
            left = Application.get_env(:kernel, :seen, :persistent_term.get(:seen, "nothing"))
            left = if :ets.whereis(:seen) == :undefined and Code.ensure_loaded?(Seen) == false, do: left, else: "something"
            Application.put_env(:kernel, :seen, "something"); :persistent_term.put(:seen, "something")
            spawn(fn -> Process.register(self(), :seen); :ets.new(:seen, [:named_table]); Process.sleep(:infinity) end)
            defmodule Seen do end
            leaked = System.get_env("LEAK", "nothing"); System.put_env("LEAK", "something")
            words = [left, leaked, System.get_env("REQUEST_ID"), File.cwd!(), "__main__", 1 + length(System.argv())]
            IO.puts(Enum.join(words, " "))
            File.cd!("/")
            """)
    static let erlang = WorkerLanguage(
        launcher: "erlang", program: "escript", script: "a.escript",
        text: """
            #!/usr/bin/env escript
            main(Arguments) ->
                {ok, Wish} = file:read_file(os:getenv("EVENT_FILE")),
                wish(Wish),
                Left = case ets:whereis(seen) of undefined -> persistent_term:get(seen, "nothing"); _ -> "something" end,
                persistent_term:put(seen, "something"),
                spawn(fun() -> ets:new(seen, [named_table]), timer:sleep(infinity) end),
                Leaked = os:getenv("LEAK", "nothing"), os:putenv("LEAK", "something"),
                {ok, Folder} = file:get_cwd(),
                Name = case filename:basename(escript:script_name()) of "a.escript" -> "__main__"; Other -> Other end,
                Words = [Left, Leaked, os:getenv("REQUEST_ID"), Folder, Name, integer_to_list(1 + length(Arguments))],
                io:format("~s~n", [lists:join(" ", Words)]),
                file:set_cwd("/").
            wish(<<"\\"exit\\"">>) -> io:format(standard_error, "words~n", []), halt(3);
            wish(<<"\\"fail\\"">>) -> error(words);
            wish(<<"\\"kill\\"">>) -> os:cmd("kill -9 " ++ os:getpid()), timer:sleep(infinity);
            wish(<<"\\"leave\\"">>) -> os:cmd("setsid sleep 300 >/dev/null 2>&1 &");
            wish(_) -> ok.
            """)
}

@Suite(
    "Workers of languages that are here",
    .enabled(if: !WorkerLanguage.here.isEmpty, "needs Ruby, Python, Perl, R or Node.js"))
struct WorkerProgramTests {
    /// A function with a language's worker, as the packager ships it.
    private static func worker(_ language: WorkerLanguage, in folder: String) throws -> FunctionWorker {
        _ = signal(SIGPIPE, SIG_IGN)
        let launcher = try #require(Launcher.named(language.launcher))
        try OutputFile.write([], to: "\(folder)/bootstrap")
        try OutputFile.write([UInt8](language.text.utf8), to: "\(folder)/\(language.script)")
        var input = PackageInput(name: "test", bootstrap: "\(folder)/bootstrap")
        input.root = "/"
        input.image = .folder("")
        input.launcher = LauncherChoice(launcher, because: "of the test")
        input.script = PackageInput.Source(path: language.script, file: "\(folder)/\(language.script)")
        input.reuse = true
        input.environment = [("PATH", "/usr/bin:/bin"), ("MARK", folder)]
        let package = try PackageBuilder.package(input)
        for entry in package.entries {
            let place = "\(folder)/package/\(entry.name)"
            try Folder.create(place.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" })
            switch entry.content {
            case .bytes(let bytes): try OutputFile.write(bytes, to: place)
            case .file(let file):
                let bytes = try InputFile.contents(of: file, limit: 1 << 20)
                try OutputFile.write(bytes, to: place, permissions: 0o755)
            default: Issue.record("what is \(entry.name)?")
            }
        }
        var worker = FunctionWorker(
            .init(
                spec: package.launchSpec, package: [UInt8]("\(folder)/package".utf8),
                scratch: [UInt8]("\(folder)/scratch".utf8), storage: nil, environment: []))
        try worker.prepare()
        return worker
    }

    private static func handle(_ worker: inout FunctionWorker, _ wish: String) -> String {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let invocation = Invocation(
            requestID: [UInt8]("id-7".utf8), deadline: now.tv_sec * 1000 + 60_000, functionARN: [], traceID: [],
            event: [UInt8]("\"\(wish)\"".utf8))
        defer { worker.rest() }
        do throws(Failure) {
            return String(decoding: try worker.handle(invocation, nil).body, as: UTF8.self)
        } catch {
            return "\(error.type.text): " + String(decoding: error.message, as: UTF8.self)
        }
    }

    private static func processes(of folder: String) throws -> [String] {
        let list =
            "for p in /proc/[0-9]*; do tr '\\0' '\\n' < $p/environ 2>/dev/null | grep -qx 'MARK=\(folder)' && cat $p/comm; done; true"
        return try Peer.run("sh", ["-c", list]).text.split(separator: "\n").map(String.init)
    }

    @Test(
        "each event runs the script anew, from the same start, with its own output and ending",
        arguments: WorkerLanguage.here)
    func events(language: WorkerLanguage) throws {
        try Folder.withTemporary { folder in
            var worker = try Self.worker(language, in: folder)
            for wish in ["a", "b", "exit", "c", "fail", "d"] {
                let said = Self.handle(&worker, wish)
                switch wish {
                case "exit": #expect(said == "Script.ExitCode: the program ended with exit code 3\nwords")
                case "fail": #expect(said.hasPrefix("Script.ExitCode: ") && said.contains("words"), "\(said)")
                default:
                    let line = "nothing nothing id-7 \(folder)/scratch/invocations/1 __main__ 1\\n"
                    #expect(said.contains("\"body\":\"\(line)\""), "\(said)")
                }
            }
        }
    }

    @Test(
        "a script that is killed leaves the worker alive, and what it starts ends with it",
        arguments: WorkerLanguage.here.filter { $0.launcher != "node" })
    func endings(language: WorkerLanguage) throws {
        try Folder.withTemporary { folder in
            var worker = try Self.worker(language, in: folder)
            #expect(Self.handle(&worker, "a").contains("nothing nothing"))
            let before = try Self.processes(of: folder)
            if language.launcher != "r" {
                #expect(Self.handle(&worker, "kill").hasPrefix("Script.Signal: the program was ended by signal 9"))
            }
            #expect(Self.handle(&worker, "leave").contains("nothing nothing"))
            #expect(try Self.processes(of: folder) == before)
        }
    }
}
