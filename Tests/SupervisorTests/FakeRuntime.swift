import Glibc
import Supervisor
import Synchronization

/// A Lambda of a test's own: it hands out events over the Runtime API and writes down what it is told.
///
/// When the events are used up it answers 410, so that a supervisor ends by itself. It listens as long as the tests
/// run.
final class FakeRuntime: Sendable {
    /// How answers go over the wire.
    enum Manner: Sendable {
        case plain
        /// In chunks, a few bytes at a time.
        case chunked
        /// Each on a connection of its own, which is closed afterwards without a word about it.
        case closing
        /// As ever, but of an answer in chunks no more is read than its head.
        case deaf
        /// These bytes, whatever was asked.
        case raw([UInt8])
    }

    struct Call: Sendable {
        var path: String
        var body: String
        var errorType: String?
        /// The request's head, and what came after the last chunk of a body in chunks.
        var head: String
        var trailer: String
        /// When it came, in nanoseconds of the monotonic clock.
        var time: Int64
    }

    let port: Int
    private let listener: Int32
    private let manner: Manner
    private let state: Mutex<State>

    private struct State {
        var events: [(event: String, seconds: Double)]
        var seen: [Call] = []
        var statuses: [Int]
    }

    /// - Parameters:
    ///   - events: what `next` gives, one after another, with the seconds until each deadline.
    ///   - statuses: the statuses of the first answers to what is posted; 202 afterwards.
    init(_ events: [(event: String, seconds: Double)], _ manner: Manner = .plain, statuses: [Int] = []) {
        self.manner = manner
        state = Mutex(State(events: events, statuses: statuses))
        (listener, port) = Self.listen()
        start()
    }

    /// A port that was free a moment ago.
    static func freePort() -> Int {
        let (listener, port) = listen()
        close(listener)
        return port
    }

