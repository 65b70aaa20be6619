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

    /// Where the event is that the sandbox is for.
    enum Standing: Sendable {
        /// There is none, or its outcome is known.
        case idle
        /// Since when nobody has asked for it.
        case waiting(since: ContinuousClock.Instant)
        /// Since when it is being handled.
        case handedOut(since: ContinuousClock.Instant)
    }

    /// `127.0.0.1:PORT/WORD`, for `AWS_LAMBDA_RUNTIME_API`. The port can be reached from every sandbox, as the network is
    /// this machine's; the word is for this one alone.
    var address: String { "\(server.address)/\(word)" }
    private let server: HTTPServer
    private let word: String
    private let state: Monitor<State>

    private struct State {
        /// How many seconds an event may take.
        let timeout: Int
        let functionName: String
        var event = Event.none
        /// That the function could not start.
        var initError: [UInt8]?
        var isClosed = false
    }

    /// The event at hand. A sandbox has one at a time, and its id is the only one that is taken.
    private enum Event {
        case none
        case waiting(LocalEvent, since: ContinuousClock.Instant)
        /// `hasStream`: whether an answer that is sent in pieces has begun.
        case handedOut(String, since: ContinuousClock.Instant, hasStream: Bool)
        case over(String, Outcome)
    }

    /// The most that Lambda takes as an answer: 6 MB and 100 bytes, or in pieces 200 MB, before which there may be fields of
    /// a head.
    private static let largestAnswer = (whole: (6 << 20) + 100, inPieces: 201 << 20)
    /// What else there is to send: nothing, and errors of the start.
    private static let largestOther = 64 << 10
    /// The supervisor has two.
    private static let mostConnections = 8

    /// - Parameters:
    ///   - functionName: for the invoked function's ARN.
    ///   - timeout: how many seconds an event may take.
    init(functionName: String, timeout: Int) throws {
        let state = Monitor(State(timeout: timeout, functionName: functionName))
        self.state = state
        var numbers = SystemRandomNumberGenerator()
        let word = hexadecimal((0..<16).map { _ in UInt8.random(in: 0 ... .max, using: &numbers) })
        self.word = word
        // While the function works, the supervisor has nothing to say.
        let limits = HTTPServer.Limits(connections: Self.mostConnections, patience: timeout + 60) {
            Self.room(for: $0, word, state)
        }
        server = try HTTPServer(limits) { Self.answer($0, word, state) }
    }

    /// Gives the sandbox an event. There must be none that it is still at.
    func submit(_ event: LocalEvent) { state.withLock { $0.event = .waiting(event, since: .now) } }

    /// Waits for what becomes of an event; nil when the runtime was closed first.
    func outcome(of id: String) -> Outcome? {
        state.wait { state -> Outcome?? in
            if case .over(id, let outcome) = state.event {
                state.event = .none
                return .some(outcome)
            }
            if let error = state.initError { return .some(.initError(error)) }
            return state.isClosed ? .some(nil) : nil
        }
    }

    var standing: Standing {
        state.withLock { state in
            switch state.event {
            case .none, .over: .idle
            case .waiting(_, let since): .waiting(since: since)
            case .handedOut(_, let since, _): .handedOut(since: since)
            }
        }
    }

    /// No more events; whoever waits is told.
    func close() {
        state.withLock { $0.isClosed = true }
        server.close()
    }

    // MARK: - Requests

    /// What a request is about.
    private enum Call {
        case next
        case response(String)
        case error(String)
        case initError

        /// Nil for what is none of the Runtime API's, or comes from who does not know the word.
        init?(_ request: HTTPServer.Request, _ word: String) {
            let path = request.path.map(String.init)
            guard path.count >= 4, Array(path[..<3]) == [word, "2018-06-01", "runtime"] else { return nil }
            switch (request.method, path.count, path[3], path.last) {
            case ("GET", 5, "invocation", "next"): self = .next
            case ("POST", 6, "invocation", "response"): self = .response(path[4])
            case ("POST", 6, "invocation", "error"): self = .error(path[4])
            case ("POST", 5, "init", "error"): self = .initError
            default: return nil
            }
        }
    }

    /// How long a request's body may be.
    private static func room(for request: HTTPServer.Request, _ word: String, _ state: Monitor<State>) -> Int {
        let id: String
        switch Call(request, word) {
        case .response(let answered), .error(let answered): id = answered
        case .next, .initError, nil: return largestOther
        }
        let isInPieces = request.field("lambda-runtime-function-response-mode") == "streaming"
        return state.withLock { state in
            guard case .handedOut(id, let since, let hasStream) = state.event else { return largestOther }
            guard isInPieces, !hasStream else { return largestAnswer.whole }
            state.event = .handedOut(id, since: since, hasStream: true)
            return largestAnswer.inPieces
        }
    }

    private static func answer(
        _ request: HTTPServer.Request, _ word: String, _ state: Monitor<State>
    ) -> HTTPServer.Response? {
        switch Call(request, word) {
        case .next: return next(state)
        case .response(let id):
            return record(id, lateError(of: request).map { .error($0) } ?? .response(request.body), state)
        case .error(let id): return record(id, .error(request.body), state)
        case .initError:
            state.withLock { $0.initError = request.body }
            return accepted
        case nil: return HTTPServer.Response(status: 404)
        }
    }

    private static let accepted = HTTPServer.Response(status: 202, body: Array("{\"status\":\"OK\"}\n".utf8))

    /// The error document of an answer that broke off after its beginning.
    private static func lateError(of request: HTTPServer.Request) -> [UInt8]? {
        let field = request.trailer.first { $0.name == "lambda-runtime-function-error-body" }
        return field.flatMap { Base64.decode(Array($0.value.utf8)) }
    }

    private static func record(
        _ id: String, _ outcome: Outcome, _ state: Monitor<State>
    ) -> HTTPServer.Response {
        state.withLock { state in
            guard case .handedOut(id, let since, _) = state.event else {
                return HTTPServer.Response(
                    status: 400, fields: [("Content-Type", "application/json")],
                    body: Array(#"{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}"#.utf8))
            }
            // After its time an event has one outcome only, and it is not the function that tells it.
            if .now - since <= .seconds(state.timeout) { state.event = .over(id, outcome) }
            return accepted
        }
    }

    /// Waits for an event and hands it out; nil when the runtime was closed first.
    private static func next(_ state: Monitor<State>) -> HTTPServer.Response? {
        state.wait { state -> HTTPServer.Response?? in
            if case .waiting(let event, _) = state.event {
                state.event = .handedOut(event.id, since: .now, hasStream: false)
                return .some(next(event, timeout: state.timeout, name: state.functionName))
            }
            return state.isClosed ? .some(nil) : nil
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
