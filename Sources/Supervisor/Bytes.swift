#if !hasFeature(Embedded)
    internal import JSON
#endif

// The supervisor's text is bytes: Embedded Swift has no tables to compare strings with, and Linux names are bytes.
extension [UInt8] {
    func ends(with tail: [UInt8]) -> Bool {
        count >= tail.count && self[(count - tail.count)...].elementsEqual(tail)
    }

    mutating func append(_ text: StaticString) {
        append(contentsOf: [UInt8](text))
    }

    mutating func append(decimal number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        var digits: [UInt8] = []
        var rest = number.magnitude
        repeat {
            digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        append(contentsOf: digits.reversed())
    }

    /// A number in decimal digits and nothing else; nil for anything else or too much.
    var decimalValue: Int? {
        guard !isEmpty, count <= 19 else { return nil }
        var number = 0
        for digit in self {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (tenfold, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            number = sum
        }
        return number
    }

    /// The parts between separators; there is always at least one.
    func parts(separatedBy separator: UInt8) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var start = 0
        for index in indices where self[index] == separator {
            parts.append([UInt8](self[start..<index]))
            start = index + 1
        }
        parts.append([UInt8](self[start...]))
        return parts
    }

    /// Whether this is a path that stays where it is put: relative, and without empty, `.` or `..` components or NUL.
    var isInnerPath: Bool {
        guard !contains(0) else { return false }
        return parts(separatedBy: UInt8(ascii: "/")).allSatisfy { part in
            !part.isEmpty && !part.isEqual(to: ".") && !part.isEqual(to: "..")
        }
    }

    /// The last component of a path.
    var lastComponent: [UInt8] {
        guard let slash = lastIndex(of: UInt8(ascii: "/")) else { return self }
        return [UInt8](self[(slash + 1)...])
    }

    /// This path with another below it.
    func appending(path: [UInt8]) -> [UInt8] {
        self.last == UInt8(ascii: "/") || isEmpty ? self + path : self + [UInt8(ascii: "/")] + path
    }

    func appending(path: StaticString) -> [UInt8] { appending(path: [UInt8](path)) }
}

extension [UInt8] {
    /// With the letters A to Z made small.
    var lowercased: [UInt8] {
        map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }

    /// Undoes the encoding of object keys in events: `+` is a space and `%XX` a byte; a lone `%` stays one.
    var formDecoded: [UInt8] {
        var decoded: [UInt8] = []
        var index = 0
        while index < count {
            let byte = self[index]
            if byte == UInt8(ascii: "%"), index + 2 < count, let high = hexadecimalValue(self[index + 1]),
                let low = hexadecimalValue(self[index + 2])
            {
                decoded.append(UInt8(high << 4 | low))
                index += 3
                continue
            }
            decoded.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            index += 1
        }
        return decoded
    }
}

extension [UInt8] {
    /// With all but letters, digits and `-._~` as `%XX`. RFC 3986, section 2.3, as AWS's signatures want it.
    ///
    /// - Parameter keepingSlashes: whether `/` stays as it is.
    func percentEncoded(keepingSlashes: Bool = false) -> [UInt8] {
        let digits = [UInt8]("0123456789ABCDEF")
        var text: [UInt8] = []
        text.reserveCapacity(count)
        for byte in self {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                text.append(byte)
            case UInt8(ascii: "/") where keepingSlashes: text.append(byte)
            default:
                text.append(UInt8(ascii: "%"))
                text.append(digits[Int(byte >> 4)])
                text.append(digits[Int(byte & 15)])
            }
        }
        return text
    }
}

/// Whether a byte may stand in the name of a header field. RFC 9110, section 5.6.2.
func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: [UInt8]("!#$%&'*+-.^_`|~").contains(byte)
    }
}

/// The value of a hexadecimal digit.
func hexadecimalValue(_ byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
}

extension [UInt8] {
    /// These bytes where they are UTF-8, with a replacement for each byte that is not.
    var validUTF8: [UInt8] {
        guard !isValidUTF8(self) else { return self }
        var valid: [UInt8] = []
        var index = 0
        while index < count {
            // The longest well-formed character here; there is none longer than four bytes.
            var length = Swift.min(4, count - index)
            while length > 0, !isValidUTF8([UInt8](self[index..<index + length])) { length -= 1 }
            if length == 0 {
                valid.append(contentsOf: [0xef, 0xbf, 0xbd])
                index += 1
            } else {
                valid.append(contentsOf: self[index..<index + length])
                index += length
            }
        }
        return valid
    }
}
