#if !hasFeature(Embedded)
    internal import JSON
    internal import Signing
    internal import SquashFS
#endif

/// What proves to a storage who asks.
struct Credentials: Sendable {
    var accessKey: [UInt8]
    var secretKey: [UInt8]
    var sessionToken: [UInt8]?
    /// Seconds since 1970; nil for those that do not end.
    var expiry: Int?

    /// Nil when there is a byte in them that no field of a request can have.
    init?(accessKey: [UInt8], secretKey: [UInt8], sessionToken: [UInt8]?, expiry: Int? = nil) {
        let isSound = (accessKey + (sessionToken ?? [])).allSatisfy { $0 > 0x20 && $0 < 0x7f }
        guard isSound, !accessKey.isEmpty, !secretKey.isEmpty else { return nil }
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.expiry = expiry
    }

    /// Whether they are replaced: a request made with them might arrive too late.
    func isStale(_ seconds: Int = 300) -> Bool {
        expiry.map { $0 - Int(Clock.epochMilliseconds / 1000) < seconds } ?? false
    }

    /// A text without them, for messages: a server may quote what it was sent.
    func redacted(_ text: [UInt8]) -> [UInt8] {
        var text = text.replacing(secretKey, with: "(secret)")
        if let sessionToken { text = text.replacing(sessionToken, with: "(secret)") }
        return text
    }
}

/// Finds credentials, and renews those that end.
final class CredentialSource: Sendable {
    /// Where they are.
    enum Place: Sendable {
        /// In variables of these names.
        case variables(accessKey: [UInt8], secretKey: [UInt8], sessionToken: [UInt8]?)
        /// Where AWS's own tools find those of the role that this runs as.
        case role
    }

    private let place: Place
    let environment: Environment
    private let cache = Guarded<Credentials?>(nil)

    init(_ place: Place, _ environment: Environment) {
        self.place = place
        self.environment = environment
    }

    /// Credentials that are good for a while.
    func credentials(until deadline: Int64) throws(Failure) -> Credentials {
        let cached = cache.withLock { $0 }
        if let cached, !cached.isStale() { return cached }
        do throws(Failure) {
            let found = try find(deadline)
            cache.withLock { $0 = found }
            return found
        } catch {
            // Those that are still good for a minute are better than none.
            if let cached, !cached.isStale(60) { return cached }
            throw error
        }
    }

    /// Lets go of credentials that the storage no longer takes; false when there are no others to be had.
    func forget() -> Bool {
        cache.withLock { cached in
            guard cached?.expiry != nil else { return false }
            cached = nil
            return true
        }
    }

    private func find(_ deadline: Int64) throws(Failure) -> Credentials {
        switch place {
        case .variables(let accessKey, let secretKey, let sessionToken):
            guard let access = environment[accessKey], let secret = environment[secretKey] else {
                throw .credentials(
                    [UInt8]("the variables ") + accessKey + [UInt8](" and ") + secretKey + [UInt8](" must hold them"))
            }
            return try Self.checked(access, secret, sessionToken.flatMap { environment[$0] })
        case .role:
            if let access = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"] {
                return try Self.checked(access, secret, environment["AWS_SESSION_TOKEN"])
            }
            if let found = try fromContainer(deadline) { return found }
            if let found = try fromInstance(deadline) { return found }
            throw .credentials([UInt8]("there are none in the environment, and no container or instance gives any"))
        }
    }

    private static func checked(
        _ access: [UInt8], _ secret: [UInt8], _ token: [UInt8]?
    ) throws(Failure) -> Credentials {
        guard let credentials = Credentials(accessKey: access, secretKey: secret, sessionToken: token) else {
            throw .credentials([UInt8]("those in the environment have blanks or line breaks in them"))
        }
        return credentials
    }
}

extension Failure {
    static func credentials(_ reason: [UInt8]) -> Failure {
        Failure("Storage.Credentials", [UInt8]("no credentials for the storage: ") + reason)
    }
}

extension [UInt8] {
    /// With every occurrence of some bytes replaced.
    func replacing(_ bytes: [UInt8], with text: StaticString) -> [UInt8] {
        guard !bytes.isEmpty, count >= bytes.count else { return self }
        var replaced: [UInt8] = []
        var index = 0
        while index < count {
            if self[index] == bytes[0], self[index...].starts(with: bytes) {
                replaced.append(text)
                index += bytes.count
            } else {
                replaced.append(self[index])
                index += 1
            }
        }
        return replaced
    }
}
