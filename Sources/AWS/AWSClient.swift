internal import ByteKit
package import JSON
package import Transport

/// Asks AWS's services: finds their places, signs, tries again what may pass, and says what they say when they say no.
///
/// Any number of threads may use one client.
package final class AWSClient: Sendable {
    package let configuration: Configuration
    package let region: Region
    package let time: TimeSource
    private let transport: any HTTPTransport
    /// For answers that take long to begin; nil when there is no other.
    let patientTransport: any HTTPTransport
    private let chain: CredentialChain
    private let fixed: Credentials?
    private let retries: RetryQuota
    /// How far the service's clock is ahead of ours, in seconds.
    private let clockOffset = Monitor(0)

    /// - Parameters:
    ///   - patientTransport: for answers that take long to begin; `transport` when nil.
    ///   - fixed: credentials to use instead of those that the chain finds.
    package init(
        _ configuration: Configuration, region: Region, transport: any HTTPTransport,
        patientTransport: (any HTTPTransport)? = nil, time: TimeSource = .system, fixed: Credentials? = nil
    ) {
        self.configuration = configuration
        self.region = region
        self.transport = transport
        self.patientTransport = patientTransport ?? transport
        self.time = time
        self.fixed = fixed
        chain = CredentialChain(configuration, transport: transport, time: time)
        retries = RetryQuota()
    }

    private init(_ other: AWSClient, region: Region) {
        configuration = other.configuration
        self.region = region
        time = other.time
        transport = other.transport
        patientTransport = other.patientTransport
        chain = other.chain
        fixed = other.fixed
        retries = other.retries
    }

    /// The same client in another region.
    package func within(_ region: Region) -> AWSClient { AWSClient(self, region: region) }

    /// A client over the network, for this process's configuration.
    package static func overNetwork(profile: String?, region: String?) throws(AWSError) -> AWSClient {
        let configuration = try Configuration(profile: profile)
        var patient = TransportConfiguration.fromEnvironment
        // A function may be silent for as long as it may run.
        patient.slowestRateTime = .seconds(960)
        var ordinary = TransportConfiguration.fromEnvironment
        ordinary.slowestRateTime = .seconds(60)
        return AWSClient(
            configuration, region: try configuration.region(region), transport: CurlTransport(ordinary),
            patientTransport: CurlTransport(patient))
    }

    // MARK: - Asking

    /// Asks, and gives the answer once the service has said yes.
    package func send(_ request: AWSRequest) throws(AWSError) -> AWSAnswer {
        var body: [UInt8] = []
        let response = try attempting(request.title, isRepeatable: request.isRepeatable) { () throws(AWSError) in
            body = []
            return try unsafe exchange(request) { _, bytes in
                unsafe body.append(contentsOf: bytes)
                return .more
            }
        }
        return AWSAnswer(status: response.status, headers: response.headers, body: body)
    }

    /// Asks for something large, which goes to `receive` as it comes.
    ///
    /// - Parameter request: made anew for each attempt, so that it can ask for what is still missing.
    package func stream(
        _ request: () -> AWSRequest, receive: (HTTPResponse, UnsafeRawBufferPointer) -> HTTPReception
    ) throws(AWSError) -> HTTPResponse {
        try attempting(request().title, isRepeatable: true) { () throws(AWSError) in
            unsafe try exchange(request(), receive: receive)
        }
    }

    /// Asks for a JSON document; an empty answer is null.
    package func json(_ request: AWSRequest) throws(AWSError) -> JSON {
        let answer = try send(request)
        guard !answer.body.isEmpty else { return .null }
        do throws(JSONError) {
            return try JSON.parse(answer.body, limits: JSONLimits(bytes: request.answerLimit, values: 5_000_000))
        } catch {
            throw unreadable(request, "\(error.reason)")
        }
    }

    /// Asks for an XML document; an empty answer is an empty element.
    package func xml(_ request: AWSRequest) throws(AWSError) -> XML {
        let answer = try send(request)
        guard !answer.body.isEmpty else { return XML("") }
        do throws(XMLError) {
            return try XML.parse(answer.body)
        } catch {
            throw unreadable(request, error.reason)
        }
    }

    private func unreadable(_ request: AWSRequest, _ reason: String) -> AWSError {
        var error = AWSError(.answer, "the answer cannot be read: \(reason)")
        error.operation = request.title
        return error
    }

    /// The address of a request, unsigned.
    package func url(of request: AWSRequest) throws(AWSError) -> URL {
        let place = try configuration.place(of: request.service, in: region).url
        var path = place.path
        while path.hasSuffix("/") { path.removeLast() }
        let query = request.query.map { "\(URL.encode($0.name))=\(URL.encode($0.value))" }.joined(separator: "&")
        return place.with(path: path + request.path, query: query.isEmpty ? nil : query)
    }

    /// What a signature for a service is made with.
    package func signer(for service: Service) throws(AWSError) -> RequestSigner {
        RequestSigner(
            credentials: try credentials(), region: try configuration.place(of: service, in: region).signingRegion,
            service: service.signingName, style: service.style)
    }

    /// Seconds since 1970, as the services' clocks have it.
    package var serviceTime: Int { time.unixTime() + clockOffset.withLock { $0 } }

    func credentials() throws(AWSError) -> Credentials {
        if let fixed { fixed } else { try chain.credentials() }
    }

    // MARK: - One exchange

    private func exchange(
        _ request: AWSRequest, receive: (HTTPResponse, UnsafeRawBufferPointer) -> HTTPReception
    ) throws(AWSError) -> HTTPResponse {
        var http = HTTPRequest(request.method, try url(of: request), headers: request.headers, body: request.body)
        http.bodyLimit = nil
        if request.isSigned {
            try signer(for: request.service).sign(&http, payload: try payload(of: request), at: serviceTime)
        }
        var complaint: [UInt8] = []
        var received = 0
        let response: HTTPResponse
        do throws(TransportError) {
            response = unsafe try (request.isSlow ? patientTransport : transport).perform(http) { response, bytes in
                if response.isSuccess {
                    received += bytes.count
                    guard received <= request.answerLimit else { return .stop }
                    return unsafe receive(response, bytes)
                }
                guard complaint.count + bytes.count <= 1 << 20 else { return .stop }
                unsafe complaint.append(contentsOf: bytes)
                return .more
            }
        } catch {
            throw AWSError(error, operation: request.title)
        }
        guard received <= request.answerLimit else { throw unreadable(request, "it is too long") }
        guard response.isSuccess else {
            noteClock(response)
            throw ErrorDocument.error(response, complaint, operation: request.title)
        }
        return response
    }

    private func payload(of request: AWSRequest) throws(AWSError) -> RequestSigner.Payload {
        if let payload = request.payload { return payload }
        switch request.body {
        case .none: return .empty
        case .bytes(let bytes): return .digest(Digest(of: bytes))
        case .file(let path, let offset, let count):
            do {
                return .digest(try FileDigest.digest(of: path, offset: offset, count: count))
            } catch {
                throw AWSError(.configuration, error.diagnostic.message, hint: error.diagnostic.hint)
            }
        }
    }

    // MARK: - Attempts

    /// Standard mode. AWS SDKs and Tools Reference, "Retry behavior".
    private func attempting(
        _ title: String, isRepeatable: Bool, _ attempt: () throws(AWSError) -> HTTPResponse
    ) throws(AWSError) -> HTTPResponse {
        var failures = 0
        var mayCorrect = true
        while true {
            guard !Cancellation.isRequested else { throw .cancelled }
            let offset = clockOffset.withLock { $0 }
            do throws(AWSError) {
                let response = try attempt()
                retries.refund(afterFailures: failures)
                return response
            } catch {
                let isCorrected =
                    mayCorrect
                    && (error.mayBeSkew && clockOffset.withLock { $0 } != offset || error.meansExpired && fixed == nil)
                if isCorrected {
                    // With the right time or fresh keys the same question is another one; this happens once.
                    mayCorrect = false
                    if error.meansExpired { chain.forget() }
                    continue
                }
                failures += 1
                guard isRepeatable ? error.isTransient : error.isBeforeWork, failures < configuration.attempts,
                    retries.take(for: error),
                    time.sleep(Self.delay(afterFailures: failures, jitter: time.jitter()))
                else { throw Cancellation.isRequested ? .cancelled : error }
            }
        }
    }

    private static func delay(afterFailures failures: Int, jitter: Double) -> Duration {
        .seconds(min(jitter * Double(1 << min(failures - 1, 10)), 20))
    }

    /// Takes over the service's time when ours is more than four minutes off.
    private func noteClock(_ response: HTTPResponse) {
        guard let date = response.headers["date"], let theirs = HTTPDate.unixTime(parsing: date) else { return }
        let offset = theirs - time.unixTime()
        clockOffset.withLock { current in if abs(offset - current) > 240 { current = offset } }
    }
}

/// What all attempts of a client may cost together, so that a service that is down is not asked thrice by everybody.
final class RetryQuota: Sendable {
    private let left = Monitor(RetryQuota.capacity)
    private static let capacity = 500

    func take(for error: AWSError) -> Bool {
        let cost = error.isTimeout ? 10 : 5
        return left.withLock { left in
            guard left >= cost else { return false }
            left -= cost
            return true
        }
    }

    func refund(afterFailures failures: Int) {
        left.withLock { $0 = min($0 + (failures == 0 ? 1 : 5), Self.capacity) }
    }
}
