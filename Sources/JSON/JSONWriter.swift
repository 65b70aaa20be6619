extension JSON {
    /// The document as text: the members in their order, nothing that depends on place or time.
    ///
    /// - Parameter pretty: two spaces of indentation and a final line break; otherwise no white space at all.
    package func text(pretty: Bool = false) -> [UInt8] {
        var text: [UInt8] = []
        append(to: &text, indentation: pretty ? 0 : nil)
        if pretty { text.append(UInt8(ascii: "\n")) }
        return text
    }

    private func append(to text: inout [UInt8], indentation: Int?) {
        switch value {
        case .null: text.append(contentsOf: [UInt8]("null"))
        case .bool(let bool): text.append(contentsOf: [UInt8](bool ? "true" : "false"))
        case .number(let digits): text.append(contentsOf: digits)
        case .string(let bytes): JSON.append(string: bytes, to: &text)
        case .array(let elements):
            JSON.appendList(open: "[", close: "]", count: elements.count, to: &text, indentation: indentation) {
                elements[$0].append(to: &$1, indentation: $2)
            }
        case .object(let members):
            JSON.appendList(open: "{", close: "}", count: members.count, to: &text, indentation: indentation) {
                JSON.append(string: members[$0].name, to: &$1)
                $1.append(contentsOf: [UInt8](indentation == nil ? ":" : ": "))
                members[$0].json.append(to: &$1, indentation: $2)
            }
        }
    }

    private static func appendList(
        open: StaticString, close: StaticString, count: Int, to text: inout [UInt8], indentation: Int?,
        element: (Int, inout [UInt8], Int?) -> Void
    ) {
        text.append(contentsOf: [UInt8](open))
        let inner = indentation.map { $0 + 2 }
        for index in 0..<count {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            breakLine(&text, inner)
            element(index, &text, inner)
        }
        if count > 0 { breakLine(&text, indentation) }
        text.append(contentsOf: [UInt8](close))
    }

    private static func breakLine(_ text: inout [UInt8], _ indentation: Int?) {
        guard let indentation else { return }
        text.append(UInt8(ascii: "\n"))
        for _ in 0..<indentation { text.append(UInt8(ascii: " ")) }
    }

    /// A string with its quotes. What must be escaped is, every control character included; all else is as it came.
    private static func append(string: [UInt8], to text: inout [UInt8]) {
        let digits = [UInt8]("0123456789abcdef")
        text.append(UInt8(ascii: "\""))
        for byte in string {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                text.append(UInt8(ascii: "\\"))
                text.append(byte)
            case 0x0a: text.append(contentsOf: [UInt8]("\\n"))
            case 0x0d: text.append(contentsOf: [UInt8]("\\r"))
            case 0x09: text.append(contentsOf: [UInt8]("\\t"))
            case 0x00..<0x20, 0x7f:
                text.append(contentsOf: [UInt8]("\\u00"))
                text.append(digits[Int(byte >> 4)])
                text.append(digits[Int(byte & 15)])
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
