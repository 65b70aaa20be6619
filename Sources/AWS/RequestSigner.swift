package import ByteKit
package import Transport

/// Signs requests with AWS Signature Version 4.
///
/// AWS General Reference, "Create a signed AWS API request"; Amazon S3, "Authenticating Requests (AWS Signature Version 4)".
package struct RequestSigner: Sendable {
    /// How a service wants its requests put into canonical form.
    package enum Style: Sendable {
        /// Paths lose their dot segments and are encoded twice.
        case standard
        /// Paths are keys: they stay as they are sent, and the body's sum is a header.
        case s3
    }

    /// What a signature says of the body.
    package enum Payload: Sendable, Equatable {
        case digest(Digest)
        case unsigned

        package static let empty = Payload.digest(Digest(of: []))

        var text: String {
            switch self {
            case .digest(let digest): digest.hex
            case .unsigned: "UNSIGNED-PAYLOAD"
            }
        }
    }

    package var credentials: Credentials
    package var region: String
    /// The name that services sign as: `lambda`, `execute-api`.
    package var service: String
    package var style: Style

    package init(credentials: Credentials, region: String, service: String, style: Style = .standard) {
        self.credentials = credentials
        self.region = region
        self.service = service
        self.style = style
    }

    private static let algorithm = "AWS4-HMAC-SHA256"

    /// Adds the fields that prove who asks; those of an earlier attempt are replaced.
    ///
    /// - Parameter time: seconds since 1970, as the service's clock has it.
    package func sign(_ request: inout HTTPRequest, payload: Payload, at time: Int) {
        let stamp = Timestamp.compact(time)
        request.headers["authorization"] = nil
        request.headers["x-amz-date"] = stamp
        request.headers["x-amz-security-token"] = credentials.sessionToken?.reveal()
        if style == .s3 || payload == .unsigned { request.headers["x-amz-content-sha256"] = payload.text }
        let (names, signature) = signature(
            of: request.method, request.url, request.headers, payload: payload.text, stamp: stamp)
        request.headers["authorization"] =
            "\(Self.algorithm) Credential=\(credentials.accessKey)/\(scope(stamp)), SignedHeaders=\(names), "
            + "Signature=\(signature)"
    }

    /// An address that proves by itself who asks, for a limited time.
    ///
    /// - Parameter seconds: how long it is good for, a week at most.
    package func presign(
        _ method: HTTPMethod, _ url: URL, headers: HTTPHeaders = [:], seconds: Int, at time: Int
    ) -> URL {
        let stamp = Timestamp.compact(time)
        let names = canonicalHeaders(headers, host: url.authority).names
        var url =
            url
            .adding("X-Amz-Algorithm", Self.algorithm)
            .adding("X-Amz-Credential", "\(credentials.accessKey)/\(scope(stamp))")
            .adding("X-Amz-Date", stamp)
            .adding("X-Amz-Expires", String(seconds))
            .adding("X-Amz-SignedHeaders", names)
        if let token = credentials.sessionToken { url = url.adding("X-Amz-Security-Token", token.reveal()) }
        // Who makes the address does not know the body that S3 will get; elsewhere there is none.
        let payload = style == .s3 ? Payload.unsigned : .empty
        let (_, signature) = signature(of: method, url, headers, payload: payload.text, stamp: stamp)
        return url.adding("X-Amz-Signature", signature)
    }

    private func signature(
        of method: HTTPMethod, _ url: URL, _ headers: HTTPHeaders, payload: String, stamp: String
    ) -> (names: String, signature: String) {
        let (lines, names) = canonicalHeaders(headers, host: url.authority)
        let request = [
            method.rawValue, canonicalPath(url.path), Self.canonicalQuery(url.query ?? ""), lines + "\n", names,
            payload,
        ].joined(separator: "\n")
        let digest = Digest(of: Array(request.utf8)).hex
        let text = [Self.algorithm, stamp, scope(stamp), digest].joined(separator: "\n")
        return (names, hexadecimal(HMAC.sha256(key: key(stamp), Array(text.utf8))))
    }

    private func scope(_ stamp: String) -> String { "\(stamp.prefix(8))/\(region)/\(service)/aws4_request" }

    private func key(_ stamp: String) -> [UInt8] {
        [String(stamp.prefix(8)), region, service, "aws4_request"].reduce(
            Array("AWS4\(credentials.secretKey.reveal())".utf8)
        ) { HMAC.sha256(key: $0, Array($1.utf8)) }
    }

    // MARK: The canonical form

    private func canonicalPath(_ path: String) -> String {
        guard style == .standard else { return path }
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        let end = path.hasSuffix("/") && !segments.isEmpty ? "/" : ""
        return URL.encode("/" + segments.joined(separator: "/") + end, keeping: "/")
    }

    /// The items in byte order. They are encoded already, and that is the form they are compared in.
    private static func canonicalQuery(_ query: String) -> String {
        guard !query.isEmpty else { return "" }
        return
            query.split(separator: "&", omittingEmptySubsequences: false)
            .map { item -> (name: [UInt8], value: [UInt8]) in
                let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (Array(parts[0].utf8), parts.count > 1 ? Array(parts[1].utf8) : [])
            }
            .sorted {
                $0.name != $1.name
                    ? $0.name.lexicographicallyPrecedes($1.name) : $0.value.lexicographicallyPrecedes($1.value)
            }
            .map { String(decoding: $0.name + [UInt8(ascii: "=")] + $0.value, as: UTF8.self) }
            .joined(separator: "&")
    }

    /// Fields that proxies and clients change on the way.
    private static let unsigned: Set<String> = ["expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"]

    private func canonicalHeaders(_ headers: HTTPHeaders, host: String) -> (lines: String, names: String) {
        var values: [String: [String]] = ["host": [host]]
        for field in headers.fields where !Self.unsigned.contains(field.name) {
            let value = field.value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
            values[field.name, default: []].append(value)
        }
        let names = values.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        let lines = names.map { "\($0):\(values[$0, default: []].joined(separator: ","))" }
        return (lines.joined(separator: "\n"), names.joined(separator: ";"))
    }
}
