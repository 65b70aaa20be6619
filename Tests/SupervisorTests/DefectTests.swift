import Supervisor
import TestKit
import Testing

/// What the systems that came before did wrong, and this one must not do.
@Suite struct DefectTests {
    private static let copy = "#!/bin/sh\ncp \"$INPUT_FILE_PATH\" \"$TMP_OUTPUT_DIR/\"\n"

    @Test("an event without its time is not an error: those that `run` makes have none")
    func timelessEvent() throws {
        var function = try TestFunction(Self.copy)
        let event = #"{"Records":[{"eventSource":"aws:s3","s3":{"bucket":{"name":"in"},"object":{"key":"a.txt"}}}]}"#
        #expect(try function.handle(event).contains(#""key":"results/a.txt""#))
    }

    @Test("exit codes are not lost", arguments: [1, 3, 126, 137, 255])
    func exitCodes(code: Int) throws {
        var function = try TestFunction("#!/bin/sh\nexit \(code)\n")
        for event in ["{}", EventTests.event(EventTests.record("a.txt")), MessageTests.queued("x")] {
            let failure = function.failure(event)
            #expect(failure.type == "Script.ExitCode" && failure.message.hasSuffix("exit code \(code)"), "\(failure)")
        }
    }

    @Test("running out of time is not a success with an empty answer")
    func timeout() throws {
        var function = try TestFunction("#!/bin/sh\nexec sleep 30\n")
        #expect(function.failure("{}", seconds: 1.3).type == "Script.Timeout")
        #expect(try function.handle(RequestRunTests.event(), seconds: 1.3).hasPrefix(#"{"statusCode":504,"#))
    }

    @Test("not only the first record is handled")
    func records() throws {
        var function = try TestFunction(Self.copy)
        let answer = try function.handle(
            EventTests.event(EventTests.record("a.txt"), EventTests.record("sub/b+c.txt")))
        #expect(answer.contains(#""key":"results/a.txt""#) && answer.contains(#""key":"results/b c.txt""#))
    }

    @Test(
        "a body that is a text, a list or a number does not end the function",
        arguments: ["plain text", "[1,2]", "1234", "\"quoted\"", "null", "not-base64==", ""])
    func bodies(body: String) throws {
        var function = try TestFunction("#!/bin/sh\nprintf '<%s>' \"$(cat \"$INPUT_FILE_PATH\")\"\n")
        let escaped = body.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: #"\""#)
        #expect(try function.handle(RequestRunTests.event(body)).contains("\"body\":\"<\(escaped)>\""))
    }

    @Test("query parameters are not lost, under the name that scripts know")
    func parameters() throws {
        var function = try TestFunction("#!/bin/sh\necho \"$CONT_VAR_name\"\n")
        #expect(try function.handle(RequestRunTests.event(query: "name=a%20b")).contains(#""body":"a b\n""#))
    }

    @Test("a process that cannot start says so to Lambda and does not just end")
    func initFailure() throws {
        #expect(throws: Failure.self) { _ = try TestFunction("") { spec, _ in spec.script = nil } }
    }

    @Test("a failed run does not have its output taken for a result")
    func partialOutput() throws {
        var function = try TestFunction("#!/bin/sh\necho half > \"$TMP_OUTPUT_DIR/half\"; exit 1\n")
        #expect(function.failure(EventTests.event(EventTests.record("a.txt"))).type == "Script.ExitCode")
        #expect(function.folder.read("storage/out/results/half") == nil)
    }

    @Test("the whole family of a program ends with it, and not only the program itself")
    func family() throws {
        var function = try TestFunction("#!/bin/sh\nsleep 300 & setsid sleep 301 & echo $$ > /dev/null; sleep 302\n") {
            spec, path in spec.environment.append(.init(name: utf8("FAMILY"), value: utf8(path)))
        }
        #expect(function.failure("{}", seconds: 1.3).type == "Script.Timeout")
        let left = shell(
            "for p in /proc/[0-9]*; do tr '\\0' '\\n' < $p/environ 2>/dev/null | grep -qx 'FAMILY=\(function.folder.path)' && echo $p; done"
        )
        #expect(left.output.isEmpty)
    }

    @Test("the supervisor's own settings and the keys of storages are not the program's to see in its answer's errors")
    func secrets() throws {
        var function = try TestFunction("#!/bin/sh\nenv >&2; exit 1\n") { spec, _ in
            spec.environment.append(.init(name: utf8("SECRET_KEY"), value: utf8("hush")))
        }
        #expect(try !function.handle(RequestRunTests.event()).contains("hush"))
    }

    @Test("the first line of a script counts: not everything is for /bin/sh")
    func firstLine() throws {
        var function = try TestFunction("#!/usr/bin/env python3\nprint('python')\n")
        #expect(try function.handle("{}").contains("python"))
    }
}
