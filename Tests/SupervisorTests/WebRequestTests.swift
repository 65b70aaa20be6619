import Supervisor
import Testing

@Suite struct WebRequestTests {
    static let gateway2 = #"""
        {"version":"2.0","routeKey":"$default","rawPath":"/a/b","rawQueryString":"x=1&y=a+b%26c&x=2","cookies":["c=1","d=2"],
        "headers":{"Content-Type":"text/csv","Accept":"a, b"},"queryStringParameters":{"x":"1,2","y":"a b&c"},
        "pathParameters":{"proxy":"b"},"requestContext":{"http":{"method":"POST","path":"/a/b"}},"body":"1,2","isBase64Encoded":false}
        """#
    static let gateway1 = #"""
        {"resource":"/{proxy+}","path":"/a/b","httpMethod":"PUT","headers":{"Accept":"b","X":"2"},
        "multiValueHeaders":{"Accept":["a","b"],"X":["2"]},"queryStringParameters":{"x":"2"},
        "multiValueQueryStringParameters":{"x":["1","2"],"y":["a b&c"]},"pathParameters":{"proxy":"b"},
        "requestContext":{"resourcePath":"/{proxy+}"},"body":"aGk=","isBase64Encoded":true}
        """#
    static let balancer = #"""
        {"requestContext":{"elb":{"targetGroupArn":"arn"}},"httpMethod":"GET","path":"/a",
        "queryStringParameters":{"y":"a+b%26c"},"headers":{"accept":"b"},"body":"","isBase64Encoded":false}
        """#

    private func request(_ event: String) throws -> WebRequest {
        guard case .request(let request) = try Event.classify(utf8(event), inputs: []) else {
            throw Failure("Test.NoRequest", utf8(event))
        }
        return request
    }

    private func pairs(_ fields: [WebRequest.Field]) -> [String] { fields.map { "\(text($0.name))=\(text($0.value))" } }

    @Test("payload format 2.0: method, path, query, headers, cookies and body")
    func format2() throws {
        let request = try request(Self.gateway2)
        #expect(request.form == .gateway2)
        #expect((text(request.method), text(request.path)) == ("POST", "/a/b"))
        #expect(pairs(request.query) == ["x=1", "y=a b&c", "x=2"])
        #expect(text(request.queryText) == "x=1&y=a+b%26c&x=2")
        #expect(pairs(request.pathParameters) == ["proxy=b"])
        #expect(pairs(request.fields) == ["content-type=text/csv", "accept=a, b"])
        #expect(request.cookies.map(text) == ["c=1", "d=2"])
        #expect(try request.body() == utf8("1,2"))
    }

    @Test("payload format 1.0: every value of what comes more than once")
    func format1() throws {
        let request = try request(Self.gateway1)
        #expect(request.form == .gateway1)
        #expect(text(request.method) == "PUT")
        #expect(pairs(request.query) == ["x=1", "x=2", "y=a b&c"])
        #expect(text(request.queryText) == "x=1&x=2&y=a%20b%26c")
        #expect(pairs(request.fields) == ["accept=a", "accept=b", "x=2"])
        #expect(try request.body() == utf8("hi"))
    }

    @Test("a load balancer's query is decoded, which it does not do itself")
    func loadBalancer() throws {
        let request = try request(Self.balancer)
        #expect(request.form == .balancer(hasLists: false))
        #expect(pairs(request.query) == ["y=a b&c"])
        #expect(text(request.queryText) == "y=a+b%26c")
        let lists = Self.balancer.split(separator: "\"headers\":{\"accept\":\"b\"}")
            .joined(separator: #""multiValueHeaders":{"accept":["a","b"]}"#)
        let other = try self.request(lists)
        #expect(other.form == .balancer(hasLists: true))
        #expect(pairs(other.fields) == ["accept=a", "accept=b"])
    }

    @Test("members of the wrong kind are passed over, and none of them ends the function")
    func odd() throws {
        let odd = try request(
            #"{"httpMethod":"GET","headers":7,"multiValueHeaders":{"a":"b","c":[1,"d"]},"cookies":[1],"queryStringParameters":null,"pathParameters":[],"requestContext":{},"body":null}"#
        )
        #expect(pairs(odd.fields) == ["c=d"])
        #expect(odd.cookies.isEmpty && odd.query.isEmpty)
        #expect(try odd.body().isEmpty)
    }

    @Test("a thousand fields are looked at, and no more")
    func many() throws {
        let query = (0..<3000).map { "k\($0)=v" }.joined(separator: "&")
        let event =
            #"{"rawQueryString":"\#(query)","requestContext":{"http":{"method":"GET"}},"headers":{\#((0..<3000).map { #""h\#($0)":"v""# }.joined(separator: ","))}}"#
        let request = try request(event)
        #expect(request.query.count == 1000)
        #expect(request.fields.count == 1000)
    }
}

@Suite struct FormDataTests {
    static func body(_ parts: [(head: String, content: String)], boundary: String = "XX") -> String {
        parts.map { "--\(boundary)\r\n\($0.head)\r\n\r\n\($0.content)\r\n" }.joined() + "--\(boundary)--\r\n"
    }

    @Test("parts keep their bytes, names and types")
    func parts() throws {
        let content = "a\r\n--X\r\nnot the end--XX\u{0}\u{7f}"
        let body = Self.body([
            (#"Content-Disposition: form-data; name="a""#, ""),
            (
                "content-disposition:form-data; filename=\"p \\\"q\\\";.png\"; name=file\r\nContent-Type: image/png",
                content
            ),
            ("X: y", "nameless"),
        ])
        let parts = try FormData.parts(utf8("preamble\r\n" + body), boundary: utf8("XX"))
        #expect(parts.map(\.name) == ["a", "file", ""].map(utf8))
        #expect(parts[1].fileName == utf8(#"p "q";.png"#))
        #expect(parts[1].type == utf8("image/png"))
        #expect(parts.map(\.content) == ["", content, "nameless"].map(utf8))
    }

    @Test(
        "a body that is no form is an error and never a guess",
        arguments: [
            "", "--XX", "--XX--", "--XX\r\n", "--XX\r\n\r\nopen end", "--XX junk\r\n\r\n\r\n--XX--",
            "--XY\r\n\r\nx\r\n--XY--",
            "--XX\r\nno empty line\r\n--XX--x",
            "--XX\r\n" + String(repeating: "h", count: 20_000) + "\r\n\r\nx\r\n--XX--",
        ])
    func malformed(body: String) {
        if body == "--XX--" {
            #expect(throws: Never.self) { try FormData.parts(utf8(body), boundary: utf8("XX")) }
        } else {
            let error = #expect(throws: Failure.self) { try FormData.parts(utf8(body), boundary: utf8("XX")) }
            #expect(error?.type == "Event.Malformed")
        }
    }

    @Test("a form of very many parts, or with boundaries without end, is refused in no time")
    func many() {
        let begin = monotonicNanoseconds()
        let tiny = String(repeating: "--XX\r\n\r\n\r\n", count: 300_000)
        #expect(throws: Failure.self) { try FormData.parts(utf8(tiny), boundary: utf8("XX")) }
        #expect(throws: Failure.self) {
            try FormData.parts(utf8(String(repeating: "\r\n--XX\r\n", count: 300_000)), boundary: utf8("XX"))
        }
        #expect(throws: Failure.self) { try FormData.parts(utf8("--"), boundary: []) }
        #expect(throws: Failure.self) { try FormData.parts([], boundary: [UInt8](repeating: 65, count: 71)) }
        #expect(monotonicNanoseconds() - begin < 10_000_000_000)
    }

    @Test("fields of a form in one line are decoded")
    func fields() {
        let fields = FormData.fields(utf8("a=1&b=x+y%3D&&c&=d&e=f=g"))
        #expect(fields.map { "\(text($0.name)):\(text($0.value))" } == ["a:1", "b:x y=", "c:", ":d", "e:f=g"])
        #expect(FormData.fields([]).isEmpty)
    }

    @Test("a header's parameters are read with and without quotes, whatever is wrong with them")
    func parameters() {
        let value = HeaderValue(utf8("Multipart/Form-Data ; boundary=\"a;b\" ; x=y;z; q=\"open"))
        #expect(value.main == utf8("multipart/form-data"))
        #expect(value["boundary"] == utf8("a;b"))
        #expect(value["x"] == utf8("y"))
        #expect(value["z"] == nil)
        #expect(value["q"] == utf8("open"))
        for odd in ["", ";", ";;;", "=", ";=", ";a=", "a;b=\"", "\"", ";a=\"\\"] { _ = HeaderValue(utf8(odd)) }
    }
}
