import AWS
import ByteKit
import TestKit
import Testing
import Transport

@Suite("Credentials")
struct CredentialTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private static let role = """
        <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
        <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>rolesecret</SecretAccessKey>
        <SessionToken>roletoken</SessionToken><Expiration>1994-11-06T09:49:37Z</Expiration>
        </Credentials></AssumeRoleResult></AssumeRoleResponse>
        """

    /// The chain, on files in the test's folder.
    private func chain(
        _ variables: [String: String] = [:], config: String = "", credentials: String = "", profile: String? = nil,
        time: ManualTime = ManualTime(), _ transport: ScriptedTransport = ScriptedTransport { _ in .init(404) }
    ) throws -> CredentialChain {
        try Fixture.write(config, folder.path + "/config")
        try Fixture.write(credentials, folder.path + "/credentials")
        var variables = variables
        variables["AWS_CONFIG_FILE"] = folder.path + "/config"
        variables["AWS_SHARED_CREDENTIALS_FILE"] = folder.path + "/credentials"
        variables["HOME"] = folder.path
        return CredentialChain(
            try Fixture.configuration(variables, profile: profile), transport: transport, time: time.source)
    }

    private static let both = "[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = filesecret # not this\n"
    private static let variables = ["AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "envsecret"]

    @Test("come from the environment first")
    func environment() throws {
        let found = try chain(Self.variables, credentials: Self.both).credentials()
        #expect(found.accessKey == "AKIAENV")
        #expect(found.secretKey == Secret("envsecret"))
    }

    @Test("come from the credentials file, without comments")
    func file() throws {
        let found = try chain(credentials: Self.both).credentials()
        #expect(found.accessKey == "AKIAFILE")
        #expect(found.secretKey == Secret("filesecret"))
    }

    @Test("of a profile that was named on the command line go before the environment's")
    func chosen() throws {
        let found = try chain(
            Self.variables, config: "[profile \"my own\"]\naws_access_key_id=AKIAOWN\naws_secret_access_key=s\n",
            profile: "my own"
        ).credentials()
        #expect(found.accessKey == "AKIAOWN")
    }

    @Test("are missing with an error that says what to do")
    func none() throws {
        let chain = try chain()
        let error = try #require(throws: AWSError.self) { try chain.credentials() }
        #expect(error.kind == .credentials)
        #expect(error.diagnostic.hint?.contains("aws configure") == true)
    }

    @Test("of a profile that does not exist are refused")
    func unknownProfile() {
        #expect(throws: AWSError.self) { try chain(["AWS_PROFILE": "nobody"]) }
    }

    // MARK: Roles

    @Test("are those of a role, assumed with another profile's keys, and renewed before they end")
    func role() throws {
        let time = ManualTime()
        let transport = ScriptedTransport { _ in .init(200, [:], Array(Self.role.utf8)) }
        let config = """
            [profile dev]
            role_arn = arn:aws:iam::123456789012:role/dev
            source_profile = default
            external_id = x y
            region = eu-west-1
            """
        let chain = try chain(config: config, credentials: Self.both, profile: "dev", time: time, transport)
        let found = try chain.credentials()
        #expect(found.accessKey == "ASIAROLE")
        #expect(found.sessionToken == Secret("roletoken"))
        #expect(found.expiry == 784_115_377)
        let request = try #require(transport.requests.first)
        guard case .bytes(let body) = request.body else { return #expect(Bool(false), "the request has no body") }
        let form = String(decoding: body, as: UTF8.self)
        #expect(form.contains("Action=AssumeRole&"))
        #expect(form.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fdev"))
        #expect(form.contains("ExternalId=x%20y"))
        #expect(request.headers["authorization"]?.contains("AKIAFILE") == true)
        _ = try chain.credentials()
        #expect(transport.requests.count == 1)
        // They end at 09:49:37; five minutes before, they are stale.
        time.advance(.seconds(3310))
        _ = try chain.credentials()
        #expect(transport.requests.count == 2)
    }

    @Test("of profiles that have each other for a source are refused")
    func loop() throws {
        let config = """
            [profile a]
            role_arn = arn:aws:iam::123456789012:role/a
            source_profile = b
            [profile b]
            role_arn = arn:aws:iam::123456789012:role/b
            source_profile = a
            """
        let chain = try chain(config: config, profile: "a")
        let error = try #require(throws: AWSError.self) { try chain.credentials() }
        #expect(error.message.contains("itself"))
    }

    @Test("are those of a web identity, asked for without a signature")
    func webIdentity() throws {
        try Fixture.write("the.token\n", folder.path + "/token")
        let transport = ScriptedTransport { _ in
            .init(
                200, [:],
                Array(Self.role.replacing("AssumeRole", with: "AssumeRoleWithWebIdentity").utf8))
        }
        let chain = try chain(
            [
                "AWS_WEB_IDENTITY_TOKEN_FILE": folder.path + "/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/r",
                "AWS_REGION": "eu-west-1",
            ], transport)
        #expect(try chain.credentials().accessKey == "ASIAROLE")
        let request = try #require(transport.requests.first)
        #expect(request.headers["authorization"] == nil)
        #expect(request.url.host == "sts.eu-west-1.amazonaws.com")
        guard case .bytes(let body) = request.body else { return #expect(Bool(false), "the request has no body") }
        #expect(String(decoding: body, as: UTF8.self).hasSuffix("WebIdentityToken=the.token"))
    }

    // MARK: Single sign-on

    private static let sso = """
        [profile work]
        sso_session = corp
        sso_account_id = 123456789012
        sso_role_name = Dev
        [sso-session corp]
        sso_start_url = https://corp.awsapps.com/start/#
        sso_region = eu-west-1
        """

    @Test("come from the login that the aws command line left")
    func signOn() throws {
        try Folder.create(folder.path + "/.aws/sso/cache")
        try Fixture.write(
            #"""
            {"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1", "accessToken": "ssotoken",
             "expiresAt": "1994-11-06T12:00:00Z"}
            """#, folder.path + "/.aws/sso/cache/abc.json")
        let transport = ScriptedTransport { _ in
            .init(
                200, [:],
                Array(
                    #"""
                    {"roleCredentials": {"accessKeyId": "ASIASSO", "secretAccessKey": "s", "sessionToken": "t",
                     "expiration": 784119377000}}
                    """#.utf8))
        }
        let found = try chain(config: Self.sso, profile: "work", transport).credentials()
        #expect(found.accessKey == "ASIASSO")
        #expect(found.expiry == 784_119_377)
        let request = try #require(transport.requests.first)
        #expect(request.headers["x-amz-sso_bearer_token"] == "ssotoken")
        #expect(
            request.url.fullText
                == "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=Dev&account_id=123456789012"
        )
    }

    @Test("of a login that has ended say how to log in again")
    func endedSignOn() throws {
        try Folder.create(folder.path + "/.aws/sso/cache")
        try Fixture.write(
            #"{"startUrl": "https://corp.awsapps.com/start", "accessToken": "t", "expiresAt": "1994-11-06T08:00:00Z"}"#,
            folder.path + "/.aws/sso/cache/abc.json")
        let chain = try chain(config: Self.sso, profile: "work")
        let error = try #require(throws: AWSError.self) { try chain.credentials() }
        #expect(error.hint == "run ‘aws sso login --profile work’")
    }

    // MARK: Machines

    private static let document =
        #"{"AccessKeyId": "ASIAHERE", "SecretAccessKey": "s", "Token": "t", "Expiration": "1994-11-06T10:00:00Z"}"#

    @Test("come from the instance, through version 2 of its service alone")
    func instance() throws {
        let transport = ScriptedTransport { request in
            switch (request.method, request.url.path) {
            case (.put, "/latest/api/token"): return .init(200, [:], Array("imdstoken".utf8))
            case (.get, let path):
                guard request.headers["x-aws-ec2-metadata-token"] == "imdstoken" else { return .init(401) }
                return .init(200, [:], Array((path.hasSuffix("/") ? "my-role" : Self.document).utf8))
            default: return .init(405)
            }
        }
        let found = try chain([:], transport).credentials()
        #expect(found.accessKey == "ASIAHERE")
        #expect(transport.requests.map(\.url.host) == Array(repeating: "169.254.169.254", count: 3))
        #expect(!transport.requests.contains { !$0.isForMetadata })
    }

    @Test("are not asked of an instance when that is switched off")
    func noInstance() throws {
        let transport = ScriptedTransport { _ in .init(200) }
        let chain = try chain(["AWS_EC2_METADATA_DISABLED": "true"], transport)
        #expect(throws: AWSError.self) { try chain.credentials() }
        #expect(transport.requests.isEmpty)
    }

    @Test("come from the container's service, with the token it wants")
    func container() throws {
        let transport = ScriptedTransport { _ in .init(200, [:], Array(Self.document.utf8)) }
        let variables = [
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "tok",
        ]
        #expect(try chain(variables, transport).credentials().accessKey == "ASIAHERE")
        let request = try #require(transport.requests.first)
        #expect(request.url.fullText == "http://169.254.170.2/v2/credentials/x")
        #expect(request.headers["authorization"] == "tok")
    }

    @Test(
        "are not fetched from just anywhere",
        arguments: ["http://example.com/creds", "http://169.254.169.254/creds", "http://10.0.0.1/"])
    func strangeContainer(address: String) throws {
        let transport = ScriptedTransport { _ in .init(200, [:], Array(Self.document.utf8)) }
        let chain = try chain(["AWS_CONTAINER_CREDENTIALS_FULL_URI": address], transport)
        #expect(throws: AWSError.self) { try chain.credentials() }
        #expect(transport.requests.isEmpty)
    }
}
