/// What proves to AWS who asks.
package struct Credentials: Sendable, Equatable {
    package var accessKey: String
    package var secretKey: Secret
    package var sessionToken: Secret?
    /// Seconds since 1970; nil for keys that do not end.
    package var expiry: Int?
    /// Where they came from, for messages.
    package var source: String

    package init(
        accessKey: String, secretKey: Secret, sessionToken: Secret? = nil, expiry: Int? = nil, source: String
    ) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.expiry = expiry
        self.source = source
    }

    /// Whether they should be replaced: a request made with them might arrive too late.
    func isStale(at time: Int) -> Bool { expiry.map { $0 - time < 300 } ?? false }
}
