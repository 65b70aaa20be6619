import ByteKit
import JSON
import TestKit
import Testing

@Suite("Prune profiles", .enabled(if: CageScene.isPossible, "needs a bubblewrap that works, docker-registry and gcc"))
struct PruneProfileTests {
    private let scene: CageScene

    init() throws {
        scene = try CageScene()
        try scene.write(
            """
            #!/bin/sh
            [ -z "$MORE" ] || head -n 1 /image-marker
            cat /var/task/launch.json >/dev/null && echo done
            """, to: "script.sh")
    }

    private static let tests =
        #", "tests": [{"name": "plain", "response": "done"}, {"name": "more", "environment": {"MORE": "1"}, "response": "image"}]"#

    /// An archive of nothing: its end alone. APPNOTE.TXT, 4.3.16.
    private static let zip: [UInt8] = [0x50, 0x4b, 5, 6] + [UInt8](repeating: 0, count: 18)

    private func build(_ recipe: String, to name: String = "out") throws -> Peer.Result {
        try scene.run("build", recipe, ["-o", "\(scene.path)/\(name)"])
    }

    private func document(_ path: String) throws -> JSON {
        try JSON.parse(try InputFile.contents(of: "\(scene.path)/\(path)", limit: 16 << 20))
    }

    /// The rule that the account has for a path: that of its line, or of a folder's above it.
    private func rule(for path: String, in report: JSON) -> String? {
        report["removals"]?["lines"]?.array?.first { line in
            line["path"]?.string.map { path == $0 || path.hasPrefix("\($0)/") } ?? false
        }?["rule"]?.string
    }

    @Test("‘closure’ keeps the commands that the script names, says why, and accounts for each file that is gone")
    func closure() throws {
        let recipe = try scene.recipe(script: "script.sh", Self.tests, profile: "closure")
        let built = try build(recipe)
        #expect(built.status == 0, "\(built.errorText)")
        let report = try document("out/report.json")
        #expect(rule(for: "/bin/seq", in: report) == "closure")
        for name in ["/bin/sh", "/bin/cat", "/bin/head", "/image-marker"] {
            #expect(rule(for: name, in: report) == nil, "\(name)")
        }
        let removed = report["removed"]?.array?.reduce(0) { $0 + ($1["bytes"]?.integer ?? 0) }
        let lines = report["removals"]?["lines"]?.array?.reduce(0) { $0 + ($1["bytes"]?.integer ?? 0) }
        #expect(removed == lines)
        let reasons = report["kept"]?["files"]?.array?.compactMap { $0["because"]?.string } ?? []
        #expect(reasons.contains("script.sh names it"), "\(reasons)")
        #expect(reasons.contains { $0.hasSuffix("needs it") }, "\(reasons)")
        let tested = try scene.run("test", recipe)
        #expect(tested.status == 0, "\(tested.text) \(tested.errorText)")
    }

    @Test("‘inspect’ shows the account of the build that wrote a package, and of no other file")
    func account() throws {
        #expect(try build(try scene.recipe(script: "script.sh", Self.tests, profile: "closure")).status == 0)
        let package = "\(scene.path)/out/caged.zip"
        let page = "\(scene.path)/page.html"
        let shown = try Tool.run(["inspect", package, "--json", "--html", page, "--quiet"])
        #expect(shown.status == 0, "\(shown.errorText)")
        let removed = try JSON.parse(shown.output)["removed"]?.array ?? []
        #expect(try removed == document("out/report.json")["removed"]?.array)
        #expect(removed.contains { $0["rule"]?.string == "closure" })
        let html = String(decoding: try InputFile.contents(of: page, limit: 16 << 20), as: UTF8.self)
        #expect(html.contains("script.sh names it"))
        #expect(try Tool.run(["inspect", package, "--quiet"]).text.contains("removed by the build: "))
        // Elsewhere nothing is known of its build, and what a folder says of one package is not said of another.
        let bytes = try InputFile.contents(of: package, limit: 1 << 28)
        try TestImage.write([("elsewhere/caged.zip", bytes), ("out/caged.zip", Self.zip)], to: scene.path)
        for path in ["\(scene.path)/elsewhere/caged.zip", package] {
            let unknown = try Tool.run(["inspect", path, "--json", "--quiet"])
            #expect(unknown.status == 0, "\(unknown.errorText)")
            #expect(try JSON.parse(unknown.output)["removed"]?.isNull == true)
        }
    }

