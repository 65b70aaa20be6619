internal import LayerFS

/// One kind of secret that images are left with, as data: where it is looked for, and what it looks like.
package struct SecretRule: Sendable {
    /// A stable name, as JSON and gates have it.
    package let name: String
    /// What people are told.
    package let title: String
    /// The files it is looked for in; every text file when there are none.
    let files: [PathPattern]
    /// What must stand in the file, one of these; anything when there are none.
    let signs: [Sign]

    /// What a secret, or the place of one, looks like in a text.
    enum Sign: Sendable {
        /// A text, wherever it stands.
        case text(String)
        /// A head and so many characters of a set, with none of the set before or behind. AWS's own example key is none.
        case token(String, Characters, ClosedRange<Int>)
        /// A PEM block: the head at the beginning of a line, and base64 behind it.
        case pem
    }

    enum Characters: Sendable {
        case upperAlphanumeric, alphanumeric, word

        func contains(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "a")...UInt8(ascii: "z"): self != .upperAlphanumeric
            case UInt8(ascii: "_"), UInt8(ascii: "-"): self == .word
            default: false
            }
        }
    }

    private init(_ name: String, _ title: String, files: [String] = [], _ signs: [Sign]) {
        self.name = name
        self.title = title
        self.files = files.map { PathPattern($0) }
        self.signs = signs
    }

    /// All of them. Lengths and heads of tokens are those that their makers publish.
    package static let all: [SecretRule] = [
        SecretRule("private-key", "a private key", [.pem]),
        SecretRule(
            "aws-key", "an AWS access key",
            [.token("AKIA", .upperAlphanumeric, 16...16), .token("ASIA", .upperAlphanumeric, 16...16)]),
        SecretRule(
            "github-token", "a GitHub token",
            [
                .token("ghp_", .alphanumeric, 36...251), .token("gho_", .alphanumeric, 36...251),
                .token("ghs_", .alphanumeric, 36...251), .token("github_pat_", .word, 36...251),
            ]),
        SecretRule("gitlab-token", "a GitLab token", [.token("glpat-", .word, 20...251)]),
        SecretRule("npm-token", "an npm token", [.token("npm_", .alphanumeric, 36...36)]),
        SecretRule(
            "slack-token", "a Slack token", [.token("xoxb-", .word, 24...251), .token("xoxp-", .word, 24...251)]),
        SecretRule("stripe-key", "a Stripe key", [.token("sk_live_", .alphanumeric, 24...251)]),
        SecretRule("google-key", "a Google API key", [.token("AIza", .word, 35...35)]),
        SecretRule(
            "aws-credentials", "AWS credentials", files: ["**/.aws/credentials"], [.text("aws_secret_access_key")]),
        SecretRule("netrc", "logins of .netrc", files: [".netrc", "_netrc"], [.text("password")]),
        SecretRule("npmrc", "a login of .npmrc", files: [".npmrc"], [.text("_auth"), .text("_password")]),
        SecretRule("pgpass", "passwords of .pgpass", files: [".pgpass"], [.text(":")]),
        SecretRule(
            "docker-login", "logins of Docker",
            files: ["**/.docker/config.json", ".dockercfg", "**/containers/auth.json"],
            [.text("\"auth\""), .text("\"identitytoken\"")]),
        SecretRule(
            "git-credentials", "logins of git", files: [".git-credentials", "**/git/credentials"], [.text("@")]),
        SecretRule("pypirc", "a login of .pypirc", files: [".pypirc"], [.text("password")]),
        SecretRule(
            "kube-config", "a login of Kubernetes", files: ["**/.kube/config"],
            [.text("client-key-data:"), .text("token:"), .text("password:")]),
        SecretRule("password-hash", "hashes of passwords", files: ["etc/shadow", "etc/shadow-"], [.text(":$")]),
        SecretRule("key-store", "a key store", files: ["*.p12", "*.pfx"], []),
    ]
}
