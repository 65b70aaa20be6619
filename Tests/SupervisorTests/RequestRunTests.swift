import Supervisor
import TestKit
import Testing

/// HTTP requests through a whole function: what the program sees, and what the client gets.
@Suite struct RequestRunTests {
    static func event(
        _ body: String = "", type: String? = nil, headers: [String: String] = [:], method: String = "POST",
        query: String = "", encoded: Bool = false
    ) -> String {
        func quoted(_ text: String) -> String {
            let escaped = text.unicodeScalars.map { scalar -> String in
                switch scalar {
                case "\"", "\\": "\\\(scalar)"
                case "\r": "\\r"
                case "\n": "\\n"
                case "\0": "\\u0000"
                default: "\(scalar)"
                }
            }
            return "\"\(escaped.joined())\""
        }
        var fields = headers
        if let type { fields["Content-Type"] = type }
        let members = fields.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
        return """
            {"version":"2.0","rawPath":"/a","rawQueryString":\(quoted(query)),"headers":{\(members.joined(separator: ","))},\
            "requestContext":{"http":{"method":"\(method)"}},"body":\(quoted(body)),"isBase64Encoded":\(encoded)}
            """
    }

    @Test(
        "a body is a file with an ending that fits its type",
        arguments: [
            ("{}", "application/json", ".json"), ("a,b", "text/csv; charset=utf-8", ".csv"), ("x", "image/png", ".png"),
            ("x", "application/vnd.api+json", ".json"), ("x", "no/such", ""), ("%PDF-1", nil, ".pdf"), ("x", nil, ""),
            ("1234", "text/plain", ".txt"), ("[1]", "application/json", ".json"), ("x", "; /../", ""),
        ])
    func endings(body: String, type: String?, ending: String) throws {
        var function = try TestFunction("#!/bin/sh\nbasename \"$INPUT_FILE_PATH\"; cat \"$INPUT_FILE_PATH\"\n")
        let answer = try function.handle(Self.event(body, type: type))
        let shown = body == "{}" || body == "[1]" ? body : body
        #expect(answer.contains(#""body":"event-file-8f5-a\#(ending)\n\#(shown)""#), "\(answer)")
    }