    @Test("‘traced’ keeps what tests opened; the lock has it, and the same lock gives the same bytes and runs nothing")
    func traced() throws {
        let recipe = try scene.recipe(script: "script.sh", Self.tests, profile: "traced")
        let unlocked = try build(recipe)
        #expect(unlocked.status == 0, "\(unlocked.errorText)")
        let locked = try scene.run("lock", recipe)
        #expect(locked.status == 0, "\(locked.errorText)")
        let lockPath = String(locked.text.dropLast())
        let lock = String(decoding: try InputFile.contents(of: lockPath, limit: 1 << 20), as: UTF8.self)
        #expect(lock.contains("\"bin/head\"") && lock.contains("\"image-marker\"") && !lock.contains("\"bin/seq\""))
        // Were the tests run again, they would fail.
        try scene.write("#!/bin/sh\nexit 1\n", to: "script.sh")
        let first = try build(recipe, to: "first")
        #expect(first.status == 0, "\(first.errorText)")
        #expect(try build(recipe, to: "second").status == 0)
        #expect(
            try InputFile.contents(of: "\(scene.path)/first/caged.zip", limit: 1 << 28)
                == InputFile.contents(of: "\(scene.path)/second/caged.zip", limit: 1 << 28))
        let reasons = try document("first/report.json")["kept"]?["files"]?.array?.compactMap { $0["because"]?.string }
        #expect(reasons?.contains("test ‘plain’ opened it") == true, "\(reasons ?? [])")
    }

    @Test("‘traced’ keeps what programs only ask for, by whatever link, and what is asked for once that is there")
    func lookedFor() throws {
        try scene.write(
            """
            #!/bin/sh
            # A name that stands here would be kept for that.
            q=q; name=name
            [ -e /bin/se$q ] || exit 1
            cd /bin/../bin && [ -x base$name ] && [ ! -e /bin/nothing$q ] && echo done
            """, to: "script.sh")
        let recipe = try scene.recipe(
            script: "script.sh", #", "tests": [{"name": "asks", "response": "done"}]"#, profile: "traced")
        let locked = try scene.run("lock", recipe)
        #expect(locked.status == 0, "\(locked.errorText)")
        let lockPath = String(locked.text.dropLast())
        let lock = String(decoding: try InputFile.contents(of: lockPath, limit: 1 << 20), as: UTF8.self)
        #expect(lock.contains("bin/seq\"") && lock.contains("bin/basename\""), "\(lock)")
        #expect(!lock.contains("bin/head\"") && !lock.contains("nothing"), "\(lock)")
        let tested = try scene.run("test", recipe)
        #expect(tested.status == 0, "\(tested.text) \(tested.errorText)")
    }

    @Test("‘traced’ needs tests that pass, and a lock that has their trace")
    func untraced() throws {
        let without = try build(try scene.recipe(script: "script.sh", profile: "traced"))
        #expect(without.status == 1 && without.errorText.contains("error[no-tests]"), "\(without.errorText)")
        let failing = try build(
            try scene.recipe(
                script: "script.sh", #", "tests": [{"name": "t", "response": "nothing"}]"#, profile: "traced"))
        #expect(failing.status == 5 && failing.errorText.contains("error[test-failed]"), "\(failing.errorText)")
        #expect(try scene.run("lock", try scene.recipe(script: "script.sh", Self.tests)).status == 0)
        let stale = try build(try scene.recipe(script: "script.sh", Self.tests, profile: "traced"))
        #expect(stale.status == 1 && stale.errorText.contains("error[no-trace]"), "\(stale.errorText)")
    }

    // MARK: - Without a cage

    /// Runs the tool where there is no bubblewrap.
    private func uncaged(_ verb: String, _ recipe: String, _ arguments: [String] = []) throws -> Peer.Result {
        let words = [verb, recipe, "--cache", "\(scene.path)/cache"] + arguments
        return try Peer.run("sh", ["-c", #"PATH=/nonexistent exec "$@""#, "sh", Products.scarBuild] + words)
    }

    /// Tests whose script leaves a file on this machine when nothing keeps it from that.
    private func revealingTests() throws -> String {
        try scene.write("#!/bin/sh\n: > \"$MARK/ran\"\necho done\n", to: "script.sh")
        return #", "tests": [{"name": "t", "response": "done", "environment": {"MARK": "\#(scene.path)"}}]"#
    }

    private var hasRun: Bool { FileIdentity("\(scene.path)/ran") != nil }

    @Test(
        "‘traced’ runs nothing where there is no cage, unless it is asked to",
        arguments: [
            ("build", ["-o"]), ("lock", []), ("publish", ["--emit", "cloudformation", "-o"]),
        ])
    func uncagedTrace(verb: String, arguments: [String]) throws {
        let recipe = try scene.recipe(script: "script.sh", try revealingTests(), profile: "traced")
        let more = arguments.last == "-o" ? arguments + ["\(scene.path)/out"] : arguments
        let refused = try uncaged(verb, recipe, more)
        #expect(refused.status == 1 && refused.errorText.contains("error[needs-cage]"), "\(refused.errorText)")
        #expect(refused.errorText.contains("bubblewrap is not installed") && !hasRun, "\(refused.errorText)")
        let asked = try uncaged(verb, recipe, more + ["--no-cage"])
        #expect(asked.status == 0 && hasRun, "\(asked.errorText)")
    }

    @Test("‘fit’ leaves ‘traced’ out where there is no cage, and says so; its lock has no trace then")
    func uncagedFit() throws {
        let tests = try revealingTests() + #", "budget": {"unpacked": 1000}"#
        let recipe = try scene.recipe(script: "script.sh", tests, profile: "fit")
        let built = try uncaged("build", recipe, ["-o", "\(scene.path)/out"])
        #expect(built.status == 3 && built.errorText.contains("error[over-budget]"), "\(built.errorText)")
        #expect(built.errorText.contains("profile traced") && built.errorText.contains("no cage"), "\(built.errorText)")
        let locked = try uncaged("lock", recipe)
        #expect(locked.status == 0 && locked.errorText.contains("‘fit’ will not try ‘traced’"), "\(locked.errorText)")
        let lock = try InputFile.contents(of: String(locked.text.dropLast()), limit: 1 << 20)
        #expect(try JSON.parse(lock)["functions"]?[0]?["trace"] == nil)
        #expect(!hasRun)
    }

    // MARK: - Budgets

    @Test("‘fit’ takes the mildest profile that fits, and says so; when none does, the build is over budget")
    func fit() throws {
        func profile(_ budget: Int, _ name: String) throws -> String? {
            let recipe = try scene.recipe(
                script: "script.sh", #", "budget": {"unpacked": \#(budget)}"#, profile: "fit")
            let built = try build(recipe, to: name)
            guard built.status == 0 else { return "\(built.status)" }
            let profile = try document("\(name)/build.json")["prune"]?.string
            return profile
        }
        #expect(try profile(1 << 30, "large") == "safe")
        let whole = try document("large/report.json")["unpackedSize"]?.integer ?? 0
        #expect(try profile(whole - 1, "small") == "closure")
        #expect(try profile(1000, "tiny") == "3")
    }

    @Test("a test that fails names the file that it asked for, the rule that took it, and what keeps it")
    func missed() throws {
        try scene.write("#!/bin/sh\nhead -n 1 /image-marker\n", to: "script.sh")
        let recipe = try Tool.recipe(
            #"""
            {"name": "caged", "image": "\#(scene.image)", "script": "script.sh", "target": "zip",
             "prune": {"profile": "none", "drop": ["image-marker"]}, "tests": [{"name": "t", "response": "image"}]}
            """#, in: scene.path)
        let tested = try scene.run("test", recipe)
        #expect(tested.status == 5, "\(tested.errorText)")
        let line =
            "asked for /image-marker, which the rule ‘drop’ has removed: \"image-marker\" in ‘prune.keep’ keeps it"
        #expect(tested.text.contains(line), "\(tested.text)")
        let json = try JSON.parse(Array(try scene.run("test", recipe, ["--json"]).text.utf8))
        #expect(json[0]?["missed"]?[0]?["path"]?.string == "/image-marker")
        #expect(json[0]?["missed"]?[0]?["rule"]?.string == "drop")
    }

    @Test("a build over its budget says what another profile would free")
    func advice() throws {
        let recipe = try scene.recipe(script: "script.sh", #", "budget": {"unpacked": 1000}"#, profile: "safe")
        let built = try build(recipe)
        #expect(built.status == 3 && built.errorText.contains("error[over-budget]"), "\(built.errorText)")
        #expect(built.errorText.contains("‘prune.profile’ closure would free "), "\(built.errorText)")
        #expect(!built.errorText.contains("‘prune.profile’ safe"), "\(built.errorText)")
    }
}
