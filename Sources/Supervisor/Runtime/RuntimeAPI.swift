internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// An event that the function is to handle.
package struct Invocation: Sendable, Equatable {
    /// The id that the answer must carry; checked to be sound in a URL.
    package var requestID: [UInt8]
    /// When Lambda gives up, in milliseconds since 1970.
    package var deadline: Int
    package var functionARN: [UInt8]
    package var traceID: [UInt8]
    /// What a caller with AWS's mobile SDK says about itself, and who it is: JSON; empty for others.
    package var clientContext: [UInt8]
    package var identity: [UInt8]
    package var event: [UInt8]

    package init(
        requestID: [UInt8], deadline: Int, functionARN: [UInt8], traceID: [UInt8], clientContext: [UInt8] = [],
        identity: [UInt8] = [], event: [UInt8]
    ) {
        self.requestID = requestID
        self.deadline = deadline
        self.functionARN = functionARN
        self.traceID = traceID
        self.clientContext = clientContext
        self.identity = identity
        self.event = event
    }
}

/// What the function answers with when it could not do its work.
package struct Failure: Error, Sendable, Equatable {
    /// A stable name, such as `Script.ExitCode`.
    package var type: StaticName
    /// What happened, as text for the caller.
    package var message: [UInt8]

    package init(_ type: StaticName, _ message: [UInt8]) {
        self.type = type
        self.message = message
    }

    /// The document that Lambda expects.
    package var document: [UInt8] {
        JSON.object([
            ("errorMessage", .utf8(message.validUTF8)), ("errorType", .utf8([UInt8](type.text))),
            ("stackTrace", .array([])),
        ]).text()
    }
}

extension Failure {
    /// What X-Ray shows, as one line of a header: ASCII, and short.
    fileprivate var cause: [UInt8] {
        let text = [UInt8](message.prefix(1024)).map { (0x20..<0x7f).contains($0) ? $0 : UInt8(ascii: "?") }
        let exception = JSON.object([
            ("message", .utf8(text)), ("type", .utf8([UInt8](type.text))), ("stack", .array([])),
        ])
        return JSON.object([
            ("working_directory", .utf8([])), ("exceptions", .array([exception])), ("paths", .array([])),
        ]).text()
    }
}

/// A constant text that can be compared.
package struct StaticName: Sendable, Equatable, ExpressibleByStringLiteral {
    package let text: StaticString
    package init(stringLiteral text: StaticString) { self.text = text }
    package static func == (left: StaticName, right: StaticName) -> Bool {
        [UInt8](left.text).isEqual(to: right.text)
    }
}

/// Why the conversation with Lambda cannot go on as it should.
package enum RuntimeError: Error, Equatable, Sendable {
    /// Nobody answers: the error number.
    case unreachable(Int32)
    /// What answers does not speak the protocol.
    case malformed
    /// The event is longer than any that Lambda sends.
    case eventTooLong
    /// Lambda refused, with this status; it is not over.
    case refused(Int)
    /// Lambda says that the sandbox is done for: 410, or 500.
    case over(Int)
}

/// The side of Lambda that a function talks to. The loop is generic over it, so that tests can play Lambda.
package protocol RuntimeEndpoint {
    /// Waits for the next event.
    mutating func next() throws(RuntimeError) -> Invocation
    mutating func respond(to requestID: [UInt8], with body: [UInt8]) throws(RuntimeError)
    mutating func report(_ failure: Failure, for requestID: [UInt8]) throws(RuntimeError)
    /// The function cannot start.
    mutating func reportInit(_ failure: Failure) throws(RuntimeError)
    /// Takes an answer while it is made; nil where that cannot be.
    func stream(for requestID: [UInt8]) -> ResponseStream?
}

