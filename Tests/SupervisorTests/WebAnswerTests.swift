import Supervisor
import Testing

@Suite struct WebAnswerTests {
    private static let answer = WebAnswer(
        status: 404,
        fields: [("X-A", "1"), ("Set-Cookie", "a=1"), ("x-a", "2"), ("Set-Cookie", "b=2, c")].map {
            .init(utf8($0), utf8($1))
        }, type: utf8("text/plain"), body: utf8("ä\n"))

    private func document(_ form: WebRequest.Form, _ answer: WebAnswer = answer, isHead: Bool = false) throws -> String
    {
        text(try answer.document(form, isHead: isHead))
    }

    @Test("each form has headers of several values and cookies in its own way")
    func forms() throws {
        #expect(
            try document(.gateway2)
                == #"{"statusCode":404,"headers":{"Content-Type":"text/plain","X-A":"1, 2"},"cookies":["a=1","b=2, c"],"body":"ä\n","isBase64Encoded":false}"#
        )
        #expect(
            try document(.gateway1)
                == #"{"statusCode":404,"headers":{"Content-Type":"text/plain"},"multiValueHeaders":{"X-A":["1","2"],"Set-Cookie":["a=1","b=2, c"]},"body":"ä\n","isBase64Encoded":false}"#
        )
        #expect(
            try document(.balancer(hasLists: true))
                == #"{"statusCode":404,"statusDescription":"404 Not Found","multiValueHeaders":{"Content-Type":["text/plain"],"X-A":["1","2"],"Set-Cookie":["a=1","b=2, c"]},"body":"ä\n","isBase64Encoded":false}"#
        )
        #expect(
            try document(.balancer(hasLists: false))
                == #"{"statusCode":404,"statusDescription":"404 Not Found","headers":{"Content-Type":"text/plain","X-A":"2","Set-Cookie":"b=2, c"},"body":"ä\n","isBase64Encoded":false}"#
        )
        let prelude = Self.answer.prelude()
        #expect(prelude.suffix(8) == [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(
            text([UInt8](prelude.dropLast(8)))
                == #"{"statusCode":404,"headers":{"Content-Type":"text/plain","X-A":"1, 2"},"cookies":["a=1","b=2, c"]}"#
        )
    }

    @Test("what is no text goes in base64, and texts do not")
    func binary() throws {
        for (type, body, isEncoded) in [
            ("image/png", utf8("x"), true), ("text/plain", [0xff], true), ("application/json", utf8("{}"), false),
            ("application/problem+json", utf8("{}"), false), ("image/svg+xml", utf8("<svg/>"), false),
            ("text/html; charset=utf-8", utf8("h"), false), ("nonsense", utf8("x"), true),
        ] {
            let document = try document(.plain, WebAnswer(type: utf8(type), body: body))
            #expect(document.contains(#""isBase64Encoded":\#(isEncoded)"#), "\(type)")
        }
    }

    @Test("the answer to HEAD has the head and no body")
    func head() throws {
        #expect(try document(.gateway2, isHead: true).hasSuffix(#""body":"","isBase64Encoded":false}"#))
        let large = WebAnswer(type: utf8("image/png"), body: [UInt8](repeating: 1, count: 9 << 20))
        #expect(try document(.gateway2, large, isHead: true).contains(#""body":"""#))
        #expect(throws: Failure.self) { try document(.gateway2, large) }
        // Escapes count as well: it is the document that must fit.
        let breaks = WebAnswer(type: utf8("text/plain"), body: [UInt8](repeating: 10, count: 4 << 20))
        #expect(throws: Failure.self) { try document(.gateway2, breaks) }
    }

    @Test("a client learns what went wrong, and nothing of what the program or the machine has to hide")
    func failures() {
        for (type, status) in [
            ("Script.ExitCode" as StaticName, 500), ("Script.Timeout", 504), ("Event.BadBase64", 400),
            ("Function.ResponseSizeTooLarge", 413), ("Storage.Unavailable", 500),
        ] {
            let answer = WebAnswer(Failure(type, utf8("what happened\nSECRET=1")), utf8("id-1"))
            #expect(answer.status == status)
            #expect(
                text(answer.body)
                    == #"{"errorType":"\#(type.text)","message":"what happened","requestId":"id-1"}"#)
        }
    }
}

@Suite struct ResponseHeadTests {
    @Test("status and fields are taken as CGI has them, with either line end")
    func fields() {
        let head = ResponseHead(
            utf8("Status: 404 Not Found\r\nContent-Type: text/html\nSet-Cookie: a=1\nset-cookie: b\n\nX-Y:  z \n"))
        #expect(head.status == 404)
        #expect(head["content-type"] == utf8("text/html"))
        #expect(head.fields.map { text($0.value) } == ["text/html", "a=1", "b", "z"])
        #expect(head.refused == 0)
    }

    @Test(
        "what would split, frame or forge an answer is refused",
        arguments: [
            "no colon", ": x", "A B: x", "A\u{0}: x", "A: x\u{0}y", "A: x\ry", "A: \u{1b}[31m", "Status: 99",
            "Status: 600",
            "Status: 1e3", "Status:", "Content-Length: 5", "Transfer-Encoding: chunked", "connection: close", "ä: x",
        ])
    func refusals(line: String) {
        let head = ResponseHead(utf8(line))
        #expect(head.fields.isEmpty && head.status == nil)
        #expect(head.refused == 1)
    }

    @Test("of a head without end a hundred fields are taken")
    func many() {
        let head = ResponseHead(utf8((0..<5000).map { "h\($0): v\n" }.joined()))
        #expect(head.fields.count == 100)
        #expect(head.refused > 1000)
        #expect(ResponseHead([0xff, 0xfe, 0x3a, 0x0a, 0x41, 0x3a, 0xff]).refused == 2)
    }
}
