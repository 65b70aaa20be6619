internal import ByteKit
internal import Glibc

/// HTTP/1.1 on an address of this machine, for the services that a function has around it. RFC 9112.
///
/// Each connection has a thread; the handler may take as long as it likes. Everything that a request has is bounded.
final class HTTPServer: Sendable {
    struct Request {
        var method: String
        /// As it was sent, with what follows a `?`.
        var target: String
        /// Names in lower case.
        var fields: [(name: String, value: String)]
        var body: [UInt8]
        /// Fields that came behind a body in chunks.
        var trailer: [(name: String, value: String)] = []

        /// The value of a field; its name in lower case.
        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }

        /// The parts of the path.
        var path: [Substring] { target.prefix { $0 != "?" }.split(separator: "/") }
    }

    struct Response {
        var status: Int
        var fields: [(name: String, value: String)] = []
        var body: [UInt8] = []

        var head: [UInt8] {
            var text = "HTTP/1.1 \(status) \(status < 300 ? "OK" : "Refused")\r\n"
            for (name, value) in fields { text += "\(name): \(value)\r\n" }
            // A 204 has no body, and says nothing of one: RFC 9110, section 8.6.
            if status != 204 { text += "Content-Length: \(body.count)\r\n" }
            return Array("\(text)\r\n".utf8)
        }
    }

    /// Answers a request; nil ends the connection without a word.
    typealias Handler = @Sendable (Request) -> Response?

    /// What callers may take up.
    struct Limits: Sendable {
        /// Connections at a time. Further ones wait.
        var connections: Int
        /// How many seconds a connection may be idle, or a caller not take its answer.
        var patience: Int
        /// Bytes of a request's body, by its head.
        var body: @Sendable (Request) -> Int
    }

    /// `HOST:PORT`.
    let address: String
    private let listener: Int32
    private let limits: Limits
    private let handler: Handler
    private let gate = Monitor(Gate())

    /// Who is let in.
    private struct Gate {
        /// Connections that there are.
        var open = 0
        /// Whether no more are taken: from then on the listener's descriptor may be somebody else's.
        var isClosed = false
    }

    private static let largestHead = 64 << 10

    /// Listens, and answers from now on.
    ///
    /// - Parameters:
    ///   - host: an IPv4 address.
    ///   - port: 0 for any that is free.
    ///   - limits: what callers may take up.
    init(host: String = "127.0.0.1", port: UInt16 = 0, _ limits: Limits, handler: @escaping Handler) throws {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        listener = socket
        self.limits = limits
        self.handler = handler
        // A server that has just ended must not keep the next one from its port.
        var isReused: Int32 = 1
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening =
            unsafe inet_pton(AF_INET, host, &address.sin_addr) == 1
            && withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(socket, $0, length) == 0 && listen(socket, 64) == 0
                        && getsockname(socket, $0, &length) == 0
                }
            }
        guard isListening else {
            let error = FileError("listen on", "\(host):\(port)")
            Glibc.close(socket)
            throw error
        }
        self.address = "\(host):\(UInt16(bigEndian: address.sin_port))"
        do {
            _ = try Thread { [weak self, gate] in
                Self.accept(on: socket, gate, limits) { connection in
                    guard let self else { return false }
                    return self.begin(connection)
                }
            }
        } catch {
            gate.withLock { $0.isClosed = true }
            Glibc.close(socket)
            throw error
        }
    }

    /// No more connections.
    func close() {
        gate.withLock { gate in
            if !gate.isClosed { shutdown(listener, Int32(SHUT_RDWR)) }
            gate.isClosed = true
        }
    }

    /// Takes connections until the gate is closed.
    ///
    /// - Parameter begin: serves one from now on, on another thread; false when that cannot be.
    private static func accept(
        on listener: Int32, _ gate: Monitor<Gate>, _ limits: Limits, _ begin: (Int32) -> Bool
    ) {
        while gate.wait({ $0.isClosed ? false : $0.open < limits.connections ? true : nil }) {
            let connection = Connections.accept(on: listener)
            if connection < 0 && (errno == EINTR || errno == ECONNABORTED) { continue }
            if connection >= 0 {
                gate.withLock { $0.open += 1 }
                if begin(connection) { continue }
                Glibc.close(connection)
                gate.withLock { $0.open -= 1 }
            }
            // There are no descriptors, no memory or no threads, of which there will be more. Or the gate is closed.
            usleep(50_000)
        }
        Glibc.close(listener)
    }

    private func begin(_ connection: Int32) -> Bool {
        var patience = timeval(tv_sec: limits.patience, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            _ = unsafe setsockopt(
                connection, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        let thread = try? Thread {
            self.serve(connection)
            self.gate.withLock { $0.open -= 1 }
        }
        return thread != nil
    }

    private func serve(_ descriptor: Int32) {
        var connection = Connection(descriptor)
        while let request = connection.request(largestHead: Self.largestHead, largestBody: limits.body),
            let response = handler(request)
        {
            guard connection.send(response.head + response.body) else { return }
        }
        if connection.isOverLimit { _ = connection.send(Response(status: 413).head) }
    }

    deinit { close() }
}

/// One connection, with what has come over it and was not looked at yet.
private struct Connection: ~Copyable {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    /// Whether a request's body was longer than may be.
    private(set) var isOverLimit = false

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// The next request; nil when there is none, or none that can be read.
    mutating func request(
        largestHead: Int, largestBody: (HTTPServer.Request) -> Int
    ) -> HTTPServer.Request? {
        guard let end = headEnd(largestHead) else { return nil }
        let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n")
        buffer.removeFirst(end + 4)
        guard let words = lines.first?.split(separator: " "), words.count == 3 else { return nil }
        let fields = lines.dropFirst().map(Self.field)
        var request = HTTPServer.Request(
            method: String(words[0]), target: String(words[1]), fields: fields, body: [])
        if request.field("expect")?.lowercased() == "100-continue" {
            guard send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return nil }
        }
        let largestBody = largestBody(request)
        let body: [UInt8]?
        if request.field("transfer-encoding")?.lowercased() == "chunked" {
            body = chunks(largestBody, largestLine: largestHead, &request.trailer)
        } else {
            body = bytes(request.field("content-length").map { Int($0) ?? -1 } ?? 0, largestBody)
        }
        guard let body else { return nil }
        request.body = body
        return request
    }

    private static func field(_ line: Substring) -> (name: String, value: String) {
        let name = line.prefix { $0 != ":" }
        let value = line.dropFirst(name.count + 1).drop { $0 == " " || $0 == "\t" }
        return (name.lowercased(), String(value))
    }

    private mutating func bytes(_ count: Int, _ limit: Int) -> [UInt8]? {
        isOverLimit = count > limit
        guard count >= 0, !isOverLimit else { return nil }
        while buffer.count < count {
            guard receive() else { return nil }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    /// A chunked body. RFC 9112, section 7.1.
    private mutating func chunks(
        _ limit: Int, largestLine: Int, _ trailer: inout [(name: String, value: String)]
    ) -> [UInt8]? {
        var body: [UInt8] = []
        while true {
            guard let line = self.line(largestLine), let size = Int(line.prefix { $0 != ";" }, radix: 16),
                size >= 0, let chunk = bytes(size, limit - body.count)
            else { return nil }
            body += chunk
            // What follows the last chunk may be fields, and ends with an empty line.
            while let rest = self.line(largestLine), !rest.isEmpty {
                guard size == 0, trailer.count < 64 else { return nil }
                trailer.append(Self.field(rest[...]))
            }
            if size == 0 { return body }
        }
    }

    private mutating func line(_ limit: Int) -> String? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: buffer[..<end].filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
                buffer.removeFirst(end + 1)
                return line
            }
            guard buffer.count < limit, receive() else { return nil }
        }
    }

    /// Where the empty line is that ends the head.
    private mutating func headEnd(_ limit: Int) -> Int? {
        var looked = 0
        while true {
            if let end = Self.emptyLine(in: buffer, from: looked) { return end }
            looked = max(0, buffer.count - 3)
            guard buffer.count < limit, receive() else { return nil }
        }
    }

    private static func emptyLine(in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count - start >= 4 else { return nil }
        return (start...(bytes.count - 4)).first {
            bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13 && bytes[$0 + 3] == 10
        }
    }

    private mutating func receive() -> Bool {
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            buffer += piece[..<count]
            return true
        }
    }

    borrowing func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    descriptor, $0.baseAddress.map { unsafe $0 + sent }, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    deinit { Glibc.close(descriptor) }
}
