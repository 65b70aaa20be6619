import AWS
import ByteKit
import JSON
import Publisher
import TestKit
import Testing

/// One account, one test at a time.
@Suite("Against an emulated AWS,", .serialized, .enabled(if: AWSEmulator.isInstalled, "needs moto: scripts/setup test"))
struct EmulatorTests {}

extension EmulatorTests {
    @Suite("publishing")
    struct PublishTests: ~Copyable {
        private let fixture: Fixture

        init() throws { fixture = try Fixture() }

        @Test(
            "makes everything that the recipe wants, as AWS's own client sees it, with requests that botocore would make"
        )
        func everything() throws {
            try fixture.publish(try fixture.deployment())
            #expect(try fixture.emulator.problems() == [])
            let aws = fixture.emulator
            let function = try aws.aws("lambda", "get-function", "--function-name", "frames", "--qualifier", "live")
            let settings = try #require(function["Configuration"])
            #expect(settings["Runtime"]?.string == "provided.al2023")
            #expect(settings["MemorySize"]?.integer == 512)
            #expect(settings["Version"]?.string == "1")
            #expect(settings["Environment"]?["Variables"]?["TOKEN"]?.string == "hunter2")
            #expect(settings["CodeSha256"]?.string == (try fixture.package().digest.base64))
            #expect(settings["Role"]?.string == "arn:aws:iam::123456789012:role/scar-build-eu-west-1-frames")
            let groups = try aws.aws("logs", "describe-log-groups")
            #expect(groups["logGroups"]?[0]?["retentionInDays"]?.integer == 30)
            let policy = try aws.aws(
                "iam", "get-role-policy", "--role-name", "scar-build-eu-west-1-frames", "--policy-name", "scar-build")
            let text = String(decoding: policy.text(), as: UTF8.self)
            #expect(text.contains("arn:aws:s3:::videos/in/*"))
            #expect(text.contains("arn:aws:s3:::pictures/out/*"))
            #expect(!text.contains("\"*\""))
            let notifications = try aws.aws("s3api", "get-bucket-notification-configuration", "--bucket", "videos")
            let calls = notifications["LambdaFunctionConfigurations"]?.array ?? []
            #expect(calls.count == 2)
            #expect(
                calls.allSatisfy {
                    $0["LambdaFunctionArn"]?.string == "arn:aws:lambda:eu-west-1:123456789012:function:frames:live"
                })
            let api = try #require(try aws.aws("apigatewayv2", "get-apis")["Items"]?[0])
            #expect(api["Tags"]?["scar-build:function"]?.string == "frames")
            let id = try #require(api["ApiId"]?.string)
            let routes = try aws.aws("apigatewayv2", "get-routes", "--api-id", id)
            #expect(routes["Items"]?[0]?["RouteKey"]?.string == "$default")
            let bucket = try aws.aws("s3api", "get-bucket-location", "--bucket", "pictures")
            #expect(bucket["LocationConstraint"]?.string == "eu-west-1")
        }

        @Test("changes nothing when it is done again")
        func twice() throws {
            try fixture.publish(try fixture.deployment())
            try fixture.emulator.clear()
            #expect(try fixture.publish(try fixture.deployment()) == [])
            #expect(try fixture.emulator.changes() == [])
        }

