import AWS
import ByteKit
import JSON
import TestKit
import Testing
import Transport

@Suite("The client")
struct ClientTests {
    private static let request = AWSRequest(.lambda, "GetFunction", .get, "/2015-03-31/functions/f")

    /// Answers with each of these in turn, the last one for ever.
    private static func transport(_ answers: ScriptedTransport.Answer...) -> ScriptedTransport {
        let next = Monitor(0)
        return ScriptedTransport { _ in
            next.withLock { next in
                next += 1
                return answers[min(next, answers.count) - 1]
            }
        }
    }

    private static func complaint(_ status: Int, _ code: String, headers: HTTPHeaders = [:]) -> ScriptedTransport.Answer
    {
        var headers = headers
        headers["x-amzn-errortype"] = "\(code):http://internal.amazon.com/"
        headers["x-amzn-requestid"] = "r-1"
        return .init(status, headers, Array(#"{"Message": "it went wrong."}"#.utf8))
    }

    // MARK: Attempts

    @Test(
        "tries again what may pass, three times in all, and waits longer each time",
        arguments: [
            (500, "InternalFailure"), (503, "ServiceUnavailable"), (429, "TooManyRequestsException"),
            (400, "ThrottlingException"), (400, "RequestTimeout"),
        ])
    func transient(status: Int, code: String) throws {
        let (transport, time) = (Self.transport(Self.complaint(status, code)), ManualTime())
        let error = #expect(throws: AWSError.self) { try Fixture.client(transport, time: time).send(Self.request) }
        #expect(error?.code == code)
        #expect(transport.requests.count == 3)
        #expect(time.sleeps == [.seconds(1), .seconds(2)])
    }

    @Test("does not ask again after a no", arguments: [(400, "ValidationException"), (403, "AccessDeniedException")])
    func refused(status: Int, code: String) throws {
        let transport = Self.transport(Self.complaint(status, code))
        #expect(throws: AWSError.self) { try Fixture.client(transport).send(Self.request) }
        #expect(transport.requests.count == 1)
    }

    @Test("goes on when a later attempt succeeds")
    func recovers() throws {
        let transport = Self.transport(Self.complaint(503, "SlowDown"), .init(200, [:], Array("{}".utf8)))
        #expect(try Fixture.client(transport).send(Self.request).status == 200)
    }

    @Test("takes AWS_MAX_ATTEMPTS for the number of attempts")
    func attempts() throws {
        let transport = Self.transport(Self.complaint(503, "SlowDown"))
        let client = try Fixture.client(transport, variables: ["AWS_MAX_ATTEMPTS": "5"])
        #expect(throws: AWSError.self) { try client.send(Self.request) }
        #expect(transport.requests.count == 5)
    }

    @Test("stops trying again when too much has failed already, and asks just once from then on")
    func quota() throws {
        let transport = Self.transport(Self.complaint(503, "SlowDown"))
        let client = try Fixture.client(transport)
        for _ in 0..<60 { _ = try? client.send(Self.request) }
        // 500 points, 5 for each retry: 100 retries and 60 first attempts.
        #expect(transport.requests.count == 160)
    }

    @Test(
        "asks once for what must not happen twice, unless it has surely not begun",
        arguments: [(500, "InternalFailure", 1), (503, "ServiceUnavailable", 1), (429, "TooManyRequestsException", 3)])
    func notRepeatable(status: Int, code: String, count: Int) throws {
        let transport = Self.transport(Self.complaint(status, code))
        var request = Self.request
        request.isRepeatable = false
        let client = try Fixture.client(transport)
        #expect(throws: AWSError.self) { try client.send(request) }
        #expect(transport.requests.count == count)
    }

    @Test(
        "does not call a function again when the answer to a call is lost",
        arguments: [(TransportError.Code.interrupted, 1), (.timedOut, 1), (.unreachable, 3), (.hostNotFound, 3)])
    func lostAnswers(code: TransportError.Code, count: Int) throws {
        let transport = ScriptedTransport { request throws(TransportError) in
            throw TransportError(code, url: request.url.description, detail: "the test says so")
        }
        let lambda = LambdaAPI(try Fixture.client(transport))
        #expect(throws: AWSError.self) {
            try lambda.invoke("f", qualifier: nil, payload: [], isAsynchronous: false)
        }
        #expect(transport.requests.count == count)
        // What is only handed over is at least once anyway.
        #expect(throws: AWSError.self) { try lambda.invoke("f", qualifier: nil, payload: [], isAsynchronous: true) }
        #expect(transport.requests.count == count + 3)
    }

    @Test("leaves lists that lead in a circle", arguments: ["same", "two by two"])
    func circles(how: String) throws {
        let round = Monitor(0)
        let transport = ScriptedTransport { _ in
            let token = round.withLock { round in
                round += 1
                return how == "same" ? "t" : "t\(round % 2)"
            }
            let body =
                #"{"items": [], "item": [], "Functions": [], "ResourceTagMappingList": [], "nextToken": "\#(token)", "position": "\#(token)", "NextMarker": "\#(token)", "PaginationToken": "\#(token)"}"#
            return .init(200, [:], Array(body.utf8))
        }
        let client = try Fixture.client(transport)
        let lists: [() throws -> Void] = [
            { _ = try HTTPAPI(client).apis(tagged: "a", "b") }, { _ = try RESTAPI(client).apis(tagged: "a", "b") },
            { _ = try LambdaAPI(client).functions() }, { _ = try TaggingAPI(client).resources(tagged: [:]) },
        ]
        for list in lists {
            let error = #expect(throws: AWSError.self) { try list() }
            #expect(error?.message.contains("does not end") == true)
        }
        #expect(transport.requests.count <= 16)
    }

    // MARK: Clocks and keys

    @Test("takes over the service's time when its own is wrong, and asks again at once")
    func skew() throws {
        let time = ManualTime()
        // ManualTime begins at 08:49:37.
        let transport = Self.transport(
            Self.complaint(403, "SignatureDoesNotMatch", headers: ["date": "Sun, 06 Nov 1994 10:49:37 GMT"]),
            .init(200))
        let client = try Fixture.client(transport, time: time)
        _ = try client.send(Self.request)
        #expect(transport.requests.map { $0.headers["x-amz-date"] } == ["19941106T084937Z", "19941106T104937Z"])
        #expect(time.sleeps == [])
        _ = try client.send(Self.request)
        #expect(transport.requests.last?.headers["x-amz-date"] == "19941106T104937Z")
    }

    @Test("does not blame the clock when the clock is right")
    func noSkew() throws {
        let transport = Self.transport(
            Self.complaint(403, "SignatureDoesNotMatch", headers: ["date": "Sun, 06 Nov 1994 08:50:00 GMT"]))
        #expect(throws: AWSError.self) { try Fixture.client(transport).send(Self.request) }
        #expect(transport.requests.count == 1)
    }

    @Test("fetches new keys when a service says that the old ones have ended")
    func expired() throws {
        let rounds = Monitor(0)
        let transport = ScriptedTransport { request in
            guard request.url.host == "localhost" else {
                return request.headers["authorization"]?.contains("AKIA1/") == true
                    ? Self.complaint(400, "ExpiredTokenException") : .init(200)
            }
            let round = rounds.withLock { round in
                round += 1
                return round
            }
            return .init(
                200, [:], Array(#"{"AccessKeyId": "AKIA\#(round)", "SecretAccessKey": "s", "Token": "t"}"#.utf8))
        }
        let variables = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/creds"]
        let configuration = try Fixture.configuration(variables)
        let client = AWSClient(
            configuration, region: try configuration.region("eu-west-1"), transport: transport,
            time: ManualTime().source)
        #expect(try client.send(Self.request).status == 200)
        #expect(rounds.withLock { $0 } == 2)
    }

    // MARK: Errors

    @Test("says what was asked, what the service said and which request it was")
    func message() throws {
        let transport = Self.transport(Self.complaint(404, "ResourceNotFoundException"))
        let error = try #require(throws: AWSError.self) { try Fixture.client(transport).send(Self.request) }
        #expect(
            "\(error.diagnostic)"
                == "error[aws-service]: lambda GetFunction: ResourceNotFoundException: it went wrong (request r-1)")
        #expect(error.isNotFound)
    }

    @Test(
        "finds the service's name for an error wherever services put it",
        arguments: [
            #"{"__type": "com.amazonaws#NoSuchThing", "message": "m"}"#, #"{"code": "NoSuchThing", "message": "m"}"#,
            "<Error><Code>NoSuchThing</Code><Message>m</Message><RequestId>x</RequestId></Error>",
            "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>NoSuchThing</Code><Message>m</Message></Error>"
                + "<RequestId>x</RequestId></ErrorResponse>",
            "<Response><Errors><Error><Code>NoSuchThing</Code><Message>m</Message></Error></Errors></Response>",
        ])
    func documents(body: String) throws {
        let transport = Self.transport(.init(400, [:], Array(body.utf8)))
        let error = try #require(throws: AWSError.self) { try Fixture.client(transport).send(Self.request) }
        #expect(error.code == "NoSuchThing")
        #expect(error.message == "m")
    }

    @Test("takes anything for an answer without trapping", arguments: ["", "<", "{", "<a>&#xFFFFFFFF;</a>", "\u{0}"])
    func nonsense(body: String) throws {
        let transport = Self.transport(.init(200, [:], Array(body.utf8)))
        let client = try Fixture.client(transport)
        _ = try? client.json(Self.request)
        _ = try? client.xml(Self.request)
    }

    // MARK: Places

    @Test(
        "asks each service where it stands",
        arguments: [
            (Service.lambda, "eu-west-1", "https://lambda.eu-west-1.amazonaws.com"),
            (.lambda, "cn-north-1", "https://lambda.cn-north-1.amazonaws.com.cn"),
            (.iam, "eu-west-1", "https://iam.amazonaws.com"),
            (.iam, "us-gov-west-1", "https://iam.us-gov.amazonaws.com"),
            (.iam, "cn-northwest-1", "https://iam.cn-north-1.amazonaws.com.cn"),
            (.sts, "eu-south-2", "https://sts.eu-south-2.amazonaws.com"),
            (.logs, "us-iso-east-1", "https://logs.us-iso-east-1.c2s.ic.gov"),
        ])
    func places(service: Service, region: String, origin: String) throws {
        let configuration = try Fixture.configuration()
        let place = try configuration.place(of: service, in: try configuration.region(region))
        #expect(place.url.origin == origin)
    }

    @Test("signs for IAM in the partition's first region")
    func globalSigning() throws {
        let transport = Self.transport(.init(200))
        _ = try Fixture.client(transport, region: "cn-northwest-1").send(AWSRequest(.iam, "GetUser", .post, "/"))
        #expect(transport.requests[0].headers["authorization"]?.contains("/cn-north-1/iam/aws4_request") == true)
    }

    @Test("goes where variables and the profile say, the more particular first")
    func endpoints() throws {
        let folder = try TestFolder()
        try Fixture.write(
            """
            [profile local]
            region = eu-central-1
            endpoint_url = http://localhost:1
            services = mine
            [services mine]
            lambda =
              endpoint_url = http://localhost:2
            s3 =
              endpoint_url = http://localhost:3/base/
            """, folder.path + "/config")
        var variables = ["AWS_CONFIG_FILE": folder.path + "/config", "AWS_PROFILE": "local"]
        func place(_ service: Service) throws -> String {
            let configuration = try Fixture.configuration(variables)
            return try configuration.place(of: service, in: try configuration.region(nil)).url.fullText
        }
        #expect(try place(.lambda) == "http://localhost:2/")
        #expect(try place(.s3) == "http://localhost:3/base/")
        #expect(try place(.iam) == "http://localhost:1/")
        variables["AWS_ENDPOINT_URL"] = "http://localhost:4"
        #expect(try place(.iam) == "http://localhost:4/")
        #expect(try place(.lambda) == "http://localhost:2/")
        variables["AWS_ENDPOINT_URL_LAMBDA"] = "http://localhost:5"
        #expect(try place(.lambda) == "http://localhost:5/")
        variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
        #expect(try place(.lambda) == "https://lambda.eu-central-1.amazonaws.com/")
    }

    @Test("says what to do when no region is set, and refuses what is none")
    func regions() throws {
        let configuration = try Fixture.configuration()
        let error = try #require(throws: AWSError.self) { try configuration.region(nil) }
        #expect(error.diagnostic.hint?.contains("--region") == true)
        for name in ["", "EU", "eu west", "x/../y", "a.b", "-a"] {
            #expect(throws: AWSError.self) { try configuration.region(name) }
        }
    }
}
