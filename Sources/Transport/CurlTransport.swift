internal import ByteKit
internal import CCurl

/// HTTP through libcurl: HTTP/1.1 and 2, TLS 1.2 and up, proxies from the environment.
///
/// Any number of threads may use one transport; each exchange runs on the caller's thread with a handle of its own,
/// and handles keep their connections for the next exchange.
package final class CurlTransport: HTTPTransport {
    private let configuration: TransportConfiguration
    private let share = CurlShare()
    private let idle = Monitor<[CurlHandle]>([])
    private let hasProxy: Bool

    /// Handles, and so connections, kept between exchanges.
    private static let maximumIdle = 16

    package init(_ configuration: TransportConfiguration = .fromEnvironment) {
        self.configuration = configuration
        hasProxy = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"].contains {
            Environment[$0] != nil
        }
    }

    package func perform(
        _ request: HTTPRequest, receive: (HTTPResponse, UnsafeRawBufferPointer) -> HTTPReception
    ) throws(TransportError) -> HTTPResponse {
        guard request.headers.isWellFormed else {
            throw TransportError(
                .malformedRequest, url: request.url.description,
                detail: "a header field holds characters that no field may hold")
        }
        let end = request.timeLimit.map { TimeSource.system.now() + $0 }
        var request = request
        for _ in 0...Redirect.maximumHops {
            var response = try unsafe exchange(request, receive: receive)
            guard var next = try Redirect.next(after: response, to: request) else {
                if let namedFrom = request.namedFrom { response.scope = response.scope.widest(namedFrom) }
                return response
            }
            next.timeLimit = end.map { max($0 - TimeSource.system.now(), .milliseconds(1)) }
            request = next
        }
        throw TransportError(
            .tooManyRedirects, url: request.url.description,
            detail: "more than \(Redirect.maximumHops) redirects in a row")
    }

    private func exchange(
        _ request: HTTPRequest, receive: (HTTPResponse, UnsafeRawBufferPointer) -> HTTPReception
    ) throws(TransportError) -> HTTPResponse {
        try Redirect.check(request, at: request.url.scope, insecure: configuration.insecureServers)
        let isLocal = request.url.scope == .loopback
        let upload = try UploadSource(request.body, url: request.url)
        let result = unsafe withoutActuallyEscaping(receive) { receiver in
            let exchange = unsafe CurlExchange(
                request, upload: upload, isProxied: hasProxy && !isLocal && !request.isForMetadata,
                insecureServers: configuration.insecureServers, isCancelled: configuration.isCancelled,
                receiver: receiver)
            return Result { () throws(TransportError) in try run(exchange, uploadSize: upload?.count) }
        }
        return try result.get()
    }

    private func run(_ exchange: CurlExchange, uploadSize: Int?) throws(TransportError) -> HTTPResponse {
        let handle = idle.withLock { $0.popLast() } ?? CurlHandle(share: share)
        handle.reset()
        try configure(handle, for: exchange.request, uploadSize: uploadSize)
        let code = handle.perform(
            exchange, headerLines: headerLines(exchange.request), fixedAddresses: configuration.fixedAddresses)
        let message = handle.message(for: code)
        // A handle whose transfer failed may hold on to its buffer and then refuse a size for it: it goes.
        if code == CURLE_OK { idle.withLock { if $0.count < Self.maximumIdle { $0.append(handle) } } }

        if let failure = exchange.failure { throw failure }
        if code == CURLE_OK || exchange.isStopped, let response = exchange.response { return response }
        throw TransportError(curl: code, message: message, url: exchange.request.url, status: exchange.response?.status)
    }

    private func configure(
        _ handle: CurlHandle, for request: HTTPRequest, uploadSize: Int?
    ) throws(TransportError) {
        handle.set(CURLOPT_URL, request.url.fullText)
        handle.set(CURLOPT_PATH_AS_IS, 1)
        handle.set(CURLOPT_FOLLOWLOCATION, 0)
        handle.set(CURLOPT_NOSIGNAL, 1)
        handle.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        handle.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        handle.set(CURLOPT_USERAGENT, configuration.userAgent)
        handle.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        handle.set(CURLOPT_TCP_KEEPALIVE, 1)
        handle.set(CURLOPT_BUFFERSIZE, 512 << 10)
        handle.set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeLimit.milliseconds)
        handle.set(CURLOPT_LOW_SPEED_LIMIT, configuration.slowestRate)
        handle.set(CURLOPT_LOW_SPEED_TIME, max(1, configuration.slowestRateTime.milliseconds / 1000))
        if let limit = request.timeLimit { handle.set(CURLOPT_TIMEOUT_MS, max(1, limit.milliseconds)) }
        if let file = configuration.certificateFile { handle.set(CURLOPT_CAINFO, file) }
        if request.url.isNamed(in: configuration.insecureServers) {
            handle.set(CURLOPT_SSL_VERIFYPEER, 0)
            handle.set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if request.url.scheme == .https {
            do throws(FileError) {
                try setCertificates(handle, for: request.url)
            } catch {
                throw TransportError(.fileUnreadable, url: request.url.description, detail: error.diagnostic.message)
            }
        }
        // What is on this machine is never asked for through a proxy on another.
        if request.url.scope == .loopback || request.isForMetadata { handle.set(CURLOPT_PROXY, "") }

        if request.method == .head {
            handle.set(CURLOPT_NOBODY, 1)
        } else if uploadSize != nil || [.post, .put, .patch].contains(request.method) {
            handle.set(CURLOPT_UPLOAD, 1)
            handle.set(CURLOPT_INFILESIZE_LARGE, offset: uploadSize ?? 0)
            handle.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        } else if request.method != .get {
            handle.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
    }

    /// What there is for this one server, besides what goes for all.
    private func setCertificates(_ handle: CurlHandle, for url: URL) throws(FileError) {
        guard let certificates = try configuration.certificates.certificates(for: url) else { return }
        if !certificates.authorities.isEmpty {
            // These take the place of curl's file of authorities, and would of the one that a person has named.
            let common = try configuration.certificateFile.map { file throws(FileError) in
                try InputFile.contents(of: file, limit: CertificateFolders.maximumSize)
            }
            handle.set(CURLOPT_CAINFO_BLOB, blob: certificates.authorities + (common ?? []))
        }
        if let client = certificates.client {
            handle.set(CURLOPT_SSLCERT, client.certificate)
            handle.set(CURLOPT_SSLKEY, client.key)
        }
    }

    /// The fields as lines; `Expect: 100-continue` would cost a round trip before every upload.
    private func headerLines(_ request: HTTPRequest) -> [String] {
        request.headers.fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" } + ["Expect:"]
    }
}

extension Duration {
    fileprivate var milliseconds: Int { Int(self / .milliseconds(1)) }
}
