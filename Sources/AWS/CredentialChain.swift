internal import ByteKit
internal import JSON
package import Transport

/// Finds credentials where AWS's own tools find them, in the same order, and renews those that end.
///
/// AWS SDKs and Tools Reference, "Standardized credential providers".
package final class CredentialChain: Sendable {
    let configuration: Configuration
    let transport: any HTTPTransport
    let time: TimeSource
    private let cache = Monitor<Credentials?>(nil)

    package init(
        _ configuration: Configuration, transport: any HTTPTransport, time: TimeSource = .system
    ) {
        self.configuration = configuration
        self.transport = transport
        self.time = time
    }

    /// Credentials that are good for a while.
    package func credentials() throws(AWSError) -> Credentials {
        try cache.withLock { (cached) throws(AWSError) -> Credentials in
            if let cached, !cached.isStale(at: time.unixTime()) { return cached }
            let found = try find()
            cached = found
            return found
        }
    }

    /// Lets go of credentials that a service no longer takes.
    func forget() { cache.withLock { $0 = nil } }

    private func find() throws(AWSError) -> Credentials {
        // A profile that a person names on the command line goes before what the environment holds.
        if !configuration.isProfileChosen {
            if let found = fromVariables() { return found }
            if let found = try fromWebIdentityVariables() { return found }
        }
        if configuration.settings(of: configuration.profile) != nil,
            let found = try fromProfile(configuration.profile, visited: [])
        {
            return found
        }
        if let found = try fromContainer() { return found }
        if let found = try fromInstance() { return found }
        throw AWSError(
            .credentials, "there are no AWS credentials",
            hint: "run ‘aws configure’ or ‘aws sso login’, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                + "or name a profile with --profile")
    }

    // MARK: Variables

    private func fromVariables() -> Credentials? {
        guard let accessKey = configuration.variable("AWS_ACCESS_KEY_ID"),
            let secretKey = configuration.variable("AWS_SECRET_ACCESS_KEY")
        else { return nil }
        return Credentials(
            accessKey: accessKey, secretKey: Secret(secretKey),
            sessionToken: configuration.variable("AWS_SESSION_TOKEN").map { Secret($0) }, source: "the environment")
    }

    private func fromWebIdentityVariables() throws(AWSError) -> Credentials? {
        guard let file = configuration.variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
            let role = configuration.variable("AWS_ROLE_ARN")
        else { return nil }
        let session = configuration.variable("AWS_ROLE_SESSION_NAME") ?? "scar-build"
        return try assumeRole(role, session: session, webIdentityIn: file, source: "a web identity")
    }

    // MARK: Documents of credentials

    /// Reads a document in the form that container, instance and SSO services answer with.
    static func credentials(in body: [UInt8], source: String) throws(AWSError) -> Credentials {
        guard let json = try? JSON.parse(body) else {
            throw AWSError(.credentials, "\(source) answered with something that is not JSON")
        }
        let document = json["roleCredentials"] ?? json
        guard let accessKey = (document["AccessKeyId"] ?? document["accessKeyId"])?.string,
            let secretKey = (document["SecretAccessKey"] ?? document["secretAccessKey"])?.string
        else { throw AWSError(.credentials, "\(source) gave no credentials") }
        let token = (document["Token"] ?? document["sessionToken"])?.string
        // SSO counts milliseconds.
        let expiry =
            document["expiration"]?.integer.map { $0 / 1000 }
            ?? document["Expiration"]?.string.flatMap(
                Timestamp.unixTime(parsing:))
        return Credentials(
            accessKey: accessKey, secretKey: Secret(secretKey), sessionToken: token.map { Secret($0) }, expiry: expiry,
            source: source)
    }

    static func text(of path: String, what: String) throws(AWSError) -> String {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try InputFile.contents(of: path, limit: 1 << 20) } catch {
            throw AWSError(.credentials, "\(what): \(error.diagnostic.message)", hint: error.diagnostic.hint)
        }
        // Blanks at the ends only: ‘Bearer TOKEN’ has one within.
        let text = String(decoding: bytes, as: UTF8.self).drop(while: \.isWhitespace)
        guard let last = text.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        guard !text[...last].contains(where: \.isNewline) else {
            throw AWSError(.credentials, "\(what): \(path) has more than one line")
        }
        return String(text[...last])
    }
}
