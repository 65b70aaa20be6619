import AWS
import ByteKit
import JSON
import TestKit
import Testing
import Transport

@Suite("A registry of AWS's")
struct ECRTests {
    @Test(
        "is known by its whole host, in every partition",
        arguments: [
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1"),
            ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("123456789012.dkr-ecr.eu-west-1.on.aws", "eu-west-1"),
            ("123456789012.dkr-ecr-fips.us-east-2.on.aws", "us-east-2"),
            ("123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "cn-north-1"),
            ("123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"), ("public.ecr.aws", "us-east-1"),
        ])
    func hosts(host: String, region: String) {
        let registry = ECRRegistry(host: host)
        #expect(registry?.region == region)
        #expect(registry?.isPublic == (host == "public.ecr.aws"))
    }

    @Test(
        "is nothing that only looks like one",
        arguments: [
            "", ".", "docker.io", "ecr.aws", "public.ecr.aws.example", "xpublic.ecr.aws",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com:443",
            "123456789012.dkr.ecr.evil.example/.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.example.com",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com.cn", "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
            "12345678901.dkr.ecr.eu-west-1.amazonaws.com", "1234567890123.dkr.ecr.eu-west-1.amazonaws.com",
            "12345678901x.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr..amazonaws.com",
            "123456789012.dkr.ecr.amazonaws.com", "123456789012.dkr.ecr", "123456789012.dkr", "123456789012.dkr-ecr",
            "123456789012.dkr-ecr.eu-west-1.amazonaws.com", "١٢٣٤٥٦.dkr.ecr.eu-west-1.amazonaws.com",
        ])
    func otherHosts(host: String) {
        #expect(ECRRegistry(host: host) == nil)
    }

    private func login(_ body: String, to host: String = "123456789012.dkr.ecr.eu-west-1.amazonaws.com") throws
        -> (login: ECRAPI.Login, request: HTTPRequest?)
    {
        let transport = ScriptedTransport { _ in .init(200, [:], Array(body.utf8)) }
        let registry = try #require(ECRRegistry(host: host))
        let login = try ECRAPI(try Fixture.client(transport, region: registry.region)).login(to: registry)
        return (login, transport.requests.first)
    }

    /// `AWS:secret:1`.
    private static let token = "QVdTOnNlY3JldDox"

    @Test("gives out a name, a password and the time of its end")
    func login() throws {
        for (time, expiry) in [("1448875853.241", 1_448_875_853), ("1.448875853241E9", 1_448_875_853), ("12", 12)] {
            let (login, request) = try login(
                #"{"authorizationData":[{"authorizationToken":"\#(Self.token)","expiresAt":\#(time)}]}"#)
            #expect(login.user == "AWS")
            #expect(login.password == Secret("secret:1"))
            #expect(login.expiry == expiry)
            #expect(request?.url.host == "api.ecr.eu-west-1.amazonaws.com")
            #expect(
                request?.headers["x-amz-target"] == "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken")
            #expect(request?.headers["authorization"]?.contains("/eu-west-1/ecr/aws4_request") == true)
        }
        let (login, request) = try login(
            #"{"authorizationData":{"authorizationToken":"\#(Self.token)","expiresAt":1448875853}}"#,
            to: "public.ecr.aws")
        #expect(login.user == "AWS" && login.expiry == 1_448_875_853)
        #expect(request?.url.host == "api.ecr-public.us-east-1.amazonaws.com")
        #expect(request?.headers["x-amz-target"] == "SpencerFrontendService.GetAuthorizationToken")
    }

    @Test(
        "whose answer has no end that can be read gives a login for once",
        arguments: ["1e300", "-1e300", "\"x\"", "{}"])
    func oddExpiry(time: String) throws {
        let body = #"{"authorizationData":[{"authorizationToken":"\#(Self.token)","expiresAt":\#(time)}]}"#
        #expect(try login(body).login.expiry == 0)
    }

    @Test(
        "whose answer is no login is refused, and the answer is not shown",
        arguments: [
            "{}", "[]", #"{"authorizationData":[]}"#, #"{"authorizationData":[{}]}"#,
            #"{"authorizationData":[{"authorizationToken":7}]}"#,
            #"{"authorizationData":[{"authorizationToken":"hunter2!"}]}"#,
            // `hunter2`, `:hunter2` and `hunter2:`.
            #"{"authorizationData":[{"authorizationToken":"aHVudGVyMg=="}]}"#,
            #"{"authorizationData":[{"authorizationToken":"Omh1bnRlcjI="}]}"#,
            #"{"authorizationData":[{"authorizationToken":"aHVudGVyMjo="}]}"#,
        ])
    func noLogin(body: String) {
        let error = #expect(throws: AWSError.self) { try login(body) }
        #expect(error?.kind == .answer)
        #expect(error?.diagnostic.description.contains("hunter2") == false)
    }
}
