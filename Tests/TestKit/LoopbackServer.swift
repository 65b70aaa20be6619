package import ByteKit
internal import Glibc
package import Transport

/// A server on this machine whose behaviour a test writes down: what to answer to each request, and how badly.
package final class LoopbackServer: Sendable {
    package struct Request: Sendable {
        package let method: String
        package let path: String
        package let query: String
        package let headers: HTTPHeaders
        package let body: [UInt8]
        /// How many requests with the same method and path came before.
        package let attempt: Int
    }

    /// What goes over the wire, step by step. After the last step the connection waits for the next request.
    package struct Reply: Sendable {
        package enum Step: Sendable {
            case bytes([UInt8])
            case fill(count: Int)
            case pause(milliseconds: Int)
            /// Ends the connection properly.
            case close
            /// Ends it as a crashed server or a broken network would.
            case reset
        }

        package var steps: [Step]

        package init(steps: [Step]) { self.steps = steps }

        /// A well-formed answer; `Content-Length` is that of the body unless it is given.
        package init(_ status: Int, _ headers: HTTPHeaders = [:], _ body: [UInt8] = []) {
            var headers = headers
            if headers["content-length"] == nil { headers["content-length"] = String(body.count) }
            steps = [.bytes(Self.head(status, headers)), .bytes(body)]
        }

        package static func head(_ status: Int, _ headers: HTTPHeaders) -> [UInt8] {
            let lines = ["HTTP/1.1 \(status) Status"] + headers.fields.map { "\($0.name): \($0.value)" }
            return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        }
    }

    package let port: Int
    private let listener: Int32
    private let log: Monitor<[Request]>
    private let accepted = Monitor(0)

    /// Starts to listen on a free port of 127.0.0.1.
    package init(_ behaviour: @escaping @Sendable (Request) -> Reply) throws(FileError) {
        let (listener, port) = try Socket.listen()
        let log = Monitor<[Request]>([])
        self.listener = listener
        self.port = port
        self.log = log
        let accepted = accepted
        _ = try Thread {
            while let socket = Socket.accept(listener) {
                accepted.withLock { $0 += 1 }
                _ = try? Thread { Self.serve(socket, log, behaviour) }
            }
            close(listener)
        }
    }

    /// A port of 127.0.0.1 that was free a moment ago.
    static func freePort() throws(FileError) -> Int {
        let (listener, port) = try Socket.listen()
        // Here and not by a server's own thread, which would hold the port a moment longer.
        close(listener)
        return port
    }

    /// `http://127.0.0.1:port`.
    package var origin: String { "http://127.0.0.1:\(port)" }

    package func url(_ target: String) throws -> URL { try URL(parsing: origin + target) }

    /// Every request so far, in the order they came.
    package var requests: [Request] { log.withLock { $0 } }

    /// How many connections there have been.
    package var connections: Int { accepted.withLock { $0 } }

    private static func serve(_ socket: Socket, _ log: Monitor<[Request]>, _ behaviour: (Request) -> Reply) {
        while let (line, headers, body) = socket.request() {
            let words = line.split(separator: " ")
            guard words.count == 3 else { return }
            let target = words[1].split(separator: "?", maxSplits: 1)
            let request = log.withLock { log in
                let request = Request(
                    method: String(words[0]), path: String(target[0]), query: target.count > 1 ? String(target[1]) : "",
                    headers: headers, body: body,
                    attempt: log.filter { $0.method == words[0] && $0.path == target[0] }.count)
                log.append(request)
                return request
            }
            for step in behaviour(request).steps where !socket.take(step, isHead: request.method == "HEAD") { return }
        }
    }

    // The accepting thread closes it: a number that is free here could be another server's before that thread looks.
    deinit { shutdown(listener, Int32(SHUT_RDWR)) }
}

/// One connection.
private final class Socket: Sendable {
    private let descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }

    static func listen() throws(FileError) -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, size) == 0 && Glibc.listen(descriptor, 64) == 0
                    && getsockname(descriptor, address, &size) == 0
            }
        }
        guard bound else { throw FileError("listen", "127.0.0.1") }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    static func accept(_ listener: Int32) -> Socket? {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else { return nil }
        // A program that another test starts must not keep this connection open.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        // A test that goes wrong must end.
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return Socket(descriptor)
    }

    /// Reads one request: its first line, fields and body.
    func request() -> (String, HTTPHeaders, [UInt8])? {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard head.count < 1 << 20, let byte = read(1)?.first else { return nil }
            head.append(byte)
        }
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        var headers = HTTPHeaders()
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers.append(String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        guard let line = lines.first, let body = read(Int(headers["content-length"] ?? "0") ?? 0) else { return nil }
        return (String(line), headers, body)
    }

    private func read(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe recv(descriptor, buffer.baseAddress.map { unsafe $0 + done }, count - done, 0)
            }
            guard got > 0 else { return nil }
            done += got
        }
        return bytes
    }

    /// Makes one step; false when the connection is over.
    func take(_ step: LoopbackServer.Reply.Step, isHead: Bool) -> Bool {
        switch step {
        case .bytes(let bytes):
            // The answer to HEAD is the head alone.
            return isHead && !bytes.starts(with: "HTTP/".utf8) || send(bytes)
        case .fill(let count):
            let piece = [UInt8](repeating: 0x20, count: 1 << 16)
            var left = count
            while left > 0 {
                guard send(Array(piece.prefix(left))) else { return false }
                left -= min(left, piece.count)
            }
            return true
        case .pause(let milliseconds):
            usleep(UInt32(milliseconds) * 1000)
            return true
        case .close: return false
        case .reset:
            var linger = linger(l_onoff: 1, l_linger: 0)
            unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
            return false
        }
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let sent = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(
                    descriptor, buffer.baseAddress.map { unsafe $0 + done }, bytes.count - done,
                    Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            done += sent
        }
        return true
    }
}
