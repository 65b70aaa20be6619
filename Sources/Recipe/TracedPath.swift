/// A path of any bytes as text that keeps them: RFC 3986's percent signs for what is no printable text.
enum TracedPath {
    static func text(of path: [UInt8]) -> String {
        if let text = String(validating: path, as: UTF8.self),
            !path.contains(where: { $0 < 0x20 || $0 == 0x7f || $0 == UInt8(ascii: "%") })
        {
            return text
        }
        return String(
            decoding: path.flatMap { byte -> [UInt8] in
                guard byte < 0x20 || byte > 0x7e || byte == UInt8(ascii: "%") else { return [byte] }
                return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }, as: UTF8.self)
    }

    /// Nil for a percent sign that two digits do not follow.
    static func bytes(of text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digits.firstIndex(of:)),
                let low = rest.popFirst().flatMap(digits.firstIndex(of:))
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }

    private static let digits = Array("0123456789ABCDEF".utf8)
}
