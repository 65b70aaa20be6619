import ByteKit
import Glibc
import TestKit
import Testing
import Transport

@Suite("A credential helper")
struct CredentialHelperTests: ~Copyable {
    private let folder: TestFolder
    private let server: LoopbackServer

    init() throws {
        let folder = try TestFolder()
        let image = TestImage()
        let login = "Basic " + String(decoding: Base64.encode(Array("me:s3cret".utf8)), as: UTF8.self)
        server = try LoopbackServer { request in
            request.headers["authorization"] == login
                ? image.reply(to: request) : .init(401, ["www-authenticate": #"Basic realm="here""#])
        }
        self.folder = folder
    }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    /// Locks an image of the server, with a helper `test` that is this shell script, if any.
    private func lock(_ script: String?, _ configuration: ((String) -> String)? = nil) throws -> Peer.Result {
        let host = "127.0.0.1:\(server.port)"
        try TestImage.write(
            [("config.json", Array((configuration?(host) ?? #"{"credsStore":"test"}"#).utf8))],
            to: folder.path)
        if let script {
            try TestImage.write([("bin/docker-credential-test", Array("#!/bin/sh\n\(script)\n".utf8))], to: folder.path)
            #expect(unsafe chmod(path("bin/docker-credential-test"), 0o755) == 0)
        }
        let recipe = try Tool.recipe(#"{"name": "plain", "image": "\#(host)/a/b"}"#, in: folder.path)
        let result = try Tool.run(
            ["lock", recipe, "--cache", path("cache")],
            variables: [
                ("DOCKER_CONFIG", folder.path), ("PATH", path("bin") + ":" + (Peer.environment("PATH") ?? "")),
                ("SCAR_BUILD_MIRRORS", ""), ("NOTE", path("note")),
            ])
        #expect(!result.errorText.contains("s3cret") && !result.text.contains("s3cret"))
        return result
    }

    private static let good =
        #"read s; echo "$1 $s" >>"$NOTE"; echo '{"ServerURL":"x","Username":"me","Secret":"s3cret"}'"#

    @Test(
        "is asked for the registry's login, once",
        arguments: ["credsStore", "credHelpers"])
    func asked(member: String) throws {
        let result = try lock(Self.good) { host in
            member == "credsStore"
                ? #"{"credsStore":"test"}"# : #"{"credHelpers":{"\#(host)":"test"},"credsStore":"missing"}"#
        }
        #expect(result.status == 0, "\(result.errorText)")
        let note = String(decoding: try InputFile.contents(of: path("note"), limit: 1000), as: UTF8.self)
        #expect(note == "get 127.0.0.1:\(server.port)\n")
    }

    @Test("that knows no login leaves the image to be asked for without")
    func nothing() throws {
        let result = try lock("echo 'credentials not found in native keychain'; exit 1")
        #expect(result.errorText.contains("error[login-needed]"), "\(result.errorText)")
    }

    @Test(
        "that fails is named, with what to do, and no secret is shown",
        arguments: [
            ("echo 'the keychain is locked'; exit 3", "status 3: the keychain is locked"),
            (#"echo '{"Username":"me","Secret":"s3cret"}'; exit 1"#, "ended with status 1"),
            ("echo s3cret garbage", "something that is no login"), ("echo '{}'", "something that is no login"),
            (#"echo '{"Username":7,"Secret":"s3cret"}'"#, "something that is no login"),
            ("true", "something that is no login"), ("kill -9 $$", "ended with status 137"),
            ("yes s3cret", "answered with more than 64 KiB"),
        ])
    func failing(script: String, reason: String) throws {
        let result = try lock(script)
        #expect(result.status == 1)
        #expect(result.errorText.contains("error[malformed-credentials]"), "\(result.errorText)")
        #expect(result.errorText.contains("docker-credential-test"))
        #expect(result.errorText.contains(reason), "\(result.errorText)")
        #expect(result.errorText.contains("help:"))
    }

    @Test("that is not there is said to be missing")
    func missing() throws {
        let result = try lock(nil)
        #expect(result.errorText.contains("docker-credential-test is not installed"), "\(result.errorText)")
    }

    @Test("that hangs is ended after its time, with what it has started")
    func hanging() throws {
        let result = try lock(#"sleep 300 & echo $! >"$NOTE"; wait"#)
        #expect(result.errorText.contains("has not answered within"), "\(result.errorText)")
        let child = String(decoding: try InputFile.contents(of: path("note"), limit: 1000), as: UTF8.self)
        let process = try #require(pid_t(child.filter { $0 != "\n" }))
        // A process that has ended may wait for its parent to hear of it.
        let state = try Peer.run("ps", ["-o", "stat=", "-p", "\(process)"]).text
        #expect(state.isEmpty || state.hasPrefix("Z"))
    }

    @Test("whose child keeps its pipe open is not waited for longer than for itself")
    func lingeringChild() throws {
        let clock = ContinuousClock()
        let taken = try clock.measure {
            let result = try lock("sleep 20 & " + Self.good)
            #expect(result.status == 0, "\(result.errorText)")
        }
        #expect(taken < .seconds(15))
    }

    @Test("has a name, not a path", arguments: ["../x", "/bin/sh", "a b", "x;y"])
    func name(name: String) throws {
        let result = try lock(nil) { _ in #"{"credsStore":"\#(name)"}"# }
        #expect(result.errorText.contains("is not the name of a credential helper"), "\(result.errorText)")
    }
}
