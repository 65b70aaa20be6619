#if !hasFeature(Embedded)
    internal import JSON
#endif

/// The side of a URL that says where a server is.
package struct Origin: Sendable, Equatable {
    package var isEncrypted: Bool
    /// A name, or an address without brackets.
    package var host: [UInt8]
    package var port: UInt16

    /// As the Host field has it: without the port that goes without saying.
    var authority: [UInt8] {
        var text = host.contains(UInt8(ascii: ":")) ? [UInt8]("[") + host + [UInt8]("]") : host
        guard port != (isEncrypted ? 443 : 80) else { return text }
        text.append(":")
        text.append(decimal: Int(port))
        return text
    }

    var text: [UInt8] { [UInt8](isEncrypted ? "https://" : "http://") + authority }

    /// Reads `host`, `host:port` or `[address]:port`; nil when it is none of them.
    init?(authority text: [UInt8], isEncrypted: Bool) {
        self.isEncrypted = isEncrypted
        var rest = text[...]
        if text.first == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = [UInt8](text[1..<end])
            guard host.contains(UInt8(ascii: ":")), host.allSatisfy(Self.isAddressByte) else { return nil }
            rest = text[(end + 1)...]
        } else {
            let end = text.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
            host = [UInt8](text[..<end])
            guard (1...253).contains(host.count), host.allSatisfy(Self.isNameByte) else { return nil }
            rest = text[end...]
        }
        if rest.isEmpty {
            port = isEncrypted ? 443 : 80
        } else {
            guard rest.first == UInt8(ascii: ":"), let number = [UInt8](rest.dropFirst()).decimalValue,
                (1...65535).contains(number)
            else { return nil }
            port = UInt16(number)
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        hexadecimalValue(byte) != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
    }
}

/// An address in the web, without a user, a query and a fragment.
package struct WebAddress: Sendable, Equatable {
    package var origin: Origin
    /// Begins with a slash, or is empty.
    package var path: [UInt8]

    /// Nil for what is no such address.
    package init?(parsing text: [UInt8]) {
        let lower = text.lowercased
        let isEncrypted = lower.starts(with: [UInt8]("https://"))
        guard isEncrypted || lower.starts(with: [UInt8]("http://")) else { return nil }
        let rest = text.dropFirst(isEncrypted ? 8 : 7)
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        guard let origin = Origin(authority: [UInt8](rest[..<slash]), isEncrypted: isEncrypted) else { return nil }
        self.origin = origin
        path = [UInt8](rest[slash...])
        guard path.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        else { return nil }
    }
}
