typealias Receiver = (HTTPResponse, UnsafeRawBufferPointer) -> HTTPReception

/// One request under way: takes what curl reports, keeps the limits, and remembers why it broke off.
@safe final class CurlExchange {
    static let maximumHeadSize = 64 << 10
    /// More of a redirect's body is not waited for.
    private static let maximumSkippedBody = 64 << 10

    let request: HTTPRequest
    /// The answer's head, once it is complete.
    private(set) var response: HTTPResponse?
    /// Why we broke it off ourselves.
    private(set) var failure: TransportError?
    /// Whether the receiver has had enough.
    private(set) var isStopped = false

    private let receiver: Receiver
    private let isCancelled: @Sendable () -> Bool
    private let isProxied: Bool
    private let insecureServers: Set<String>
    private let upload: UploadSource?
    private var scope: AddressScope
    private var status = 0
    private var headers = HTTPHeaders()
    private var headSize = 0
    private var received = 0

    /// - Parameters:
    ///   - isProxied: whether the address connected to may be a proxy's, which says nothing about the server's.
    ///   - insecureServers: those that need no TLS.
    init(
        _ request: HTTPRequest, upload: UploadSource?, isProxied: Bool, insecureServers: Set<String>,
        isCancelled: @escaping @Sendable () -> Bool,
        receiver: @escaping Receiver
    ) {
        self.request = request
        self.upload = upload
        self.isProxied = isProxied
        self.insecureServers = insecureServers
        self.isCancelled = isCancelled
        unsafe self.receiver = unsafe receiver
        scope = request.url.scope
    }

    /// A connection stands; false refuses to send anything over it.
    func connected(to address: String) -> Bool {
        if !isProxied, let connected = IPAddress(address)?.scope { scope = connected }
        do throws(TransportError) {
            try Redirect.check(request, at: scope, insecure: insecureServers)
            return true
        } catch {
            failure = error
            return false
        }
    }

    /// One line of the head, or of the trailers after a body.
    func header(_ line: UnsafeRawBufferPointer) -> Bool {
        headSize += line.count
        guard headSize <= Self.maximumHeadSize else {
            return fail(.tooLarge, "the head of its answer is larger than \(Self.maximumHeadSize >> 10) KiB")
        }
        var text = unsafe String(decoding: line, as: UTF8.self)[...]
        while let last = text.unicodeScalars.last, " \t\r\n".unicodeScalars.contains(last) {
            text.unicodeScalars.removeLast()
        }
        if text.hasPrefix("HTTP/") {
            // 1xx answers come before the real one.
            status = Int(text.drop { $0 != " " }.dropFirst().prefix(3)) ?? 0
            headers = HTTPHeaders()
            response = nil
        } else if text.isEmpty {
            if status >= 200, response == nil {
                response = HTTPResponse(status: status, headers: headers, url: request.url, scope: scope)
            }
        } else if response == nil, let colon = text.firstIndex(of: ":") {
            headers.append(
                String(text[..<colon]), String(text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }))
        }
        return true
    }

    /// A piece of the body; false ends the exchange.
    func body(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let response else { return fail(.malformedResponse, "its answer has a body without a head") }
        received += bytes.count
        if Redirect.isFollowed(response, for: request) {
            isStopped = received > Self.maximumSkippedBody
            return !isStopped
        }
        if let limit = request.bodyLimit, max(received, response.contentLength ?? 0) > limit {
            return fail(.tooLarge, "its answer is larger than \(limit) bytes")
        }
        isStopped = unsafe receiver(response, bytes) == .stop
        return !isStopped
    }

    /// Fills `buffer` with what is to be sent next; nil when it cannot be read.
    func bodyToSend(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        guard let upload else { return 0 }
        guard let count = unsafe upload.read(into: buffer) else {
            _ = fail(.fileUnreadable, "the file to send cannot be read")
            return nil
        }
        return count
    }

    /// Goes back in what is to be sent, because curl has to begin again.
    func rewind(to offset: Int) -> Bool { upload?.seek(to: offset) ?? false }

    /// Whether to go on; asked regularly.
    func goesOn() -> Bool {
        isCancelled() ? fail(.cancelled, "stopped") : true
    }

    /// Remembers why, and gives false for the callback to end with.
    private func fail(_ code: TransportError.Code, _ detail: String) -> Bool {
        failure = TransportError(code, url: request.url.description, status: response?.status, detail: detail)
        return false
    }
}
