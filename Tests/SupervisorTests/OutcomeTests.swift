import Glibc
import Supervisor
import TestKit
import Testing

/// How runs end, and what becomes of messages, direct calls and output then.
@Suite struct OutcomeTests {
    private static let picky =
        "#!/bin/sh\ncp \"$INPUT_FILE_PATH\" \"$TMP_OUTPUT_DIR/$MESSAGE_ID\"; case $(cat \"$INPUT_FILE_PATH\") in bad*) exit 4;; esac\n"

    @Test("each message of a queue is the input of a run of its own")
    func messages() throws {
        var function = try TestFunction(
            "#!/bin/sh\nbasename \"$INPUT_FILE_PATH\" > \"$TMP_OUTPUT_DIR/$MESSAGE_ID\"; cat \"$INPUT_FILE_PATH\" >> \"$TMP_OUTPUT_DIR/$MESSAGE_ID\"\n"
        )
        let answer = try function.handle(MessageTests.queued("words", #"{"a":1}"#))
        #expect(answer.hasPrefix(#"{"outputs":[{"bucket":"out","key":"results/m1","size":19}"#), "\(answer)")
        #expect(function.folder.read("storage/out/results/m1") == "message-1.txt\nwords")
        #expect(function.folder.read("storage/out/results/m2") == "message-2.json\n{\"a\":1}")
    }

    @Test("a queue that takes lists is told which messages failed, and no other member")
    func partialBatch() throws {
        var function = try TestFunction(Self.picky) { spec, _ in spec.handling.reportsMessages = true }
        #expect(
            try function.handle(
                MessageTests.queued("a", "bad 1", "b", "bad 2", #"{"Records":[{"eventSource":"aws:s3"}]}"#))
                == #"{"batchItemFailures":[{"itemIdentifier":"m2"},{"itemIdentifier":"m4"},{"itemIdentifier":"m5"}]}"#)
        #expect(shell("ls '\(function.folder.path)/storage/out/results'").output == "m1\nm3\n")
        #expect(try function.handle(MessageTests.queued("a")) == #"{"batchItemFailures":[]}"#)
    }

    @Test("behind a failed message of an ordered queue nothing is run")
    func orderedBatch() throws {
        var function = try TestFunction(Self.picky) { spec, _ in spec.handling.reportsMessages = true }
        #expect(
            try function.handle(MessageTests.queued("a", "bad", "c", group: "g"))
                == #"{"batchItemFailures":[{"itemIdentifier":"m2"},{"itemIdentifier":"m3"}]}"#)
        #expect(shell("ls '\(function.folder.path)/storage/out/results'").output == "m1\n")
    }

    @Test("a queue that takes no lists gets all of its messages back, so that none is lost")
    func wholeBatch() throws {
        var function = try TestFunction(Self.picky)
        let failure = function.failure(MessageTests.queued("a", "bad"))
        #expect(failure == ("Script.ExitCode", "message 2 of 2, m2: the program ended with exit code 4"))
        #expect(function.failure(MessageTests.notified("bad")).message.hasPrefix("message 1 of 1: "))
    }

    @Test("objects that queues, topics and EventBridge tell of are staged like S3's own")
    func objectsInMessages() throws {
        var function = try TestFunction("#!/bin/sh\ncp \"$INPUT_FILE_PATH\" \"$TMP_OUTPUT_DIR/\"\n")
        let s3 = EventTests.event(EventTests.record("a.txt"))
        for event in [MessageTests.queued(s3), MessageTests.notified(s3), MessageTests.bus("a.txt")] {
            shell("rm -rf '\(function.folder.path)/storage/out'")
            #expect(try function.handle(event).contains(#""inputs":[{"bucket":"in","key":"a.txt","size":12}]"#))
            #expect(function.folder.read("storage/out/results/a.txt") == "content of a")
        }
        let ignored = try function.handle(MessageTests.bus("a.txt", type: "Object Deleted"))
        #expect(ignored.contains(#""reason":"the record tells of no object that was created""#))
    }

    // MARK: Direct calls

    @Test("a direct call may bring arguments where the recipe says so, and they are words and no code")
    func arguments() throws {
        var function = try TestFunction("#!/bin/sh\nprintf '<%s>' \"$@\"\n") { spec, _ in
            spec.handling.eventMayBring = [.arguments]
        }
        #expect(
            try function.handle(#"{"cmd_args":"[\"a b\",\"$(id)\",\"; ls\"]"}"#).contains(
                #""body":"<a b><$(id)><; ls>""#))
        var command = try TestFunction("") { spec, _ in
            spec.script = nil
            spec.command = ["echo", "-n"].map(utf8)
            spec.handling.eventMayBring = [.arguments]
        }
        #expect(try command.handle(#"{"cmd_args":["x","y"]}"#).contains(#""body":"x y""#))
        #expect(command.failure(#"{"cmd_args":[1]}"#).type == "Event.Malformed")
    }

    @Test(
        "a direct call may bring a script where the recipe says so; its first line counts, and else it is the shell's")
    func script() throws {
        var function = try TestFunction("#!/bin/sh\necho own\n") { spec, _ in
            spec.handling.eventMayBring = [.script]
        }
        // echo brought $(basename $0)
        #expect(
            try function.handle(#"{"script":"ZWNobyBicm91Z2h0ICQoYmFzZW5hbWUgJDApCg=="}"#)
                .contains(#""body":"brought script.sh\n""#))
        // #!/usr/bin/env python3 \n print(6*7)
        #expect(
            try function.handle(#"{"script":"IyEvdXNyL2Jpbi9lbnYgcHl0aG9uMwpwcmludCg2KjcpCg=="}"#)
                .contains(#""body":"42\n""#))
        #expect(try function.handle("{}").contains("own"))
        #expect(function.failure(#"{"script":"***"}"#).type == "Event.BadBase64")
    }

    @Test("without the recipe's leave, in an HTTP request, or from a storage, code is data")
    func notAllowed() throws {
        var function = try TestFunction("#!/bin/sh\ncat \"$INPUT_FILE_PATH\"; echo $#\n")
        let event = #"{"script":"bHM=","cmd_args":["x"]}"#
        #expect(try function.handle(event).contains(#""body":"{\"script\":\"bHM=\",\"cmd_args\":[\"x\"]}0\n""#))
        var open = try TestFunction("#!/bin/sh\ncat \"$INPUT_FILE_PATH\"; echo $#; echo x > \"$TMP_OUTPUT_DIR/x\"\n") {
            spec, _ in
            spec.handling.eventMayBring = [.script, .arguments]
            spec.outputs = []
        }
        let web = try open.handle(RequestRunTests.event(event, type: "application/json"))
        #expect(web.contains(#"\"script\":\"bHM=\""#) || web.contains(#""body":"x\n""#), "\(web)")
        open.folder.write(event, to: "storage/in/a.txt")
        #expect(try open.handle(EventTests.event(EventTests.record("a.txt"))).contains("\"inputs\""))
        #expect(try open.handle(MessageTests.queued(event)).contains("\"outputs\""))
    }

    // MARK: Output

    @Test("what is there after a failure or a timeout is stored only where the recipe says so")
    func keepOutput() throws {
        let script =
            "#!/bin/sh\necho part > \"$TMP_OUTPUT_DIR/part\"; [ $(cat \"$INPUT_FILE_PATH\") = slow ] && exec sleep 30; exit 3\n"
        for (endings, failed, slow) in [
            ([], false, false), ([.failure], true, false), ([.timeout], false, true),
            ([.failure, .timeout], true, true),
        ] as [([LaunchSpec.Handling.Ending], Bool, Bool)] {
            var function = try TestFunction(script) { spec, _ in spec.handling.keepOutput = endings }
            #expect(function.failure(#"{"body":"x","isBase64Encoded":false}"#).type == "Script.ExitCode")
            #expect((function.folder.read("storage/out/results/part") != nil) == failed, "\(endings)")
            shell("rm -rf '\(function.folder.path)/storage/out'")
            let late = function.failure(#"{"body":"slow","isBase64Encoded":false}"#, seconds: 1.4)
            #expect(late.type == "Script.Timeout")
            #expect(late.message.contains(slow ? "is stored" : "were not kept"))
            #expect((function.folder.read("storage/out/results/part") != nil) == slow, "\(endings)")
        }
    }

    @Test("a run without output is its own failure where the recipe wants output")
    func missingOutput() throws {
        var lax = try TestFunction("#!/bin/sh\n")
        #expect(try lax.handle(EventTests.event(EventTests.record("a.txt"))).contains(#""outputs":[]"#))
        var strict = try TestFunction("#!/bin/sh\n") { spec, _ in spec.handling.requiresOutput = true }
        #expect(
            strict.failure(EventTests.event(EventTests.record("a.txt"))) == (
                "Script.NoOutput", "record 1 of 1, in/a.txt: the program has left no file in $TMP_OUTPUT_DIR"
            ))
    }

    @Test("the same request id twice is two runs, neither of which sees the other")
    func sameRequest() throws {
        var function = try TestFunction(
            "#!/bin/sh\nls -A \"$TMP_OUTPUT_DIR\"; touch \"$TMP_OUTPUT_DIR/x\"; ls \"$TMP_INPUT_DIR\" | wc -l\n"
        ) {
            spec, _ in spec.outputs = []
        }
        let first = try function.handle(#"{"body":"x","isBase64Encoded":false}"#)
        #expect(try function.handle(#"{"body":"x","isBase64Encoded":false}"#) == first)
        #expect(function.leftovers.isEmpty)
    }

    @Test("deep JSON, invalid UTF-8 and NUL reach the program as the bytes they are, and never as a variable that lies")
    func oddEvents() throws {
        var function = try TestFunction(
            "#!/bin/sh\ncmp -s \"$EVENT_FILE\" \"$INPUT_FILE_PATH\" && wc -c < \"$EVENT_FILE\"; echo ${EVENT+set}\n")
        let deep = String(repeating: "[", count: 90_000)
        #expect(try function.handle(deep).contains(#""body":"90000\nset\n""#))
        #expect(try function.handle("{\"a\":\"\u{0}\"}").contains(#""body":"9\n\n""#))
        #expect(try function.handle(bytes: [0xff, 0xfe, 0x41]).contains(#""body":"3\nset\n""#))
        #expect(try function.handle("").contains(#""body":"0\n\n""#))
    }

    @Test("the caller's context, identity, function and the time that is left are variables")
    func context() throws {
        var function = try TestFunction(
            "#!/bin/sh\necho \"$CLIENT_CONTEXT $COGNITO_IDENTITY $INVOKED_FUNCTION_ARN $(( (DEADLINE_MS - $(date +%s%3N)) / 1000 ))\"\n"
        )
        var invocation = Invocation.sample("{}", seconds: 31.9)
        invocation.clientContext = utf8(#"{"c":1}"#)
        invocation.identity = utf8(#"{"i":2}"#)
        #expect(try function.handle(invocation).contains(#""body":"{\"c\":1} {\"i\":2} arn 30\n""#))
    }
}
