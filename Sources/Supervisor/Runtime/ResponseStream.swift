#if !hasFeature(Embedded)
    internal import JSON
    internal import SquashFS
#endif

/// An answer that is sent while it is made: a POST in chunks on a connection of its own.
///
/// AWS Lambda Developer Guide, "Building a custom runtime", "Implementing response streaming". Until it is opened nothing is
/// sent, and a failure can still be reported as one; afterwards it is told in the trailer. When the other side stops
/// taking it, what is written goes nowhere and the program runs on: its output files still count.
package final class ResponseStream {
    /// What stands before the body.
    package enum Opening {
        /// Nothing: the body is all, and of this type.
        case raw([UInt8])
        /// Status and header fields for a function URL or a gateway.
        case web([UInt8])
    }

    private enum State {
        /// → open, or broken
        case waiting
        /// → finished, or broken
        case open
        case finished
        case broken
    }

    /// Lambda's own limit: 200 MB.
    package static var limit: Int { 200 << 20 }
    /// When what is written must have gone, and when the end of it: whoever reads slowly must not hold the program up
    /// beyond its time. In nanoseconds of the monotonic clock.
    var deadlines: (writing: Int64, ending: Int64)?

    private func limits(isEnding: Bool = false) -> TimeLimit {
        TimeLimit(stall: 30_000_000_000, deadline: isEnding ? deadlines?.ending : deadlines?.writing)
    }

    private let api: Origin
    private let path: [UInt8]
    private var connection: Connection?
    private var state = State.waiting
    private var sent = 0
    /// Why Lambda did not take it.
    private(set) var trouble: RuntimeError?
    /// How to open it when the first bytes come before it was opened.
    var head: (([UInt8]) -> Opening)?

    /// - Parameters:
    ///   - api: where the Runtime API is.
    ///   - path: where this invocation's answer goes.
    init(_ api: Origin, path: [UInt8]) {
        self.api = api
        self.path = path
    }

    /// Whether something has been sent.
    var isOpen: Bool {
        switch state {
        case .waiting: false
        case .open, .finished, .broken: true
        }
    }

    func open(_ opening: Opening) {
        guard case .waiting = state else { return }
        state = .open
        do throws(NetworkError) {
            connection = try Connection(to: api, nil, limits())
        } catch {
            return give(up: RuntimeError(error))
        }
        var line = [UInt8]("POST ") + path
        line.append(" HTTP/1.1\r\nHost: ")
        line += api.authority
        line.append("\r\nUser-Agent: scar-build\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n")
        line.append("Transfer-Encoding: chunked\r\n")
        line.append("Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\nContent-Type: ")
        switch opening {
        case .raw(let type):
            transmit(line + type.filter { $0 >= 0x20 && $0 != 0x7f } + [UInt8]("\r\n\r\n"))
        case .web(let prelude):
            line.append("application/vnd.awslambda.http-integration-response\r\n\r\n")
            transmit(line)
            transmit(Self.chunk(prelude))
        }
    }

    /// Sends bytes of the body.
    func write(_ bytes: [UInt8]) {
        if case .waiting = state { open(head?(bytes) ?? .raw(MediaType.type(of: bytes))) }
        guard case .open = state, !bytes.isEmpty else { return }
        // What is over the limit is not sent; the end will say so.
        sent += bytes.count
        if sent <= Self.limit { transmit(Self.chunk(bytes)) }
    }

    /// Ends it well, or as too long.
    func finish() -> Handled {
        if sent > Self.limit {
            fail(.responseTooLarge(sent))
        } else if case .open = state {
            end([UInt8]("0\r\n\r\n"))
        }
        return .streamed
    }

    /// Ends it with the failure in the trailer.
    func fail(_ failure: Failure) {
        guard case .open = state else { return }
        var trailer = [UInt8]("0\r\nLambda-Runtime-Function-Error-Type: ") + [UInt8](failure.type.text)
        trailer.append("\r\nLambda-Runtime-Function-Error-Body: ")
        trailer += Base64.encode(failure.document)
        end(trailer + [UInt8]("\r\n\r\n"))
    }

    private static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        let digits = [UInt8]("0123456789abcdef")
        var size: [UInt8] = []
        var rest = bytes.count
        while rest > 0 {
            size.insert(digits[rest & 15], at: 0)
            rest >>= 4
        }
        return size + [0x0d, 0x0a] + bytes + [0x0d, 0x0a]
    }

    // MARK: - The connection

    private func transmit(_ bytes: [UInt8], isEnding: Bool = false) {
        guard case .open = state, let connection else { return }
        do throws(NetworkError) { try connection.send(bytes, limits(isEnding: isEnding)) } catch {
            give(up: RuntimeError(error))
        }
    }

    private func give(up error: RuntimeError) {
        trouble = error
        state = .broken
        connection = nil
        Log.runtimeTrouble(error)
    }

    /// Sends the end and waits for the answer to it all.
    private func end(_ bytes: [UInt8]) {
        transmit(bytes, isEnding: true)
        guard case .open = state else { return }
        state = .finished
        defer { connection = nil }
        do throws(NetworkError) {
            let status = try answer().status
            if status == 202 || status == 200 { return }
            give(up: status == 410 || status == 500 ? .over(status) : .refused(status))
        } catch {
            give(up: RuntimeError(error))
        }
    }

    private func answer() throws(NetworkError) -> HTTPResponse {
        var parser = HTTPResponseParser(bodyLimit: 1 << 20)
        while true {
            var bytes: [UInt8] = []
            guard let connection, try connection.receive(&bytes, limits(isEnding: true)) > 0 else { throw .cutOff }
            do throws(HTTPError) {
                if let response = try parser.feed(bytes) { return response }
            } catch {
                throw NetworkError(error)
            }
        }
    }
}