    @Test("the request is in variables: CGI's for itself, prefixed ones for what the client named")
    func variables() throws {
        var function = try TestFunction("#!/bin/sh\nenv | sort > \"$TMP_OUTPUT_DIR/env\"\n")
        let event = Self.event(
            "name=J%C3%BCrgen&x-y=1", type: "application/x-www-form-urlencoded",
            headers: ["X-Custom": "c", "Authorization": "secret-token", "Proxy": "http://evil"],
            query: "size=10&PATH=/evil&LD_PRELOAD=/evil.so&a%00b=n&v=a%00b&size=20&%24(id)=`id`")
        let seen = try function.handle(event)
        let lines = (function.folder.read("storage/out/results/env") ?? "").split(separator: "\n").map(String.init)
        for line in [
            "REQUEST_METHOD=POST", "PATH_INFO=/a", "CONTENT_TYPE=application/x-www-form-urlencoded", "CONT_VAR_size=10",
            "CONT_VAR_PATH=/evil", "CONT_VAR_LD_PRELOAD=/evil.so", "CONT_VAR_a_b=n", "CONT_VAR___id_=`id`",
            "FORM_name=Jürgen", "FORM_x_y=1", "HTTP_X_CUSTOM=c", "PATH=/usr/bin:/bin",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(!lines.contains { $0.hasPrefix("HTTP_PROXY=") || $0.hasPrefix("HTTP_AUTHORIZATION") })
        #expect(!lines.contains { $0.hasPrefix("LD_PRELOAD") || $0.hasPrefix("CONT_VAR_v=") })
        #expect(seen.contains(#""statusCode":200"#))
    }

    @Test("of very many or very long parameters some are left out, and the program runs")
    func manyVariables() throws {
        var function = try TestFunction("#!/bin/sh\nenv | grep -c ^CONT_VAR_\n")
        let many = (0..<900).map { "k\($0)=v" }.joined(separator: "&")
        #expect(try function.handle(Self.event(query: many)).contains(#""body":"19"#))
        let long = "a=\(String(repeating: "x", count: 3_000_000))&b=1"
        #expect(try function.handle(Self.event(query: long)).contains(#""body":"1\n""#))
    }

    @Test("each file of a form is an input file under a safe name, and each field a variable")
    func multipart() throws {
        var function = try TestFunction(
            "#!/bin/sh\ncd \"$TMP_INPUT_DIR\"; for f in *; do printf '%s=%s;' \"$f\" \"$(cat \"./$f\")\"; done; echo \"$(basename \"$INPUT_FILE_PATH\") $FORM_note ${FORM_long-none}\"\n",
            storage: false)
        let long = String(repeating: "l", count: 9000)
        let body = FormDataTests.body([
            (#"Content-Disposition: form-data; name="note""#, "n"),
            (#"Content-Disposition: form-data; name="long""#, long),
            (#"Content-Disposition: form-data; name="f"; filename="../../etc/passwd""#, "1"),
            (#"Content-Disposition: form-data; name="f"; filename="C:\dir\-rf""#, "2"),
            (#"Content-Disposition: form-data; name="f"; filename="passwd""#, "3"),
            (#"Content-Disposition: form-data; name="f"; filename="..""#, "4"),
        ])
        let answer = try function.handle(Self.event(body, type: "multipart/form-data; boundary=XX"))
        #expect(
            answer.contains("2-passwd=3;_rf=2;field-long=\(long);file-4=4;passwd=1;passwd n none")
                || answer.contains("2-passwd=3;field-long=\(long);file-4=4;passwd=1;_rf=2;passwd n none"),
            "\(answer.prefix(300))")
        #expect(shell("ls -A '\(function.folder.path)'").output == "package\nroot\nscratch\nstorage\n")
    }

    @Test("a thousand files of one name are told apart, and in no time")
    func namesakes() throws {
        var function = try TestFunction(
            "#!/bin/sh\ncd \"$TMP_INPUT_DIR\"; ls | wc -l; ls | sort -n | tail -n 1\n", storage: false)
        let part = (head: #"Content-Disposition: form-data; name="f"; filename="a""#, content: "x")
        let body = FormDataTests.body(Array(repeating: part, count: 1000))
        let begin = monotonicNanoseconds()
        let answer = try function.handle(Self.event(body, type: "multipart/form-data; boundary=XX"))
        #expect(answer.contains(#"1000\n1000-a"#), "\(answer)")
        #expect(monotonicNanoseconds() - begin < 30_000_000_000)
    }

    @Test("a body that lies is the client's mistake: 400", arguments: ["base64", "multipart"])
    func malformed(kind: String) throws {
        var function = try TestFunction("#!/bin/sh\n")
        let answer =
            kind == "base64"
            ? try function.handle(Self.event("***", encoded: true))
            : try function.handle(Self.event("no form", type: "multipart/form-data; boundary=XX"))
        #expect(answer.hasPrefix(#"{"statusCode":400,"#), "\(answer)")
        #expect(function.leftovers.isEmpty)
    }

    @Test("the program sets status, type and fields of its answer in a file")
    func head() throws {
        var function = try TestFunction(
            "#!/bin/sh\nprintf 'Status: 201 Created\\nContent-Type: text/html\\nSet-Cookie: a=1\\nSet-Cookie: b=2\\nContent-Length: 1\\n' > \"$RESPONSE_HEADERS_FILE\"; echo '<p>'\n"
        )
        #expect(
            try function.handle(Self.event())
                == #"{"statusCode":201,"headers":{"Content-Type":"text/html","amz-lambda-request-id":"8f5-a"},"cookies":["a=1","b=2"],"body":"<p>\n","isBase64Encoded":false}"#
        )
        var redirect = try TestFunction("#!/bin/sh\necho 'Location: /x' > \"$RESPONSE_HEADERS_FILE\"\n")
        #expect(try redirect.handle(Self.event()).hasPrefix(#"{"statusCode":302,"#))
        var link = try TestFunction("#!/bin/sh\nln -s /etc/passwd \"$RESPONSE_HEADERS_FILE\"; echo fine\n")
        #expect(try link.handle(Self.event()).contains(#""body":"fine\n""#))
    }

    @Test(
        "the type of an answer is guessed from the file's name, its first bytes, or its text",
        arguments: [
            ("echo x > \"$TMP_OUTPUT_DIR/a.html\"", "text/html; charset=utf-8"),
            ("printf '\\211PNG\\r\\n\\032\\n' > \"$TMP_OUTPUT_DIR/a\"", "image/png"),
            ("echo '[1]'", "application/json"),
            ("echo words", "text/plain; charset=utf-8"), ("printf '\\377'", "application/octet-stream"),
            ("printf '%%PDF-1.7'", "application/pdf"), ("echo '{no json'", "text/plain; charset=utf-8"),
        ])
    func types(script: String, type: String) throws {
        var function = try TestFunction("#!/bin/sh\n\(script)\n", storage: false)
        #expect(try function.handle(Self.event()).contains(#""Content-Type":"\#(type)""#))
    }

    @Test("a failed program is a 500 in JSON without what it said; one that names its error has answered")
    func failures() throws {
        var function = try TestFunction(
            "#!/bin/sh\ncase $CONT_VAR_how in\nexit) echo SECRET >&2; exit 3;;\nsaid) echo 'Status: 404' > \"$RESPONSE_HEADERS_FILE\"; echo gone; exit 1;;\nlies) echo 'Status: 200' > \"$RESPONSE_HEADERS_FILE\"; exit 1;;\nsleep) sleep 30;;\nkill) kill -9 $$;;\nesac\n"
        )
        let exit = try function.handle(Self.event(query: "how=exit"))
        #expect(exit.hasPrefix(#"{"statusCode":500,"headers":{"Content-Type":"application/json""#))
        #expect(exit.contains(#"\"message\":\"the program ended with exit code 3\""#) && !exit.contains("SECRET"))
        let said = try function.handle(Self.event(query: "how=said"))
        #expect(said.hasPrefix(#"{"statusCode":404,"#) && said.contains(#""body":"gone\n""#))
        #expect(try function.handle(Self.event(query: "how=lies")).hasPrefix(#"{"statusCode":500,"#))
        #expect(try function.handle(Self.event(query: "how=kill")).contains("Script.Signal"))
        let late = try function.handle(Self.event(query: "how=sleep"), seconds: 1.3)
        #expect(late.hasPrefix(#"{"statusCode":504,"#), "\(late)")
        #expect(function.leftovers.isEmpty)
    }

    @Test("HEAD gets no body; one who does not wait gets 202, and the failure goes Lambda's way")
    func methods() throws {
        var function = try TestFunction("#!/bin/sh\necho body; exit ${CONT_VAR_code:-0}\n")
        #expect(try function.handle(Self.event(method: "HEAD")).contains(#""body":"""#))
        let asynchronous = ["X-Amz-Invocation-Type": "Event"]
        #expect(try function.handle(Self.event(headers: asynchronous)).hasPrefix(#"{"statusCode":202,"#))
        #expect(function.failure(Self.event(headers: asynchronous, query: "code=3")).type == "Script.ExitCode")
    }

    @Test("an answer that is too large is a 413, or the link to where it is stored")
    func tooLarge() throws {
        var printed = try TestFunction("#!/bin/sh\nhead -c 7000000 /dev/zero | tr '\\0' x\n")
        #expect(try printed.handle(Self.event()).hasPrefix(#"{"statusCode":413,"#))
        let script = "#!/bin/sh\nhead -c 7000000 /dev/zero > \"$TMP_OUTPUT_DIR/f.bin\"; echo stored\n"
        var alone = try TestFunction(script, storage: false)
        #expect(try alone.handle(Self.event()).hasPrefix(#"{"statusCode":413,"#))
        var stored = try TestFunction(script)
        #expect(try stored.handle(Self.event()).contains(#""body":"stored\n""#))
        let server = try MemoryStorage()
        var linked = try CloudFunction(server.server.origin, script) { spec, _ in
            spec.handling.linksLargeAnswers = true
        }
        let answer = try linked.handle(event: Self.event())
        #expect(answer.contains(#""statusCode":303"#), "\(answer)")
        #expect(answer.contains(#""Location":"\#(server.server.origin)"#), "\(answer)")
        #expect(answer.contains("X-Amz-Signature="), "\(answer)")
    }
}
