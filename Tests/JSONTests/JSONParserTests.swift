import JSON
import TestKit
import Testing

/// RFC 8259.
@Suite("Reading JSON") struct JSONParserTests {
    private static func code(_ text: [UInt8], _ limits: JSONLimits = JSONLimits()) -> JSONError.Code? {
        do throws(JSONError) {
            _ = try JSON.parse(text, limits: limits)
            return nil
        } catch {
            return error.code
        }
    }

    static let accepted: [(text: String, again: String)] = [
        ("null", "null"), ("true", "true"), ("false", "false"), ("0", "0"), ("-0", "-0"), ("12", "12"),
        ("-1.5e+3", "-1.5e+3"), ("1E5", "1E5"),
        ("0.1", "0.1"), ("0e1", "0e1"), ("1e-999", "1e-999"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("\"\"", "\"\""), ("[]", "[]"), ("{}", "{}"), (" \t\r\n[ ] \n", "[]"), ("[1,2,[3]]", "[1,2,[3]]"),
        ("{\"a\":{\"b\":[]}}", "{\"a\":{\"b\":[]}}"),
        ("{ \"a\" : 1 , \"b\" : 2 }", "{\"a\":1,\"b\":2}"), ("{\"\":0}", "{\"\":0}"), ("\"\\/\"", "\"/\""),
        ("\"\\u0041\"", "\"A\""),
        ("\"\\ud83d\\ude00\"", "\"😀\""), ("\"\\uD83D\\uDE00\"", "\"😀\""), ("\"\\u00e9\\u20ac\"", "\"é€\""),
        ("\"\u{7f}\"", "\"\\u007f\""),
        ("\"\\u0000\"", "\"\\u0000\""), ("\"\\b\\f\\n\\r\\t\"", "\"\\u0008\\u000c\\n\\r\\t\""),
        ("\"\u{2028}\"", "\"\u{2028}\""), ("\"\u{ffff}\"", "\"\u{ffff}\""),
    ]

    @Test("what the RFC allows is read, and written again as it was meant", arguments: accepted)
    func accepts(text: String, again: String) throws {
        #expect(String(decoding: try JSON.parse(Array(text.utf8)).text(), as: UTF8.self) == again)
    }

    static let refused: [(text: String, code: JSONError.Code)] = [
        ("", .unexpectedEnd), (" ", .unexpectedEnd), ("[", .unexpectedEnd), ("{", .unexpectedEnd),
        ("[1", .unexpectedEnd), ("[1,", .unexpectedEnd),
        ("{\"a\"", .unexpectedEnd), ("{\"a\":", .unexpectedEnd), ("{\"a\":1", .unexpectedEnd), ("\"", .unexpectedEnd),
        ("\"abc", .unexpectedEnd), ("\"\\", .unexpectedEnd),
        ("\"\\u12", .unexpectedEnd), ("tru", .unexpectedEnd), ("n", .unexpectedEnd), ("-", .unexpectedEnd),
        ("nul", .unexpectedEnd),
        ("nulL", .unexpectedByte), ("True", .unexpectedByte), ("NaN", .unexpectedByte), ("Infinity", .unexpectedByte),
        ("undefined", .unexpectedByte),
        ("[1,]", .unexpectedByte), ("[,1]", .unexpectedByte), ("[1 2]", .unexpectedByte),
        ("{\"a\":1,}", .unexpectedByte), ("{,}", .unexpectedByte), ("{\"a\" 1}", .unexpectedByte),
        ("{a:1}", .unexpectedByte), ("{1:1}", .unexpectedByte), ("{'a':1}", .unexpectedByte), ("'a'", .unexpectedByte),
        ("[}", .unexpectedByte), ("{]", .unexpectedByte), ("[1}", .unexpectedByte),
        ("{\"a\":1]", .unexpectedByte), ("/* c */1", .unexpectedByte), ("// c", .unexpectedByte),
        ("\u{a0}1", .unexpectedByte), ("\u{c}1", .unexpectedByte), ("\u{0}", .unexpectedByte), ("+1", .unexpectedByte),
        (".5", .unexpectedByte), ("]", .unexpectedByte), (":", .unexpectedByte), ("[\"a\":1]", .unexpectedByte),
        ("1 2", .trailingBytes), ("{}{}", .trailingBytes), ("null,", .trailingBytes), ("01", .trailingBytes),
        ("-01", .trailingBytes), ("0x10", .trailingBytes), ("1\u{0}", .trailingBytes), ("truee", .trailingBytes),
        ("1_000", .trailingBytes),
        ("1.", .badNumber), ("1.e5", .badNumber), ("1e", .badNumber), ("1e+", .badNumber), ("-a", .badNumber),
        ("--1", .badNumber), ("1.2.3", .trailingBytes), ("-Infinity", .badNumber), ("1e1.5", .trailingBytes),
        ("\"\\x41\"", .badEscape), ("\"\\a\"", .badEscape), ("\"\\'\"", .badEscape), ("\"\\U0041\"", .badEscape),
        ("\"\\u004g\"", .badEscape), ("\"\\u 041\"", .badEscape), ("\"\\u+041\"", .badEscape),
        ("\"\\ud800\"", .badEscape), ("\"\\udc00\"", .badEscape), ("\"\\ud800\\u0041\"", .badEscape),
        ("\"\\ud800\\ud800\"", .badEscape), ("\"\\ud800x\"", .badEscape), ("\"\\udfff\\ud800\"", .badEscape),
        ("\"a\nb\"", .controlCharacter), ("\"\t\"", .controlCharacter), ("\"\u{0}\"", .controlCharacter),
        ("\"\u{1f}\"", .controlCharacter), ("{\"a\u{1}\":1}", .controlCharacter),
        ("\u{feff}{}", .byteOrderMark), ("{\"a\":1,\"a\":1}", .duplicateName),
        ("{\"a\":1,\"\\u0061\":2}", .duplicateName), ("[{\"b\":{\"\":1,\"c\":2,\"\":3}}]", .duplicateName),
    ]

    @Test("what it does not allow is refused for the right reason", arguments: refused)
    func refuses(text: String, code: JSONError.Code) { #expect(Self.code(Array(text.utf8)) == code) }

    /// Unicode, table 3-7, "Well-Formed UTF-8 Byte Sequences", and its neighbours.
    static let utf8: [(bytes: [UInt8], isValid: Bool)] = [
        ([0x00], true), ([0x7f], true), ([0x80], false), ([0xbf], false), ([0xc0, 0x80], false), ([0xc1, 0xbf], false),
        ([0xc2, 0x80], true), ([0xdf, 0xbf], true), ([0xc2], false),
        ([0xc2, 0x7f], false), ([0xc2, 0xc0], false), ([0xe0, 0x9f, 0xbf], false), ([0xe0, 0xa0, 0x80], true),
        ([0xe0, 0xbf, 0xbf], true), ([0xe1, 0x80, 0x80], true), ([0xec, 0xbf, 0xbf], true),
        ([0xed, 0x9f, 0xbf], true), ([0xed, 0xa0, 0x80], false), ([0xed, 0xbf, 0xbf], false),
        ([0xee, 0x80, 0x80], true), ([0xef, 0xbf, 0xbf], true), ([0xe1, 0x80], false), ([0xe1, 0x80, 0x41], false),
        ([0xe1, 0x41, 0x80], false),
        ([0xf0, 0x8f, 0xbf, 0xbf], false), ([0xf0, 0x90, 0x80, 0x80], true), ([0xf3, 0xbf, 0xbf, 0xbf], true),
        ([0xf4, 0x8f, 0xbf, 0xbf], true), ([0xf4, 0x90, 0x80, 0x80], false), ([0xf5, 0x80, 0x80, 0x80], false),
        ([0xf0, 0x90, 0x80], false), ([0xf8, 0x88, 0x80, 0x80, 0x80], false), ([0xfe], false), ([0xff], false),
        ([0x41, 0xc2, 0x80, 0x41], true), ([], true),
    ]

    @Test("UTF-8 is what Unicode's table says it is", arguments: utf8)
    func wellFormed(bytes: [UInt8], isValid: Bool) {
        #expect(isValidUTF8(bytes) == isValid)
        guard bytes != [0] else { return }
        let (value, name) = ([0x22] + bytes + [0x22], Array("{\"".utf8) + bytes + Array("\":1}".utf8))
        for text in [value, name] where !bytes.contains(where: { $0 < 0x20 }) {
            #expect(Self.code(text) == (isValid ? nil : .invalidUTF8))
        }
    }

    @Test("every pair and triple of bytes is judged as the standard library judges it")
    func exhaustiveUTF8() {
        for first in 0x80...0xff {
            for second in stride(from: 0, through: 0xff, by: 1) {
                for rest in [[], [0x80], [0xbf], [0x41], [0x80, 0x80], [0xbf, 0xbf]] as [[UInt8]] {
                    let bytes = [UInt8(first), UInt8(second)] + rest
                    if isValidUTF8(bytes) != (String(validating: bytes, as: UTF8.self) != nil) {
                        Issue.record("\(bytes)")
                    }
                }
            }
        }
    }

    // MARK: - Places

    @Test("every value and name knows where it stood")
    func positions() throws {
        let json = try JSON.parse(Array("{\n  \"a\": [1,\r\n\t\"é\", true],\n\n\"b\":null}".utf8))
        #expect(json.position == JSON.Position(line: 1, column: 1, offset: 0))
        let members = try #require(json.members)
        #expect(members[0].namePosition == JSON.Position(line: 2, column: 3, offset: 4))
        #expect(members[0].json.position == JSON.Position(line: 2, column: 8, offset: 9))
        #expect(json["a"]?[0]?.position == JSON.Position(line: 2, column: 9, offset: 10))
        #expect(json["a"]?[1]?.position == JSON.Position(line: 3, column: 2, offset: 15))
        // Columns count bytes: the é before it has two.
        #expect(json["a"]?[2]?.position == JSON.Position(line: 3, column: 8, offset: 21))
        #expect(members[1].namePosition == JSON.Position(line: 5, column: 1, offset: 29))
        #expect(json["b"]?.position == JSON.Position(line: 5, column: 5, offset: 33))
    }

    static let errorPlaces: [(text: String, line: Int, column: Int)] = [
        ("[1,\n 2,\n x]", 3, 2), ("{\"a\":1,\n\"a\":2}", 2, 1), ("\n\n", 3, 1), ("[1 2]", 1, 4), ("1 2", 1, 3),
        ("[\"a\n\"]", 1, 4), ("[1.]", 1, 4),
    ]

    @Test("an error knows its place", arguments: errorPlaces)
    func errorPositions(text: String, line: Int, column: Int) {
        let error = #expect(throws: JSONError.self) { try JSON.parse(Array(text.utf8)) }
        #expect(
            error?.position.line == line && error?.position.column == column, "\(String(describing: error?.position))")
    }

    @Test("line breaks inside strings' escapes do not count as lines")
    func escapedLineBreaks() {
        let error = #expect(throws: JSONError.self) { try JSON.parse(Array("[\"\\n\\n\", x]".utf8)) }
        #expect(error?.position == JSON.Position(line: 1, column: 10, offset: 9))
    }

    // MARK: - Limits

    @Test("documents are as long, as deep and as large as the limits say, and no more")
    func limits() {
        #expect(Self.code(Array("[1,2]".utf8), JSONLimits(bytes: 5)) == nil)
        #expect(Self.code(Array("[1,2]".utf8), JSONLimits(bytes: 4)) == .tooLong)
        #expect(Self.code(Array("[[{\"a\":1}]]".utf8), JSONLimits(depth: 3)) == nil)
        #expect(Self.code(Array("[[{\"a\":1}]]".utf8), JSONLimits(depth: 2)) == .tooDeep)
        #expect(Self.code(Array("1".utf8), JSONLimits(depth: 0)) == nil)
        #expect(Self.code(Array("[]".utf8), JSONLimits(depth: 0)) == .tooDeep)
        #expect(Self.code(Array("[1,{\"a\":2}]".utf8), JSONLimits(values: 4)) == nil)
        #expect(Self.code(Array("[1,{\"a\":2}]".utf8), JSONLimits(values: 3)) == .tooManyValues)
    }

    @Test("bombs of brackets, names and numbers end in an error or a value, soon")
    func bombs() {
        let million = 1_000_000
        #expect(Self.code([UInt8](repeating: UInt8(ascii: "["), count: million)) == .tooDeep)
        #expect(Self.code(Array(String(repeating: "{\"a\":", count: million / 5).utf8)) == .tooDeep)
        #expect(Self.code(Array("[\(String(repeating: "0,", count: million))0]".utf8)) == .tooManyValues)
        #expect(Self.code([UInt8](repeating: UInt8(ascii: "9"), count: million)) == nil)
        let object = "{" + (0..<100_000).map { "\"\($0)\":0" }.joined(separator: ",") + ",\"7\":1}"
        #expect(Self.code(Array(object.utf8)) == .duplicateName)
        #expect(Self.code([UInt8](repeating: 0x20, count: 5 << 20)) == .tooLong)
    }

    @Test("no bytes make the reader trap, and what it takes it writes and takes again", arguments: 0..<4)
    func mutations(seed: Int) throws {
        let text = Array(
            "{\"a\": [1, -2.5e3, \"x\\u00e9\\n\\ud83d\\ude00\"], \"b\": {\"c\": null, \"d\": true}, \"é\": []}".utf8)
        var numbers = SeededNumbers(seed: UInt64(seed))
        for _ in 0..<5000 {
            var bytes = text
            for _ in 0...numbers.below(4) {
                switch numbers.below(3) {
                case 0: bytes[numbers.below(bytes.count)] = UInt8(numbers.below(256))
                case 1: bytes.remove(at: numbers.below(bytes.count))
                default:
                    bytes.insert(
                        numbers.pick(Array("{}[]\",:\\u0123456789-+.eEtrfn \n".utf8)), at: numbers.below(bytes.count))
                }
            }
            do throws(JSONError) {
                let json = try JSON.parse(bytes)
                let again = json.text()
                #expect((try? JSON.parse(again)) == json)
                #expect((try? JSON.parse(json.text(pretty: true)))?.text() == again)
            } catch {
                #expect(error.position.offset <= bytes.count)
            }
        }
    }

    @Test("every kind of error has a sentence of its own")
    func reasons() {
        var sentences: [String: String] = [:]
        for text in Self.refused.map({ Array($0.text.utf8) }) + [[0x22, 0xff, 0x22]] {
            do throws(JSONError) { _ = try JSON.parse(text) } catch { sentences["\(error.code)"] = "\(error.reason)" }
        }
        #expect(sentences.count == 9)
        #expect(Set(sentences.values).count == sentences.count)
    }
}
