import ByteKit
import JSON
import TestKit
import Testing

@Suite("The doctor")
struct DoctorTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private var cache: [String] { ["--cache", "\(folder.path)/cache"] }

    private func checks(
        _ arguments: [String] = [], _ variables: [(name: String, value: String)] = []
    ) throws -> (states: [String: String], result: Peer.Result) {
        let result = try Tool.run(["doctor", "--json"] + cache + arguments, variables: variables)
        let list = try JSON.parse(result.output)["checks"]?.array ?? []
        let pairs = list.map { ($0["subject"]?.string ?? "", $0["state"]?.string ?? "") }
        return (Dictionary(pairs) { $1 }, result)
    }

    @Test("finds what this build has, and makes nothing")
    func finds() throws {
        let (states, result) = try checks()
        #expect(states["cache"] == "present" || states["cache"] == "limited")
        #expect(states.keys.contains("cage") && states.keys.contains("locale") && states.keys.contains("certificates"))
        let isReady = !states.values.contains("missing")
        #expect(result.status == (isReady ? 0 : 1))
        #expect(try Folder.names(in: folder.path) == [])
    }

    @Test("says what to do about a cache that cannot be written, and fails")
    func unwritable() throws {
        let result = try Tool.run(["doctor", "--cache", "/dev/null/cache"])
        #expect(result.status == 1)
        #expect(result.text.contains("missing  cache"))
        #expect(result.text.contains("→ ") && result.text.contains("--cache"))
        #expect(result.errorText.contains("error[not-ready]") && result.errorText.contains("cache"))
    }

    @Test("says where AWS credentials are, and shows none of them")
    func credentials() throws {
        let none = NoAWS.variables + [(name: "HOME", value: folder.path)]
        #expect(try checks([], none).states["AWS credentials"] == "limited")
        let keys = [
            (name: "AWS_ACCESS_KEY_ID", value: "AKIAOFNOBODY"),
            (name: "AWS_SECRET_ACCESS_KEY", value: "secret-of-nobody"),
        ]
        let (states, result) = try checks([], none + keys)
        #expect(states["AWS credentials"] == "present")
        #expect(!result.text.contains("OFNOBODY") && !result.text.contains("secret-of-nobody"))
        let file = "\(folder.path)/credentials"
        try OutputFile.write(
            Array("[work]\naws_access_key_id = AKIAOFNOBODY\naws_secret_access_key = secret-of-nobody\n".utf8), to: file
        )
        let profile = [(name: "AWS_SHARED_CREDENTIALS_FILE", value: file), (name: "AWS_PROFILE", value: "work")]
        let named = try Tool.run(["doctor"] + cache, variables: none + profile)
        #expect(named.text.contains("from the profile ‘work’"))
        #expect(!named.text.contains("OFNOBODY") && !named.text.contains("secret-of-nobody"))
    }

    @Test("says that a terminal may not show what is said")
    func locale() throws {
        #expect(try checks([], [("LC_ALL", "C")]).states["locale"] == "limited")
        #expect(try checks([], [("LC_ALL", "de_DE.UTF-8")]).states["locale"] == "present")
    }

    @Test(
        "asks a registry when it is told to, whether that wants a login or not",
        .enabled(if: Peer.isInstalled("docker-registry"), "needs docker-registry: scripts/setup test"),
        arguments: [RegistryProcess.Login.none, .basic])
    func registry(login: RegistryProcess.Login) throws {
        let registry = try RegistryProcess(login: login, folder: folder.path)
        let host = String(registry.origin.dropFirst("http://".count))
        #expect(try checks(["--registry", host]).states[host] == "present")
    }

    @Test("says that a registry does not answer, and fails")
    func silence() throws {
        let (states, result) = try checks(["--registry", "127.0.0.1:9"])
        #expect(states["127.0.0.1:9"] == "missing")
        #expect(result.status == 1)
    }
}
