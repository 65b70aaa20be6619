import Supervisor
import TestKit
import Testing

/// Whom the supervisor trusts. The server is openssl's own, which answers every request with a page about the connection.
@Suite("A storage over TLS") struct StorageTLSTests {
    /// Fetches something from a server, as a function whose program wants to see openssl's page.
    private func failure(
        _ server: TLSServer, host: String = "localhost", variables: [String: String] = [:],
        _ change: (inout LaunchSpec, String) -> Void = { _, _ in }
    ) throws -> (type: String, message: String) {
        var function = try CloudFunction(
            "https://\(host):\(server.port)", "#!/bin/sh\ngrep -q Cipher \"$INPUT_FILE_PATH\"\n", variables: variables,
            change)
        return function.failure("a", seconds: 10)
    }

    @Test("is believed when the authority of SSL_CERT_FILE vouches for it, and refused when nobody does")
    func authorities() throws {
        let folder = TemporaryFolder()
        let server = try TLSServer(name: "localhost", folder: folder.path)
        #expect(try failure(server, variables: ["SSL_CERT_FILE": server.certificate]).type == "none")
        let unknown = try failure(server)
        #expect(unknown.type == "Storage.ReadFailed")
        #expect(
            unknown.message.contains("no answer from https://localhost:\(server.port): it could not be trusted: self"),
            "\(unknown.message)")
        let missing = try failure(server, variables: ["SSL_CERT_FILE": "/nowhere.pem"])
        #expect(missing.message.contains("there are no certificates in /nowhere.pem"))
    }

    @Test("is refused when its certificate is for another name, or has ended")
    func wrong() throws {
        let folder = TemporaryFolder()
        let other = try TLSServer(name: "other.example", folder: folder.path)
        let named = try failure(other, variables: ["SSL_CERT_FILE": other.certificate])
        #expect(named.message.lowercased().contains("hostname mismatch"), "\(named.message)")
        let address = try failure(other, host: "127.0.0.1", variables: ["SSL_CERT_FILE": other.certificate])
        #expect(address.message.lowercased().contains("ip address mismatch"), "\(address.message)")
        let inner = TemporaryFolder()
        let old = try TLSServer(name: "localhost", folder: inner.path, isExpired: true)
        let ended = try failure(old, variables: ["SSL_CERT_FILE": old.certificate])
        #expect(ended.message.contains("certificate has expired"), "\(ended.message)")
    }

    @Test(
        "that launch.json describes is held against the certificates in the package, or, when it says so, against none")
    func described() throws {
        let folder = TemporaryFolder()
        let server = try TLSServer(name: "localhost", folder: folder.path)
        func describe(verify: Bool, authority: String?) -> (inout LaunchSpec, String) -> Void {
            { spec, path in
                shell("mkdir -p '\(path)/package/files' && cp '\(server.certificate)' '\(path)/package/files/ca.pem'")
                spec.storages = [
                    .init(
                        name: utf8("lab"), endpoint: utf8("https://localhost:\(server.port)"), verify: verify,
                        authority: authority.map(utf8), accessKey: utf8("AWS_ACCESS_KEY_ID"),
                        secretKey: utf8("AWS_SECRET_ACCESS_KEY"))
                ]
                spec.inputs = [.init(storage: utf8("lab"), path: utf8("in"))]
            }
        }
        #expect(try failure(server, describe(verify: true, authority: "files/ca.pem")).type == "none")
        #expect(try failure(server, describe(verify: false, authority: nil)).type == "none")
        #expect(try failure(server, describe(verify: true, authority: nil)).message.contains("could not be trusted"))
    }
}
