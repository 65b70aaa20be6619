/// What a reader of JSON is willing to take. Bytes from outside never decide how much memory or stack we use.
package struct JSONLimits: Sendable {
    /// The text's size in bytes.
    package var bytes: Int
    /// How deep arrays and objects may nest.
    package var depth: Int
    /// How many values there may be in all.
    package var values: Int

    package init(bytes: Int = 4 << 20, depth: Int = 64, values: Int = 200_000) {
        self.bytes = bytes
        self.depth = depth
        self.values = values
    }
}

/// Why a text is not JSON that we take, and where.
package struct JSONError: Error, Equatable {
    package enum Code: Sendable, Equatable {
        case tooLong, tooDeep, tooManyValues
        case byteOrderMark, unexpectedEnd, unexpectedByte, trailingBytes
        case badNumber, badEscape, controlCharacter, invalidUTF8
        case duplicateName
    }

    package var code: Code
    package var position: JSON.Position

    /// What is wrong, without the place.
    package var reason: StaticString {
        switch code {
        case .tooLong: "the document is too long"
        case .tooDeep: "arrays and objects nest too deeply"
        case .tooManyValues: "there are too many values"
        case .byteOrderMark: "the document begins with a byte order mark; save it as UTF-8 without one"
        case .unexpectedEnd: "the document ends in the middle of a value"
        case .unexpectedByte: "this is not JSON (a missing comma, quote or bracket?)"
        case .trailingBytes: "there is something after the end of the document"
        case .badNumber: "this is not a JSON number"
        case .badEscape: "this is not a JSON escape"
        case .controlCharacter: "a string holds a raw control character or line break"
        case .invalidUTF8: "a string is not valid UTF-8"
        case .duplicateName: "this name stands twice in one object"
        }
    }
}

extension JSON {
    /// Parses one JSON document. Any bytes may be given; none make it trap.
    package static func parse(_ text: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSON {
        var parser = JSONParser(text: text, limits: limits)
        return try parser.document()
    }
}

private struct JSONParser {
    private let text: [UInt8]
    private let limits: JSONLimits
    private var offset = 0
    private var line = 1
    private var lineStart = 0
    private var values = 0

    init(text: [UInt8], limits: JSONLimits) {
        self.text = text
        self.limits = limits
    }

    mutating func document() throws(JSONError) -> JSON {
        guard text.count <= limits.bytes else { throw error(.tooLong) }
        if text.count >= 3, text[0] == 0xef, text[1] == 0xbb, text[2] == 0xbf { throw error(.byteOrderMark) }
        let json = try value(depth: 0)
        skipSpace()
        guard offset == text.count else { throw error(.trailingBytes) }
        return json
    }

    private var position: JSON.Position {
        JSON.Position(line: line, column: offset - lineStart + 1, offset: offset)
    }

    private func error(_ code: JSONError.Code) -> JSONError { JSONError(code: code, position: position) }

    private func peek() throws(JSONError) -> UInt8 {
        guard offset < text.count else { throw error(.unexpectedEnd) }
        return text[offset]
    }

