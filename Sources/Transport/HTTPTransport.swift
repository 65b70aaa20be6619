/// What a receiver says after each piece of a body.
package enum HTTPReception: Sendable {
    case more
    /// Enough: the exchange ends here, and that is no error.
    case stop
}

/// Speaks HTTP for those who know what to ask: the seam between the clients and the network.
package protocol HTTPTransport: Sendable {
    /// Makes one exchange and follows redirects of safe requests. It does not try again.
    ///
    /// - Parameters:
    ///   - request: what to ask.
    ///   - receive: called on this thread with each piece of the final answer's body, whatever its status, in order. It
    ///     also gets the answer's head. The bytes are valid during the call only.
    /// - Returns: the final answer's head, once the body is complete or the receiver has stopped it.
    func perform(
        _ request: HTTPRequest, receive: (HTTPResponse, UnsafeRawBufferPointer) -> HTTPReception
    ) throws(TransportError) -> HTTPResponse
}

extension HTTPTransport {
    /// Makes one exchange and keeps the body, which may have at most `limit` bytes.
    package func collect(
        _ request: HTTPRequest, limit: Int
    ) throws(TransportError) -> (response: HTTPResponse, body: [UInt8]) {
        var request = request
        request.bodyLimit = limit
        var body: [UInt8] = []
        let response = try unsafe perform(request) { _, bytes in
            unsafe body.append(contentsOf: bytes)
            return .more
        }
        return (response, body)
    }
}
