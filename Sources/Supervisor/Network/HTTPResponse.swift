#if !hasFeature(Embedded)
    internal import JSON
#endif

/// An HTTP response that has arrived.
package struct HTTPResponse: Sendable, Equatable {
    package var status: Int
    /// Names in lower case.
    package var fields: [Field]
    package var body: [UInt8]
    /// Whether another request may follow on the connection.
    package var keepsAlive: Bool

    package struct Field: Sendable, Equatable {
        package var name: [UInt8]
        package var value: [UInt8]
    }

    /// The value of the first field of this name, given in lower case.
    package subscript(_ name: StaticString) -> [UInt8]? {
        for field in fields where field.name.isEqual(to: name) { return field.value }
        return nil
    }
}

/// Why bytes are no HTTP response that we take.
package enum HTTPError: Error, Equatable, Sendable {
    case malformedHead
    case headTooLong
    case malformedBody
    case bodyTooLong
    /// The connection ended in the middle.
    case cutOff
}

/// Takes a response apart as its bytes arrive, in pieces of any size. RFC 9112.
package struct HTTPResponseParser: Sendable {
    /// What is expected next.
    private enum State: Sendable {
        /// The status line and fields, up to the empty line. → body states, or done
        case head
        /// So many bytes. → done
        case fixed(Int)
        /// The line with the next chunk's size. → chunk, or trailer after the last
        case chunkSize
        /// So many bytes of a chunk. → chunkEnd
        case chunk(Int)
        /// The line break after a chunk. → chunkSize
        case chunkEnd
        /// Lines after the last chunk, up to an empty one. → done
        case trailer
        /// All until the connection ends. → done
        case untilClose
        case done
    }

    private static let headLimit = 64 << 10
    private static let lineLimit = 8 << 10
    private let bodyLimit: Int
    private let isHead: Bool
    private var state = State.head
    private var pending: [UInt8] = []
    private var trailerBytes = 0
    private var interimHeads = 0
    /// Where in `pending` the end of the head may begin.
    private var searched = 0
    private var bodyCount = 0
    private var response = HTTPResponse(status: 0, fields: [], body: [], keepsAlive: true)

    /// - Parameters:
    ///   - bodyLimit: the longest body taken, in bytes.
    ///   - isHead: whether the request was HEAD: then the answer has no body, however long it says that one is.
    package init(bodyLimit: Int, isHead: Bool = false) {
        self.bodyLimit = bodyLimit
        self.isHead = isHead
    }

    /// The response without its body, once its head has come.
    package var head: HTTPResponse? {
        if case .head = state { return nil }
        var head = response
        head.body = []
        return head
    }

    /// How much of the body has come and is still here.
    package var bodyHere: Int { response.body.count }

    /// Hands out what has come of the body since the last time; the response is given without it.
    package mutating func takeBody() -> [UInt8] {
        var body: [UInt8] = []
        swap(&body, &response.body)
        return body
    }

    /// Takes more bytes; gives the response when it is complete.
    package mutating func feed(_ bytes: [UInt8]) throws(HTTPError) -> HTTPResponse? {
        // Nothing may follow a response: one request is sent at a time.
        if case .done = state { throw .malformedBody }
        pending.append(contentsOf: bytes)
        while try step() {}
        guard case .done = state else { return nil }
        if !pending.isEmpty { response.keepsAlive = false }
        return response
    }

    /// The connection has ended; gives the response when that is what ends it.
    package mutating func end() throws(HTTPError) -> HTTPResponse {
        guard case .untilClose = state else { throw .cutOff }
        state = .done
        return response
    }

    /// Moves on by one element; false when more bytes are needed or all is there.
    private mutating func step() throws(HTTPError) -> Bool {
        switch state {
        case .done: return false
        case .head:
            guard let head = try takeHead() else { return false }
            try begin(head)
            return true
        case .fixed(let left):
            let taken = try takeBody(left)
            state = taken == left ? .done : .fixed(left - taken)
            return taken == left
        case .untilClose:
            _ = try takeBody(Int.max)
            return false
        case .chunkSize:
            guard let line = try takeLine() else { return false }
            let size = try Self.chunkSize(line)
            guard size <= bodyLimit - bodyCount else { throw .bodyTooLong }
            state = size == 0 ? .trailer : .chunk(size)
            return true
        case .chunk(let left):
            let taken = try takeBody(left)
            state = taken == left ? .chunkEnd : .chunk(left - taken)
            return taken == left
        case .chunkEnd:
            guard let line = try takeLine() else { return false }
            guard line.isEmpty else { throw .malformedBody }
            state = .chunkSize
            return true
        case .trailer:
            guard let line = try takeLine() else { return false }
            trailerBytes += line.count
            guard trailerBytes <= Self.lineLimit else { throw .malformedBody }
            if line.isEmpty { state = .done }
            return true
        }
    }

    private mutating func takeBody(_ most: Int) throws(HTTPError) -> Int {
        let taken = min(most, pending.count)
        guard taken <= bodyLimit - bodyCount else { throw .bodyTooLong }
        bodyCount += taken
        response.body.append(contentsOf: pending[..<taken])
        pending.removeFirst(taken)
        return taken
    }

    /// A line without its CRLF; a bare LF is none.
    private mutating func takeLine() throws(HTTPError) -> [UInt8]? {
        guard let feed = pending.firstIndex(of: 0x0a) else {
            guard pending.count <= Self.lineLimit else { throw .malformedBody }
            return nil
        }
        guard feed > 0, feed <= Self.lineLimit, pending[feed - 1] == 0x0d else { throw .malformedBody }
        let line = [UInt8](pending[..<(feed - 1)])
        pending.removeFirst(feed + 1)
        return line
    }

    private mutating func takeHead() throws(HTTPError) -> [UInt8]? {
        var index = max(3, searched)
        while index < pending.count, index < Self.headLimit {
            if pending[index] == 0x0a, pending[index - 1] == 0x0d, pending[index - 2] == 0x0a,
                pending[index - 3] == 0x0d
            {
                let head = [UInt8](pending[..<(index - 1)])
                pending.removeFirst(index + 1)
                searched = 0
                return head
            }
            index += 1
        }
        searched = index
        guard pending.count < Self.headLimit else { throw .headTooLong }
        return nil
    }

    /// The digits before any extension.
    private static func chunkSize(_ line: [UInt8]) throws(HTTPError) -> Int {
        var size = 0
        var digits = 0
        for byte in line {
            if byte == UInt8(ascii: ";") || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { break }
            guard let digit = hexadecimalValue(byte) else { throw .malformedBody }
            digits += 1
            guard digits <= 12 else { throw .bodyTooLong }
            size = size << 4 | digit
        }
        guard digits > 0 else { throw .malformedBody }
        return size
    }
}

