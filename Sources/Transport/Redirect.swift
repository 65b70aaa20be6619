/// Where an answer sends a request on to.
enum Redirect {
    static let maximumHops = 10

    /// Whether this answer's body is of no interest because the request goes on elsewhere.
    static func isFollowed(_ response: HTTPResponse, for request: HTTPRequest) -> Bool {
        request.method.isSafe && [301, 302, 303, 307, 308].contains(response.status)
            && response.headers["location"] != nil
    }

    /// The request to make next; nil when this answer is the final one.
    ///
    /// Only requests that change nothing are sent on. Credentials stay with the origin they were made for: a blob's
    /// content lives on somebody else's servers more often than not.
    static func next(after response: HTTPResponse, to request: HTTPRequest) throws(TransportError) -> HTTPRequest? {
        guard isFollowed(response, for: request), let location = response.headers["location"] else { return nil }
        var next = request
        next.url = try request.url.resolving(location)
        next.namedFrom = request.namedFrom.map { $0.widest(response.scope) } ?? response.scope
        if request.url.scheme == .https && next.url.scheme == .http {
            throw TransportError(
                .insecure, url: next.url.description, status: response.status,
                detail: "\(request.url.origin) redirects to it without TLS")
        }
        if next.url.origin != request.url.origin { next.headers.removeCredentials() }
        return next
    }

    /// Checks an address before or after it is connected to.
    ///
    /// - Parameter servers: those that need no TLS, wherever they are.
    static func check(
        _ request: HTTPRequest, at scope: AddressScope, insecure servers: Set<String> = []
    ) throws(TransportError) {
        let isMetadata = request.isForMetadata && request.namedFrom == nil && scope == .linkLocal
        let isExempt = isMetadata || request.url.isNamed(in: servers)
        if request.url.scheme == .http && scope != .loopback && !isExempt {
            throw TransportError(
                .insecure, url: request.url.description, detail: "it is another machine, and the address has no TLS")
        }
        if let namedFrom = request.namedFrom, !namedFrom.mayName(scope) {
            throw TransportError(
                .refusedAddress, url: request.url.description,
                detail: "another server named it, and it lies in a network that is none of that server’s business")
        }
    }
}
