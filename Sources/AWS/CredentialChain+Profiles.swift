internal import ByteKit
internal import Glibc
internal import JSON
internal import Transport

/// Profiles: keys, roles that are assumed with another profile's keys, web identities and single sign-on.
extension CredentialChain {
    /// - Parameter visited: the profiles that led here, so that two that name each other are found out.
    func fromProfile(_ name: String, visited: [String]) throws(AWSError) -> Credentials? {
        guard let settings = configuration.settings(of: name) else {
            throw AWSError(
                .configuration, "there is no profile ‘\(name)’, which ‘\(visited.last ?? "")’ names as source_profile")
        }
        let source = "the profile ‘\(name)’"
        if let role = settings["role_arn"] {
            guard !visited.contains(name) else {
                throw AWSError(.configuration, "\(source) has itself as its source, by way of others")
            }
            return try fromRole(role, settings, name, visited: visited + [name])
        }
        if settings["sso_account_id"] != nil || settings["sso_session"] != nil { return try fromSSO(settings, source) }
        if let keys = Self.keys(in: settings, source) { return keys }
        if settings["credential_process"] != nil {
            throw AWSError(
                .credentials,
                "\(source) gets its credentials from a program (credential_process), which is not run here",
                hint:
                    "‘eval \"$(aws configure export-credentials --profile \(name) --format env)\"’ puts them into the "
                    + "environment")
        }
        return nil
    }

    private static func keys(in settings: [String: String], _ source: String) -> Credentials? {
        guard let accessKey = settings["aws_access_key_id"], let secretKey = settings["aws_secret_access_key"]
        else { return nil }
        return Credentials(
            accessKey: accessKey, secretKey: Secret(secretKey),
            sessionToken: settings["aws_session_token"].map { Secret($0) }, source: source)
    }

    private func fromRole(
        _ role: String, _ settings: [String: String], _ name: String, visited: [String]
    ) throws(AWSError) -> Credentials {
        let session = settings["role_session_name"] ?? "scar-build"
        if let file = settings["web_identity_token_file"] {
            return try assumeRole(role, session: session, webIdentityIn: file, source: "the profile ‘\(name)’")
        }
        guard settings["mfa_serial"] == nil else {
            throw AWSError(
                .credentials, "the profile ‘\(name)’ asks for a code of a device (mfa_serial)",
                hint: "‘aws sts get-session-token’ or ‘aws configure export-credentials’ give keys for the environment")
        }
        let base: Credentials?
        switch (settings["source_profile"], settings["credential_source"]) {
        case (let source?, _):
            // A profile that names itself has keys of its own to assume the role with.
            base = source == name ? Self.keys(in: settings, name) : try fromProfile(source, visited: visited)
        case (nil, "Ec2InstanceMetadata"): base = try fromInstance()
        case (nil, "EcsContainer"): base = try fromContainer()
        case (nil, "Environment"):
            base = Self.keys(
                in: ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"].reduce(into: [:]) {
                    $0[$1] = configuration.variable($1.uppercased())
                }, "the environment")
        default:
            throw AWSError(
                .configuration, "the profile ‘\(name)’ has a role_arn and no source_profile to assume it with")
        }
        guard let base else {
            throw AWSError(.credentials, "the source of the profile ‘\(name)’ has no credentials")
        }
        var query: [(name: String, value: String)] = [
            ("RoleArn", role), ("RoleSessionName", session),
            ("DurationSeconds", settings["duration_seconds"] ?? "3600"),
        ]
        if let id = settings["external_id"] { query.append(("ExternalId", id)) }
        return try askSTS("AssumeRole", query, as: base, source: "the role of the profile ‘\(name)’")
    }

    // MARK: Roles

    func assumeRole(
        _ role: String, session: String, webIdentityIn file: String, source: String
    ) throws(AWSError) -> Credentials {
        let token = try Self.text(of: file, what: "the web identity token of \(source)")
        return try askSTS(
            "AssumeRoleWithWebIdentity",
            [("RoleArn", role), ("RoleSessionName", session), ("WebIdentityToken", token)], as: nil, source: source)
    }

    private func askSTS(
        _ action: String, _ parameters: [(name: String, value: String)], as base: Credentials?, source: String
    ) throws(AWSError) -> Credentials {
        // Roles can be assumed without a region being set: STS answers for all of them in its first.
        let region = (try? configuration.region(nil)) ?? Region("us-east-1")
        guard let region else { preconditionFailure("us-east-1 is a region") }
        let client = AWSClient(configuration, region: region, transport: transport, time: time, fixed: base)
        var request = AWSRequest(.sts, action, query: parameters, version: "2011-06-15")
        request.isSigned = base != nil
        let answer = try client.xml(request)
        guard let element = answer.find("Credentials"), let accessKey = element["AccessKeyId"]?.text,
            let secretKey = element["SecretAccessKey"]?.text
        else { throw AWSError(.credentials, "\(source): STS gave no credentials") }
        return Credentials(
            accessKey: accessKey, secretKey: Secret(secretKey),
            sessionToken: element["SessionToken"].map { Secret($0.text) },
            expiry: element["Expiration"].flatMap { Timestamp.unixTime(parsing: $0.text) }, source: source)
    }

    // MARK: Single sign-on

    private func fromSSO(_ settings: [String: String], _ source: String) throws(AWSError) -> Credentials {
        let session = settings["sso_session"].flatMap { configuration.ssoSession($0) }
        guard let start = session?["sso_start_url"] ?? settings["sso_start_url"],
            let regionName = session?["sso_region"] ?? settings["sso_region"], let region = Region(regionName),
            let account = settings["sso_account_id"], let role = settings["sso_role_name"]
        else {
            throw AWSError(
                .configuration,
                "\(source) wants single sign-on, and lacks one of sso_start_url, sso_region, sso_account_id and sso_role_name"
            )
        }
        guard let token = ssoToken(for: start) else {
            throw AWSError(
                .credentials, "\(source): nobody is logged in, or the login has ended",
                hint: "run ‘aws sso login --profile \(configuration.profile)’")
        }
        let place = try configuration.place(of: .sso, in: region)
        let url = place.url.with(path: "/federation/credentials").adding("role_name", role).adding(
            "account_id", account)
        let headers: HTTPHeaders = ["x-amz-sso_bearer_token": token.reveal()]
        let body = try ask(
            HTTPRequest(.get, url, headers: headers, timeLimit: .seconds(30)), source: "single sign-on")
        return try Self.credentials(in: body, source: source)
    }

    /// The token that `aws sso login` left. Files there have names that are sums; what they are for is inside.
    private func ssoToken(for start: String) -> Secret? {
        guard let home = configuration.variable("HOME") else { return nil }
        let folder = "\(home)/.aws/sso/cache"
        var best: (token: Secret, expiry: Int)?
        for name in (try? Folder.names(in: folder)) ?? [] where name.hasSuffix(".json") {
            guard let bytes = try? InputFile.contents(of: "\(folder)/\(name)", limit: 1 << 20),
                let json = try? JSON.parse(bytes), let found = json["startUrl"]?.string,
                let token = json["accessToken"]?.string,
                let expiry = json["expiresAt"]?.string.flatMap(Timestamp.unixTime(parsing:)),
                Self.withoutSlash(found) == Self.withoutSlash(start), expiry > time.unixTime(),
                expiry > best?.expiry ?? 0
            else { continue }
            best = (Secret(token), expiry)
        }
        return best?.token
    }

    private static func withoutSlash(_ text: String) -> Substring {
        var text = text[...]
        while text.hasSuffix("/") || text.hasSuffix("#") { text.removeLast() }
        return text
    }
}
