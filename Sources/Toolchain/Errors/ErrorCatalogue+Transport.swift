extension ErrorCatalogue {
    /// HTTP.
    static let transport = ErrorChapter(
        "The network",
        [
            ErrorEntry(
                "malformed-url", cause: "A text is not the address of a server.",
                cure: "Write it as https://HOST[:PORT]/PATH."),
            ErrorEntry(
                "malformed-request", cause: "A header field would be more than one line.",
                cure: "Look for line breaks in logins and tokens."),
            ErrorEntry(
                "insecure-address", cause: "Plain HTTP to another machine.",
                cure: "Use https; plain HTTP is only spoken with this machine, and where --insecure-registry says so."),
            ErrorEntry(
                "refused-address",
                cause: "A redirect or challenge leads to a place that its server may not send anyone to.",
                cure: "The message names the place. Nothing was sent there."),
            ErrorEntry(
                "too-many-redirects", cause: "The server redirects without end.",
                cure: "Check the address; often a proxy or a login page is in between."),
            ErrorEntry(
                "host-not-found", cause: "The name has no address.",
                cure: "Check the name and the network; behind a proxy, set HTTPS_PROXY."),
            ErrorEntry(
                "unreachable", cause: "The server does not take the connection.",
                cure: "Check address, port and network; behind a proxy, set HTTPS_PROXY."),
            ErrorEntry(
                "timed-out", cause: "The server was silent for too long.", cure: "Try again later, or use a mirror."),
            ErrorEntry("interrupted", cause: "The connection ended in the middle.", cure: "Run the command again."),
            ErrorEntry(
                "untrusted-certificate", cause: "The server’s certificate is not trusted.",
                cure:
                    "For a private certificate authority, put its certificate into /etc/docker/certs.d/HOST/ca.crt, or set SSL_CERT_FILE to it."
            ),
            ErrorEntry(
                "tls-failed", cause: "TLS could not be agreed on.",
                cure: "Check that the port speaks TLS; for a registry without it, say --insecure-registry HOST."),
            ErrorEntry(
                "malformed-response", cause: "The answer is not HTTP.",
                cure: "Check the port, and whether a proxy is in between."),
            ErrorEntry(
                "response-too-large", cause: "The answer is larger than such an answer may be.",
                cure: "The message names the limit; see who answers with curl."),
            ErrorEntry(
                "file-unreadable",
                cause: "A file that was being sent, or a certificate for the server, could not be read.",
                cure: "See that certificates can be read, and that nothing changes files while they are sent."),
            ErrorEntry(
                "transfer-failed", cause: "The exchange failed in another way; the message has libcurl’s words.",
                cure: "Run the command again; if it stays, try the address with curl -v."),
        ])
}
