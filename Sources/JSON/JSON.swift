/// A JSON value with the place it stood at, so that what is wrong with it can be pointed to.
///
/// Numbers keep their text: nothing is rounded on the way through. RFC 8259.
package struct JSON: Sendable, Equatable {
    package var value: Value
    /// Where the value began; line 0 for values that were made, not read.
    package var position: Position

    package indirect enum Value: Sendable, Equatable {
        case null
        case bool(Bool)
        /// The digits as they were written.
        case number([UInt8])
        /// UTF-8.
        case string([UInt8])
        case array([JSON])
        /// In the order written. The parser refuses duplicate names.
        case object([Member])
    }

    package struct Member: Sendable, Equatable {
        package var name: [UInt8]
        package var namePosition: Position
        package var json: JSON

        package init(name: [UInt8], namePosition: Position = .none, json: JSON) {
            self.name = name
            self.namePosition = namePosition
            self.json = json
        }

        /// Members are equal when they say the same, wherever they stood.
        package static func == (left: Member, right: Member) -> Bool {
            left.name == right.name && left.json == right.json
        }
    }

    /// A place in a text: line and column from 1, the column counted in bytes, and the byte offset from 0.
    package struct Position: Sendable, Equatable {
        package var line: Int
        package var column: Int
        package var offset: Int

        package static var none: Position { Position(line: 0, column: 0, offset: 0) }

        package init(line: Int, column: Int, offset: Int) {
            self.line = line
            self.column = column
            self.offset = offset
        }
    }

    package init(_ value: Value, at position: Position = .none) {
        self.value = value
        self.position = position
    }

    /// Values are equal when they say the same, wherever they stood.
    package static func == (left: JSON, right: JSON) -> Bool { left.value == right.value }
}

// MARK: - Asking

extension JSON {
    /// The member of an object with this name; nil when there is none or this is no object.
    package subscript(_ name: StaticString) -> JSON? {
        guard case .object(let members) = value else { return nil }
        for member in members where member.name.isEqual(to: name) { return member.json }
        return nil
    }

    /// The element of an array; nil when there is none or this is no array.
    package subscript(_ index: Int) -> JSON? {
        guard case .array(let elements) = value, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// The bytes of a string.
    package var utf8: [UInt8]? {
        guard case .string(let bytes) = value else { return nil }
        return bytes
    }

    package var bool: Bool? {
        guard case .bool(let bool) = value else { return nil }
        return bool
    }

    /// A number that is whole and fits; `1.0` and `1e3` are not whole here, as no document we read writes them so.
    package var integer: Int? {
        guard case .number(let text) = value else { return nil }
        var digits = text[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits = digits.dropFirst() }
        var magnitude = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (tenfold, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.subtractingReportingOverflow(Int(digit - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            magnitude = sum
        }
        // Counted downwards, because the smallest integer has no positive twin.
        if isNegative { return magnitude }
        return magnitude == .min ? nil : -magnitude
    }

    package var array: [JSON]? {
        guard case .array(let elements) = value else { return nil }
        return elements
    }

    package var members: [Member]? {
        guard case .object(let members) = value else { return nil }
        return members
    }

    package var isNull: Bool { value == .null }

    /// What kind of value this is, for messages.
    package var kind: StaticString {
        switch value {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

// MARK: - Making

extension JSON {
    package static var null: JSON { JSON(.null) }
    package static func bool(_ bool: Bool) -> JSON { JSON(.bool(bool)) }
    package static func integer(_ integer: Int) -> JSON { JSON(.number(decimal(integer))) }
    package static func utf8(_ bytes: [UInt8]) -> JSON { JSON(.string(bytes)) }
    package static func array(_ elements: [JSON]) -> JSON { JSON(.array(elements)) }

    package static func object(_ members: [(name: StaticString, json: JSON)]) -> JSON {
        JSON(.object(members.map { Member(name: [UInt8]($0.name), json: $0.json) }))
    }

    private static func decimal(_ integer: Int) -> [UInt8] {
        var digits: [UInt8] = []
        var rest = integer.magnitude
        repeat {
            digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        if integer < 0 { digits.append(UInt8(ascii: "-")) }
        digits.reverse()
        return digits
    }
}

extension [UInt8] {
    /// Whether these are the bytes of a constant.
    package func isEqual(to text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { constant in
            for index in indices where unsafe constant[index] != self[index] { return false }
            return true
        }
    }

    /// The bytes of a constant.
    package init(_ text: StaticString) {
        self = text.withUTF8Buffer { unsafe [UInt8]($0) }
    }
}

// Embedded Swift has no Unicode tables to compare strings with; the supervisor stays with bytes.
#if !hasFeature(Embedded)
    extension JSON {
        /// The text of a string.
        package var string: String? { utf8.map { String(decoding: $0, as: UTF8.self) } }

        package static func string(_ text: String) -> JSON { JSON(.string([UInt8](text.utf8))) }

        /// An object whose names are not known beforehand; the caller decides the order.
        package static func object(named members: [(name: String, json: JSON)]) -> JSON {
            JSON(.object(members.map { Member(name: [UInt8]($0.name.utf8), json: $0.json) }))
        }
    }
#endif
