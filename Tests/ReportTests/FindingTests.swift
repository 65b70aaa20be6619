import JSON
import Report
import TestKit
import Testing

@Suite("Findings in an image")
struct FindingTests {
    private static let key = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
        -----END OPENSSH PRIVATE KEY-----

        """

    private static let leftovers: [(path: String, text: String, kind: String)] = [
        ("root/.ssh/id_rsa", key, "private-key"),
        ("srv/deploy.sh", "export AWS_KEY=AKIAQWERTYUIOPASDFGH\n", "aws-key"),
        ("root/.aws/credentials", "[default]\naws_secret_access_key = hunter2hunter2\n", "aws-credentials"),
        ("root/.netrc", "machine a login b password hunter2\n", "netrc"),
        ("app/.npmrc", "//registry.npmjs.org/:_authToken=hunter2\n", "npmrc"),
        ("root/.pgpass", "host:5432:db:user:hunter2\n", "pgpass"),
        ("root/.docker/config.json", #"{"auths": {"a": {"auth": "aHVudGVyMg=="}}}"#, "docker-login"),
        ("root/.git-credentials", "https://joe:hunter2@example.org\n", "git-credentials"),
        ("etc/shadow", "root:$6$hunter2:19000:0:99999:7:::\n", "password-hash"),
        ("app/config.yml", "token: ghp_" + String(repeating: "a1B2", count: 9) + "\n", "github-token"),
        ("certificates/store.p12", "binary", "key-store"),
    ]

    @Test("are secrets that were left behind, by kind and place", arguments: leftovers.indices)
    func secrets(index: Int) throws {
        let (path, text, kind) = Self.leftovers[index]
        let inspection = try InspectionFixture.inspect([.file(path, text)])
        #expect(inspection.findings.filter(\.isSecret).map { "\($0.kind) \($0.place)" } == ["\(kind) /\(path)"])
        #expect(inspection.secrets == 1)
    }

    @Test("never show the secret itself, in no form of report")
    func discretion() throws {
        let inspection = try InspectionFixture.inspect(
            Self.leftovers.map { .file($0.path, $0.text) }, [.whiteout("root")],
            history: [("RUN login --token hunter2", false), ("ENV API_KEY=hunter2", false)],
            environment: ["DB_PASSWORD=hunter2", "PATH=/bin"])
        let other = try InspectionFixture.inspect([.file("a")], environment: ["DB_PASSWORD=hunter3"])
        let comparison = Comparison(inspection, other)
        #expect(comparison.config.contains { $0.name == "environment DB_PASSWORD" })
        for report in [
            InspectionFixture.text(inspection, width: 160), InspectionFixture.text(inspection.json.text()),
            InspectionFixture.text(InspectionPage(inspection, version: "1").html()),
            ComparisonText(comparison, width: 160).text(),
            InspectionFixture.text(comparison.json.text()),
            InspectionFixture.text(ComparisonPage(comparison, version: "1").html()),
        ] {
            for secret in ["hunter2", "hunter3", "AKIAQWERTYUIOPASDFGH", "b3BlbnNzaC1r", "aHVudGVyMg", "a1B2a1B2"] {
                #expect(!report.contains(secret))
            }
        }
    }

    @Test("are there also for what a later layer hides")
    func hidden() throws {
        let inspection = try InspectionFixture.inspect([.file("root/.ssh/id_rsa", Self.key)], [.whiteout("root")])
        let finding = try #require(inspection.findings.first)
        #expect(finding.isSecret && !finding.isShown && finding.layer == 0)
        #expect(InspectionFixture.text(inspection).contains("hidden by a later one and still there"))
    }

    @Test("are variables that are named after secrets")
    func variables() throws {
        let inspection = try InspectionFixture.inspect(
            [.file("a")], environment: ["GITHUB_TOKEN=x", "EMPTY_TOKEN=", "PATH=/bin", "KEY=AKIAQWERTYUIOPASDFGH"])
        #expect(inspection.findings.map(\.place) == ["GITHUB_TOKEN", "KEY"])
    }

    @Test(
        "are not what only looks like a secret",
        arguments: [
            "-----BEGIN PRIVATE KEY-----\n", "see -----BEGIN RSA PRIVATE KEY-----\nMIIE\n",
            "AKIAIOSFODNN7EXAMPLE", "XAKIAQWERTYUIOPASDFGH", "AKIAQWERTYUIOPASDFGHIJ", "-----BEGIN CERTIFICATE-----\n",
        ])
    func lookalikes(text: String) throws {
        #expect(try InspectionFixture.inspect([.file("a.txt", text)]).findings == [])
    }

    @Test("are not the constants in programs")
    func programs() throws {
        let program: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 0] + Array("\n\(Self.key)".utf8)
        #expect(try InspectionFixture.inspect([.file("bin/openssl", program)]).findings == [])
    }

    @Test("are programs that run as others, and what everybody may write to")
    func rights() throws {
        let inspection = try InspectionFixture.inspect([
            TarItem.file("su", "x").with { $0.mode = 0o4755 }, TarItem.file("wall", "x").with { $0.mode = 0o2755 },
            TarItem.file("ping", "x").xattr("security.capability", [1]), .folder("tmp", mode: 0o1777),
            .folder("open", mode: 0o777), TarItem.file("log", "x").with { $0.mode = 0o666 },
            .symlink("link", to: "su"),
        ])
        #expect(
            inspection.findings.map { "\($0.kind) \($0.place)" } == [
                "setuid /su", "setgid /wall", "capability /ping", "world-writable /log", "world-writable /open",
            ])
    }
}
