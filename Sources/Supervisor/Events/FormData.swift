#if !hasFeature(Embedded)
    internal import JSON
#endif

/// Forms as browsers and curl send them: in one line, or in parts.
package enum FormData {
    /// A part of a body of several. RFC 7578.
    package struct Part: Sendable, Equatable {
        package var name: [UInt8]
        /// Nil for a field that is no file.
        package var fileName: [UInt8]?
        package var type: [UInt8]?
        package var content: [UInt8]
    }

    private static var mostFields: Int { 1000 }
    private static var longestHead: Int { 16 << 10 }

    /// The pairs of `a=1&b=2`, decoded; at most a thousand.
    package static func fields(_ text: [UInt8]) -> [WebRequest.Field] {
        guard !text.isEmpty else { return [] }
        var fields: [WebRequest.Field] = []
        for pair in text.split(separator: UInt8(ascii: "&"), maxSplits: mostFields) where !pair.isEmpty {
            guard fields.count < mostFields else { break }
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let name = [UInt8](pair[..<equals]).formDecoded
            fields.append(.init(name: name, value: [UInt8](pair[equals...].dropFirst()).formDecoded))
        }
        return fields
    }

    /// Such a text of pairs.
    static func text(_ fields: [WebRequest.Field], _ encode: ([UInt8]) -> [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for field in fields {
            if !text.isEmpty { text.append(UInt8(ascii: "&")) }
            text += encode(field.name) + [UInt8(ascii: "=")] + encode(field.value)
        }
        return text
    }

    /// The parts of a `multipart/form-data` body.
    ///
    /// - Parameter boundary: what stands between them, as Content-Type names it. RFC 2046, section 5.1.1.
    package static func parts(_ body: [UInt8], boundary: [UInt8]) throws(Failure) -> [Part] {
        guard (1...70).contains(boundary.count) else { throw malformed("its boundary is missing or too long") }
        let delimiter = [UInt8]("\r\n--") + boundary
        // The first may stand at the very beginning.
        var place = body.starts(with: delimiter.dropFirst(2)) ? delimiter.count - 2 : nil
        if place == nil { place = body.place(of: delimiter, from: 0).map { $0 + delimiter.count } }
        guard var place else { throw malformed("it has no part") }
        var parts: [Part] = []
        while true {
            if body[place...].starts(with: [UInt8]("--")) { return parts }
            while place < body.count, body[place] == 0x20 || body[place] == 0x09 { place += 1 }
            guard body[place...].starts(with: [UInt8]("\r\n")) else { throw malformed("a line between parts goes on") }
            guard let end = body.place(of: delimiter, from: place) else { throw malformed("its last part has no end") }
            guard parts.count < mostFields else { throw malformed("it has more than 1000 parts") }
            parts.append(try part(body, place..<end))
            place = end + delimiter.count
        }
    }

    /// - Parameter range: from the line break before the part's head to the one before the next boundary.
    private static func part(_ body: [UInt8], _ range: Range<Int>) throws(Failure) -> Part {
        let blank = [UInt8]("\r\n\r\n")
        let head: Range<Int>
        // Not further than a head may reach: a thousand parts must not search the whole body each.
        let limit = min(range.upperBound, range.lowerBound + longestHead + blank.count)
        if let end = body.place(of: blank, from: range.lowerBound, until: limit) {
            head = range.lowerBound..<end
        } else if body[range].ends(with: [UInt8]("\r\n")), range.count <= longestHead {
            // A head with no content after it: its empty line is the one before the boundary.
            head = range.lowerBound..<range.upperBound - 2
        } else {
            throw malformed("a part’s head is too long, or no empty line ends it")
        }
        let start = min(head.upperBound + blank.count, range.upperBound)
        var part = Part(name: [], content: [UInt8](body[start..<range.upperBound]))
        for line in [UInt8](body[head]).parts(separatedBy: 0x0a) {
            let field = HeaderValue.field(line)
            if field.name.isEqual(to: "content-type") { part.type = field.value }
            guard field.name.isEqual(to: "content-disposition") else { continue }
            let value = HeaderValue(field.value)
            part.name = value["name"] ?? []
            part.fileName = value["filename"]
        }
        return part
    }

    private static func malformed(_ reason: StaticString) -> Failure {
        Failure("Event.Malformed", [UInt8]("the body says that it is multipart/form-data, but ") + [UInt8](reason))
    }
}

/// A header's value with parameters: `form-data; name="file"; filename="a b.png"`. RFC 9110, section 5.6.6.
package struct HeaderValue: Sendable, Equatable {
    /// What stands before the parameters, in lower case.
    package var main: [UInt8]
    private var parameters: [WebRequest.Field] = []

    package init(_ text: [UInt8]) {
        let end = text.firstIndex(of: UInt8(ascii: ";")) ?? text.endIndex
        main = [UInt8](text[..<end]).trimmed.lowercased
        var place = end
        while place < text.count, parameters.count < 16 {
            place += 1
            let start = place
            while place < text.count, text[place] != UInt8(ascii: "="), text[place] != UInt8(ascii: ";") { place += 1 }
            guard place < text.count, text[place] == UInt8(ascii: "=") else { continue }
            let name = [UInt8](text[start..<place]).trimmed.lowercased
            place += 1
            parameters.append(.init(name: name, value: Self.value(text, &place)))
        }
    }

    /// A quoted text, or all until the next semicolon; leaves `place` at that semicolon.
    private static func value(_ text: [UInt8], _ place: inout Int) -> [UInt8] {
        var value: [UInt8] = []
        guard place < text.count, text[place] == UInt8(ascii: "\"") else {
            while place < text.count, text[place] != UInt8(ascii: ";") {
                value.append(text[place])
                place += 1
            }
            return value.trimmed
        }
        place += 1
        while place < text.count, text[place] != UInt8(ascii: "\"") {
            // Browsers escape quotes in other ways and leave backslashes alone; only `\"` is an escape here.
            if text[place] == UInt8(ascii: "\\"), place + 1 < text.count, text[place + 1] == UInt8(ascii: "\"") {
                place += 1
            }
            value.append(text[place])
            place += 1
        }
        while place < text.count, text[place] != UInt8(ascii: ";") { place += 1 }
        return value
    }

    /// A parameter's value; its name is given in lower case.
    package subscript(_ name: StaticString) -> [UInt8]? {
        for parameter in parameters where parameter.name.isEqual(to: name) { return parameter.value }
        return nil
    }

    /// A line `Name: value`, its name in lower case; without a colon it is all name.
    static func field(_ line: [UInt8]) -> WebRequest.Field {
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        return .init(
            name: [UInt8](line[..<colon]).trimmed.lowercased, value: [UInt8](line[colon...].dropFirst()).trimmed)
    }
}

extension [UInt8] {
    /// Without spaces, tabs and line breaks at its ends.
    var trimmed: [UInt8] {
        var rest = self[...]
        while let first = rest.first, first == 0x20 || (0x09...0x0d).contains(first) { rest = rest.dropFirst() }
        while let last = rest.last, last == 0x20 || (0x09...0x0d).contains(last) { rest = rest.dropLast() }
        return [UInt8](rest)
    }

    /// Where some bytes stand first, at or after a place, and whole before another.
    func place(of wanted: [UInt8], from start: Int, until end: Int = .max) -> Int? {
        guard let first = wanted.first, count >= wanted.count else { return nil }
        var place = Swift.max(0, start)
        let last = Swift.min(end, count) - wanted.count
        while place <= last {
            if self[place] == first {
                var length = 1
                while length < wanted.count, self[place + length] == wanted[length] { length += 1 }
                if length == wanted.count { return place }
            }
            place += 1
        }
        return nil
    }
}

extension ArraySlice<UInt8> {
    fileprivate func ends(with tail: [UInt8]) -> Bool { count >= tail.count && suffix(tail.count).elementsEqual(tail) }
}
