internal import ByteKit
internal import Glibc
internal import Supervisor

/// Lambda's Runtime API on a loopback port, for one function and a few events.
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
    let address: String
    private let listener: Int32
    private let timeout: Int
    private let functionName: String
    private let firstNumber: Int
    private let state = Monitor(State())

    private struct State {
        var events: [(id: String, body: [UInt8])] = []
        var outcomes: [String: Outcome] = [:]
        /// When the event that is being handled was handed out.
        var handedOut: ContinuousClock.Instant?
        var hasAsked = false
        var isClosed = false
    }

    /// What a request may have at most: an error or a response, and a head.
    private static let largestBody = 256 << 20
    private static let largestHead = 64 << 10

    /// - Parameters:
    ///   - functionName: for the invoked function's ARN.
    ///   - timeout: how many seconds an event may take.
    ///   - firstNumber: what the first event's id ends in.
    init(functionName: String, timeout: Int, firstNumber: Int = 1) throws {
        self.functionName = functionName
        self.timeout = timeout
        self.firstNumber = firstNumber
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        listener = socket
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(socket, $0, length) == 0 && listen(socket, 16) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard isListening else {
            let error = FileError("listen", "127.0.0.1")
            Glibc.close(socket)
            throw error
        }
        self.address = "127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        _ = try Thread { [weak self] in
            while true {
                let connection = accept(socket, nil, nil)
                if connection < 0 && (errno == EINTR || errno == ECONNABORTED) { continue }
                guard connection >= 0 else { return }
                guard let runtime = self, (try? Thread { runtime.serve(connection) }) != nil else {
                    Glibc.close(connection)
                    return
                }
            }
        }
    }

    /// Queues an event; gives its request id.
    func submit(_ event: [UInt8]) -> String {
        state.withLock { state in
            let count = state.outcomes.count + state.events.count + firstNumber
            let id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - "\(count)".count) + "\(count)"
            state.events.append((id, event))
            return id
        }
    }

    /// Waits for what becomes of an event; nil when the runtime was closed first.
    func outcome(of id: String) -> Outcome? {
        state.wait { state -> Outcome?? in
            if let outcome = state.outcomes[id] ?? state.outcomes[""] { return .some(outcome) }
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
        shutdown(listener, Int32(SHUT_RDWR))
    }

    // MARK: - One connection

    private func serve(_ connection: Int32) {
        defer { Glibc.close(connection) }
        var buffer: [UInt8] = []
        while let request = Self.readRequest(connection, &buffer), let answer = answer(request) {
            guard Self.send(answer, on: connection) else { return }
        }
    }

    private struct Request {
        var method: Substring
        var path: Substring
        var body: [UInt8]
        /// The error document of an answer that broke off after its beginning.
        var lateError: [UInt8]?
    }

    private func answer(_ request: Request) -> [UInt8]? {
        let parts = request.path.split(separator: "/")
        switch (request.method, parts.dropFirst(2).first, parts.last) {
        case ("GET", "invocation", "next"):
            let event = state.wait { state -> (id: String, body: [UInt8])?? in
                state.hasAsked = true
                if !state.events.isEmpty {
                    state.handedOut = .now
                    return .some(state.events.removeFirst())
                }
                return state.isClosed ? .some(nil) : nil
            }
            return event.map { next($0.id, $0.body) }
        case ("POST", "invocation", "response"):
            record(String(parts[3]), request.lateError.map { .error($0) } ?? .response(request.body))
        case ("POST", "invocation", "error"): record(String(parts[3]), .error(request.body))
        case ("POST", "init", "error"): record("", .initError(request.body))
        default: return Array("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8)
        }
        return Array("HTTP/1.1 202 Accepted\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n".utf8)
    }

    private func record(_ id: String, _ outcome: Outcome) {
        state.withLock { state in
            // After its time an event has one outcome only, and it is not the function that tells it.
            if let handedOut = state.handedOut, .now - handedOut > .seconds(timeout) { return }
            state.outcomes[id] = outcome
            state.handedOut = nil
        }
    }

    private func next(_ id: String, _ body: [UInt8]) -> [UInt8] {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let deadline = (now.tv_sec + timeout) * 1000 + now.tv_nsec / 1_000_000
        let head = """
            HTTP/1.1 200 OK\r
            Content-Type: application/json\r
            Lambda-Runtime-Aws-Request-Id: \(id)\r
            Lambda-Runtime-Deadline-Ms: \(deadline)\r
            Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:012345678912:function:\(functionName)\r
            Content-Length: \(body.count)\r
            \r

            """
        return Array(head.utf8) + body
    }

    // MARK: - HTTP

    private static func readRequest(_ connection: Int32, _ buffer: inout [UInt8]) -> Request? {
        var end = headEnd(buffer)
        while end == nil {
            guard buffer.count < largestHead, receive(connection, &buffer) else { return nil }
            end = headEnd(buffer)
        }
        guard let end else { return nil }
        let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n")
        guard let words = lines.first?.split(separator: " "), words.count == 3 else { return nil }
        var length = 0
        var isChunked = false
        for line in lines.dropFirst() {
            let field = line.split(separator: ":", maxSplits: 1).map { $0.lowercased().filter { $0 != " " } }
            if field.first == "content-length" { length = field.last.flatMap { Int($0) } ?? -1 }
            if field.first == "transfer-encoding" { isChunked = field.last == "chunked" }
        }
        guard (0...largestBody).contains(length) else { return nil }
        buffer.removeFirst(end + 4)
        if isChunked {
            guard let (body, error) = chunks(connection, &buffer) else { return nil }
            return Request(method: words[0], path: words[1], body: body, lateError: error)
        }
        while buffer.count < length {
            guard receive(connection, &buffer) else { return nil }
        }
        let body = Array(buffer[..<length])
        buffer.removeFirst(length)
        return Request(method: words[0], path: words[1], body: body)
    }

    /// A chunked body, and the error document in its trailer. RFC 9112, section 7.1.
    private static func chunks(
        _ connection: Int32, _ buffer: inout [UInt8]
    ) -> (body: [UInt8], error: [UInt8]?)? {
        var body: [UInt8] = []
        while true {
            guard let line = line(connection, &buffer), let size = Int(line.prefix { $0 != ";" }, radix: 16),
                size >= 0, size <= largestBody - body.count
            else { return nil }
            if size == 0 { break }
            while buffer.count < size + 2 {
                guard receive(connection, &buffer) else { return nil }
            }
            body += buffer[..<size]
            buffer.removeFirst(size + 2)
        }
        var error: [UInt8]?
        while let line = line(connection, &buffer) {
            if line.isEmpty { return (body, error) }
            let field = line.split(separator: ":", maxSplits: 1)
            guard field.count == 2, field[0].lowercased() == "lambda-runtime-function-error-body" else { continue }
            error = Base64.decode(Array(field[1].utf8.filter { $0 != UInt8(ascii: " ") }))
        }
        return nil
    }

    private static func line(_ connection: Int32, _ buffer: inout [UInt8]) -> String? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: buffer[..<end].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
                buffer.removeFirst(end + 1)
                return line
            }
            guard buffer.count < largestHead, receive(connection, &buffer) else { return nil }
        }
    }

    private static func headEnd(_ buffer: [UInt8]) -> Int? {
        guard buffer.count >= 4 else { return nil }
        return (0...(buffer.count - 4)).first {
            buffer[$0] == 13 && buffer[$0 + 1] == 10 && buffer[$0 + 2] == 13 && buffer[$0 + 3] == 10
        }
    }

    private static func receive(_ connection: Int32, _ buffer: inout [UInt8]) -> Bool {
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe piece.withUnsafeMutableBytes { unsafe recv(connection, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return count < 0 && errno == EINTR }
        buffer += piece[..<count]
        return true
    }

    private static func send(_ bytes: [UInt8], on connection: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    connection, $0.baseAddress.map { unsafe $0 + sent }, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    deinit { Glibc.close(listener) }
}
