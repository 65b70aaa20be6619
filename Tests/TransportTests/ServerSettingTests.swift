import ByteKit
import TestKit
import Testing
import Transport

/// What is set for single servers: which one is meant, and what goes for it.
@Suite struct ServerSettingTests: ~Copyable {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// Runs a program of this machine that must succeed.
    private func run(_ program: String, _ arguments: [String]) throws {
        let result = try Peer.run(program, arguments)
        try #require(result.status == 0, "\(result.errorText)")
    }

    /// A transport that finds `registry.test` on this machine.
    private func transport(port: Int, _ set: (inout TransportConfiguration) -> Void) -> CurlTransport {
        var configuration = TransportConfiguration()
        configuration.fixedAddresses = ["registry.test:\(port):127.0.0.1"]
        configuration.certificates = CertificateFolders([folder.path + "/certs.d"])
        set(&configuration)
        return CurlTransport(configuration)
    }

    @Test("The scheme's own port may be said or left out", arguments: ["registry.test:80", "registry.test"])
    func usualPort(name: String) throws {
        let transport = transport(port: 80) { $0.insecureServers = [name] }
        var code: TransportError.Code?
        do throws(TransportError) {
            _ = try transport.collect(HTTPRequest(.get, try URL(parsing: "http://registry.test/")), limit: 1 << 20)
        } catch {
            code = error.code
        }
        // Whether anything answers there is this machine's business.
        #expect(code != .insecure)
    }

    @Test(
        "A folder may have the scheme's own port in its name or not", arguments: ["registry.test:443", "registry.test"])
    func folderWithPort(name: String) throws {
        try Folder.create("\(folder.path)/certs.d/\(name)")
        try TLSServer.makeCertificate(
            name: "registry.test", key: folder.path + "/key", certificate: "\(folder.path)/certs.d/\(name)/ca.crt",
            in: folder.path)
        let folders = CertificateFolders([folder.path + "/certs.d"])
        #expect(try folders.certificates(for: URL(parsing: "https://registry.test/")) != nil)
        #expect(try folders.certificates(for: URL(parsing: "https://registry.test:5000/")) == nil)
    }

    @Test("The authorities that a person has named for all servers go for one with authorities of its own, too")
    func both() throws {
        let server = try TLSServer(name: "registry.test", folder: folder.path)
        let certificates = "\(folder.path)/certs.d/registry.test:\(server.port)"
        try Folder.create(certificates)
        try TLSServer.makeCertificate(
            name: "other.test", key: folder.path + "/key", certificate: certificates + "/ca.crt", in: folder.path)
        let request = HTTPRequest(.get, try URL(parsing: "https://registry.test:\(server.port)/"))
        let without = transport(port: server.port) { _ in }
        let error = #expect(throws: TransportError.self) { try without.collect(request, limit: 1 << 20) }
        #expect(error?.code == .untrusted)
        let with = transport(port: server.port) { $0.certificateFile = server.certificate }
        #expect(try with.collect(request, limit: 1 << 20).response.status == 200)
    }

    @Test("An authority that cannot be read is told by its name, not taken for none")
    func unreadable() throws {
        let server = try TLSServer(name: "registry.test", folder: folder.path)
        let certificates = "\(folder.path)/certs.d/registry.test:\(server.port)"
        try Folder.create(certificates)
        try run("ln", ["-s", "/nowhere", certificates + "/ca.crt"])
        let request = HTTPRequest(.get, try URL(parsing: "https://registry.test:\(server.port)/"))
        let transport = transport(port: server.port) { _ in }
        let error = #expect(throws: TransportError.self) { try transport.collect(request, limit: 1 << 20) }
        #expect(error?.code == .fileUnreadable)
        #expect(error?.detail.contains(certificates + "/ca.crt") == true)
    }
}
