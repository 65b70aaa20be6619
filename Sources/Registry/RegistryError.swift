package import ByteKit
internal import Transport

/// What went wrong between us and a registry, or in the store of what it gave us.
package struct RegistryError: RetriableError, Equatable {
    package enum Code: String, Sendable {
        case notFound = "image-not-found"
        case unauthorized = "login-needed"
        case denied = "access-denied"
        case rateLimited = "rate-limited"
        /// Any other answer that is no success.
        case refused = "registry-refused"
        case unreachable = "registry-unreachable"
        case interrupted = "transfer-interrupted"
        case insecure = "insecure-registry"
        /// A challenge or token that cannot be followed or read.
        case badLogin = "malformed-login"
        /// An answer that no registry gives.
        case badAnswer = "malformed-answer"
        case digestMismatch = "digest-mismatch"
        case sizeMismatch = "size-mismatch"
        /// A manifest, index or config that is refused; the message says which and why.
        case document = "refused-image"
        case offline = "offline"
        case credentials = "malformed-credentials"
        case mirror = "malformed-mirror"
        /// The list of registries that may be used cannot be read.
        case policy = "malformed-policy"
        /// The registry is not on that list.
        case forbidden = "registry-not-allowed"
        case store = "blob-store"
        /// A local image that cannot be read.
        case source = "unreadable-image"
        /// A local image that is not the locked one.
        case changed = "changed-image"
        case cancelled = "cancelled"
        /// The receiver of a blob's bytes wants no more.
        case stopped = "stopped"
    }

    package var code: Code
    package var message: String
    package var hint: String?
    /// The image it is about.
    package var reference: String?
    package var status: Int?
    package var isTransient = false
    package var retryAfter: Duration?
    /// A code that says more than ours, from a document or file error.
    package var detailCode: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var diagnostic: Diagnostic {
        Diagnostic(code: detailCode ?? code.rawValue, message: message, location: reference, hint: hint)
    }

    /// Whether it is about a blob of the store that was not what its name says, and was removed: asked for again, it is
    /// fetched anew. What a registry serves wrongly would only be served wrongly again.
    package var isDamagedCopy: Bool { code == .digestMismatch && isTransient }

    /// Takes over another module's error.
    init(_ code: Code, _ error: some DiagnosableError) {
        let diagnostic = error.diagnostic
        self.init(code, diagnostic.message, hint: diagnostic.hint)
        detailCode = diagnostic.code
        isTransient = error.isTransient
    }

    /// What ended the reading of a stored blob, which may as well have been whoever its bytes were lent to.
    init(reading error: any Error) {
        switch error {
        case let error as RegistryError: self = error
        case let error as FileError: self.init(.store, error)
        default: self.init(.store, "\(error)")
        }
    }

    /// What gives out a registry's logins has none for us; it has tried again itself.
    package init(login error: some DiagnosableError) {
        self.init(.badLogin, error)
        isTransient = false
    }

    /// A local image is not what the lock says.
    static func changed(_ message: String) -> RegistryError {
        RegistryError(.changed, message, hint: "run ‘scar-build lock’ to build from what is there now")
    }

    /// The same error, bound to an image.
    func about(_ reference: String) -> RegistryError {
        var error = self
        if error.reference == nil { error.reference = reference }
        return error
    }

    /// Whether another endpoint may be asked for the same content. Wrong bytes are not passed over in silence, and
    /// what is wrong on our side is wrong everywhere.
    var mayAskElsewhere: Bool {
        switch code {
        case .digestMismatch, .sizeMismatch, .document, .offline, .credentials, .policy, .forbidden, .store, .source,
            .changed, .cancelled, .stopped:
            false
        default: true
        }
    }
}