// MARK: - The head

extension HTTPResponseParser {
    private static let mostFields = 128
    private static let mostInterimHeads = 16

    private mutating func begin(_ head: [UInt8]) throws(HTTPError) {
        // Every line ends in CRLF; a CR or LF elsewhere would be read differently by different readers.
        var lines: [[UInt8]] = []
        for line in head.parts(separatedBy: 0x0a) where !line.isEmpty {
            guard line.last == 0x0d else { throw .malformedHead }
            let text = [UInt8](line.dropLast())
            guard !text.contains(0x0d), !text.contains(0) else { throw .malformedHead }
            lines.append(text)
        }
        guard let first = lines.first, lines.count <= Self.mostFields else { throw .malformedHead }
        let isOld = try readStatus(first)
        response.keepsAlive = !isOld
        response.fields = []
        for line in lines.dropFirst() { response.fields.append(try Self.field(line)) }
        // Interim answers are passed over.
        if (100..<200).contains(response.status) {
            interimHeads += 1
            guard interimHeads <= Self.mostInterimHeads else { throw .malformedHead }
            return
        }
        try chooseBody()
    }

    /// `HTTP/1.1 200 reason`; true for HTTP/1.0.
    private mutating func readStatus(_ line: [UInt8]) throws(HTTPError) -> Bool {
        guard line.count >= 12, line.starts(with: [UInt8]("HTTP/1.")), line[8] == UInt8(ascii: " "),
            line[7] == UInt8(ascii: "1") || line[7] == UInt8(ascii: "0"),
            line.count == 12 || line[12] == UInt8(ascii: " "), let status = [UInt8](line[9..<12]).decimalValue,
            status >= 100
        else { throw .malformedHead }
        response.status = status
        return line[7] == UInt8(ascii: "0")
    }

    private static func field(_ line: [UInt8]) throws(HTTPError) -> HTTPResponse.Field {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { throw .malformedHead }
        var name: [UInt8] = []
        for byte in line[..<colon] {
            guard isTokenByte(byte) else { throw .malformedHead }
            name.append((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte)
        }
        var value = line[(colon + 1)...]
        while let byte = value.first, byte == 0x20 || byte == 0x09 { value = value.dropFirst() }
        while let byte = value.last, byte == 0x20 || byte == 0x09 { value = value.dropLast() }
        guard !value.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7f }) else { throw .malformedHead }
        return HTTPResponse.Field(name: name, value: [UInt8](value))
    }

    /// RFC 9112, section 6.3; what is ambiguous there is refused here.
    private mutating func chooseBody() throws(HTTPError) {
        var length: Int?
        var isChunked = false
        for field in response.fields {
            if field.name.isEqual(to: "content-length") {
                guard let value = field.value.decimalValue, length == nil || length == value
                else { throw .malformedHead }
                length = value
            } else if field.name.isEqual(to: "transfer-encoding") {
                guard !isChunked, field.value.lowercased.isEqual(to: "chunked") else { throw .malformedHead }
                isChunked = true
            } else if field.name.isEqual(to: "connection"), field.value.lowercased.isEqual(to: "close") {
                response.keepsAlive = false
            }
        }
        guard !(isChunked && length != nil) else { throw .malformedHead }
        if isHead || response.status == 204 || response.status == 304 {
            state = .done
        } else if isChunked {
            state = .chunkSize
        } else if let length {
            guard length <= bodyLimit else { throw .bodyTooLong }
            state = length == 0 ? .done : .fixed(length)
        } else {
            response.keepsAlive = false
            state = .untilClose
        }
    }
}
