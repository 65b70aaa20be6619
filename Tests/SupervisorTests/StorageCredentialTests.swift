import Supervisor
import TestKit
import Testing
import Transport

/// Where the supervisor finds what proves who it is.
@Suite("Credentials of a storage") struct StorageCredentialTests {
    private static func document(_ accessKey: String, seconds: Int) -> [UInt8] {
        utf8(
            #"{"AccessKeyId":"\#(accessKey)","SecretAccessKey":"s","Token":"t","Expiration":"\#(AWSTimeText.after(seconds))"}"#
        )
    }

    /// A storage that gives away credentials as well.
    private static func storage(
        _ answer: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Reply?
    ) throws -> MemoryStorage {
        try MemoryStorage(["/in/a": utf8("content")], answer)
    }

    private func function(_ storage: MemoryStorage, _ variables: [String: String]) throws -> CloudFunction {
        let none = ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""]
        return try CloudFunction(storage.server.origin, variables: none.merging(variables) { $1 })
    }

    private func signer(_ request: LoopbackServer.Request?) -> String {
        let field = request?.headers["authorization"] ?? ""
        return String(field.split(separator: "=").dropFirst().first?.prefix { $0 != "/" } ?? "")
    }

    @Test("are the container's, asked for with its token and used until shortly before they end")
    func container() throws {
        let storage = try Self.storage { request in
            guard request.path == "/creds" else { return nil }
            guard request.headers["authorization"] == "token of the file" else { return .init(403) }
            return .init(200, [:], Self.document("KEY\(request.attempt)", seconds: request.attempt == 0 ? 3600 : 100))
        }
        var function = try function(
            storage,
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(storage.server.origin)/creds",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "that of the variable",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/dev/null",
            ])
        #expect(function.failure("a").type == "Storage.Credentials")
        let folder = TestFolder.made()
        folder.write("token of the file\n", to: "token")
        var right = try self.function(
            storage,
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(storage.server.origin)/creds",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": folder.path + "/token",
            ])
        // The first answer went to the wrong token; this one ends soon, so each further request asks anew.
        _ = try right.handle("a")
        let requests = storage.server.requests
        #expect(requests.filter { $0.path == "/creds" }.count == 3)
        #expect(signer(requests.first { $0.path == "/in/a" }) == "KEY1")
        #expect(signer(requests.last) == "KEY2")
        #expect(requests.last?.headers["x-amz-security-token"] == "t")
    }

    @Test("are kept while they last")
    func kept() throws {
        let storage = try Self.storage { request in
            request.path == "/creds" ? .init(200, [:], Self.document("KEY", seconds: 3600)) : nil
        }
        var function = try function(
            storage, ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(storage.server.origin)/creds"])
        for _ in 0..<3 { _ = try function.handle("a") }
        #expect(storage.server.requests.filter { $0.path == "/creds" }.count == 1)
    }

    @Test("that the storage calls expired are asked for again, once")
    func expired() throws {
        let storage = try Self.storage { request in
            if request.path == "/creds" {
                return .init(200, [:], Self.document("KEY\(request.attempt)", seconds: 3600))
            }
            let isOld = request.headers["authorization"]?.contains("KEY0/") == true
            return isOld ? MemoryStorage.refusal(400, "ExpiredToken") : nil
        }
        var function = try function(
            storage, ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(storage.server.origin)/creds"])
        _ = try function.handle("a")
        #expect(signer(storage.server.requests.last) == "KEY1")
        var fixed = try CloudFunction(storage.server.origin, variables: ["AWS_ACCESS_KEY_ID": "KEY0"])
        #expect(fixed.failure("a").message.contains("ExpiredToken"))
    }

    @Test(
        "are not asked for at addresses that the container's token is not for",
        arguments: [
            "http://example.com/creds", "http://169.254.169.254/creds", "http://127.0.0.1.example.com/creds",
            "http://[fd00:ec2::24]/creds", "http://2130706433/creds", "http://localhost.example/creds",
            "ftp://127.0.0.1/creds", "http://user@127.0.0.1/creds", "/creds",
        ])
    func addresses(text: String) throws {
        let storage = try Self.storage { _ in nil }
        var function = try function(storage, ["AWS_CONTAINER_CREDENTIALS_FULL_URI": text])
        let failure = function.failure("a", seconds: 5)
        #expect(failure.type == "Storage.Credentials")
        #expect(
            failure.message.contains("neither encrypted nor one of the addresses")
                || failure.message.contains("is no address"), "\(failure.message)")
    }

    @Test("are the instance's, by way of a token")
    func instance() throws {
        let role = "/latest/meta-data/iam/security-credentials/"
        let storage = try Self.storage { request in
            guard request.path.hasPrefix("/latest/") else { return nil }
            if request.method == "PUT" {
                let isRight = request.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
                return .init(isRight ? 200 : 400, [:], utf8("session"))
            }
            guard request.headers["x-aws-ec2-metadata-token"] == "session" else { return .init(401) }
            if request.path == role { return request.attempt == 0 ? .init(500) : .init(200, [:], utf8("my-role\n")) }
            return .init(200, [:], Self.document("INSTANCE", seconds: 3600))
        }
        let variables = ["AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": storage.server.origin]
        var function = try function(storage, variables)
        _ = try function.handle("a")
        #expect(signer(storage.server.requests.last) == "INSTANCE")
        #expect(storage.server.requests.contains { $0.path == role + "my-role" })
        // Lambda has no such service, and a function must not be told that it has.
        var lambda = try self.function(
            storage, variables.merging(["AWS_LAMBDA_FUNCTION_NAME": "f"]) { $1 })
        #expect(lambda.failure("a").type == "Storage.Credentials")
    }

    @Test(
        "that are nonsense are not used",
        arguments: [
            "", "[]", "{}", #"{"AccessKeyId":"a"}"#, #"{"AccessKeyId":"a\r\nX-Evil: 1","SecretAccessKey":"s"}"#,
            #"{"AccessKeyId":1,"SecretAccessKey":"s"}"#,
        ])
    func nonsense(document: String) throws {
        let storage = try Self.storage { request in
            request.path == "/creds" ? .init(200, [:], utf8(document)) : nil
        }
        var function = try function(
            storage, ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(storage.server.origin)/creds"])
        #expect(function.failure("a").message.contains("answered with something else"))
    }

    @Test("of a storage that launch.json describes are in the variables that it names, and no others are sent to it")
    func named() throws {
        let storage = try Self.storage { _ in nil }
        let describes: (inout LaunchSpec, String) -> Void = { spec, _ in
            spec.storages = [
                .init(
                    name: utf8("minio"), endpoint: utf8(storage.server.origin + "/base/"), region: utf8("lab-1"),
                    accessKey: utf8("LAB_KEY"), secretKey: utf8("LAB_SECRET"))
            ]
            spec.outputs = [.init(storage: utf8("minio"), path: utf8("results/x"))]
        }
        var function = try CloudFunction(
            storage.server.origin, variables: ["LAB_KEY": "LAB", "LAB_SECRET": "hunter2", "AWS_SESSION_TOKEN": "t"],
            describes)
        #expect(try function.handle("a").contains(#""bucket":"results","key":"x/copy""#))
        let last = try #require(storage.server.requests.last)
        #expect(last.path == "/base/results/x/copy")
        #expect(signer(last) == "LAB")
        #expect(last.headers["authorization"]?.contains("/lab-1/s3/") == true)
        #expect(last.headers["x-amz-security-token"] == nil)
        var without = try CloudFunction(storage.server.origin, variables: [:], describes)
        #expect(
            without.failure("a").message.contains("the variables LAB_KEY and LAB_SECRET must hold them"))
    }
}

/// Times to come, as AWS writes them.
enum AWSTimeText {
    static func after(_ seconds: Int) -> String {
        shell("date -u -d '+\(seconds) seconds' +%Y-%m-%dT%H:%M:%SZ").output.trimmed
    }
}

extension String {
    /// Without the line break at its end.
    fileprivate var trimmed: String { String(prefix { $0 != "\n" }) }
}
