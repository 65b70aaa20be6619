internal import ByteKit
internal import ImageModel
internal import Transport

/// One blob's way into a repository, across exchanges: asked for first, taken over when possible, sent whole when it is
/// small, and in pieces when it is not. OCI distribution specification, "Pushing blobs".
struct BlobUpload<Transport: HTTPTransport> {
    typealias Arrival = RegistryPusher<Transport>.Arrival

    let blob: Descriptor
    let content: RegistryPusher<Transport>.Content
    let reference: Reference
    /// Another repository of the registry that may have the blob.
    let source: String?
    let pieceSize: Int

    /// The upload under way; nil before it has begun, and when it has to begin anew.
    private var location: URL?
    /// Where the server stands that named it.
    private var scope: AddressScope?
    /// Bytes that the registry has.
    private var offset = 0
    private var mark = 0

    init(
        blob: Descriptor, content: RegistryPusher<Transport>.Content, reference: Reference, source: String?,
        pieceSize: Int
    ) {
        self.blob = blob
        self.content = content
        self.reference = reference
        self.source = source
        self.pieceSize = max(1, pieceSize)
    }

    mutating func madeProgress() -> Bool {
        defer { mark = offset }
        return offset - mark >= RegistryLimits.progress
    }

    /// Gets as far as this endpoint lets it; throws unless that is to the end.
    mutating func attempt(
        _ client: RegistryClient<Transport>, at endpoint: Endpoint
    ) throws(RegistryError) -> Arrival {
        if location != nil {
            try findOffset(client, endpoint)
        }
        if location == nil {
            if try isThere(client, endpoint) { return .wasThere }
            if try begin(client, endpoint) == .mounted { return .mounted }
        }
        if blob.size > pieceSize { try sendPieces(client, endpoint) }
        try finish(client, endpoint)
        return .uploaded
    }

    private func isThere(_ client: RegistryClient<Transport>, _ endpoint: Endpoint) throws(RegistryError) -> Bool {
        do throws(RegistryError) {
            let request = HTTPRequest(
                .head, endpoint.blob(reference.repository, blob.digest),
                timeLimit: client.configuration.documentTimeLimit)
            let response = try exchange(request, client, endpoint)
            return response.contentLength == nil || response.contentLength == blob.size
        } catch {
            if error.status == 404 { return false }
            throw error
        }
    }

    private mutating func begin(
        _ client: RegistryClient<Transport>, _ endpoint: Endpoint
    ) throws(RegistryError) -> Arrival? {
        var url = endpoint.uploads(reference.repository)
        if let source { url = url.adding("mount", blob.digest.description).adding("from", source) }
        let response = try exchange(
            HTTPRequest(.post, url, timeLimit: client.configuration.documentTimeLimit), client, endpoint)
        if response.status == 201 { return .mounted }
        offset = 0
        try follow(response)
        return nil
    }

    /// Asks how much of an upload has arrived. One that the registry does not know any more begins anew.
    private mutating func findOffset(_ client: RegistryClient<Transport>, _ endpoint: Endpoint) throws(RegistryError) {
        guard let url = location else { return }
        do throws(RegistryError) {
            let response = try exchange(
                request(.get, url, timeLimit: client.configuration.documentTimeLimit), client, endpoint)
            offset = Self.received(response) ?? 0
            try follow(response)
        } catch {
            guard error.status.map({ (400..<500).contains($0) && $0 != 429 }) == true else { throw error }
            location = nil
        }
    }

    private mutating func sendPieces(_ client: RegistryClient<Transport>, _ endpoint: Endpoint) throws(RegistryError) {
        while offset < blob.size, let url = location {
            let count = min(pieceSize, blob.size - offset)
            var request = request(.patch, url)
            request.headers["content-type"] = "application/octet-stream"
            request.headers["content-range"] = "\(offset)-\(offset + count - 1)"
            request.body = content.body(from: offset, count: count)
            do throws(RegistryError) {
                let response = try exchange(request, client, endpoint)
                let received = Self.received(response) ?? offset + count
                guard received > offset, received <= blob.size else {
                    throw RegistryError(.badAnswer, "\(request) was answered as if \(received) bytes had arrived")
                }
                offset = received
                try follow(response)
            } catch {
                // The registry may have other ideas of how far we are: it is asked, as after a cut.
                guard error.status == 416 else { throw error }
                var error = error
                error.isTransient = true
                throw error
            }
        }
    }

    /// Names the blob; what has not been sent in pieces goes along.
    private mutating func finish(_ client: RegistryClient<Transport>, _ endpoint: Endpoint) throws(RegistryError) {
        guard let url = location else { return }
        var request = request(.put, url.adding("digest", blob.digest.description))
        request.headers["content-type"] = "application/octet-stream"
        request.body = content.body(from: offset, count: blob.size - offset)
        do throws(RegistryError) {
            _ = try exchange(request, client, endpoint)
        } catch {
            // After a cut nobody can say what has arrived of a whole blob.
            if blob.size <= pieceSize { location = nil }
            throw error
        }
    }

    private func exchange(
        _ request: HTTPRequest, _ client: RegistryClient<Transport>, _ endpoint: Endpoint
    ) throws(RegistryError) -> HTTPResponse {
        unsafe try client.exchange(
            request, at: endpoint, for: reference, access: .push(mountingFrom: source)
        ) { _, _ in .more }
    }

    private func request(_ method: HTTPMethod, _ url: URL, timeLimit: Duration? = nil) -> HTTPRequest {
        HTTPRequest(method, url, timeLimit: timeLimit, namedFrom: scope)
    }

    /// Takes over where the upload goes on.
    private mutating func follow(_ response: HTTPResponse) throws(RegistryError) {
        guard let text = response.headers["location"] else {
            guard location == nil else { return }
            throw RegistryError(.badAnswer, "\(response.url) began an upload without saying where it is")
        }
        do throws(TransportError) {
            location = try response.url.resolving(text)
            scope = response.scope
        } catch {
            throw RegistryError(.badAnswer, error)
        }
    }

    /// The bytes that have arrived, by an answer's `Range`: `0-1023`, or `bytes=0-1023`. Registries say `0-0` for none.
    private static func received(_ response: HTTPResponse) -> Int? {
        guard let field = response.headers["range"], let dash = field.lastIndex(of: "-"),
            let last = Int(field[field.index(after: dash)...]), last >= 0, last < Descriptor.maximumSize
        else { return nil }
        return last == 0 ? 0 : last + 1
    }
}
