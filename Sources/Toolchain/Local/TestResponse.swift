internal import ByteKit
internal import JSON
internal import Transport

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
        guard document["isBase64Encoded"]?.bool == true, let body = document["body"]?.utf8.flatMap(Base64.decode) else {
            return false
        }
        return contains(body, wanted)
    }

    private static func contains(_ bytes: [UInt8], _ wanted: [UInt8]) -> Bool {
        guard let first = wanted.first, bytes.count >= wanted.count else { return wanted.isEmpty }
        return bytes.indices.dropLast(wanted.count - 1).contains {
            bytes[$0] == first && bytes[$0..<$0 + wanted.count].elementsEqual(wanted)
        }
    }
}
