internal import CSupervisor

#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// One request after another to one server, over a connection that is kept open.
///
/// It follows no redirects: whoever asks knows whether where it points to may be asked as well.
struct HTTPClient {
    let origin: Origin
    private let trust: TrustStore?
    private var connection: Connection?

    /// - Parameter trust: what an encrypted connection is held against.
    init(_ origin: Origin, _ trust: TrustStore?) {
        self.origin = origin
        self.trust = trust
    }

    /// Takes pieces of a body as they come, with the head they belong to.
    typealias Sink = (HTTPResponse, [UInt8]) throws(NetworkError) -> Void

    private enum Trouble: Error {
        /// Not one byte of an answer came: the request may be sent again.
        case silence(NetworkError)
        case failed(NetworkError)

        var error: NetworkError {
            switch self {
            case .silence(let error), .failed(let error): error
            }
        }
    }

    /// Sends a request and waits for the answer.
    ///
    /// A connection that the other side has closed in the meantime is opened again, once.
    ///
    /// - Parameters:
    ///   - request: what is asked.
    ///   - limit: how long, for each step and for all of it.
    ///   - bodyLimit: the longest body that is kept.
    ///   - sink: takes the bodies of good answers, of any length; they are then not kept.
    /// - Returns: the response; with its body, unless it went to the sink.
    mutating func send(
        _ request: HTTPRequest, _ limit: TimeLimit, bodyLimit: Int = 1 << 20, to sink: Sink? = nil
    ) throws(NetworkError) -> HTTPResponse {
        let isReused = connection != nil
        do throws(Trouble) {
            return try exchange(request, limit, bodyLimit, sink)
        } catch {
            connection = nil
            guard isReused, case .silence(let cause) = error, cause != .outOfTime else { throw error.error }
        }
        do throws(Trouble) {
            return try exchange(request, limit, bodyLimit, sink)
        } catch {
            connection = nil
            throw error.error
        }
    }

    private mutating func exchange(
        _ request: HTTPRequest, _ limit: TimeLimit, _ bodyLimit: Int, _ sink: Sink?
    ) throws(Trouble) -> HTTPResponse {
        let connection = try connect(limit)
        var exchange = Exchange(connection, isHead: [UInt8](request.method).isEqual(to: "HEAD"), bodyLimit, sink)
        let isSent = try exchange.transmit(request, origin, limit)
        let response = try exchange.receive(limit)
        if !response.keepsAlive || !isSent { self.connection = nil }
        return response
    }

    private mutating func connect(_ limit: TimeLimit) throws(Trouble) -> Connection {
        if let connection { return connection }
        do throws(NetworkError) {
            let connection = try connected(limit)
            self.connection = connection
            return connection
        } catch {
            throw .failed(error)
        }
    }

    private func connected(_ limit: TimeLimit) throws(NetworkError) -> Connection {
        let isLastWord = trust?.isWide ?? true
        do throws(NetworkError) { return try Connection(to: origin, trust, limit) } catch {
            guard case .untrusted = error, !isLastWord, trust?.widen() == true else { throw error }
        }
        return try Connection(to: origin, trust, limit)
    }

    // MARK: - One request and its answer

    private struct Exchange {
        let connection: Connection
        let bodyLimit: Int
        let sink: Sink?
        private var parser: HTTPResponseParser
        private var isSilent = true
        /// The response, once it is complete.
        private var whole: HTTPResponse?
        /// Why sending ended early, when it did.
        private var sendingError: NetworkError?

        init(_ connection: Connection, isHead: Bool, _ bodyLimit: Int, _ sink: Sink?) {
            self.connection = connection
            self.bodyLimit = bodyLimit
            self.sink = sink
            parser = HTTPResponseParser(bodyLimit: sink == nil ? bodyLimit : Int.max, isHead: isHead)
        }

        private static var pieceSize: Int { 128 << 10 }

