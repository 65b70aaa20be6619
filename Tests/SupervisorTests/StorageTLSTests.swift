import ByteKit
import Glibc
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
        let folder = TestFolder.made()
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
        let folder = TestFolder.made()
        let other = try TLSServer(name: "other.example", folder: folder.path)
        let named = try failure(other, variables: ["SSL_CERT_FILE": other.certificate])
        #expect(named.message.lowercased().contains("hostname mismatch"), "\(named.message)")
        let address = try failure(other, host: "127.0.0.1", variables: ["SSL_CERT_FILE": other.certificate])
        #expect(address.message.lowercased().contains("ip address mismatch"), "\(address.message)")
        let inner = TestFolder.made()
        let old = try TLSServer(name: "localhost", folder: inner.path, isExpired: true)
        let ended = try failure(old, variables: ["SSL_CERT_FILE": old.certificate])
        #expect(ended.message.contains("certificate has expired"), "\(ended.message)")
    }

    @Test(
        "that launch.json describes is held against the certificates in the package, or, when it says so, against none")
    func described() throws {
        let folder = TestFolder.made()
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

    @Test("that says goodbye in the middle of an upload is sent it again")
    func parting() throws {
        let folder = TestFolder.made()
        let script = "\(Products.repository)/Tests/Oracles/parting-storage.py"
        let server = try TLSServer(name: "localhost", folder: folder.path, script: script)
        // As in the executable.
        signal(SIGPIPE, SIG_IGN)
        // On a thread of its own: a supervisor that does not notice goes on for ever.
        let outcome = Monitor<(type: String, message: String)?>(nil)
        let (port, certificate) = (server.port, server.certificate)
        _ = try Thread {
            var result = (type: "no function", message: "")
            if var function = try? CloudFunction(
                "https://localhost:\(port)", "#!/bin/sh\ntruncate -s 60M \"$TMP_OUTPUT_DIR/large\"\n",
                variables: ["SSL_CERT_FILE": certificate])
            {
                result = function.failure("a", seconds: 20)
            }
            outcome.withLock { $0 = result }
        }
        for _ in 0..<300 where outcome.withLock({ $0 == nil }) { usleep(100_000) }
        let (type, message) = outcome.withLock { $0 } ?? ("none in thirty seconds", "")
        #expect(type == "none", "\(message)")
        #expect(message.contains(#""key":"large","size":62914560"#), "\(message)")
    }

    private static let key = "AWS_ACCESS_KEY_ID=A AWS_SECRET_ACCESS_KEY=s AWS_REGION=eu-west-1"

    @Test(
        "is reached by the executable from an image that is no help: a resolver and an OpenSSL of another system’s",
        .enabled(if: EmptyRoot.isPossible, "needs root and gcc: scripts/setup test"))
    func foreignImage() throws {
        let folder = TestFolder.made()
        let server = try TLSServer(name: "store.example", folder: folder.path)
        let root = EmptyRoot()
        root.folder.write("hosts: mymachines resolve [!UNAVAIL=return] nonsense\n", to: "root/etc/nsswitch.conf")
        root.folder.write("127.0.0.1 store.example\n", to: "root/etc/hosts")
        root.folder.write(
            "openssl_conf = x\n[x]\nproviders = y\n[y]\nz = w\n[w]\nmodule = /z.so\nactivate = 1\n",
            to: "root/usr/lib/ssl/openssl.cnf")
        let variables = "\(Self.key) AWS_ENDPOINT_URL_S3=https://store.example:\(server.port)"
        let event = EventTests.event(EventTests.record("a"))
        let refused = root.run(event, variables: variables)
        #expect(refused.answer.contains("it could not be trusted: self"), "\(refused)")
        shell(
            "mkdir -p '\(root.path)/etc/ssl/certs' && cp '\(server.certificate)' '\(root.path)/etc/ssl/certs/ca-certificates.crt'"
        )
        let trusted = root.run(event, variables: variables)
        #expect(trusted.answer.contains(#""inputs":[{"bucket":"in","key":"a""#), "\(trusted)")
    }

    @Test("of Amazon’s is held against authorities that are built in, and are those of the system’s collection")
    func amazonRoots() throws {
        let source = shell("cat '\(Products.repository)/Sources/Supervisor/Network/AmazonRoots.swift'").output
        let texts = source.components(between: "-----BEGIN CERTIFICATE-----", and: "-----END CERTIFICATE-----")
        #expect(texts.count == 5)
        let known = shell("cat /etc/ssl/certs/ca-certificates.crt").output
            .components(between: "-----BEGIN CERTIFICATE-----", and: "-----END CERTIFICATE-----")
        try #require(known.count > 50)
        #expect(Set(texts).isSubset(of: Set(known)))
    }
}

extension String {
    /// What stands between each two marks, without white space.
    fileprivate func components(between begin: String, and end: String) -> [String] {
        split(separator: begin).dropFirst().compactMap { part in
            part.split(separator: end).first.map { String($0.filter { !$0.isWhitespace }) }
        }
    }
}
