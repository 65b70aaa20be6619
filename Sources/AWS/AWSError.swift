package import ByteKit
internal import Transport

/// Why something asked of AWS did not come about.
package struct AWSError: DiagnosableError, Equatable {
    package enum Kind: String, Sendable {
        /// The service said no, or broke.
        case service = "aws-service"
        /// There are no credentials, or they cannot be used.
        case credentials = "aws-credentials"
        /// The configuration file or a variable says something impossible.
        case configuration = "aws-configuration"
        /// The service said something that it never says.
        case answer = "aws-answer"
        /// The exchange itself failed.
        case transport = "aws-transport"
        /// Something took longer than it may.
        case timeout = "aws-timeout"
        /// The person asked to stop.
        case cancelled = "cancelled"
    }

    package var kind: Kind
    /// The service's own name for the error: `ResourceConflictException`. Empty for errors that are not a service's.
    package var code: String
    package var message: String
    package var hint: String?
    /// What was asked: `lambda CreateFunction`.
    package var operation: String?
    package var status: Int?
    package var requestID: String?
    /// The transport's name for what went wrong with the exchange.
    var transportCode: TransportError.Code?

    package init(_ kind: Kind, _ message: String, code: String = "", hint: String? = nil) {
        self.kind = kind
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// An answer that says what is wrong.
    ///
    /// What a service says about a wrong signature quotes the whole request, session token included: that part goes.
    init(code: String, message: String, operation: String, status: Int, requestID: String?) {
        let end = message.firstRange(of: "The Canonical String")?.lowerBound ?? message.endIndex
        self.init(.service, String(message[..<end].prefix(2000)), code: code)
        self.operation = operation
        self.status = status
        self.requestID = requestID
        hint = Self.hint(for: code)
    }

    init(_ error: TransportError, operation: String?) {
        self.init(error.code == .cancelled ? .cancelled : .transport, error.diagnostic.message)
        hint = error.diagnostic.hint
        transportCode = error.code
        status = error.status
        self.operation = operation
    }

    static var cancelled: AWSError { AWSError(.cancelled, "stopped before the end") }

    /// Whether the service names this as the error.
    package func isService(_ codes: String...) -> Bool { kind == .service && codes.contains(code) }

    /// Whether the service says that there is no such thing.
    package var isNotFound: Bool {
        kind == .service
            && (status == 404
                || [
                    "ResourceNotFoundException", "NoSuchEntity", "NotFoundException", "NoSuchBucket", "NoSuchKey",
                    "NoSuchTagSet",
                ].contains(code))
    }

    package var isTransient: Bool { isThrottling || isPassing }

    package var diagnostic: Diagnostic {
        if kind == .cancelled { return Cancelled().diagnostic }
        var text = operation.map { "\($0): " } ?? ""
        if !code.isEmpty { text += code + (message.isEmpty ? "" : ": ") }
        text += message
        while text.hasSuffix(".") { text.removeLast() }
        if let requestID { text += " (request \(requestID))" }
        return Diagnostic(code: kind.rawValue, message: text, hint: hint)
    }

    private static func hint(for code: String) -> String? {
        switch code {
        case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError":
            "these credentials lack the permission that is named; docs/publish.md lists all that are needed"
        case "ExpiredToken", "ExpiredTokenException": "the credentials have ended: log in again"
        case "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId":
            "AWS does not know this access key: check the profile, and that the region is the credentials' own"
        case "SignatureDoesNotMatch", "InvalidSignatureException":
            "the secret key does not belong to the access key, or this machine's clock is wrong"
        default: nil
        }
    }
}

// MARK: - What may pass

extension AWSError {
    /// AWS SDKs and Tools Reference, "Retry behavior": errors of standard mode.
    var isThrottling: Bool {
        kind == .service
            && (status == 429
                || [
                    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
                    "TooManyRequestsException", "ProvisionedThroughputExceededException",
                    "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
                    "LimitExceededException", "RequestThrottled", "SlowDown", "PriorRequestNotComplete",
                    "EC2ThrottledException",
                ].contains(code))
    }

    var isPassing: Bool {
        switch kind {
        case .transport:
            [.hostNotFound, .unreachable, .timedOut, .interrupted, .failed].contains(transportCode)
        case .service:
            [500, 502, 503, 504].contains(status)
                || ["RequestTimeout", "RequestTimeoutException", "InternalError"].contains(code)
        default: false
        }
    }

    /// Whether the service has surely not begun with what was asked.
    var isBeforeWork: Bool {
        isThrottling || transportCode == .hostNotFound || transportCode == .unreachable
    }

    var isTimeout: Bool { transportCode == .timedOut || code == "RequestTimeout" || code == "RequestTimeoutException" }

    /// Errors that a wrong clock causes, among other things.
    var mayBeSkew: Bool {
        isService(
            "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
            "SignatureDoesNotMatch", "AuthFailure")
    }

    var meansExpired: Bool { isService("ExpiredToken", "ExpiredTokenException", "RequestExpired") }
}