        /// Sends the request; false when the server has said enough, or has gone, before it was all sent.
        mutating func transmit(_ request: HTTPRequest, _ origin: Origin, _ limit: TimeLimit) throws(Trouble) -> Bool {
            var first = request.head(for: origin)
            // Small bodies go out with the head, in one packet.
            if case .bytes(let bytes) = request.body, bytes.count <= 16 << 10 { first += bytes }
            guard try send(first, limit) else { return false }
            switch request.body {
            case .none: return true
            case .bytes(let bytes): return bytes.count <= 16 << 10 ? true : try send(bytes, limit)
            case .file(let descriptor, let offset, let count):
                var done = 0
                while done < count {
                    if try wantsNoMore() { return false }
                    let piece = try Self.read(descriptor, offset + done, min(Self.pieceSize, count - done))
                    guard try send(piece, limit) else { return false }
                    done += piece.count
                }
                return true
            }
        }

        private static func read(_ descriptor: Int32, _ offset: Int, _ count: Int) throws(Trouble) -> [UInt8] {
            var result = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                unsafe result = csupervisor_read_at(descriptor, buffer.baseAddress, buffer.count, UInt64(offset))
                filled = max(0, result)
            }
            if result > 0 { return bytes }
            // A file that has become shorter than was promised.
            let number = result == 0 ? SystemFailure.invalid : Int32(truncatingIfNeeded: -result)
            throw .failed(.file(SystemFailure(errorNumber: number)))
        }

        /// False when the connection broke: the reason may be there to be read.
        private mutating func send(_ bytes: [UInt8], _ limit: TimeLimit) throws(Trouble) -> Bool {
            do throws(NetworkError) {
                try connection.send(bytes, limit)
                return true
            } catch {
                guard error == .failed(Connection.pipe) || error == .failed(Connection.reset) else {
                    throw trouble(error)
                }
                sendingError = error
                return false
            }
        }

        /// Whether the server has answered already, and not with yes, or will say no more: the rest need not be sent.
        private mutating func wantsNoMore() throws(Trouble) -> Bool {
            do throws(NetworkError) {
                var bytes: [UInt8] = []
                guard let count = try connection.receiveAtOnce(&bytes) else { return false }
                guard count > 0 else { return true }
                isSilent = false
                try feed(bytes)
                return parser.head.map { $0.status >= 300 } ?? false
            } catch {
                throw trouble(error)
            }
        }

        mutating func receive(_ limit: TimeLimit) throws(Trouble) -> HTTPResponse {
            do throws(NetworkError) {
                while true {
                    // All of a short refusal may have come while the request was sent.
                    if let whole { return whole }
                    var bytes: [UInt8] = []
                    let count = try connection.receive(&bytes, limit)
                    if count == 0, isSilent { throw .failed(Connection.reset) }
                    isSilent = false
                    if count == 0 { try end() } else { try feed(bytes) }
                }
            } catch {
                throw trouble(isSilent ? sendingError ?? error : error)
            }
        }

        private mutating func feed(_ bytes: [UInt8]) throws(NetworkError) {
            do throws(HTTPError) { whole = try parser.feed(bytes) } catch { throw NetworkError(error) }
            try handOut()
        }

        private mutating func end() throws(NetworkError) {
            do throws(HTTPError) { whole = try parser.end() } catch { throw NetworkError(error) }
            try handOut()
        }

        /// Gives the sink what has come of a good answer.
        private mutating func handOut() throws(NetworkError) {
            guard let sink, let head = parser.head else { return }
            guard (200..<300).contains(head.status) else {
                guard parser.bodyHere <= bodyLimit else { throw .tooLong }
                return
            }
            let body = parser.takeBody()
            whole?.body = []
            if !body.isEmpty { try sink(head, body) }
        }

        /// A connection that broke before anything came may have been closed long ago, and is worth another try.
        private func trouble(_ error: NetworkError) -> Trouble {
            if isSilent, case .failed = error { return .silence(error) }
            return .failed(error)
        }
    }
}

extension NetworkError {
    init(_ error: HTTPError) {
        self =
            switch error {
            case .cutOff: .cutOff
            case .bodyTooLong, .headTooLong: .tooLong
            case .malformedHead, .malformedBody: .malformed
            }
    }
}
