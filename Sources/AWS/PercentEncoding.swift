/// RFC 3986, section 2.1.
package enum PercentEncoding {
    /// The bytes of an encoded text; what is no escape stays as it is.
    package static func decode(_ text: String, plusIsSpace: Bool = false) -> [UInt8] {
        let text = Array(text.utf8)
        var bytes: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%"), index + 2 < text.count, text[index + 1] != UInt8(ascii: "+"),
                let byte = UInt8(String(decoding: text[index + 1...index + 2], as: UTF8.self), radix: 16)
            {
                bytes.append(byte)
                index += 3
            } else {
                bytes.append(plusIsSpace && text[index] == UInt8(ascii: "+") ? 0x20 : text[index])
                index += 1
            }
        }
        return bytes
    }
}
