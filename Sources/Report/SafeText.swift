internal import ByteKit

/// Text from outside, made safe to show: on a terminal, in JSON, in XML and in HTML.
///
/// Names come out of images, and images may be hostile. What cannot be seen is written as an escape; a backslash is
/// doubled, so that no name can pretend to be an escaped one.
package enum SafeText {
    /// A name's bytes as text.
    package static func name(_ bytes: some Collection<UInt8>) -> String {
        // Nearly every name is plain; find out without taking it apart.
        if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }) {
            return String(decoding: bytes, as: UTF8.self)
        }
        var text = ""
        var decoder = UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var offset = bytes.startIndex
        parsing: while true {
            switch decoder.parseScalar(from: &iterator) {
            case .valid(let encoded):
                append(UTF8.decode(encoded), to: &text)
                offset = bytes.index(offset, offsetBy: encoded.count)
            case .error(let length):
                let end = bytes.index(offset, offsetBy: length)
                for byte in bytes[offset..<end] { text += "\\x" + hexadecimal([byte]) }
                offset = end
            case .emptyInput: break parsing
            }
        }
        return text
    }

    /// A path's bytes as text, from the root.
    package static func path(_ bytes: some Collection<UInt8>) -> String { "/" + name(bytes) }

    /// Words from a document: the same, but for backslashes, which commands are full of.
    package static func line(_ text: String) -> String {
        var safe = ""
        for scalar in text.unicodeScalars {
            if scalar == "\\" { safe.unicodeScalars.append(scalar) } else { append(scalar, to: &safe) }
        }
        return safe
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        switch scalar.value {
        case 0x5c: text += "\\\\"
        case 0x0a: text += "\\n"
        case 0x00..<0x20, 0x7f..<0xa0: text += "\\x" + hexadecimal([UInt8(scalar.value)])
        // Marks that turn the direction of what follows, that have no width, or that XML does not take.
        case 0x061c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x2069, 0xfeff, 0xfff9...0xfffb, 0xfffe, 0xffff,
            0xe0000...0xe0fff:
            text += "\\u{" + String(scalar.value, radix: 16) + "}"
        default: text.unicodeScalars.append(scalar)
        }
    }

    /// Text cut to so many characters, with a mark where it was cut.
    package static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : text.prefix(max(0, width - 1)) + "…"
    }

    /// A path cut to so many characters in the middle: its end says most.
    package static func cutPath(_ text: String, to width: Int) -> String {
        guard text.count > width, width > 4 else { return cut(text, to: width) }
        let head = (width - 1) / 3
        return text.prefix(head) + "…" + text.suffix(width - 1 - head)
    }
}
