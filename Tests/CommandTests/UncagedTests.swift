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

    @Test("leaves nothing behind when the tool is killed, in the middle of an event that would take minutes")
    func killed() throws {
        try scene.write("#!/bin/sh\n: > \"$MARK/began\"\nsleep 300 & exec sleep 301\n", to: "script.sh")
        let script = #"""
            "$0" run "$1" --no-cage --cache "$2/cache" --env MARK="$2" -q > /dev/null 2>&1 &
            tool=$!
            for i in $(seq 1200); do [ -e "$2/began" ] && break; sleep 0.1; done
            [ -e "$2/began" ] || echo "it did not begin"
            kill -9 $tool
            for i in $(seq 300); do
                left=$(grep -lzx "MARK=$2" /proc/[0-9]*/environ 2> /dev/null)
                [ "$left" ] || exit 0
                sleep 0.1
            done
            echo "left: $left"
            """#
        let recipe = try scene.recipe(script: "script.sh")
        let result = try Peer.run("sh", ["-c", script, Products.scarBuild, recipe, scene.path])
        #expect(result.text == "")
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
