internal import ByteKit
package import ImageModel
internal import Transport

extension RegistryClient {
    /// Fetches a blob in one pass: its bytes are bounded, hashed, stored and handed on as they come.
    ///
    /// A transfer that breaks off goes on where it stopped, at the same server or the next; `onBytes` sees every byte
    /// once and in order. A blob that is in the store already is handed on, and hashed, from there.
    ///
    /// When this returns, size and digest were right and the blob is in the store, if it is to be kept. When it throws, it is not, and what
    /// `onBytes` has seen must not be used; what has come is where the next pull goes on from.
    /// - Parameters:
    ///   - blob: what to fetch.
    ///   - reference: the image it belongs to.
    ///   - store: where to keep it.
    ///   - isKept: whether a blob that is not in the store is put there.
    ///   - onBytes: called on this thread; the bytes are valid during the call only. What it throws is thrown on.
    package func pull(
        _ blob: Descriptor, from reference: Reference, into store: BlobStore, isKept: Bool = true,
        onBytes: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var failure: (any Error)?
        do {
            unsafe try transfer(blob, from: reference, into: store, isKept: isKept) { bytes in
                do {
                    unsafe try onBytes(bytes)
                    return .more
                } catch {
                    failure = error
                    return .stop
                }
            }
        } catch {
            throw failure ?? error
        }
    }

    /// As `pull`, with a receiver that cannot throw; an error with the code `stopped` when it stopped.
    func transfer(
        _ blob: Descriptor, from reference: Reference, into store: BlobStore, isKept: Bool = true,
        receive: (UnsafeRawBufferPointer) -> BlobReception
    ) throws(RegistryError) {
        if !store.contains(blob.digest, size: blob.size) {
            guard !configuration.isOffline else { throw Self.offline(reference) }
            guard isKept else {
                return unsafe try download(
                    BlobDownload(writer: BlobWriter(passing: blob)), from: reference, receive: receive)
            }
            let waits = { configuration.notice("waiting for another build that is fetching \(blob.digest)") }
            if let writer = try store.writer(for: blob, waits: waits) {
                return unsafe try download(BlobDownload(writer: writer), from: reference, receive: receive)
            }
        }
        guard unsafe try store.stream(blob.digest, receive: receive) == .more else { throw Self.stopped }
    }

    private func download(
        _ download: consuming BlobDownload, from reference: Reference,
        receive: (UnsafeRawBufferPointer) -> BlobReception
    ) throws(RegistryError) {
        var download = download
        do throws(RegistryError) {
            guard unsafe try download.writer.replay(receive) == .more else { throw Self.stopped }
            var mark = download.writer.count
            try ask(
                about: reference,
                madeProgress: {
                    defer { mark = download.writer.count }
                    return download.writer.count - mark >= RegistryLimits.progress
                },
                { endpoint throws(RegistryError) in
                    try unsafe attempt(&download, at: endpoint, for: reference, receive: receive)
                })
        } catch {
            download.writer.leave()
            throw error
        }
        do throws(RegistryError) {
            try download.writer.finish()
        } catch {
            throw error.about(reference.description)
        }
    }

    /// Gets as much of the rest of a blob as one exchange gives; throws unless that is all.
    private func attempt(
        _ download: inout BlobDownload, at endpoint: Endpoint, for reference: Reference,
        receive: (UnsafeRawBufferPointer) -> BlobReception
    ) throws(RegistryError) {
        let blob = download.writer.blob
        guard download.writer.count < blob.size else { return }
        var request = HTTPRequest(.get, endpoint.blob(reference.repository, blob.digest))
        request.headers["range"] = download.begin()
        var failure: RegistryError?
        let response: HTTPResponse
        do throws(RegistryError) {
            response = unsafe try exchange(request, at: endpoint, for: reference) { response, bytes in
                do throws(RegistryError) {
                    return unsafe try download.take(bytes, of: response, receive: receive) == .more ? .more : .stop
                } catch {
                    failure = error
                    return .stop
                }
            }
        } catch {
            throw download.afterRefusal(error)
        }
        if let failure { throw failure }
        try download.end(response)
    }

