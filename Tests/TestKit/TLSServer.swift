internal import ByteKit
internal import Transport

/// openssl's own server on this machine, or another, with a certificate that nobody but a test vouches for.
package final class TLSServer: Sendable {
    package let port: Int
    /// The certificate, which is its own authority, and its key.
    package let certificate: String
    package let key: String
    private let program: BackgroundProgram

    /// - Parameters:
    ///   - name: the name in the certificate; no lookup finds it.
    ///   - folder: where key and certificate are put.
    ///   - isExpired: whether the certificate was good long ago only.
    ///   - client: the authority of the certificates that clients must show; nil for none.
    ///   - script: a server in Python in place of openssl's, which is told port, certificate and key.
    package init(
        name: String, folder: String, isExpired: Bool = false, client: String? = nil, script: String? = nil
    ) throws {
        (key, certificate) = ("\(folder)/\(name).key", "\(folder)/\(name).pem")
        try Self.makeCertificate(name: name, key: key, certificate: certificate, isExpired: isExpired, in: folder)
        let port = try BackgroundProgram.freePort()
        let asksClient = client.map { ["-Verify", "1", "-verify_return_error", "-CAfile", $0] } ?? []
        program =
            if let script {
                try BackgroundProgram("python3", [script, String(port), certificate, key], package: "python3")
            } else {
                try BackgroundProgram(
                    "openssl",
                    ["s_server", "-accept", "127.0.0.1:\(port)", "-key", key, "-cert", certificate, "-www"]
                        + asksClient,
                    package: "openssl")
            }
        self.port = port
        let url = try URL(parsing: "https://127.0.0.1:\(port)/")
        try program.wait(for: script ?? "openssl s_server") {
            do throws(TransportError) { _ = try CurlTransport().collect(HTTPRequest(.get, url), limit: 1) } catch {
                return error.code != .unreachable
            }
            return true
        }
    }

    /// Makes a key and a certificate that is its own authority.
    package static func makeCertificate(
        name: String, key: String, certificate: String, isExpired: Bool = false, in folder: String
    ) throws {
        let usual = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout",
            key, "-out", certificate, "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)",
        ]
        try run(usual)
        guard isExpired else { return }
        // Only `openssl ca` lets one choose both dates.
        let configuration = """
            [ca]
            default_ca = own
            [own]
            database = \(folder)/index.txt
            new_certs_dir = \(folder)
            rand_serial = yes
            default_md = sha256
            policy = any
            x509_extensions = names
            [any]
            commonName = supplied
            [names]
            subjectAltName = DNS:\(name)
            basicConstraints = CA:TRUE
            """
        for (file, text) in [("ca.cnf", configuration), ("index.txt", "")] {
            try OutputFile.write(Array(text.utf8), to: "\(folder)/\(file)")
        }
        try run(["req", "-new", "-key", key, "-subj", "/CN=\(name)", "-out", "\(folder)/request.pem"])
        try run([
            "ca", "-batch", "-selfsign", "-config", "\(folder)/ca.cnf", "-keyfile", key, "-in",
            "\(folder)/request.pem", "-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-notext", "-out",
            certificate,
        ])
    }

    private static func run(_ arguments: [String]) throws {
        let result = try Peer.run("openssl", arguments)
        guard result.status == 0 else { throw BackgroundProgram.Unavailable("openssl: \(result.errorText)") }
    }
}
