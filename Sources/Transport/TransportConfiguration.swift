internal import ByteKit

/// How a transport behaves towards every server.
package struct TransportConfiguration: Sendable {
    /// What we call ourselves.
    package var userAgent = "scar-build"
    /// How long name lookup, connection and TLS handshake may take together.
    package var connectTimeLimit: Duration = .seconds(15)
    /// A transfer that moves fewer bytes a second than this …
    package var slowestRate = 1024
    /// … for this long is given up. Whole seconds.
    package var slowestRateTime: Duration = .seconds(30)
    /// The certificates to trust instead of the system's file of them, in PEM form. Those of the system's folder, where
    /// curl was built to look into one, are trusted all the same, as OpenSSL and curl itself do.
    package var certificateFile: String?
    /// Certificates for single servers, besides those.
    package var certificates = CertificateFolders([])
    /// Servers, as `host` or `host:port`, that may be spoken to without TLS, and whose certificates are not looked at.
    package var insecureServers: Set<String> = []
    /// Hosts that are not looked up: `host:port:address`, as curl's `--resolve` takes them.
    package var fixedAddresses: [String] = []
    /// Asked about once a second and after every piece of a body.
    package var isCancelled: @Sendable () -> Bool = { Cancellation.isRequested }

    package init() {}

    /// The usual behaviour, with the certificate file that the environment names.
    package static var fromEnvironment: TransportConfiguration {
        var configuration = TransportConfiguration()
        configuration.certificateFile = Environment["SSL_CERT_FILE"] ?? Environment["CURL_CA_BUNDLE"]
        return configuration
    }
}
