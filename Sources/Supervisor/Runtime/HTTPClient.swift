internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// One request after another over one connection that is kept open.
struct HTTPClient {
    /// How long the other side may take to accept a connection or bytes, or to answer a POST.
    private static var patience: Int32 { 30_000 }
    private let address: UInt32
    private let port: UInt16
    private let host: [UInt8]
    private var connection: Connection?

    /// Closes the socket when it is replaced or dropped.
    private final class Connection {
        let file: OpenFile
        init(_ file: consuming OpenFile) { self.file = file }
    }

    init?(address text: [UInt8]) {
        guard let colon = text.lastIndex(of: UInt8(ascii: ":")),
            let port = [UInt8](text[(colon + 1)...]).decimalValue, (1...65535).contains(port),
            let address = Self.parse([UInt8](text[..<colon]))
        else { return nil }
        self.address = address
        self.port = UInt16(port)
        host = text
    }

    static func parse(_ host: [UInt8]) -> UInt32? {
        if host.isEqual(to: "localhost") { return 0x7f00_0001 }
        let parts = host.parts(separatedBy: UInt8(ascii: "."))
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard let number = part.decimalValue, number < 256 else { return nil }
            address = address << 8 | UInt32(number)
        }
        return address
    }

    /// Sends a request and waits for the answer.
    ///
    /// A connection that the other side has closed in the meantime is opened again, once.
    ///
    /// - Parameters:
    ///   - field: one more header line, without its end.
    ///   - limit: the longest body taken.
    mutating func send(
        _ method: StaticString, _ path: [UInt8], type: StaticString? = nil, field: [UInt8]? = nil, body: [UInt8]? = nil,
        limit: Int = 1 << 20
    ) throws(RuntimeError) -> HTTPResponse {
        let head = head(method, path, type, field, body)
        let isReused = connection != nil
        do throws(Trouble) {
            return try exchange(head, body, limit)
        } catch {
            connection = nil
            guard isReused, case .silence = error else { throw error.runtimeError }
        }
        do throws(Trouble) {
            return try exchange(head, body, limit)
        } catch {
            connection = nil
            throw error.runtimeError
        }
    }

    private func head(
        _ method: StaticString, _ path: [UInt8], _ type: StaticString?, _ field: [UInt8]?, _ body: [UInt8]?
    ) -> [UInt8] {
        var head = [UInt8](method)
        head.append(" ")
        head += path
        head.append(" HTTP/1.1\r\nHost: ")
        head += host
        head.append("\r\nUser-Agent: scar-build\r\n")
        if let type {
            head.append("Content-Type: ")
            head.append(type)
            head.append("\r\n")
        }
        if let field {
            head += field
            head.append("\r\n")
        }
        if let body {
            head.append("Content-Length: ")
            head.append(decimal: body.count)
            head.append("\r\n")
        }
        head.append("\r\n")
        return head
    }

    private enum Trouble: Error {
        /// Not one byte of an answer came: the request may be sent again.
        case silence(Int32)
        case failed(RuntimeError)

        var runtimeError: RuntimeError {
            switch self {
            case .silence(let number): .unreachable(number)
            case .failed(let error): error
            }
        }
    }

    private mutating func exchange(
        _ head: [UInt8], _ body: [UInt8]?, _ limit: Int
    ) throws(Trouble) -> HTTPResponse {
        let connection = try connect()
        let socket = connection.file.descriptor
        // Small bodies go out with the head, in one packet.
        let isJoined = (body?.count ?? 0) <= 16 << 10
        try transmit(isJoined ? head + (body ?? []) : head, socket)
        if !isJoined, let body { try transmit(body, socket) }
        // An event may be hours away; all else is answered at once.
        let response = try receive(from: connection.file, patience: body == nil ? -1 : Int64(Self.patience), limit)
        if !response.keepsAlive { self.connection = nil }
        return response
    }

    private func receive(
        from file: borrowing OpenFile, patience: Int64, _ limit: Int
    ) throws(Trouble) -> HTTPResponse {
        var parser = HTTPResponseParser(bodyLimit: limit)
        var isSilent = true
        while true {
            try wait(file.descriptor, patience)
            var bytes: [UInt8] = []
            do throws(SystemFailure) {
                _ = try file.read(64 << 10, appendingTo: &bytes)
            } catch {
                if error.errorNumber == Self.notYet { continue }
                throw isSilent ? .silence(error.errorNumber) : .failed(.unreachable(error.errorNumber))
            }
            if bytes.isEmpty, isSilent { throw .silence(Self.reset) }
            isSilent = false
            do throws(HTTPError) {
                if bytes.isEmpty { return try parser.end() }
                if let response = try parser.feed(bytes) { return response }
            } catch {
                throw .failed(error == .bodyTooLong ? .eventTooLong : .malformed)
            }
        }
    }

    private func wait(_ socket: Int32, _ patience: Int64) throws(Trouble) {
        while true {
            var watch = csupervisor_watch(descriptor: socket, ready: 0)
            let ready = unsafe csupervisor_wait(&watch, 1, patience)
            guard ready >= 0 else { throw .silence(-ready) }
            if ready > 0 { return }
            guard patience < 0 else { throw .failed(.unreachable(Self.timedOut)) }
        }
    }

    private mutating func connect() throws(Trouble) -> Connection {
        if let connection { return connection }
        let made = csupervisor_connect(address, port, Self.patience)
        guard made >= 0 else { throw .failed(.unreachable(-made)) }
        let connection = Connection(OpenFile(owning: made))
        self.connection = connection
        return connection
    }

    private func transmit(_ bytes: [UInt8], _ socket: Int32) throws(Trouble) {
        let failure = unsafe csupervisor_send(socket, bytes, bytes.count, Self.patience)
        guard failure == 0 else { throw .silence(-failure) }
    }

    // ETIMEDOUT, ECONNRESET and EAGAIN of Linux.
    private static var notYet: Int32 { 11 }
    private static var timedOut: Int32 { 110 }
    private static var reset: Int32 { 104 }
}
