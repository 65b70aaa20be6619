import Supervisor
import Testing

@Suite struct HTTPResponseTests {
    private func parse(_ bytes: [UInt8], piece: Int = 1 << 20, limit: Int = 1000, ends: Bool = false) throws(HTTPError)
        -> HTTPResponse?
    {
        var parser = HTTPResponseParser(bodyLimit: limit)
        var place = 0
        while place < bytes.count {
            let end = min(bytes.count, place + piece)
            if let response = try parser.feed([UInt8](bytes[place..<end])) { return response }
            place = end
        }
        return ends ? try parser.end() : nil
    }

    @Test("a response is the same however its bytes are cut into pieces", arguments: 1...40)
    func pieces(piece: Int) throws {
        let fixed = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: \t 8f5 \r\nContent-Length: 5\r\n\r\nhello"
        let response = try #require(try parse(utf8(fixed), piece: piece))
        #expect(response.status == 200)
        #expect(response["lambda-runtime-aws-request-id"] == utf8("8f5"))
        #expect(response.body == utf8("hello"))
        #expect(response.keepsAlive)
        let chunked =
            "HTTP/1.1 202 Accepted\r\ntransfer-encoding: Chunked\r\n\r\n3\r\nhel\r\n2;ext=1\r\nlo\r\n0\r\nTrailer: x\r\n\r\n"
        let other = try #require(try parse(utf8(chunked), piece: piece))
        #expect(other.status == 202)
        #expect(other.body == utf8("hello"))
        #expect(other.keepsAlive)
    }

    @Test("interim responses are passed over, and bodies may end with the connection")
    func forms() throws {
        let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
        #expect(try parse(utf8(interim))?.body == utf8("x"))
        let open = try parse(utf8("HTTP/1.0 200 OK\r\n\r\nabc"), ends: true)
        #expect(open?.body == utf8("abc"))
        #expect(open?.keepsAlive == false)
        let closing = try parse(utf8("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
        #expect(closing?.keepsAlive == false)
        #expect(try parse(utf8("HTTP/1.1 204 No Content\r\n\r\n"))?.status == 204)
        #expect(try parse(utf8("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"))?.status == 200)
        #expect(try parse(utf8("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200"))?.keepsAlive == false)
    }

    @Test("an answer to HEAD has no body, whatever length it tells")
    func head() throws {
        for field in ["Content-Length: 99999999999", "Transfer-Encoding: chunked"] {
            var parser = HTTPResponseParser(bodyLimit: 10, isHead: true)
            let response = try #require(try parser.feed(utf8("HTTP/1.1 200 OK\r\n\(field)\r\n\r\n")))
            #expect(response.body.isEmpty)
            #expect(response.keepsAlive)
        }
    }

    @Test(
        "heads that two readers could understand differently are refused",
        arguments: [
            "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 099 OK\r\n\r\n", "ICY 200 OK\r\n\r\n", "\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx", "HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
            "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\u{0}c\r\n\r\n",
            "HTTP/1.1 200 OK\nA: b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
        ])
    func hostileHeads(head: String) {
        #expect(throws: HTTPError.malformedHead) { try parse(utf8(head)) }
    }

    @Test(
        "bodies that lie are refused",
        arguments: [
            ("Transfer-Encoding: chunked\r\n\r\nz\r\n", HTTPError.malformedBody),
            ("Transfer-Encoding: chunked\r\n\r\n\r\n", .malformedBody),
            ("Transfer-Encoding: chunked\r\n\r\n-1\r\n", .malformedBody),
            ("Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", .malformedBody),
            ("Transfer-Encoding: chunked\r\n\r\n1\nx", .malformedBody),
            ("Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", .bodyTooLong),
            ("Transfer-Encoding: chunked\r\n\r\n3e9\r\n", .bodyTooLong), ("Content-Length: 1001\r\n\r\n", .bodyTooLong),
        ])
    func hostileBodies(rest: String, expected: HTTPError) {
        #expect(throws: expected) { try parse(utf8("HTTP/1.1 200 OK\r\n" + rest)) }
    }

    @Test("what never ends is not waited for with ever more memory")
    func endless() {
        #expect(throws: HTTPError.headTooLong) {
            try parse(utf8("HTTP/1.1 200 OK\r\nA: ") + [UInt8](repeating: 0x61, count: 70_000))
        }
        let many = (0..<200).map { "A\($0): b\r\n" }.joined()
        #expect(throws: HTTPError.malformedHead) { try parse(utf8("HTTP/1.1 200 OK\r\n\(many)\r\n")) }
        let line =
            utf8("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;") + [UInt8](repeating: 0x61, count: 9000)
        #expect(throws: HTTPError.malformedBody) { try parse(line, piece: 100) }
        let open = utf8("HTTP/1.1 200 OK\r\n\r\n") + [UInt8](repeating: 0x61, count: 1001)
        #expect(throws: HTTPError.bodyTooLong) { try parse(open) }
        let trailers = (0..<2000).map { "A\($0): b\r\n" }.joined()
        #expect(throws: HTTPError.malformedBody) {
            try parse(utf8("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + trailers))
        }
    }

    @Test("a connection that ends too soon is told")
    func cutOff() {
        for part in [
            "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
        ] {
            #expect(throws: HTTPError.cutOff, "\(part)") { try parse(utf8(part), ends: true) }
        }
    }

    @Test("random bytes never trap")
    func noise() {
        var state: UInt64 = 7
        func next() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        let alphabet = utf8("HTTP/1.1 200 OK\r\nContent-Length: chunked Transfer-Encoding 0123456789abcdef;")
        var answered = 0
        for _ in 0..<3000 {
            var bytes = utf8("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            for _ in 0..<Int(next() % 6) { bytes[Int(next()) % bytes.count] = alphabet[Int(next()) % alphabet.count] }
            if let response = try? parse(bytes, piece: Int(next() % 20) + 1) {
                answered += response.body.isEmpty ? 0 : 1
            }
        }
        #expect(answered > 100)
    }
}
