package import ByteKit
internal import Signing
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

    /// Adds the fields that prove who asks; those of an earlier attempt are replaced.
    ///
    /// - Parameter time: seconds since 1970, as the service's clock has it.
    package func sign(_ request: inout HTTPRequest, payload: Payload, at time: Int) {
        let stamp = Timestamp.compact(time)
        request.headers["authorization"] = nil
        request.headers["x-amz-date"] = stamp
        request.headers["x-amz-security-token"] = credentials.sessionToken?.reveal()
        if style == .s3 || payload == .unsigned { request.headers["x-amz-content-sha256"] = payload.text }
        let signed = signed(request.method, request.url, request.headers, payload: payload.text)
        request.headers["authorization"] = text(signature.authorization(of: signed, at: Array(stamp.utf8)))
    }

    /// An address that proves by itself who asks, for a limited time.
    ///
    /// - Parameter seconds: how long it is good for, a week at most.
    package func presign(
        _ method: HTTPMethod, _ url: URL, headers: HTTPHeaders = [:], seconds: Int, at time: Int
    ) -> URL {
        let stamp = Timestamp.compact(time)
        // Who makes the address does not know the body that S3 will get; elsewhere there is none.
        let payload = style == .s3 ? Payload.unsigned : .empty
        let names = signed(method, url, headers, payload: payload.text).fieldNames
        var url =
            url
            .adding("X-Amz-Algorithm", text(SignatureV4.algorithm))
            .adding("X-Amz-Credential", text(signature.credential(at: Array(stamp.utf8))))
            .adding("X-Amz-Date", stamp)
            .adding("X-Amz-Expires", String(seconds))
            .adding("X-Amz-SignedHeaders", text(names))
        if let token = credentials.sessionToken { url = url.adding("X-Amz-Security-Token", token.reveal()) }
        let signed = signed(method, url, headers, payload: payload.text)
        return url.adding("X-Amz-Signature", text(signature.signature(of: signed, at: Array(stamp.utf8))))
    }

    private var signature: SignatureV4 {
        SignatureV4(
            accessKey: Array(credentials.accessKey.utf8), secretKey: Array(credentials.secretKey.reveal().utf8),
            region: Array(region.utf8), service: Array(service.utf8))
    }

    private func signed(
        _ method: HTTPMethod, _ url: URL, _ headers: HTTPHeaders, payload: String
    ) -> SignatureV4.Request {
        SignatureV4.Request(
            method: Array(method.rawValue.utf8), path: Array(canonicalPath(url.path).utf8),
            query: Array((url.query ?? "").utf8),
            fields: [(Array("host".utf8), Array(url.authority.utf8))]
                + headers.fields.map { (Array($0.name.utf8), Array($0.value.utf8)) }, payload: Array(payload.utf8))
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// The path as the service wants it signed.
    private func canonicalPath(_ path: String) -> String {
        guard style == .standard else { return path }
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        let end = path.hasSuffix("/") && !segments.isEmpty ? "/" : ""
        return URL.encode("/" + segments.joined(separator: "/") + end, keeping: "/")
    }
}