    fileprivate static var stopped: RegistryError { RegistryError(.stopped, "the receiver wants no more") }
}

/// The state of a blob's transfer across exchanges: what has come, and how the next exchange's bytes join it.
private struct BlobDownload: ~Copyable {
    var writer: BlobWriter
    /// Whether the server has not yet failed to give part of the blob.
    private var canResume = true
    private var asksForRange = false
    /// Bytes at the head of this exchange's body that have come before; nil until its head was looked at.
    private var toSkip: Int?
    private var isStopped = false

    init(writer: consuming BlobWriter) {
        self.writer = writer
    }

    /// Begins an exchange; gives its `Range` field. RFC 9110, section 14.2.
    mutating func begin() -> String? {
        toSkip = nil
        asksForRange = canResume && writer.count > 0
        return asksForRange ? "bytes=\(writer.count)-" : nil
    }

    /// Takes a piece of a successful answer's body.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer, of response: HTTPResponse, receive: (UnsafeRawBufferPointer) -> BlobReception
    ) throws(RegistryError) -> BlobReception {
        let skip: Int
        if let toSkip { skip = toSkip } else { skip = try bytesToSkip(response) }
        let known = min(skip, bytes.count)
        toSkip = skip - known
        let fresh = unsafe UnsafeRawBufferPointer(rebasing: bytes[known...])
        guard unsafe !fresh.isEmpty else { return .more }
        unsafe try writer.write(fresh)
        guard unsafe receive(fresh) == .stop else { return .more }
        isStopped = true
        return .stop
    }

    /// Ends an exchange that went well as far as HTTP is concerned.
    mutating func end(_ response: HTTPResponse) throws(RegistryError) {
        if isStopped { throw RegistryError(.stopped, "the receiver wants no more") }
        if toSkip == nil { toSkip = try bytesToSkip(response) }
        guard writer.count < writer.blob.size else { return }
        var error = RegistryError(
            .interrupted,
            "\(response.url) ended after \(writer.count) of \(writer.blob.size) bytes of \(writer.blob.digest)")
        error.isTransient = true
        throw error
    }

    /// A server that cannot give the rest may give the whole.
    mutating func afterRefusal(_ error: RegistryError) -> RegistryError {
        guard asksForRange, error.status == 416 else { return error }
        canResume = false
        var error = error
        error.isTransient = true
        return error
    }

    /// What an answer's head says about where its body begins.
    private mutating func bytesToSkip(_ response: HTTPResponse) throws(RegistryError) -> Int {
        let size = writer.blob.size
        if response.status == 206 {
            guard asksForRange, let range = ContentRange(response.headers["content-range"]), range.first == writer.count
            else {
                canResume = false
                var error = RegistryError(
                    .badAnswer, "\(response.url) answered with another part of the blob than it was asked for")
                error.isTransient = true
                throw error
            }
            if let total = range.total { try check(total, size, response) }
            return 0
        }
        if let length = response.contentLength { try check(length, size, response) }
        return writer.count
    }

    private func check(_ offered: Int, _ size: Int, _ response: HTTPResponse) throws(RegistryError) {
        guard offered == size else {
            throw RegistryError(
                .sizeMismatch,
                "\(response.url) offers \(offered) bytes for \(writer.blob.digest), the manifest says \(size)")
        }
    }
}

/// The part of a whole that a 206 answer holds: `bytes 5-9/10`. RFC 9110, section 14.4.
struct ContentRange: Equatable {
    let first: Int
    /// Nil when the server does not know.
    let total: Int?

    init?(_ field: String?) {
        guard let field, field.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = field.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int(ends[0]), let last = Int(ends[1]), first >= 0, last >= first else {
            return nil
        }
        self.first = first
        guard parts[1] != "*" else {
            total = nil
            return
        }
        guard let total = Int(parts[1]), total > last else { return nil }
        self.total = total
    }
}
