package import ByteKit
internal import Glibc

/// Certificates for single servers, in folders as Docker and Podman have them: `HOST` or `HOST:PORT` with `*.crt`, the
/// authorities to trust besides the system's, and `NAME.cert` with `NAME.key`, who we are to that server.
package struct CertificateFolders: Sendable {
    private let roots: [String]
    private let known = Monitor<[String: Result<ServerCertificates?, FileError>]>([:])

    /// More than any file of certificates has.
    static let maximumSize = 4 << 20

    /// - Parameter roots: folders such as `/etc/docker/certs.d`; the first that has a folder for a server counts.
    package init(_ roots: [String]) { self.roots = roots }

    /// What there is for a server, in a folder of one of its names; nil when there is nothing.
    package func certificates(for url: URL) throws(FileError) -> ServerCertificates? {
        for name in url.serverNames {
            if let found = try certificates(named: name) { return found }
        }
        return nil
    }

    private func certificates(named server: String) throws(FileError) -> ServerCertificates? {
        guard !roots.isEmpty, !server.hasPrefix("."), !server.contains("/") else { return nil }
        let answer = known.withLock { known in
            if let found = known[server] { return found }
            let found = Result { () throws(FileError) in try read(server) }
            known[server] = found
            return found
        }
        return try answer.get()
    }

    private func read(_ server: String) throws(FileError) -> ServerCertificates? {
        for root in roots {
            if let found = try ServerCertificates("\(root)/\(server)") { return found }
        }
        return nil
    }
}

/// The certificates for one server.
package struct ServerCertificates: Sendable, Equatable {
    /// Authorities in PEM form, one behind the other; empty for none.
    let authorities: [UInt8]
    /// Files with a certificate and its key, to show to the server.
    let client: Client?

    struct Client: Equatable {
        let certificate: String
        let key: String
    }

    /// Reads a folder; nil when there is none that we may read, or nothing in it.
    init?(_ folder: String) throws(FileError) {
        guard let names = try? Folder.names(in: folder) else { return nil }
        var authorities: [UInt8] = []
        for name in names where name.hasSuffix(".crt") {
            // One that cannot be read is told: without it the server would only seem to be untrustworthy.
            let file = try InputFile.contents(of: "\(folder)/\(name)", limit: CertificateFolders.maximumSize)
            if !file.isEmpty { authorities += file + [UInt8(ascii: "\n")] }
        }
        let pairs = names.filter { $0.hasSuffix(".cert") }.map { name in
            Client(certificate: "\(folder)/\(name)", key: "\(folder)/\(name.dropLast(5)).key")
        }
        self.authorities = authorities
        client = pairs.first { pair in unsafe access(pair.key, F_OK) == 0 }
        if authorities.isEmpty && client == nil { return nil }
    }
}
