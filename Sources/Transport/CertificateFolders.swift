internal import ByteKit
internal import Glibc

/// Certificates for single servers, in folders as Docker and Podman have them: `HOST` or `HOST:PORT` with `*.crt`, the
/// authorities to trust besides the system's, and `NAME.cert` with `NAME.key`, who we are to that server.
package struct CertificateFolders: Sendable {
    private let roots: [String]
    private let known = Monitor<[String: ServerCertificates?]>([:])

    /// - Parameter roots: folders such as `/etc/docker/certs.d`; the first that has a folder for a server counts.
    package init(_ roots: [String]) { self.roots = roots }

    /// What there is for a server, by `host` or `host:port`; nil when there is nothing.
    package subscript(_ authority: String) -> ServerCertificates? {
        guard !roots.isEmpty, !authority.hasPrefix("."), !authority.contains("/") else { return nil }
        return known.withLock { known in
            if let found = known[authority] { return found }
            let found = roots.lazy.compactMap { ServerCertificates("\($0)/\(authority)") }.first
            known[authority] = .some(found)
            return found
        }
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

    private static let maximumSize = 1 << 20

    /// Reads a folder; nil when there is none, or nothing in it.
    init?(_ folder: String) {
        guard let names = try? Folder.names(in: folder) else { return nil }
        var authorities: [UInt8] = []
        for name in names where name.hasSuffix(".crt") {
            authorities += (try? InputFile.contents(of: "\(folder)/\(name)", limit: Self.maximumSize)) ?? []
            authorities.append(UInt8(ascii: "\n"))
        }
        let pairs = names.filter { $0.hasSuffix(".cert") }.map { name in
            Client(certificate: "\(folder)/\(name)", key: "\(folder)/\(name.dropLast(5)).key")
        }
        self.authorities = authorities
        client = pairs.first { pair in unsafe access(pair.key, F_OK) == 0 }
        if authorities.isEmpty && client == nil { return nil }
    }
}
