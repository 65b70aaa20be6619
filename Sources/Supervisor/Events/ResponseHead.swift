#if !hasFeature(Embedded)
    internal import JSON
#endif

/// What a program says about its answer: lines `Name: value` in the file that RESPONSE_HEADERS_FILE names, as CGI has
/// them (RFC 3875, section 6.3). `Status: 404 Not Found` sets the status.
package struct ResponseHead: Sendable, Equatable {
    /// 200 to 599; nil when it is not said.
    package var status: Int?
    /// Names as the program wrote them.
    package var fields: [WebRequest.Field] = []
    /// Lines that were no fields, or fields that are not the program's to set.
    package var refused = 0

    private static var mostFields: Int { 100 }
    /// The longest text that is read.
    static var longest: Int { 64 << 10 }

    package init() {}

    package init(_ text: [UInt8]) {
        for line in [UInt8](text.prefix(Self.longest)).parts(separatedBy: 0x0a) {
            let line = line.trimmed
            guard !line.isEmpty else { continue }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), take(line, colon) else {
                refused += 1
                continue
            }
        }
    }

    private mutating func take(_ line: [UInt8], _ colon: Int) -> Bool {
        let name = [UInt8](line[..<colon])
        let value = [UInt8](line[(colon + 1)...]).trimmed
        // No line break can be in it; other control characters have no meaning in a header either.
        guard !name.isEmpty, name.allSatisfy(isTokenByte), isValidUTF8(value),
            value.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }), fields.count < Self.mostFields
        else { return false }
        let lower = name.lowercased
        if lower.isEqual(to: "status") {
            let word = [UInt8](value.prefix { $0 != 0x20 })
            guard let status = word.decimalValue, (200..<600).contains(status) else { return false }
            self.status = status
            return true
        }
        // The gateway measures and frames the answer itself.
        let framing: [StaticString] = ["content-length", "transfer-encoding", "connection", "trailer", "upgrade"]
        guard !framing.contains(where: { lower.isEqual(to: $0) }) else { return false }
        fields.append(.init(name: name, value: value))
        return true
    }

    /// The first field of a name, given in lower case.
    package subscript(_ name: StaticString) -> [UInt8]? {
        for field in fields where field.name.lowercased.isEqual(to: name) { return field.value }
        return nil
    }
}
