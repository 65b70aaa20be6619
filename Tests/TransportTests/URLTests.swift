import ByteKit
import Testing
import Transport

@Suite struct URLTests {
    @Test(
        "Addresses are read into their parts and written back",
        arguments: [
            ("https://Example.com", "https://example.com/"),
            ("https://example.com:443/a?b=c#d", "https://example.com/a?b=c"),
            ("http://127.0.0.1:5000/v2/", "http://127.0.0.1:5000/v2/"),
            ("https://[::1]:8443/x", "https://[::1]:8443/x"),
            ("https://h/a b\u{e4}|", "https://h/a%20b%C3%A4%7C"),
            ("https://h?x", "https://h/?x"),
            ("HTTPS://h/%2F..", "https://h/%2F.."),
        ])
    func parsed(text: String, full: String) throws {
        #expect(try URL(parsing: text).fullText == full)
    }

    @Test(
        "Addresses that parsers could disagree on are refused",
        arguments: [
            "", "example.com", "ftp://h/", "file:///etc/passwd", "https://", "https:///a", "https://user:secret@h/",
            "https://h:0/",
            "https://h:65536/", "https://h:+1/", "https://h:/", "https://a\\@b/", "https://a b/", "https://[::1/",
            "https://[127.0.0.1]/",
            "https://127.1/", "https://0x7f.1/", "https://2130706433/", "https://0177.0.0.1/", "https://1.2.3.4.5/",
            "https://h\u{2024}io/",
            "https://a..b/", "https://h%41/", "javascript:alert(1)",
        ])
    func refused(text: String) {
        #expect(throws: TransportError.self) { try URL(parsing: text) }
    }

    @Test("Neither queries nor passwords show in messages")
    func secrets() throws {
        #expect(try URL(parsing: "https://h/a?X-Amz-Signature=secret").description == "https://h/a")
        let error = #expect(throws: TransportError.self) { try URL(parsing: "https://u:secret@h/?secret") }
        #expect(error?.diagnostic.description.contains("secret") == false)
        let request = HTTPRequest(
            .get, try URL(parsing: "https://h/?secret"), headers: ["authorization": "Bearer secret"])
        #expect(!"\(request)".contains("secret") && !"\(request.headers)".contains("secret"))
    }

    @Test(
        "References in answers are followed from where they stood",
        arguments: [
            ("https://other/x", "https://other/x"), ("//other/x", "https://other/x"), ("/abs?q", "https://h/abs?q"),
            ("rel", "https://h/a/rel"), ("?q", "https://h/a/b?q"),
        ])
    func resolved(reference: String, full: String) throws {
        #expect(try URL(parsing: "https://h/a/b").resolving(reference).fullText == full)
    }

    @Test("Query items are encoded")
    func query() throws {
        let url = try URL(parsing: "https://h/").adding("scope", "repository:a/b:pull").adding("x", "&=\u{e4}")
        #expect(url.fullText == "https://h/?scope=repository%3Aa%2Fb%3Apull&x=%26%3D%C3%A4")
    }

    @Test(
        "Hosts are placed by what they say",
        arguments: [
            ("127.0.0.1", AddressScope.loopback), ("localhost", .loopback), ("a.localhost", .loopback),
            ("[::1]", .loopback),
            ("0.0.0.0", .loopback), ("[::ffff:127.0.0.1]", .loopback), ("169.254.169.254", .linkLocal),
            ("[fe80::1]", .linkLocal),
            ("[fd00:ec2::254]", .linkLocal), ("[::ffff:169.254.169.254]", .linkLocal),
            ("[64:ff9b::a9fe:a9fe]", .linkLocal),
            ("10.1.2.3", .privateNetwork), ("172.31.0.1", .privateNetwork), ("192.168.1.1", .privateNetwork),
            ("100.64.0.1", .privateNetwork), ("[fd12::1]", .privateNetwork), ("172.32.0.1", .publicNetwork),
            ("8.8.8.8", .publicNetwork),
            ("[2001:db8::1]", .publicNetwork), ("[2002:7f00:1::]", .loopback), ("example.com", .publicNetwork),
        ])
    func scope(host: String, scope: AddressScope) throws {
        #expect(try URL(parsing: "https://\(host)/").scope == scope)
    }

    @Test("Servers may name places as far away as they are, or further; nobody may name link-local ones")
    func naming() {
        #expect(AddressScope.publicNetwork.mayName(.publicNetwork))
        #expect(!AddressScope.publicNetwork.mayName(.privateNetwork))
        #expect(!AddressScope.publicNetwork.mayName(.loopback))
        #expect(AddressScope.privateNetwork.mayName(.privateNetwork))
        #expect(!AddressScope.privateNetwork.mayName(.loopback))
        #expect(AddressScope.loopback.mayName(.loopback))
        for scope in [AddressScope.loopback, .linkLocal, .privateNetwork, .publicNetwork] {
            #expect(!scope.mayName(.linkLocal))
            #expect(scope.mayName(.publicNetwork))
        }
    }
}

@Suite struct HTTPDateTests {
    @Test(
        "All three forms of RFC 9110 are read",
        arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
    func forms(text: String) {
        #expect(HTTPDate.unixTime(parsing: text) == 784_111_777)
    }

    @Test("The calendar is right around leap days")
    func calendar() {
        #expect(HTTPDate.unixTime(parsing: "Thu, 01 Jan 1970 00:00:00 GMT") == 0)
        #expect(HTTPDate.unixTime(parsing: "Thu, 29 Feb 2024 23:59:59 GMT") == 1_709_251_199)
        #expect(HTTPDate.unixTime(parsing: "Mon, 01 Mar 2100 00:00:00 GMT") == 4_107_542_400)
    }

    @Test("A wait is seconds or a date, and nothing else")
    func retryAfter() {
        #expect(HTTPDate.retryAfter("7", unixTime: 0) == .seconds(7))
        #expect(HTTPDate.retryAfter("Sun, 06 Nov 1994 08:49:37 GMT", unixTime: 784_111_770) == .seconds(7))
        #expect(HTTPDate.retryAfter("Sun, 06 Nov 1994 08:49:37 GMT", unixTime: 784_111_790) == .zero)
        for text in [
            "", "-1", "soon", "1e9", "99999999999999999999", "Sun, 99 Nov 1994 08:49:37 GMT",
            String(repeating: "Nov ", count: 1000),
        ] {
            #expect(HTTPDate.retryAfter(text, unixTime: 0) == nil)
        }
        #expect(HTTPDate.retryAfter(nil, unixTime: 0) == nil)
    }
}

@Suite struct Base64Tests {
    @Test(
        "RFC 4648's examples go both ways",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func examples(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == Array(encoded.utf8))
        #expect(Base64.decode(Array(encoded.utf8)) == Array(plain.utf8))
    }

    @Test("What is not base 64 is refused", arguments: ["Z", "Zg===", "Zm9v!", "Zm 9v", "=", "Z=g="])
    func refused(text: String) {
        #expect(Base64.decode(Array(text.utf8)) == nil)
    }
}
