internal import ByteKit
internal import ImageModel
internal import Transport

extension TestImage {
    /// The answer of a registry that holds this image and does everything right.
    package func reply(to request: LoopbackServer.Request) -> LoopbackServer.Reply {
        guard let (type, bytes) = content(at: request.path) else {
            return .init(
                404, [:], Array(#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#.utf8))
        }
        var headers: HTTPHeaders = [
            "content-type": type.description, "docker-content-digest": Digest(of: bytes).description,
        ]
        guard let first = Self.rangeStart(request), first < bytes.count else {
            headers["content-length"] = String(bytes.count)
            return .init(200, headers, bytes)
        }
        headers["content-range"] = "bytes \(first)-\(bytes.count - 1)/\(bytes.count)"
        return .init(206, headers, Array(bytes[first...]))
    }

    /// The offset that a `Range` field asks to begin at.
    package static func rangeStart(_ request: LoopbackServer.Request) -> Int? {
        guard let range = request.headers["range"], range.hasPrefix("bytes="), range.hasSuffix("-") else { return nil }
        return Int(range.dropFirst(6).dropLast())
    }
}
