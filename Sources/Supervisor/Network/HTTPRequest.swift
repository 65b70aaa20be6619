#if !hasFeature(Embedded)
    internal import JSON
#endif

/// A request, before it is written to a connection.
struct HTTPRequest {
    var method: StaticString
    /// Path and query, encoded.
    var target: [UInt8]
    /// Besides `Host`, `User-Agent` and `Content-Length`.
    var fields: [HTTPResponse.Field] = []
    var body = Body.none

    enum Body {
        case none
        case bytes([UInt8])
        /// A stretch of an open file. It is read as it is sent.
        case file(Int32, offset: Int, count: Int)

        var count: Int? {
            switch self {
            case .none: nil
            case .bytes(let bytes): bytes.count
            case .file(_, _, let count): count
            }
        }
    }

    init(_ method: StaticString, _ target: [UInt8], _ fields: [HTTPResponse.Field] = [], body: Body = .none) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }

    /// What goes over the wire before the body.
    func head(for origin: Origin) -> [UInt8] {
        var head = [UInt8](method)
        head.append(" ")
        head += target
        head.append(" HTTP/1.1\r\nHost: ")
        head += origin.authority
        head.append("\r\nUser-Agent: scar-build\r\n")
        for field in fields {
            head += field.name
            head.append(": ")
            // What comes from outside must not begin a line of its own.
            head += field.value.filter { $0 >= 0x20 && $0 != 0x7f }
            head.append("\r\n")
        }
        if let count = body.count {
            head.append("Content-Length: ")
            head.append(decimal: count)
            head.append("\r\n")
        }
        head.append("\r\n")
        return head
    }
}

extension HTTPResponse.Field {
    init(_ name: StaticString, _ value: [UInt8]) { self.init(name: [UInt8](name), value: value) }
}