/// Lambda's Runtime API over HTTP. AWS, "Using the Lambda runtime API for custom runtimes", version 2018-06-01.
package struct RuntimeAPI: RuntimeEndpoint {
    /// Longer events do not come: 6 MB for synchronous calls, with something to spare for emulators.
    private static var eventLimit: Int { 64 << 20 }
    /// An event may be hours away; all else is answered at once.
    private static var patience: Int64 { 30_000_000_000 }
    private var client: HTTPClient
    /// What all paths begin with.
    private let root: [UInt8]

    /// - Parameter address: `host:port`, as AWS_LAMBDA_RUNTIME_API has it; from the local runner, whose loopback is everybody's,
    ///   with a path behind it that no one else knows.
    /// - Returns: nil when it is not an IPv4 address, or localhost, with a port.
    package init?(address: [UInt8]) {
        guard address.contains(UInt8(ascii: ":")), let address = WebAddress(parsing: [UInt8]("http://") + address),
            AddressLookup.literal(address.origin.host, address.origin.port) != nil
        else { return nil }
        client = HTTPClient(address.origin, nil)
        root = address.path + [UInt8]("/2018-06-01/runtime/")
    }

    package func stream(for requestID: [UInt8]) -> ResponseStream? {
        ResponseStream(client.origin, path: answerPath(requestID))
    }

    private func answerPath(_ requestID: [UInt8]) -> [UInt8] {
        root + [UInt8]("invocation/") + requestID + [UInt8]("/response")
    }

    package mutating func next() throws(RuntimeError) -> Invocation {
        let request = HTTPRequest("GET", root + [UInt8]("invocation/next"))
        let response = try send(request, stall: nil, limit: Self.eventLimit)
        try Self.check(response.status, expecting: 200)
        guard let requestID = response["lambda-runtime-aws-request-id"], Self.isSound(requestID),
            let deadline = response["lambda-runtime-deadline-ms"]?.decimalValue
        else { throw .malformed }
        return Invocation(
            requestID: requestID, deadline: deadline,
            functionARN: response["lambda-runtime-invoked-function-arn"] ?? [],
            traceID: response["lambda-runtime-trace-id"] ?? [],
            clientContext: response["lambda-runtime-client-context"] ?? [],
            identity: response["lambda-runtime-cognito-identity"] ?? [], event: response.body)
    }

    package mutating func respond(to requestID: [UInt8], with body: [UInt8]) throws(RuntimeError) {
        try post(body, type: "application/json", to: answerPath(requestID))
    }

    package mutating func report(_ failure: Failure, for requestID: [UInt8]) throws(RuntimeError) {
        try post(failure, to: root + [UInt8]("invocation/") + requestID + [UInt8]("/error"))
    }

    package mutating func reportInit(_ failure: Failure) throws(RuntimeError) {
        try post(failure, to: root + [UInt8]("init/error"))
    }

    private mutating func post(_ failure: Failure, to path: [UInt8]) throws(RuntimeError) {
        try post(
            failure.document, type: "application/vnd.aws.lambda.error+json",
            [
                .init("Lambda-Runtime-Function-Error-Type", [UInt8](failure.type.text)),
                .init("Lambda-Runtime-Function-XRay-Error-Cause", failure.cause),
            ], to: path)
    }

    private mutating func post(
        _ body: [UInt8], type: StaticString, _ fields: [HTTPResponse.Field] = [], to path: [UInt8]
    ) throws(RuntimeError) {
        let request = HTTPRequest(
            "POST", path, [.init("Content-Type", [UInt8](type))] + fields, body: .bytes(body))
        let response = try send(request, stall: Self.patience, limit: 1 << 20)
        try Self.check(response.status, expecting: 202)
    }

    private mutating func send(
        _ request: HTTPRequest, stall: Int64?, limit: Int
    ) throws(RuntimeError) -> HTTPResponse {
        do throws(NetworkError) {
            return try client.send(request, TimeLimit(stall: stall, deadline: nil), bodyLimit: limit)
        } catch {
            throw RuntimeError(error)
        }
    }

    private static func check(_ status: Int, expecting: Int) throws(RuntimeError) {
        switch status {
        case expecting, 200, 202: return
        case 410, 500: throw .over(status)
        default: throw .refused(status)
        }
    }

    /// Letters, digits and a few signs: nothing that means something in a URL or ends a line.
    static func isSound(_ requestID: [UInt8]) -> Bool {
        (1...128).contains(requestID.count)
            && requestID.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

extension RuntimeError {
    init(_ error: NetworkError) {
        self =
            switch error {
            case .failed(let number): .unreachable(number)
            case .stalled, .outOfTime: .unreachable(Self.timedOut)
            case .tooLong: .eventTooLong
            case .unresolved, .untrusted, .cutOff, .malformed, .file: .malformed
            }
    }

    /// ETIMEDOUT.
    private static var timedOut: Int32 { 110 }
}
