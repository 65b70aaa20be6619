/// An address that HTTP can be spoken to: strictly parsed, so that what was checked is what is connected to.
///
/// RFC 3986, without user information and fragments. Host names are ASCII; numbers count as an address only in their
/// one canonical form, because `127.1` and `0x7f000001` are ways around checks.
package struct URL: Hashable, Sendable {
    package enum Scheme: String, Sendable {
        case http
        case https
    }

    package let scheme: Scheme
    /// Lower case; an IPv6 address has no brackets here.
    package let host: String
    /// Nil for the scheme's own port.
    package let port: Int?
    /// Percent-encoded, beginning with `/`.
    package let path: String
    /// Percent-encoded, without `?`. It may hold signatures, so messages leave it out.
    package let query: String?

    package init(scheme: Scheme, host: String, port: Int? = nil, path: String = "/", query: String? = nil) {
        self.scheme = scheme
        self.host = host
        self.port = port == (scheme == .http ? 80 : 443) ? nil : port
        self.path = path
        self.query = query
    }

    /// Parses an absolute address. Bytes that may not stand in one are percent-encoded, as servers send them raw.
    package init(parsing text: String) throws(TransportError) {
        guard let separator = text.firstRange(of: "://"),
            let scheme = Scheme(rawValue: text[..<separator.lowerBound].lowercased())
        else { throw Self.malformed(text, "it does not begin with https:// or http://") }
        let rest = text[separator.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let (host, port) = try Self.authority(rest[..<end], in: text)
        let (path, query) = Self.target(rest[end...])
        self.init(scheme: scheme, host: host, port: port, path: path, query: query)
    }

    /// `host` or `host:port`, as it stands in the address.
    package var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return name + (port.map { ":\($0)" } ?? "")
    }

    /// Scheme and authority: what credentials and tokens belong to.
    package var origin: String { "\(scheme.rawValue)://\(authority)" }

    /// What settings may call this server: its authority, and for the scheme's own port that with the port, too.
    var serverNames: [String] {
        port == nil ? [authority, "\(authority):\(scheme == .http ? 80 : 443)"] : [authority]
    }

    /// Whether settings name this server, by `host` or `host:port`.
    package func isNamed(in servers: Set<String>) -> Bool { !servers.isDisjoint(with: serverNames) }

    /// The path and query as a server is asked for it.
    package var target: String { path + (query.map { "?" + $0 } ?? "") }

    /// Everything, query included: to be sent, not shown.
    package var fullText: String { origin + target }

    /// The same place with another path, which must be encoded.
    package func with(path: String, query: String? = nil) -> URL {
        URL(scheme: scheme, host: host, port: port, path: path, query: query)
    }

    /// The same address with one more query item, encoded here.
    package func adding(_ name: String, _ value: String) -> URL {
        let item = Self.encode(name) + "=" + Self.encode(value)
        return with(path: path, query: query.map { $0.isEmpty ? item : $0 + "&" + item } ?? item)
    }

    /// Encodes all but RFC 3986's unreserved characters and those of `keeping`.
    package static func encode(_ text: String, keeping: String = "") -> String {
        encode(text.utf8) { byte in
            byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || "-._~".utf8.contains(byte) || keeping.utf8.contains(byte)
        }
    }

    /// Follows a reference found in an answer of this address. RFC 3986, section 5.2, without merging of `..`.
    package func resolving(_ reference: String) throws(TransportError) -> URL {
        if reference.hasPrefix("//") { return try URL(parsing: scheme.rawValue + ":" + reference) }
        if let colon = reference.firstIndex(of: ":"),
            reference[..<colon].utf8.allSatisfy({ $0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z") }),
            colon != reference.startIndex
        {
            return try URL(parsing: reference)
        }
        if reference.hasPrefix("/") || reference.hasPrefix("?") {
            let (path, query) = Self.target(reference[...])
            return with(path: reference.hasPrefix("?") ? self.path : path, query: query)
        }
        let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        let (path, query) = Self.target(folder + reference[...])
        return with(path: path, query: query)
    }
}

extension URL: CustomStringConvertible {
    /// The address without its query, for messages.
    package var description: String { origin + path }
}

extension URL {
    /// Text that should have been an address, for messages: without query and user information, and not at length.
    package static func redacted(_ text: String) -> String {
        var start = text.startIndex
        var end = text.startIndex
        if let at = text.lastIndex(of: "@") {
            // A password may hold any of the characters that end it elsewhere, so nothing before the @ is shown.
            start = text[..<at].firstRange(of: "://")?.upperBound ?? text.startIndex
            end = at
        }
        let rest = text[end...].prefix { $0 != "?" && $0 != "#" }
        return String((text[..<start] + (start < end ? "…" : "") + rest).prefix(200))
    }

    private static func malformed(_ text: String, _ reason: String) -> TransportError {
        TransportError(.malformedURL, url: redacted(text), detail: reason)
    }

    private static func authority(_ text: Substring, in whole: String) throws(TransportError) -> (String, Int?) {
        guard !text.utf8.contains(UInt8(ascii: "@")) else {
            throw malformed(whole, "it carries a user name or password")
        }
        var name = text
        var port: Int?
        let bracket = name.lastIndex(of: "]") ?? name.startIndex
        if let colon = name[bracket...].lastIndex(of: ":") {
            let digits = name[name.index(after: colon)...]
            guard let number = Int(digits), (1...65535).contains(number), digits.utf8.count <= 5, digits.first != "+"
            else { throw malformed(whole, "its port is not a number from 1 to 65535") }
            port = number
            name = name[..<colon]
        }
        let host = name.lowercased()
        if host.hasPrefix("["), host.hasSuffix("]") {
            let address = String(host.dropFirst().dropLast())
            guard IPAddress(address) != nil, address.utf8.contains(UInt8(ascii: ":"))
            else { throw malformed(whole, "its host is not an IPv6 address") }
            return (address, port)
        }
        guard isHostName(host) else { throw malformed(whole, "its host is not a host name") }
        return (host, port)
    }

    private static func isHostName(_ host: String) -> Bool {
        guard (1...253).contains(host.utf8.count) else { return false }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        for label in labels {
            let isWellFormed = label.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
            guard isWellFormed, (1...63).contains(label.utf8.count) else { return false }
        }
        // A last label that looks like a number makes resolvers read the whole as one, in several notations.
        guard let last = labels.last else { return false }
        let looksNumeric =
            last.hasPrefix("0x") || last.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return looksNumeric ? IPAddress(host) != nil : true
    }

    /// Splits what follows the authority, and encodes what may not stand there.
    private static func target(_ text: Substring) -> (path: String, query: String?) {
        let end = text.firstIndex(of: "#") ?? text.endIndex
        let mark = text[..<end].firstIndex(of: "?")
        let path = escapeStrays(text[..<(mark ?? end)])
        let query = mark.map { escapeStrays(text[text.index(after: $0)..<end]) }
        return (path.hasPrefix("/") ? path : "/" + path, query)
    }

    private static func escapeStrays(_ text: Substring) -> String {
        encode(text.utf8) { 0x21...0x7e ~= $0 && !"\"<>\\^`{|}".utf8.contains($0) }
    }

    private static func encode(_ bytes: some Sequence<UInt8>, unless isPlain: (UInt8) -> Bool) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            if isPlain(byte) {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
