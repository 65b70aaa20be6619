import JSON
import Testing

@Suite("JSON values and writing them") struct JSONValueTests {
    private static func text(_ json: JSON, pretty: Bool = false) -> String {
        String(decoding: json.text(pretty: pretty), as: UTF8.self)
    }
    private static func parse(_ text: String) throws -> JSON { try JSON.parse(Array(text.utf8)) }

    @Test("every control byte is written as an escape and read back")
    func controls() throws {
        for byte in (0..<0x20).map({ UInt8($0) }) + [0x7f, 0x22, 0x5c, 0x2f] {
            let json = JSON.array([.utf8([0x61, byte, 0x62]), JSON(.object([JSON.Member(name: [byte], json: .null)]))])
            let text = json.text()
            #expect(text.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
            #expect(try JSON.parse(text) == json)
        }
    }

    @Test("all of Unicode is written as it came")
    func unicode() throws {
        for scalar in [
            "\u{80}", "\u{7ff}", "\u{800}", "\u{d7ff}", "\u{e000}", "\u{fffd}", "\u{ffff}", "\u{10000}", "\u{10ffff}",
            "e\u{301}",
        ] {
            let json = JSON.string(scalar)
            #expect(json.text() == [0x22] + Array(scalar.utf8) + [0x22])
            #expect(try JSON.parse(json.text()).utf8 == Array(scalar.utf8))
        }
    }

    @Test("escapes of all sorts of scalars are what they stand for")
    func escapes() throws {
        for value: UInt32 in [0x00, 0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xfff, 0xd7ff, 0xe000, 0xffff] {
            let digits = String(value, radix: 16)
            let json = try Self.parse("\"\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)\"")
            #expect(json.string?.unicodeScalars.map(\.value) == [value])
        }
        for (text, value) in [("\\ud800\\udc00", 0x10000), ("\\udbff\\udfff", 0x10ffff), ("\\ud834\\udd1e", 0x1d11e)]
            as [(String, UInt32)]
        {
            #expect(try Self.parse("\"\(text)\"").string?.unicodeScalars.map(\.value) == [value])
        }
    }

    static let integers: [(text: String, value: Int?)] = [
        ("0", 0), ("-0", 0), ("42", 42), ("-42", -42), ("9223372036854775807", .max), ("-9223372036854775808", .min),
        ("9223372036854775808", nil),
        ("-9223372036854775809", nil), ("99999999999999999999999", nil), ("1.0", nil), ("1e3", nil), ("0.5", nil),
        ("\"1\"", nil), ("true", nil),
    ]

    @Test("an integer is one that is written as one and fits", arguments: integers)
    func readsIntegers(text: String, value: Int?) throws { #expect(try Self.parse(text).integer == value) }

    @Test("integers are written in full", arguments: [0, 1, -1, 10, -10, 1_000_000, Int.max, Int.min])
    func writesIntegers(value: Int) throws {
        #expect(Self.text(.integer(value)) == "\(value)")
        #expect(try JSON.parse(JSON.integer(value).text()).integer == value)
    }

    @Test("a question that does not fit the value has no answer")
    func questions() throws {
        let json = try Self.parse("{\"a\":[1,\"s\"],\"b\":true,\"n\":null}")
        #expect(json["a"]?[1]?.string == "s")
        #expect(json["a"]?[1]?.utf8 == [0x73])
        #expect(json["b"]?.bool == true)
        #expect(json["n"]?.isNull == true)
        #expect(json["a"]?.array?.count == 2)
        #expect(json.members?.map { String(decoding: $0.name, as: UTF8.self) } == ["a", "b", "n"])
        #expect(
            json["c"] == nil && json[0] == nil && json["a"]?["a"] == nil && json["a"]?[2] == nil
                && json["a"]?[-1] == nil)
        #expect(
            json.bool == nil && json.integer == nil && json.string == nil && json.array == nil
                && json["a"]?.members == nil && !json.isNull)
        #expect(json["b"]?.integer == nil && json["n"]?.bool == nil)
        let kinds = [json, json["a"], json["a"]?[0], json["a"]?[1], json["b"], json["n"]].map { "\($0?.kind ?? "")" }
        #expect(kinds == ["an object", "an array", "a number", "a string", "a boolean", "null"])
    }

    @Test("values are equal when they say the same, wherever they stood")
    func equality() throws {
        #expect(try Self.parse("{\"a\": [1]}") == Self.parse("\n{ \"a\":[ 1 ] }"))
        #expect(try Self.parse("[1]") != Self.parse("[1.0]"))
        #expect(try Self.parse("\"\u{e9}\"") != Self.parse("\"e\u{301}\""))
        #expect(JSON.object([("a", .null)]) == JSON.object(named: [("a", .null)]))
    }

    @Test("compact text has no white space, pretty text two spaces and a line break at the end")
    func layout() {
        let json = JSON.object([
            ("name", .string("x")), ("empty", .object([])), ("none", .array([])),
            ("list", .array([.integer(1), .bool(false), .object([("deep", .null)])])),
        ])
        #expect(Self.text(json) == #"{"name":"x","empty":{},"none":[],"list":[1,false,{"deep":null}]}"#)
        #expect(
            Self.text(json, pretty: true) == """
                {
                  "name": "x",
                  "empty": {},
                  "none": [],
                  "list": [
                    1,
                    false,
                    {
                      "deep": null
                    }
                  ]
                }

                """)
    }

    @Test("bytes are compared with constants byte by byte")
    func constants() {
        #expect([UInt8]("abc") == [0x61, 0x62, 0x63])
        #expect(Array("abc".utf8).isEqual(to: "abc"))
        #expect(
            !Array("abc".utf8).isEqual(to: "abd") && !Array("ab".utf8).isEqual(to: "abc")
                && !Array("e\u{301}".utf8).isEqual(to: "\u{e9}"))
        #expect([UInt8]().isEqual(to: ""))
    }
}
