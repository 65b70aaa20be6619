import ByteKit
import Testing
import TestKit
import Transport

/// TLS, with openssl's own server as the peer.
@Suite struct SecureTransportTests: ~Copyable {
    /// The name in the server's certificate; no lookup finds it.
    static let name = "registry.test"
    let folder: TestFolder
    let server: BackgroundProgram
    let port: Int

    init() throws {
        let folder = try TestFolder()
        let (key, certificate) = (folder.path + "/key.pem", folder.path + "/cert.pem")
        let made = try Peer.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-keyout", key, "-out",
                certificate, "-subj", "/CN=\(Self.name)", "-addext", "subjectAltName=DNS:\(Self.name)",
            ])
        try #require(made.status == 0, "\(made.errorText)")
        let port = try BackgroundProgram.freePort()
        let server = try BackgroundProgram(
            "openssl", ["s_server", "-accept", "127.0.0.1:\(port)", "-key", key, "-cert", certificate, "-www"],
            package: "openssl")
        let url = try URL(parsing: "https://127.0.0.1:\(port)/")
        try BackgroundProgram.wait(for: "openssl s_server") {
            do throws(TransportError) { _ = try CurlTransport().collect(HTTPRequest(.get, url), limit: 1) } catch {
                return error.code != .unreachable
            }
            return true
        }
        self.folder = folder
        self.server = server
        self.port = port
    }

    /// A transport that finds `host` on this machine, and trusts the server's certificate or only the system's.
    private func transport(host: String, isTrusting: Bool) -> CurlTransport {
        var configuration = TransportConfiguration()
        configuration.fixedAddresses = ["\(host):\(port):127.0.0.1"]
        if isTrusting { configuration.certificateFile = folder.path + "/cert.pem" }
        return CurlTransport(configuration)
    }

    private func ask(_ host: String, isTrusting: Bool, namedFrom: AddressScope? = nil) throws -> Result<
        HTTPResponse, TransportError
    > {
        let request = HTTPRequest(.get, try URL(parsing: "https://\(host):\(port)/"), namedFrom: namedFrom)
        let transport = transport(host: host, isTrusting: isTrusting)
        return Result { () throws(TransportError) in try transport.collect(request, limit: 1 << 20).response }
    }

    @Test("A certificate of the private authority that was named is trusted")
    func trusted() throws {
        #expect(try ask(Self.name, isTrusting: true).get().status == 200)
    }

    @Test("A certificate that nobody vouches for is refused, for good, with what to do")
    func untrusted() throws {
        let error = #expect(throws: TransportError.self) { try ask(Self.name, isTrusting: false).get() }
        #expect(error?.code == .untrusted)
        #expect(error?.isTransient == false)
        #expect(error?.diagnostic.hint?.contains("SSL_CERT_FILE") == true)
    }

    @Test("A certificate for another name is refused")
    func wrongName() throws {
        let error = #expect(throws: TransportError.self) { try ask("other.test", isTrusting: true).get() }
        #expect(error?.code == .untrusted)
    }

    @Test("A name that another server gave us is judged by where it leads, not by how it looks")
    func rebinding() throws {
        #expect(try ask(Self.name, isTrusting: true, namedFrom: .loopback).get().scope == .loopback)
        for scope in [AddressScope.publicNetwork, .privateNetwork] {
            let error = #expect(throws: TransportError.self) {
                try ask(Self.name, isTrusting: true, namedFrom: scope).get()
            }
            #expect(error?.code == .refusedAddress)
        }
    }
}
