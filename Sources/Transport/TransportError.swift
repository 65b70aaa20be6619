package import ByteKit

/// Why an exchange with a server did not come about or broke off.
///
/// Answers with an error status are no transport errors: whoever asked knows what they mean.
package struct TransportError: DiagnosableError, Equatable {
    package enum Code: String, Sendable {
        case malformedURL = "malformed-url"
        /// A header that would be more than one line.
        case malformedRequest = "malformed-request"
        /// Plain HTTP to another machine.
        case insecure = "insecure-address"
        /// A redirect or challenge to a place its server may not send us to.
        case refusedAddress = "refused-address"
        case tooManyRedirects = "too-many-redirects"
        case hostNotFound = "host-not-found"
        case unreachable = "unreachable"
        case timedOut = "timed-out"
        /// The connection ended in the middle.
        case interrupted = "interrupted"
        case untrusted = "untrusted-certificate"
        /// TLS could not be agreed on.
        case secureChannel = "tls-failed"
        case malformedResponse = "malformed-response"
        case tooLarge = "response-too-large"
        case fileUnreadable = "file-unreadable"
        case cancelled = "cancelled"
        case failed = "transfer-failed"
    }

    package var code: Code
    /// The address without its query.
    package var url: String
    /// The answer's status, when there was one already.
    package var status: Int?
    /// What happened, in a few words.
    package var detail: String

    package init(_ code: Code, url: String, status: Int? = nil, detail: String) {
        self.code = code
        self.url = url
        self.status = status
        self.detail = detail
    }

    package var isTransient: Bool {
        switch code {
        case .hostNotFound, .unreachable, .timedOut, .interrupted, .secureChannel, .failed: true
        default: false
        }
    }

    package var diagnostic: Diagnostic {
        if code == .cancelled { return Cancelled().diagnostic }
        return Diagnostic(code: code.rawValue, message: "\(subject) \(url): \(detail)", hint: hint)
    }

    private var subject: String {
        switch code {
        case .hostNotFound, .unreachable, .untrusted, .secureChannel: "cannot connect to"
        case .malformedURL: "not an address:"
        case .insecure, .refusedAddress, .tooManyRedirects: "refused to go to"
        default: "the exchange failed with"
        }
    }

    private var hint: String? {
        switch code {
        case .hostNotFound, .unreachable:
            "check the name and the network; behind a proxy, set HTTPS_PROXY"
        case .untrusted:
            "if the server uses a private certificate authority, put its certificate into /etc/docker/certs.d/HOST/ca.crt, or set SSL_CERT_FILE to it"
        case .insecure:
            "use https://; plain HTTP is only spoken with this machine, and where --insecure-registry says so"
        default: nil
        }
    }
}
