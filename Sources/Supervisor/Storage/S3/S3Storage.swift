#if !hasFeature(Embedded)
    internal import JSON
    internal import Signing
    internal import SquashFS
#endif

/// Amazon S3, or a server that speaks its protocol. Several threads may use it at once.
///
/// Amazon S3 API Reference, version 2006-03-01.
package final class S3Storage: Sendable {
    let setting: S3Setting
    private let state = Guarded(State())

    private struct State {
        /// Connections that nobody uses, with the time at which they were given back.
        var idle: [(client: HTTPClient, milliseconds: Int64)] = []
        /// Where buckets are that are not in our region.
        var regions: [(bucket: [UInt8], region: [UInt8])] = []
    }

    /// More tries than these, one after the other without a byte of progress, are no use.
    private static var mostAttempts: Int { 6 }
    /// Bodies of answers that say no.
    private static var errorLimit: Int { 64 << 10 }

    init(_ setting: S3Setting) { self.setting = setting }

    /// One operation on one object.
    struct Request {
        var method: StaticString
        var bucket: [UInt8]
        var key: [UInt8]
        /// Encoded.
        var query: [UInt8] = []
        var fields: [HTTPResponse.Field] = []
        var body = HTTPRequest.Body.none
        /// The body's sum in hexadecimal digits.
        var payload: [UInt8] = S3Storage.emptyPayload
        /// Whether the answer may take as long as there is time, as when a server puts parts together.
        var isSlow = false
    }

    static var emptyPayload: [UInt8] { [UInt8]("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") }

    // MARK: - Asking again

    /// Asks until there is a good answer, a bad one that will stay so, or no time.
    ///
    /// - Parameters:
    ///   - deadline: when it must be over.
    ///   - sink: takes the bodies of good answers; they are kept otherwise.
    ///   - progress: how much the sink has taken.
    ///   - make: the request, for each attempt.
    func send(
        until deadline: Int64, to sink: HTTPClient.Sink? = nil, progress: () -> Int = { 0 }, _ make: () -> Request
    ) throws(S3Error) -> HTTPResponse {
        var attempts = 0
        var turns = 0
        while true {
            let before = progress()
            do throws(S3Error) {
                return try attempt(make(), deadline, sink)
            } catch {
                if progress() > before { attempts = 0 }
                // Where the bucket is, or that the credentials have ended, is worth one more question at once.
                if turns < 3, learn(from: error, about: make().bucket) {
                    turns += 1
                    continue
                }
                attempts += 1
                guard error.isTransient, attempts < Self.mostAttempts, Clock.nanoseconds < deadline else { throw error }
                Clock.sleep(milliseconds: Self.pause(attempts), until: deadline)
            }
        }
    }

    /// From nothing to twice as long each time, so that many who were refused at once do not come back at once.
    static func pause(_ attempts: Int) -> Int64 {
        let most = UInt64(100) << UInt64(min(attempts, 8))
        let noise = UInt64(truncatingIfNeeded: Clock.nanoseconds) &* 0x9e37_79b9_7f4a_7c15
        return Int64((noise >> 32) % most)
    }

    /// Whether an error says what to do better.
    private func learn(from error: S3Error, about bucket: [UInt8]) -> Bool {
        if error.isAboutExpiry { return setting.credentials.forget() }
        guard let region = error.region, region != self.region(of: bucket), error.status < 500 else { return false }
        state.withLock { state in
            state.regions.removeAll { $0.bucket == bucket }
            if state.regions.count >= 64 { state.regions.removeFirst() }
            state.regions.append((bucket, region))
        }
        return true
    }

    private func region(of bucket: [UInt8]) -> [UInt8] {
        state.withLock { state in state.regions.first { $0.bucket == bucket }?.region } ?? setting.region
    }

    // MARK: - Asking once

    private func attempt(
        _ request: Request, _ deadline: Int64, _ sink: HTTPClient.Sink?
    ) throws(S3Error) -> HTTPResponse {
        let credentials: Credentials
        let place: (origin: Origin, path: [UInt8])
        let region = region(of: request.bucket)
        do throws(Failure) {
            place = try setting.place(of: request.bucket, request.key, in: region)
            credentials = try setting.credentials.credentials(until: deadline)
        } catch {
            throw S3Error(error)
        }
        let signed = Self.sign(request, place.origin, place.path, credentials, region)
        var client = take(place.origin)
        let response: HTTPResponse
        do throws(NetworkError) {
            let limit = request.isSlow ? TimeLimit(stall: nil, deadline: deadline) : .until(deadline)
            response = try client.send(signed, limit, bodyLimit: Self.errorLimit, to: sink)
        } catch {
            throw S3Error(error, place.origin)
        }
        give(client)
        // An address to go to may be anybody's, and our signature is not for anybody.
        guard (200..<300).contains(response.status) else { throw S3Error(response, credentials) }
        return response
    }

    private static func sign(
        _ request: Request, _ origin: Origin, _ path: [UInt8], _ credentials: Credentials, _ region: [UInt8]
    ) -> HTTPRequest {
        let stamp = AWSTime.compact(Int(Clock.epochMilliseconds / 1000))
        var fields = request.fields
        fields.append(.init("x-amz-content-sha256", request.payload))
        fields.append(.init("x-amz-date", stamp))
        if let token = credentials.sessionToken { fields.append(.init("x-amz-security-token", token)) }
        let canonical = SignatureV4.Request(
            method: [UInt8](request.method), path: path, query: request.query,
            fields: [([UInt8]("host"), origin.authority)] + fields.map { ($0.name, $0.value) },
            payload: request.payload)
        let signature = signature(credentials, region)
        fields.append(.init("authorization", signature.authorization(of: canonical, at: stamp)))
        let query = request.query.isEmpty ? [] : [UInt8]("?") + request.query
        return HTTPRequest(request.method, path + query, fields, body: request.body)
    }

    private static func signature(_ credentials: Credentials, _ region: [UInt8]) -> SignatureV4 {
        SignatureV4(
            accessKey: credentials.accessKey, secretKey: credentials.secretKey, region: region, service: [UInt8]("s3"))
    }

    // MARK: - Connections

    /// A sandbox sleeps between events, and connections die meanwhile without a word.
    private static var longestIdle: Int64 { 5000 }

    private func take(_ origin: Origin) -> HTTPClient {
        let now = Clock.epochMilliseconds
        let found = state.withLock { state -> HTTPClient? in
            state.idle.removeAll { now - $0.milliseconds > Self.longestIdle || now < $0.milliseconds }
            guard let index = state.idle.lastIndex(where: { $0.client.origin == origin }) else { return nil }
            return state.idle.remove(at: index).client
        }
        return found ?? HTTPClient(origin, setting.trust)
    }

    private func give(_ client: HTTPClient) {
        state.withLock { state in
            if state.idle.count < 8 { state.idle.append((client, Clock.epochMilliseconds)) }
        }
    }

    // MARK: - Addresses to give out

    func presignedURL(
        _ method: StaticString, _ bucket: [UInt8], _ key: [UInt8], seconds: Int
    ) throws(Failure) -> [UInt8] {
        guard !key.isEmpty, !key.contains(0), (1...604_800).contains(seconds) else {
            throw Failure("Storage.BadKey", [UInt8]("an address is for an object, and for a week at most"))
        }
        let region = region(of: bucket)
        let place = try setting.place(of: bucket, key, in: region)
        let credentials = try setting.credentials.credentials(until: Clock.nanoseconds + 10_000_000_000)
        let stamp = AWSTime.compact(Int(Clock.epochMilliseconds / 1000))
        return Self.presigned(method, place.origin, place.path, credentials, region, seconds, stamp)
    }

    /// Amazon S3, "Authenticating Requests: Using Query Parameters".
    private static func presigned(
        _ method: StaticString, _ origin: Origin, _ path: [UInt8], _ credentials: Credentials, _ region: [UInt8],
        _ seconds: Int, _ stamp: [UInt8]
    ) -> [UInt8] {
        let signature = signature(credentials, region)
        var query = [UInt8]("X-Amz-Algorithm=") + SignatureV4.algorithm
        query += [UInt8]("&X-Amz-Credential=") + signature.credential(at: stamp).percentEncoded()
        query += [UInt8]("&X-Amz-Date=") + stamp
        query.append("&X-Amz-Expires=")
        query.append(decimal: seconds)
        query.append("&X-Amz-SignedHeaders=host")
        if let token = credentials.sessionToken {
            query += [UInt8]("&X-Amz-Security-Token=") + token.percentEncoded()
        }
        let canonical = SignatureV4.Request(
            method: [UInt8](method), path: path, query: query, fields: [([UInt8]("host"), origin.authority)],
            payload: SignatureV4.unsignedPayload)
        query += [UInt8]("&X-Amz-Signature=") + signature.signature(of: canonical, at: stamp)
        return origin.text + path + [UInt8]("?") + query
    }
}