    private static func listen() -> (listener: Int32, port: Int) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(listener, address, length) == 0 && Glibc.listen(listener, 16) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        precondition(isListening)
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }

    var calls: [Call] { state.withLock { $0.seen } }
    var address: String { "127.0.0.1:\(port)" }

    /// Waits until so many calls have come; false after a while without.
    func wait(forCalls count: Int, seconds: Double = 30) -> Bool {
        let end = monotonicNanoseconds() + Int64(seconds * 1e9)
        while monotonicNanoseconds() < end {
            if calls.count >= count { return true }
            usleep(2000)
        }
        return false
    }

    private func start() {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let runtime = unsafe Unmanaged<FakeRuntime>.fromOpaque(context).takeRetainedValue()
                while true {
                    let connection = accept(runtime.listener, nil, nil)
                    guard connection >= 0 else { return nil }
                    _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                    runtime.startServing(connection)
                }
            }, context)
        pthread_detach(thread)
    }

    /// An answer that is streamed comes on a connection beside the one that events go over.
    private func startServing(_ connection: Int32) {
        let server = Server(runtime: self, connection: connection)
        var thread = pthread_t()
        unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let server = unsafe Unmanaged<Server>.fromOpaque(context).takeRetainedValue()
                server.runtime.serve(server.connection)
                close(server.connection)
                return nil
            }, Unmanaged.passRetained(server).toOpaque())
        pthread_detach(thread)
    }

    private final class Server: Sendable {
        let runtime: FakeRuntime
        let connection: Int32
        init(runtime: FakeRuntime, connection: Int32) {
            self.runtime = runtime
            self.connection = connection
        }
    }

    private func serve(_ connection: Int32) {
        var one: Int32 = 1
        unsafe setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        var pending: [UInt8] = []
        while let (head, body, trailer) = request(connection, &pending) {
            let line = head.split(separator: "\r\n").first?.split(separator: " ") ?? []
            guard line.count == 3 else { return }
            let answer = reply(String(line[0]), String(line[1]), head, body, trailer)
            var done = 0
            while done < answer.count {
                let rest = [UInt8](answer[done...])
                let wrote = unsafe send(connection, rest, rest.count, Int32(MSG_NOSIGNAL))
                guard wrote > 0 else { return }
                done += wrote
            }
            if case .closing = manner { return }
        }
    }

    private func request(
        _ connection: Int32, _ pending: inout [UInt8]
    ) -> (head: String, body: [UInt8], trailer: String)? {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let end = utf8("\r\n\r\n")
        while true {
            if let place = pending.indices.first(where: { pending[$0] == 13 && pending[$0...].starts(with: end) }) {
                let head = text([UInt8](pending[..<place]))
                let length = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
                let count = length.flatMap { Int($0.dropFirst(16)) } ?? 0
                if head.contains("Transfer-Encoding: chunked") {
                    pending.removeFirst(place + 4)
                    if case .deaf = manner { while true { sleep(60) } }
                    return chunks(connection, &pending).map { (head, $0.body, $0.trailer) }
                }
                if pending.count >= place + 4 + count {
                    let body = [UInt8](pending[(place + 4)..<(place + 4 + count)])
                    pending.removeFirst(place + 4 + count)
                    return (head, body, "")
                }
            }
            let got = unsafe recv(connection, &buffer, buffer.count, 0)
            guard got > 0 else { return nil }
            pending += buffer[..<got]
        }
    }

    private func chunks(_ connection: Int32, _ pending: inout [UInt8]) -> (body: [UInt8], trailer: String)? {
        func more() -> Bool {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let got = unsafe recv(connection, &buffer, buffer.count, 0)
            pending += buffer[..<max(0, got)]
            return got > 0
        }
        func line() -> String? {
            while true {
                if let feed = pending.firstIndex(of: 10) {
                    let line = text([UInt8](pending[..<feed].dropLast()))
                    pending.removeFirst(feed + 1)
                    return line
                }
                guard more() else { return nil }
            }
        }
        var body: [UInt8] = []
        while let size = line().flatMap({ Int($0, radix: 16) }), size > 0 {
            while pending.count < size + 2 { guard more() else { return nil } }
            body += pending[..<size]
            pending.removeFirst(size + 2)
        }
        var trailer = ""
        while let line = line() {
            if line.isEmpty { return (body, trailer) }
            trailer += line + "\n"
        }
        return nil
    }

    private func reply(
        _ method: String, _ path: String, _ head: String, _ body: [UInt8], _ trailer: String
    ) -> [UInt8] {
        let type = head.split(separator: "\r\n").first { $0.hasPrefix("Lambda-Runtime-Function-Error-Type: ") }
        let call = Call(
            path: path, body: text(body), errorType: type.map { String($0.dropFirst(36)) }, head: head,
            trailer: trailer,
            time: monotonicNanoseconds())
        return state.withLock { state in
            state.seen.append(call)
            if case .raw(let bytes) = manner { return bytes }
            if method == "POST" {
                return wire(state.statuses.isEmpty ? 202 : state.statuses.removeFirst(), "", "{\"status\":\"OK\"}")
            }
            guard !state.events.isEmpty else { return wire(410, "", "gone") }
            let (event, seconds) = state.events.removeFirst()
            let fields = """
                Lambda-Runtime-Aws-Request-Id: id-\(state.seen.count)\r
                Lambda-Runtime-Deadline-Ms: \(epochMilliseconds() + Int(seconds * 1000))\r
                Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:1:function:f\r
                Lambda-Runtime-Client-Context: {"client":{"app_title":"t"}}\r
                Lambda-Runtime-Cognito-Identity: {"identityId":"i"}\r
                Lambda-Runtime-Trace-Id: Root=1-2-3\r\n
                """
            return wire(200, fields, event)
        }
    }

    private func wire(_ status: Int, _ fields: String, _ body: String) -> [UInt8] {
        let head = "HTTP/1.1 \(status) Status\r\n\(fields)"
        guard case .chunked = manner else {
            return utf8("\(head)Content-Length: \(body.utf8.count)\r\n\r\n") + utf8(body)
        }
        var bytes = utf8("\(head)Transfer-Encoding: chunked\r\n\r\n")
        var rest = utf8(body)[...]
        while !rest.isEmpty {
            let piece = rest.prefix(1000)
            bytes += utf8(String(piece.count, radix: 16) + "\r\n") + piece + utf8("\r\n")
            rest = rest.dropFirst(piece.count)
        }
        return bytes + utf8("0\r\n\r\n")
    }
}
