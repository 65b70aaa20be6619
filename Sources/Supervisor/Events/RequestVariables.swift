#if !hasFeature(Embedded)
    internal import JSON
#endif

/// What a request says, as variables: CGI's names (RFC 3875) for the request itself, and a prefix of our own before every
/// name that a client has chosen. None of them can be a variable that a program, a loader or a shell obeys.
struct RequestVariables {
    private(set) var list: [LaunchSpec.Variable] = []
    /// How many did not fit or cannot be variables; they are in the event's file all the same.
    private(set) var leftOut = 0
    private var size = 0

    private static var most: Int { 200 }
    private static var mostBytes: Int { 64 << 10 }
    private static var longestName: Int { 128 }

    init(_ request: WebRequest, _ input: RequestInput) {
        add("REQUEST_METHOD", request.method)
        add("PATH_INFO", request.path)
        add("QUERY_STRING", request.queryText)
        if let type = request["content-type"] { add("CONTENT_TYPE", type) }
        add([UInt8]("CONT_VAR_"), request.pathParameters + request.query)
        add([UInt8]("FORM_"), input.fields)
        // `Proxy` would become HTTP_PROXY, which many programs obey (httpoxy), and logins are for those who ask the
        // event's file for them.
        let hidden: [StaticString] = [
            "proxy", "authorization", "proxy-authorization", "x-amz-security-token", "content-type", "content-length",
        ]
        let open = request.fields.filter { field in !hidden.contains { field.name.isEqual(to: $0) } }
        add([UInt8]("HTTP_"), open.map { .init(name: $0.name.uppercased, value: $0.value) })
        if request["cookie"] == nil, !request.cookies.isEmpty {
            add("HTTP_COOKIE", [UInt8](request.cookies.joined(separator: [UInt8]("; "))))
        }
    }

    private mutating func add(_ name: StaticString, _ value: [UInt8]) {
        guard !value.isEmpty else { return }
        add([UInt8](), [.init(name: [UInt8](name), value: value)])
    }

    /// Of two of one name the first counts.
    private mutating func add(_ prefix: [UInt8], _ fields: [WebRequest.Field]) {
        for field in fields {
            let name = prefix + field.name.map(Self.safe)
            let length = name.count + field.value.count
            guard !field.name.isEmpty, name.count <= Self.longestName, !field.value.contains(0), list.count < Self.most,
                length <= Self.mostBytes - size
            else {
                leftOut += 1
                continue
            }
            guard !list.contains(where: { $0.name == name }) else { continue }
            list.append(.init(name: name, value: field.value))
            size += length
        }
    }

    /// Letters, digits and `_` stay; anything else becomes `_`.
    private static func safe(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            byte
        default: UInt8(ascii: "_")
        }
    }
}

extension [UInt8] {
    /// With the letters a to z made large.
    fileprivate var uppercased: [UInt8] {
        map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) ? $0 & 0xdf : $0 }
    }
}