        @Test("makes one call for another memory size, and one each for its version and alias")
        func memory() throws {
            try fixture.publish(try fixture.deployment())
            try fixture.emulator.clear()
            var deployment = try fixture.deployment()
            deployment.function.memory = 1024
            try fixture.publish(deployment)
            #expect(
                try fixture.emulator.changes() == ["UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias"])
        }

        @Test("sends another package, and nothing else, when the package is another")
        func code() throws {
            try fixture.publish(try fixture.deployment())
            try fixture.emulator.clear()
            try fixture.publish(try fixture.deployment(content: "#!/bin/sh\necho other\n"))
            #expect(try fixture.emulator.changes() == ["UpdateFunctionCode", "PublishVersion", "UpdateAlias"])
        }

        @Test("sends a large package through a bucket, and leaves nothing of it there")
        func large() throws {
            var options = fixture.options
            options.directUploadLimit = 10
            try fixture.publish(try fixture.deployment(), options: options)
            let changes = try fixture.emulator.changes()
            let create = try #require(changes.firstIndex(of: "CreateFunction"))
            #expect(changes[create - 1] == "PutObject")
            #expect(changes[create + 1] == "DeleteObject")
            #expect(try fixture.emulator.problems() == [])
            let left = try fixture.emulator.aws(
                "s3api", "list-objects-v2", "--bucket", "scar-build-123456789012-eu-west-1")
            #expect(left["Contents"] == nil)
            try fixture.remove()
            #expect(try fixture.leftovers() == [])
        }

        @Test("completes what was stopped, at whichever change it was stopped")
        func killed() throws {
            let steps = try fixture.stopEverywhere { try fixture.deployment() }
            #expect(steps >= 12)
        }

        @Test("goes from one kind of address to another, and leaves only the last one")
        func addresses() throws {
            for kind in [Deployment.API.Kind.http, .rest, .url] {
                var deployment = try fixture.deployment()
                deployment.api = .init(kind: kind, name: "frames", authorization: .none)
                try fixture.publish(deployment)
                #expect(try fixture.publish(deployment) == [])
                let http = try fixture.emulator.aws("apigatewayv2", "get-apis")["Items"]?.array
                #expect(http?.count == (kind == .http ? 1 : 0))
                let rest = try fixture.emulator.aws("apigateway", "get-rest-apis")["items"]?.array
                #expect(rest?.count ?? 0 == (kind == .rest ? 1 : 0))
            }
            #expect(try fixture.emulator.problems() == [])
        }

        @Test("mends an HTTP API that hands requests over in another form")
        func payloadFormat() throws {
            let aws = fixture.emulator
            try fixture.publish(try fixture.deployment())
            let id = try #require(try aws.aws("apigatewayv2", "get-apis")["Items"]?[0]?["ApiId"]?.string)
            func integration() throws -> JSON? {
                try aws.aws("apigatewayv2", "get-integrations", "--api-id", id)["Items"]?[0]
            }
            let made = try #require(try integration()?["IntegrationId"]?.string)
            _ = try aws.aws(
                "apigatewayv2", "update-integration", "--api-id", id, "--integration-id", made,
                "--payload-format-version", "1.0")
            #expect(try fixture.publish(try fixture.deployment()) == ["update the HTTP API frames"])
            #expect(try integration()?["PayloadFormatVersion"]?.string == "2.0")
            #expect(try integration()?["IntegrationId"]?.string == made)
            #expect(try fixture.publish(try fixture.deployment()) == [])
        }

        @Test("closes a function URL that was open to all, and leaves no statement that lets everybody call")
        func closedURL() throws {
            var deployment = try fixture.deployment()
            deployment.inputs = []
            func statements() throws -> [String] {
                let policy = try fixture.session().lambda.permissions("frames", qualifier: "live")
                return policy.map { "\($0.id) \($0.principal)" }.sorted()
            }
            deployment.api = .init(kind: .url, name: "frames", authorization: .none)
            try fixture.publish(deployment)
            #expect(try statements() == ["scar-build-url *", "scar-build-url-invoke *"])
            deployment.api = .init(kind: .url, name: "frames", authorization: .iam)
            #expect(
                try fixture.publish(deployment) == [
                    "update the URL frames", "remove the permission scar-build-url",
                    "remove the permission scar-build-url-invoke",
                ])
            #expect(try statements() == [])
            #expect(try fixture.publish(deployment) == [])
            #expect(try fixture.emulator.problems() == [])
        }

        @Test("lets only those in that the recipe lets in")
        func authorization() throws {
            var deployment = try fixture.deployment()
            deployment.api?.authorization = .jwt(issuer: "https://login.example.com", audience: ["frames"])
            deployment.api?.cors = CORS(origins: ["https://example.com"], methods: ["*"], headers: ["authorization"])
            try fixture.publish(deployment)
            #expect(try fixture.publish(deployment) == [])
            #expect(try fixture.emulator.problems() == [])
            let id = try #require(try fixture.emulator.aws("apigatewayv2", "get-apis")["Items"]?[0]?["ApiId"]?.string)
            let routes = try fixture.emulator.aws("apigatewayv2", "get-routes", "--api-id", id)["Items"]?.array ?? []
            let types = routes.map { "\($0["RouteKey"]?.string ?? "") \($0["AuthorizationType"]?.string ?? "")" }
            #expect(types.sorted() == ["$default JWT", "OPTIONS /{proxy+} NONE"])
            deployment.api?.authorization = .iam
            deployment.api?.cors = nil
            try fixture.publish(deployment)
            let after = try fixture.emulator.aws("apigatewayv2", "get-routes", "--api-id", id)["Items"]?.array ?? []
            #expect(after.map { $0["AuthorizationType"]?.string } == ["AWS_IAM"])
            #expect(after[0]["AuthorizerId"]?.string ?? "" == "")
            #expect(try fixture.publish(deployment) == [])
            #expect(try fixture.emulator.problems() == [])
        }

        @Test("goes on with an authorizer that no route used yet, and leaves none that none uses any more")
        func authorizers() throws {
            var deployment = try fixture.deployment()
            try fixture.publish(deployment)
            let apis = try fixture.emulator.aws("apigatewayv2", "get-apis")["Items"]
            let api = try #require(apis?[0]?["ApiId"]?.string)
            func authorizers() throws -> [String] {
                let list = try fixture.emulator.aws("apigatewayv2", "get-authorizers", "--api-id", api)["Items"]?.array
                return (list ?? []).map { item in
                    let texts = [item["Name"]?.string, item["JwtConfiguration"]?["Issuer"]?.string]
                    return texts.compactMap(\.self).joined(separator: " ")
                }
            }
            let name = try #require(deployment.api?.name)
            _ = try fixture.emulator.aws(
                "apigatewayv2", "create-authorizer", "--api-id", api, "--name", name, "--authorizer-type", "JWT",
                "--identity-source", "$request.header.Authorization", "--jwt-configuration",
                "Audience=other,Issuer=https://other.example.com")
            deployment.api?.authorization = .jwt(issuer: "https://login.example.com", audience: ["frames"])
            try fixture.publish(deployment)
            #expect(try authorizers() == ["\(name) https://login.example.com"])
            deployment.api?.authorization = .none
            try fixture.publish(deployment)
            #expect(try authorizers() == [])
            deployment.api?.authorization = .jwt(issuer: "https://login.example.com", audience: ["frames"])
            try fixture.publish(deployment)
            #expect(try authorizers() == ["\(name) https://login.example.com"])
            #expect(try fixture.publish(deployment) == [])
            #expect(try fixture.emulator.problems() == [])
        }

        @Test("keeps the variables that others set for it, and no others")
        func keptVariables() throws {
            var deployment = try fixture.deployment()
            deployment.keptVariables = ["MINIO_SECRET", "NEVER_SET"]
            try fixture.publish(deployment)
            _ = try fixture.emulator.aws(
                "lambda", "update-function-configuration", "--function-name", "frames", "--environment",
                "Variables={TOKEN=hunter2,MINIO_SECRET=hunter4,LEFT=over}")
            try fixture.publish(deployment)
            let function = try fixture.emulator.aws(
                "lambda", "get-function-configuration", "--function-name", "frames")
            let variables = function["Environment"]?["Variables"]
            #expect(variables?["MINIO_SECRET"]?.string == "hunter4")
            #expect(variables?["TOKEN"]?.string == "hunter2")
            #expect(variables?["LEFT"] == nil)
            #expect(variables?["NEVER_SET"] == nil)
            #expect(try fixture.publish(deployment).isEmpty)
        }

        @Test("shows no value of a variable in any plan")
        func secrets() throws {
            let publisher = FunctionPublisher(try fixture.session())
            let plan = try publisher.plan(try fixture.deployment())
            let text = String(decoding: plan.json.text(), as: UTF8.self)
            #expect(text.contains("TOKEN"))
            #expect(!text.contains("hunter2"))
            try publisher.apply(plan) { _, _ in }
            var other = try fixture.deployment()
            other.function.environment = [("TOKEN", "hunter3")]
            let change = try FunctionPublisher(try fixture.session()).plan(other)
            #expect(!String(decoding: change.json.text(), as: UTF8.self).contains("hunter"))
        }
    }
}
