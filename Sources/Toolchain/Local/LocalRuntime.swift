internal import ByteKit
internal import Glibc
internal import Transport

/// Lambda's Runtime API on a loopback port, for one sandbox.
///
/// It is what the supervisor meets in the cloud, so a local run is a run of the real thing. AWS Lambda Developer Guide,
/// "Using the Lambda runtime API".
final class LocalRuntime: Sendable {
    /// What became of one event.
    enum Outcome: Sendable, Equatable {
        case response([UInt8])
        /// The supervisor's error document.
        case error([UInt8])
        /// The function could not even start.
        case initError([UInt8])
    }

    /// `127.0.0.1:PORT`, for `AWS_LAMBDA_RUNTIME_API`.
    var address: String { server.address }
    private let server: HTTPServer
    private let state: Monitor<State>

    private struct State {
        /// How many seconds an event may take.
        let timeout: Int
        let functionName: String
        var events: [LocalEvent] = []
        var outcomes: [String: Outcome] = [:]
        /// When the event that is being handled was handed out.
        var handedOut: ContinuousClock.Instant?
        var hasAsked = false
        var isClosed = false
    }

    /// An error or a response.
    private static let largestBody = 256 << 20
    /// The supervisor has two.
    private static let mostConnections = 8

    /// - Parameters:
    ///   - functionName: for the invoked function's ARN.
    ///   - timeout: how many seconds an event may take.
    init(functionName: String, timeout: Int) throws {
        let state = Monitor(State(timeout: timeout, functionName: functionName))
        self.state = state
        // While the function works, the supervisor has nothing to say.
        let limits = HTTPServer.Limits(connections: Self.mostConnections, patience: timeout + 60) { _ in
            Self.largestBody
        }
        server = try HTTPServer(limits) { Self.answer($0, state) }
    }

    /// Queues an event.
    func submit(_ event: LocalEvent) { state.withLock { $0.events.append(event) } }

    /// Waits for what becomes of an event; nil when the runtime was closed first.
    func outcome(of id: String) -> Outcome? {
        state.wait { state -> Outcome?? in
            if let outcome = state.outcomes.removeValue(forKey: id) ?? state.outcomes[""] { return .some(outcome) }
            return state.isClosed ? .some(nil) : nil
        }
    }

    /// When the event that is being handled was handed out; nil between events.
    var handedOut: ContinuousClock.Instant? { state.withLock { $0.handedOut } }

    /// Whether the function has asked for an event: it has started.
    var hasAsked: Bool { state.withLock { $0.hasAsked } }

    /// No more events; whoever waits is told.
    func close() {
        state.withLock { $0.isClosed = true }
        server.close()
    }

    // MARK: - Requests

    private static func answer(_ request: HTTPServer.Request, _ state: Monitor<State>) -> HTTPServer.Response? {
        let path = request.path
        switch (request.method, path.dropFirst(2).first, path.last) {
        case ("GET", "invocation", "next"):
            let event = state.wait { state -> (event: LocalEvent, timeout: Int, name: String)?? in
                state.hasAsked = true
                if !state.events.isEmpty {
                    state.handedOut = .now
                    return .some((state.events.removeFirst(), state.timeout, state.functionName))
                }
                return state.isClosed ? .some(nil) : nil
            }
            return event.map { next($0.event, timeout: $0.timeout, name: $0.name) }
        case ("POST", "invocation", "response") where path.count > 4:
            record(String(path[3]), lateError(of: request).map { .error($0) } ?? .response(request.body), state)
        case ("POST", "invocation", "error") where path.count > 4: record(String(path[3]), .error(request.body), state)
        case ("POST", "init", "error"): record("", .initError(request.body), state)
        default: return HTTPServer.Response(status: 404)
        }
        return HTTPServer.Response(status: 202, body: Array("{\"status\":\"OK\"}\n".utf8))
    }

    /// The error document of an answer that broke off after its beginning.
    private static func lateError(of request: HTTPServer.Request) -> [UInt8]? {
        let field = request.trailer.first { $0.name == "lambda-runtime-function-error-body" }
        return field.flatMap { Base64.decode(Array($0.value.utf8)) }
    }

    private static func record(_ id: String, _ outcome: Outcome, _ state: Monitor<State>) {
        state.withLock { state in
            // After its time an event has one outcome only, and it is not the function that tells it.
            if let handedOut = state.handedOut, .now - handedOut > .seconds(state.timeout) { return }
            state.outcomes[id] = outcome
            state.handedOut = nil
        }
    }

    private static func next(_ event: LocalEvent, timeout: Int, name: String) -> HTTPServer.Response {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let deadline = (now.tv_sec + timeout) * 1000 + now.tv_nsec / 1_000_000
        var fields = [
            ("Content-Type", "application/json"), ("Lambda-Runtime-Aws-Request-Id", event.id),
            ("Lambda-Runtime-Deadline-Ms", "\(deadline)"),
            ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:012345678912:function:\(name)"),
        ]
        if let context = event.clientContext { fields.append(("Lambda-Runtime-Client-Context", context)) }
        return HTTPServer.Response(status: 200, fields: fields, body: event.body)
    }
}

/// What a function is called with.
struct LocalEvent: Sendable {
    let id: String
    let body: [UInt8]
    /// JSON that the caller sends along.
    var clientContext: String?

    /// - Parameter number: what the request id ends in: runs are to say the same each time.
    init(_ body: [UInt8], number: Int) {
        self.body = body
        id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - "\(number)".count) + "\(number)"
    }
}
