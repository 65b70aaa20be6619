/// The methods that registries and AWS services use. RFC 9110, section 9.
package enum HTTPMethod: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"

    /// Whether asking twice, or at another place, changes nothing.
    package var isSafe: Bool { self == .get || self == .head }
}

/// What a request carries.
package enum HTTPBody: Sendable, Equatable {
    case none
    case bytes([UInt8])
    /// `count` bytes of a file from `offset`, read while they are sent.
    case file(path: String, offset: Int, count: Int)
}

/// One question to a server.
package struct HTTPRequest: Sendable {
    package var method: HTTPMethod
    package var url: URL
    package var headers: HTTPHeaders
    package var body: HTTPBody
    /// The most bytes of a body that are handed on; more is an error. Nil when the receiver bounds them.
    package var bodyLimit: Int?
    /// How long the whole exchange may take, redirects included one by one; nil for no limit but that of progress.
    package var timeLimit: Duration?
    /// Where the server stood that named this address (in a redirect or a challenge); nil when a person named it.
    /// An address that a public server names must be public itself.
    package var namedFrom: AddressScope?
    /// Whether this asks the metadata service of the machine itself, which is on the link, speaks no TLS, and is no
    /// proxy's business. Only for addresses that no server names.
    package var isForMetadata = false

    package init(
        _ method: HTTPMethod = .get, _ url: URL, headers: HTTPHeaders = [:], body: HTTPBody = .none,
        bodyLimit: Int? = nil, timeLimit: Duration? = nil, namedFrom: AddressScope? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.bodyLimit = bodyLimit
        self.timeLimit = timeLimit
        self.namedFrom = namedFrom
    }
}

extension HTTPRequest: CustomStringConvertible {
    /// Method and address for messages, without query or headers: both may carry secrets.
    package var description: String { "\(method.rawValue) \(url)" }
}

/// The head of a server's answer; the body goes to the receiver.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    /// Who answered, after redirects.
    package var url: URL
    /// Where the server stands that the request was made to, before redirects.
    package var scope: AddressScope

    package init(status: Int, headers: HTTPHeaders = [:], url: URL, scope: AddressScope = .publicNetwork) {
        self.status = status
        self.headers = headers
        self.url = url
        self.scope = scope
    }

    package var isSuccess: Bool { (200..<300).contains(status) }

    /// The body's announced size; nil when there is none, or none that makes sense.
    package var contentLength: Int? {
        guard let text = headers["content-length"], !text.isEmpty,
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }
}
