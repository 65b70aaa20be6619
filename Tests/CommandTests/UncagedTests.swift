import ByteKit
import TestKit
import Testing

@Suite(
    "A run without a cage", .enabled(if: Peer.isInstalled("docker-registry"), "needs docker-registry"))
struct UncagedTests {
    private let scene: CageScene

    init() throws {
        scene = try CageScene()
        try scene.write("#!/bin/sh\nid -u; ulimit -n\n", to: "script.sh")
    }

    /// Runs it with a PATH of ours.
    private func run(path: String, _ arguments: [String] = []) throws -> Peer.Result {
        try Peer.run(
            Products.scarBuild,
            ["run", try scene.recipe(script: "script.sh"), "--cache", "\(scene.path)/cache"] + arguments,
            variables: [("PATH", path)])
    }

    @Test("says what is missing and what that means, and runs nevertheless")
    func missing() throws {
        // `timeout` and `env` find the program by its path; nothing else is looked up.
        let result = try Peer.run(
            "sh",
            [
                "-c", #"PATH=/nonexistent exec "$@""#, "sh", Products.scarBuild, "run",
                try scene.recipe(script: "script.sh"), "--cache", "\(scene.path)/cache",
            ])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(
            result.errorText.contains(
                "warning: no cage: bubblewrap is not installed (apt-get install bubblewrap); the function runs as you, and can read and write what you can\n"
            ), "\(result.errorText)")
        #expect(result.text.contains("1024"))
        #expect(!result.text.contains("993"))
    }

    @Test("passes on what a bubblewrap says that cannot make one")
    func forbidden() throws {
        try scene.write(
            "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n", to: "bin/bwrap")
        let path = "\(scene.path)/bin:" + (Peer.environment("PATH") ?? "")
        let result = try run(path: path)
        #expect(result.status == 0, "\(result.errorText)")
        #expect(
            result.errorText.contains(
                "no cage: bubblewrap cannot make one here (bwrap: No permissions to create new namespace); the function runs as you"
            ), "\(result.errorText)")
    }

    @Test("says nothing of it when it was asked for, and leaves no folder")
    func askedFor() throws {
        try Folder.create("\(scene.path)/tmp")
        let result = try scene.run(
            "run", try scene.recipe(script: "script.sh"), ["--no-cage"], variables: [("TMPDIR", "\(scene.path)/tmp")])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(!result.errorText.contains("no cage"))
        #expect(try Folder.names(in: "\(scene.path)/tmp") == [])
    }
}