    private mutating func skipSpace() {
        while offset < text.count {
            switch text[offset] {
            case UInt8(ascii: "\n"):
                line += 1
                lineStart = offset + 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
            default: return
            }
            offset += 1
        }
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        skipSpace()
        let start = position
        values += 1
        guard values <= limits.values else { throw error(.tooManyValues) }
        switch try peek() {
        case UInt8(ascii: "{"): return JSON(try object(depth: depth + 1), at: start)
        case UInt8(ascii: "["): return JSON(try array(depth: depth + 1), at: start)
        case UInt8(ascii: "\""): return JSON(.string(try string()), at: start)
        case UInt8(ascii: "t"): return JSON(try word("true", .bool(true)), at: start)
        case UInt8(ascii: "f"): return JSON(try word("false", .bool(false)), at: start)
        case UInt8(ascii: "n"): return JSON(try word("null", .null), at: start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return JSON(.number(try number()), at: start)
        default: throw error(.unexpectedByte)
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON.Value) throws(JSONError) -> JSON.Value {
        let end = offset + word.utf8CodeUnitCount
        guard end <= text.count else { throw error(.unexpectedEnd) }
        guard [UInt8](text[offset..<end]).isEqual(to: word) else { throw error(.unexpectedByte) }
        offset = end
        return value
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSON.Value {
        guard depth <= limits.depth else { throw error(.tooDeep) }
        var members: [JSON.Member] = []
        var names = NameSet()
        offset += 1
        skipSpace()
        if try peek() == UInt8(ascii: "}") {
            offset += 1
            return .object(members)
        }
        while true {
            skipSpace()
            let namePosition = position
            guard try peek() == UInt8(ascii: "\"") else { throw error(.unexpectedByte) }
            let name = try string()
            guard names.insert(name, among: members) else {
                throw JSONError(code: .duplicateName, position: namePosition)
            }
            skipSpace()
            guard try peek() == UInt8(ascii: ":") else { throw error(.unexpectedByte) }
            offset += 1
            members.append(JSON.Member(name: name, namePosition: namePosition, json: try value(depth: depth)))
            if try endOfList(closing: UInt8(ascii: "}")) { return .object(members) }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSON.Value {
        guard depth <= limits.depth else { throw error(.tooDeep) }
        var elements: [JSON] = []
        offset += 1
        skipSpace()
        if try peek() == UInt8(ascii: "]") {
            offset += 1
            return .array(elements)
        }
        while true {
            elements.append(try value(depth: depth))
            if try endOfList(closing: UInt8(ascii: "]")) { return .array(elements) }
        }
    }

    /// Takes a comma, or the closing bracket and says so.
    private mutating func endOfList(closing: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        let byte = try peek()
        guard byte == UInt8(ascii: ",") || byte == closing else { throw error(.unexpectedByte) }
        offset += 1
        return byte == closing
    }

    private mutating func number() throws(JSONError) -> [UInt8] {
        let start = offset
        if text[offset] == UInt8(ascii: "-") { offset += 1 }
        if try peek() == UInt8(ascii: "0") { offset += 1 } else { try digits() }
        if offset < text.count, text[offset] == UInt8(ascii: ".") {
            offset += 1
            try digits()
        }
        if offset < text.count, text[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < text.count, text[offset] == UInt8(ascii: "+") || text[offset] == UInt8(ascii: "-") {
                offset += 1
            }
            try digits()
        }
        return [UInt8](text[start..<offset])
    }

    private mutating func digits() throws(JSONError) {
        let start = offset
        while offset < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[offset]) { offset += 1 }
        guard offset > start else { throw error(.badNumber) }
    }

    private mutating func string() throws(JSONError) -> [UInt8] {
        offset += 1
        var bytes: [UInt8] = []
        while true {
            let start = offset
            while offset < text.count, text[offset] != UInt8(ascii: "\""), text[offset] != UInt8(ascii: "\\") {
                guard text[offset] >= 0x20 else { throw error(.controlCharacter) }
                offset += 1
            }
            bytes.append(contentsOf: text[start..<offset])
            let byte = try peek()
            offset += 1
            if byte == UInt8(ascii: "\"") { break }
            try escape(into: &bytes)
        }
        guard isValidUTF8(bytes) else { throw error(.invalidUTF8) }
        return bytes
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(JSONError) {
        let byte = try peek()
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0c)
        case UInt8(ascii: "n"): bytes.append(0x0a)
        case UInt8(ascii: "r"): bytes.append(0x0d)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"): try appendUTF8(of: unicodeEscape(), to: &bytes)
        default: throw error(.badEscape)
        }
    }

    /// The scalar of `\uXXXX`, or of the two escapes of a surrogate pair; a lone surrogate is refused.
    private mutating func unicodeEscape() throws(JSONError) -> UInt32 {
        let first = try fourHexDigits()
        guard (0xd800..<0xe000).contains(first) else { return first }
        guard first < 0xdc00, offset + 1 < text.count, text[offset] == UInt8(ascii: "\\"),
            text[offset + 1] == UInt8(ascii: "u")
        else { throw error(.badEscape) }
        offset += 2
        let second = try fourHexDigits()
        guard (0xdc00..<0xe000).contains(second) else { throw error(.badEscape) }
        return 0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = try peek()
            let lower = byte | 0x20
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
            case _ where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(lower):
                value = value << 4 | UInt32(lower - UInt8(ascii: "a") + 10)
            default: throw error(.badEscape)
            }
            offset += 1
        }
        return value
    }

    private func appendUTF8(of scalar: UInt32, to bytes: inout [UInt8]) {
        switch scalar {
        case 0..<0x80: bytes.append(UInt8(scalar))
        case 0x80..<0x800:
            bytes.append(UInt8(0xc0 | scalar >> 6))
            bytes.append(UInt8(0x80 | scalar & 0x3f))
        case 0x800..<0x10000:
            bytes.append(UInt8(0xe0 | scalar >> 12))
            bytes.append(UInt8(0x80 | scalar >> 6 & 0x3f))
            bytes.append(UInt8(0x80 | scalar & 0x3f))
        default:
            bytes.append(UInt8(0xf0 | scalar >> 18))
            bytes.append(UInt8(0x80 | scalar >> 12 & 0x3f))
            bytes.append(UInt8(0x80 | scalar >> 6 & 0x3f))
            bytes.append(UInt8(0x80 | scalar & 0x3f))
        }
    }
}

/// The names of one object, so that a duplicate is found without comparing every pair.
private struct NameSet {
    private var indices: [UInt64: [Int]] = [:]
    private var count = 0

    /// Adds a name that will stand at the next index of `members`; false when it stands there already.
    mutating func insert(_ name: [UInt8], among members: [JSON.Member]) -> Bool {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        for index in indices[hash] ?? [] where members[index].name == name { return false }
        indices[hash, default: []].append(count)
        count += 1
        return true
    }
}

/// Whether bytes are well-formed UTF-8. Unicode, table 3-7.
package func isValidUTF8(_ bytes: [UInt8]) -> Bool {
    var index = 0
    while index < bytes.count {
        let lead = bytes[index]
        index += 1
        if lead < 0x80 { continue }
        var lower: UInt8 = 0x80
        var upper: UInt8 = 0xbf
        let following: Int
        switch lead {
        case 0xc2...0xdf: following = 1
        case 0xe0...0xef:
            following = 2
            if lead == 0xe0 { lower = 0xa0 }
            if lead == 0xed { upper = 0x9f }
        case 0xf0...0xf4:
            following = 3
            if lead == 0xf0 { lower = 0x90 }
            if lead == 0xf4 { upper = 0x8f }
        default: return false
        }
        guard bytes.count - index >= following else { return false }
        for step in 0..<following {
            let byte = bytes[index + step]
            guard step == 0 ? (lower...upper).contains(byte) : (0x80...0xbf).contains(byte) else { return false }
        }
        index += following
    }
    return true
}
