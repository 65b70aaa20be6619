internal import JSON

/// A function's response, as a test looks at it.
enum TestResponse {
    /// Whether a response holds a text: in its document as it stands, or in the body of an HTTP response, which stands there
    /// as a JSON string or in base64.
    static func holds(_ response: [UInt8], _ text: String) -> Bool {
        let wanted = Array(text.utf8)
        if contains(response, wanted) { return true }
        guard let document = try? JSON.parse(response) else { return false }
        for string in [document["body"]?.utf8, document["errorMessage"]?.utf8] {
            if let string, contains(string, wanted) { return true }
        }
        guard document["isBase64Encoded"]?.bool == true, let body = document["body"]?.utf8 else { return false }
        return contains(decoded(body), wanted)
    }

    private static func contains(_ bytes: [UInt8], _ wanted: [UInt8]) -> Bool {
        guard let first = wanted.first, bytes.count >= wanted.count else { return wanted.isEmpty }
        return bytes.indices.dropLast(wanted.count - 1).contains {
            bytes[$0] == first && bytes[$0..<$0 + wanted.count].elementsEqual(wanted)
        }
    }

    /// RFC 4648, section 4, up to the first byte that is not of it.
    private static func decoded(_ text: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for character in text {
            guard let value = value(character) else { break }
            bits = (bits << 6 | value) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }

    private static func value(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
