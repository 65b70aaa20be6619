internal import ByteKit
internal import JSON
internal import Transport

/// A server that gives out tokens which a real registry believes, to one user, `me` with the password `secret`.
///
/// The distribution project's "Token Authentication Implementation": JSON Web Tokens, signed with a key whose certificate
/// the registry knows.
package final class TokenServer: Sendable {
    package static let issuer = "scar-build test issuer"
    package static let service = "scar-build test registry"
    /// The certificate that the registry is to trust.
    package let certificate: String
    package var realm: String { server.origin + "/token" }

    private let server: LoopbackServer

    /// - Parameter folder: where key and certificate are put.
    package init(folder: String) throws {
        let (key, certificate) = (folder + "/token-key.pem", folder + "/token-cert.pem")
        let made = try Peer.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", certificate,
                "-subj", "/CN=tokens",
            ])
        guard made.status == 0 else { throw BackgroundProgram.Unavailable("openssl: \(made.errorText)") }
        self.certificate = certificate
        let der = try Peer.run("openssl", ["x509", "-in", certificate, "-outform", "der"]).output
        let login = "Basic " + String(decoding: Base64.encode(Array("me:secret".utf8)), as: UTF8.self)
        server = try LoopbackServer { request in
            guard request.headers["authorization"] == login else {
                return .init(401, [:], Array(#"{"details":"incorrect username or password"}"#.utf8))
            }
            let scopes = Self.scopes(request)
            guard let token = try? Self.token(scopes, key: key, certificate: der, folder: folder) else {
                return .init(500)
            }
            return .init(200, [:], JSON.object([("token", .string(token)), ("expires_in", .integer(300))]).text())
        }
    }

    /// Every scope that was asked for, in order.
    package var scopes: [String] { server.requests.flatMap(Self.scopes) }

    private static func scopes(_ request: LoopbackServer.Request) -> [String] {
        request.query.split(separator: "&").filter { $0.hasPrefix("scope=") }.map { decoded($0.dropFirst(6)) }
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func token(_ scopes: [String], key: String, certificate: [UInt8], folder: String) throws -> String {
        let access = scopes.map { scope in
            let parts = scope.split(separator: ":").map(String.init)
            return JSON.object([
                ("type", .string(parts[0])), ("name", .string(parts.count > 1 ? parts[1] : "")),
                ("actions", .array((parts.last ?? "").split(separator: ",").map { .string(String($0)) })),
            ])
        }
        let now = TimeSource.system.unixTime()
        let header = JSON.object([
            ("typ", .string("JWT")), ("alg", .string("RS256")),
            ("x5c", .array([.string(String(decoding: Base64.encode(certificate), as: UTF8.self))])),
        ])
        let claims = JSON.object([
            ("iss", .string(issuer)), ("sub", .string("me")), ("aud", .string(service)), ("exp", .integer(now + 300)),
            ("nbf", .integer(now - 10)), ("iat", .integer(now)), ("jti", .string("1")), ("access", .array(access)),
        ])
        let text = url(header.text()) + "." + url(claims.text())
        let signature = try Folder.withTemporary(in: folder) { folder in
            try OutputFile.write(Array(text.utf8), to: folder + "/text")
            return try Peer.run("openssl", ["dgst", "-sha256", "-sign", key, folder + "/text"]).output
        }
        return text + "." + url(signature)
    }

    /// Base 64 with the alphabet for addresses, without padding. RFC 4648, section 5.
    private static func url(_ bytes: [UInt8]) -> String {
        String(decoding: Base64.encode(bytes), as: UTF8.self).map { character in
            switch character {
            case "+": "-"
            case "/": "_"
            default: String(character)
            }
        }.joined().split(separator: "=").joined()
    }
}
