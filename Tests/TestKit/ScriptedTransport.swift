internal import ByteKit
package import Transport

/// Answers without a network, for hosts that a test cannot be.
package struct ScriptedTransport: HTTPTransport {
    package struct Answer: Sendable {
        package var status: Int
        package var headers: HTTPHeaders
        package var body: [UInt8]
        package var scope: AddressScope

        package init(
            _ status: Int, _ headers: HTTPHeaders = [:], _ body: [UInt8] = [], scope: AddressScope = .publicNetwork
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.scope = scope
        }
    }

    private let script: @Sendable (HTTPRequest) throws(TransportError) -> Answer
    private let log = Monitor<[HTTPRequest]>([])

    package init(_ script: @escaping @Sendable (HTTPRequest) throws(TransportError) -> Answer) {
        self.script = script
    }

    /// Every request so far.
    package var requests: [HTTPRequest] { log.withLock { $0 } }

    package func perform(
        _ request: HTTPRequest, receive: (HTTPResponse, UnsafeRawBufferPointer) -> HTTPReception
    ) throws(TransportError) -> HTTPResponse {
        log.withLock { $0.append(request) }
        let answer = try script(request)
        let response = HTTPResponse(
            status: answer.status, headers: answer.headers, url: request.url, scope: answer.scope)
        if request.method != .head && !answer.body.isEmpty {
            unsafe answer.body.withUnsafeBytes { bytes in _ = unsafe receive(response, bytes) }
        }
        return response
    }
}
