import ByteKit
import Testing
import TestKit
import Transport

/// TLS, with openssl's own server as the peer.
@Suite struct SecureTransportTests: ~Copyable {
    /// The name in the server's certificate; no lookup finds it.
    static let name = "registry.test"
    let folder: TestFolder
    let server: TLSServer
    var port: Int { server.port }

    init() throws {
        let folder = try TestFolder()
        server = try TLSServer(name: Self.name, folder: folder.path)
        self.folder = folder
    }

    /// A transport that finds `host` on this machine, and trusts the server's certificate or only the system's.
    private func transport(host: String, isTrusting: Bool) -> CurlTransport {
        var configuration = TransportConfiguration()
        configuration.fixedAddresses = ["\(host):\(port):127.0.0.1"]
        if isTrusting { configuration.certificateFile = server.certificate }
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

    // MARK: - Certificates for one server

    /// Puts files into the folder that is there for a server.
    private func certificates(_ files: [(name: String, source: String)], for host: String) throws -> CertificateFolders
    {
        let folder = "\(folder.path)/certs.d/\(host)"
        try Folder.create(folder)
        for file in files {
            let copied = try Peer.run("cp", [file.source, "\(folder)/\(file.name)"])
            #expect(copied.status == 0)
        }
        return CertificateFolders(["/nowhere", self.folder.path + "/certs.d"])
    }

    private func ask(
        _ server: TLSServer, _ certificates: CertificateFolders, insecure: Set<String> = []
    ) throws -> Result<HTTPResponse, TransportError> {
        var configuration = TransportConfiguration()
        configuration.fixedAddresses = ["\(Self.name):\(server.port):127.0.0.1"]
        configuration.certificates = certificates
        configuration.insecureServers = insecure
        let (transport, url) = (CurlTransport(configuration), try URL(parsing: "https://\(Self.name):\(server.port)/"))
        return Result { () throws(TransportError) in
            try transport.collect(HTTPRequest(.get, url), limit: 1 << 20).response
        }
    }

    @Test("An authority in a server's folder is trusted for that server, and for no other")
    func privateAuthority() throws {
        let folders = try certificates([("ca.crt", server.certificate)], for: "\(Self.name):\(server.port)")
        #expect(try ask(server, folders).get().status == 200)
        let other = try certificates([("ca.crt", server.certificate)], for: Self.name)
        let fresh = CertificateFolders([folder.path + "/certs.d"])
        #expect(try ask(server, fresh).get().status == 200)
        Folder.remove("\(folder.path)/certs.d/\(Self.name):\(server.port)")
        let error = #expect(throws: TransportError.self) { try ask(server, other).get() }
        #expect(error?.code == .untrusted)
        #expect(error?.diagnostic.hint?.contains("certs.d") == true)
    }

    @Test("A server that wants to know who asks is shown the certificate of its folder, and nothing else is")
    func clientCertificate() throws {
        let (key, certificate) = (folder.path + "/me.key", folder.path + "/me.pem")
        try TLSServer.makeCertificate(name: "me", key: key, certificate: certificate, in: folder.path)
        let strict = try TLSServer(name: Self.name, folder: folder.path, client: certificate)
        let host = "\(Self.name):\(strict.port)"
        let without = try certificates([("ca.crt", strict.certificate)], for: host)
        #expect(throws: TransportError.self) { try ask(strict, without).get() }
        let with = try certificates([("client.cert", certificate), ("client.key", key)], for: host)
        #expect(try ask(strict, with).get().status == 200)
    }

    @Test("A certificate that has expired is refused, though its authority is trusted")
    func expired() throws {
        let old = try TLSServer(name: Self.name, folder: folder.path, isExpired: true)
        let folders = try certificates([("ca.crt", old.certificate)], for: "\(Self.name):\(old.port)")
        let error = #expect(throws: TransportError.self) { try ask(old, folders).get() }
        #expect(error?.code == .untrusted)
        #expect(error?.detail.contains("expired") == true)
        #expect(error?.isTransient == false)
    }

    @Test("A server that a person calls insecure may show any certificate, and need not have TLS")
    func insecure() throws {
        let nothing = CertificateFolders([])
        #expect(throws: TransportError.self) { try ask(server, nothing).get() }
        #expect(throws: TransportError.self) { try ask(server, nothing, insecure: [Self.name]).get() }
        #expect(try ask(server, nothing, insecure: ["\(Self.name):\(server.port)"]).get().status == 200)
    }

    // MARK: - Protocols

    @Test(
        "HTTP/2 is spoken with servers that offer it, over one connection",
        .enabled(if: Peer.isInstalled("node"), "needs node, for a server of HTTP/2"))
    func http2() throws {
        let port = try BackgroundProgram.freePort()
        let script = """
            const server = require('http2').createSecureServer({
                key: require('fs').readFileSync('\(server.key)'), cert: require('fs').readFileSync('\(server.certificate)') });
            let sessions = 0;
            server.on('session', () => sessions += 1);
            server.on('stream', (stream, headers) => {
                stream.respond({ ':status': 200, 'docker-content-digest': headers[':path'] + ' ' + sessions });
                stream.end('x'.repeat(100000)); });
            server.listen(\(port), '127.0.0.1');
            """
        let program = try BackgroundProgram("node", ["-e", script], package: "nodejs")
        var configuration = TransportConfiguration()
        configuration.fixedAddresses = ["\(Self.name):\(port):127.0.0.1"]
        configuration.certificateFile = server.certificate
        let transport = CurlTransport(configuration)
        let url = try URL(parsing: "https://\(Self.name):\(port)/v2/")
        try withExtendedLifetime(program) {
            try program.wait(for: "node") {
                (try? transport.collect(HTTPRequest(.get, url), limit: 1 << 20)) != nil
            }
            for _ in 0..<3 {
                let (response, body) = try transport.collect(HTTPRequest(.get, url), limit: 1 << 20)
                #expect(response.status == 200 && body.count == 100_000)
                #expect(response.headers["docker-content-digest"] == "/v2/ 1")
            }
        }
    }
}
