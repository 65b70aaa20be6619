import ByteKit
import JSON
import TestKit
import Testing

/// The commands around a published function, as a person types them.
@Suite(
    "Publishing, from the command line,", .serialized,
    .enabled(if: AWSEmulator.isInstalled, "needs moto: scripts/setup test"))
struct PublishCommandTests: ~Copyable {
    private static let shared = Result { try AWSEmulator() }

    private let folder: TestFolder
    private let emulator: AWSEmulator

    init() throws {
        let started = try Self.shared.get()
        try started.reset()
        folder = try TestFolder()
        emulator = started
    }

    private func run(_ arguments: String...) throws -> Peer.Result {
        try Tool.run(arguments, variables: emulator.variables.map { ($0.key, $0.value) } + [("HOME", folder.path)])
    }

    private func recipe(memory: Int = 512) throws -> String {
        try Tool.recipe(
            #"""
            {"name": "frames", "image": "example/frames:1",
             "function": {"memory": \#(memory), "environment": {"TOKEN": "hunter2"}},
             "input": [{"path": "videos/in", "suffix": [".mp4"]}], "output": [{"path": "videos/out"}],
             "api": {"authorization": "none"}}
            """#, in: folder.path)
    }

    private func package() throws -> String {
        let path = folder.path + "/package.zip"
        let script = "import sys, zipfile\nzipfile.ZipFile(sys.argv[1], 'w').writestr('bootstrap', '#!/bin/sh')"
        try #require(try Peer.run("python3", ["-c", script, path]).status == 0)
        return path
    }

    private func write(_ text: String, _ name: String) throws -> String {
        try OutputFile.write(Array(text.utf8), to: "\(folder.path)/\(name)")
        return "\(folder.path)/\(name)"
    }

    @Test("a plan changes nothing, publishing prints the address, and again changes nothing")
    func life() throws {
        let (recipe, package) = (try recipe(), try package())
        let plan = try run("publish", recipe, "--package", package, "--plan")
        #expect(plan.status == 0)
        #expect(plan.text.contains("create  function  frames"))
        #expect(!plan.text.contains("hunter2"))
        #expect(try emulator.changes() == [])
        let published = try run("publish", recipe, "--package", package)
        #expect(published.status == 0, "\(published.errorText)")
        #expect(published.text.hasPrefix("https://"))
        #expect(published.text.hasSuffix("/scar\n"))
        let list = try JSON.parse(try run("ls", "--json").output)
        #expect(list["functions"]?[0]?["name"]?.string == "frames")
        #expect(list["functions"]?[0]?["version"]?.string == "1")
        try emulator.clear()
        let again = try run("publish", recipe, "--package", package, "--json")
        #expect(try JSON.parse(again.output)["version"]?.string == "1")
        #expect(again.errorText.contains("is as it should be"))
        #expect(try emulator.changes() == [])
        let other = try run("publish", try self.recipe(memory: 1024), "--package", package, "--plan", "--json")
        let changes = try JSON.parse(other.output)["changes"]?.array ?? []
        #expect(changes.map { $0["kind"]?.string } == ["function", "alias"])
        #expect(changes.first?["details"]?[0]?["new"]?.string == "1024 MB")
        let removed = try run("rm", "frames")
        #expect(removed.status == 0, "\(removed.errorText)")
        #expect(try run("ls", "--json").text.contains("\"functions\": []"))
        #expect(try run("rm", "frames").status == 1)
        let problems = try emulator.problems()
        #expect(problems == [])
    }

    @Test("every recipe can be published, published again without a change, and removed without a rest")
    func recipes() throws {
        let package = try package()
        let list = try Peer.run("sh", ["-c", "cd \"$1\" && ls recipes/*.json", "sh", Products.repository])
        let recipes = list.text.split(separator: "\n").map(String.init)
        #expect(recipes.count >= 15)
        for recipe in recipes {
            let path = "\(Products.repository)/\(recipe)"
            let published = try run("publish", path, "--package", package, "-q")
            #expect(published.status == 0, "\(recipe): \(published.errorText)")
            try emulator.clear()
            let again = try run("publish", path, "--package", package)
            #expect(again.errorText.contains("is as it should be"), "\(recipe): \(again.errorText)")
            #expect(try emulator.changes() == [])
            let removed = try run("rm", "-f", path, "-q")
            #expect(removed.status == 0, "\(recipe): \(removed.errorText)")
        }
        #expect(try run("rm", "--all").status == 0)
        #expect(try emulator.problems() == [])
        let left = try Peer.run(
            "python3", ["\(Products.repository)/Tests/Oracles/list-account.py"],
            variables: emulator.variables.map { ($0.key, $0.value) })
        #expect(left.status == 0 && left.text == "", "\(left.text)\(left.errorText)")
    }

    @Test("all that was published goes at once, and only by one way of saying what")
    func removeAll() throws {
        let package = try package()
        for name in ["one", "two"] {
            let path = try Tool.recipe(#"{"name": "\#(name)", "image": "example/f:1"}"#, in: folder.path)
            #expect(try run("publish", path, "--package", package).status == 0)
        }
        let plan = try run("rm", "-a", "--plan")
        #expect(plan.text.contains("remove  function  one") && plan.text.contains("remove  function  two"))
        let removed = try run("rm", "-a")
        #expect(removed.status == 0, "\(removed.errorText)")
        #expect(try run("ls", "--json").text.contains("\"functions\": []"))
        #expect(try run("rm", "-a").status == 0)
        #expect(try run("rm").status == 2)
        #expect(try run("rm", "one", "--all").status == 2)
    }

    @Test(
        "a plan for a zip with jobs builds the zip and the image, and names the image by its digest",
        .enabled(if: (try? RegistryProcess()) != nil, "needs docker-registry"))
    func jobs() throws {
        let registry = try RegistryProcess()
        let program = TarItem.file("bin/program", "#!/bin/sh\n").with { $0.mode = 0o755 }
        let layer = TarBuilder.archive([.folder("bin"), program])
        try registry.push(TestImage(layers: [layer]), repository: "jobs/test", tag: "latest")
        let recipe = try Tool.recipe(
            #"""
            {"name": "frames", "image": "\#(registry.origin.dropFirst("http://".count))/jobs/test:latest",
             "command": ["/bin/program"], "prune": {"profile": "none"}, "target": "zip", "execution": "lambda-batch"}
            """#, in: folder.path)
        let result = try run(
            "publish", recipe, "--plan", "--json", "-o", "\(folder.path)/out", "--cache", "\(folder.path)/cache")
        #expect(result.status == 0, "\(result.errorText)")
        let changes = try JSON.parse(result.output)["changes"]?.array ?? []
        let kinds = changes.compactMap { $0["kind"]?.string }
        for kind in ["repository", "image", "compute environment", "job queue", "job definition", "function"] {
            #expect(kinds.contains(kind), "\(kind)")
        }
        let record = try JSON.parse(
            try InputFile.contents(of: folder.path + "/out/jobs/build.json", limit: 1 << 20))
        let digest = record["package"]?["digest"]?.string ?? "-"
        #expect(changes.contains { $0["name"]?.string == "scar-build/frames@\(digest)" })
        let function = changes.first { $0["kind"]?.string == "function" }
        #expect(function?["details"]?[0]?["new"]?.string?.hasSuffix("bytes)") == true)
        #expect(try emulator.changes() == [])
    }

    @Test("a function whose output is its input is refused before anything is asked")
    func recursion() throws {
        let path = try Tool.recipe(
            #"""
            {"name": "f", "image": "example/f:1", "input": [{"path": "videos/in"}],
             "output": [{"path": "videos/in/out"}]}
            """#, in: folder.path)
        let result = try run("publish", path, "--package", try package())
        #expect(result.status == 1)
        #expect(result.errorText.contains("error[conflicting-keys]"))
        #expect(try emulator.requests() == [])
    }

    @Test("a call's answer goes to stdout or into a file, and an event that is no JSON is not sent")
    func invoke() throws {
        try #require(try run("publish", try recipe(), "--package", try package()).status == 0)
        let event = try write(#"{"a": 1}"#, "event.json")
        let called = try run("invoke", "frames", "--payload", event)
        #expect(called.status == 0, "\(called.errorText)")
        let file = folder.path + "/answer"
        #expect(try run("invoke", "frames", "-o", file).status == 0)
        #expect(try !InputFile.contents(of: file, limit: 1 << 20).isEmpty)
        let handed = try run("invoke", "frames", "--async")
        #expect(handed.status == 0)
        #expect(!handed.text.isEmpty)
        try emulator.clear()
        let wrong = try run("invoke", "frames", "--payload", try write("{", "wrong.json"))
        #expect(wrong.status == 1)
        #expect(wrong.errorText.contains("not a JSON document"))
        #expect(try emulator.changes() == [])
        let missing = try run("logs", "nobody")
        #expect(missing.status == 1)
        #expect(missing.errorText.contains("error[not-found]"))
    }

    @Test("files go there and back in their folders, and are submitted one by one")
    func files() throws {
        try #require(try run("publish", try recipe(), "--package", try package()).status == 0)
        try Folder.create(folder.path + "/send/deep er")
        _ = try write("one", "send/a.mp4")
        _ = try write("two", "send/deep er/b+c.mp4")
        try #require(try Peer.run("ln", ["-s", ".", folder.path + "/send/again"]).status == 0)
        let put = try run("put", "s3://videos/in", folder.path + "/send")
        #expect(put.status == 0, "\(put.errorText)")
        #expect(put.errorText.contains("is a link to a folder"))
        #expect(try run("ls", "videos/in").text == "in/a.mp4\nin/deep er/b+c.mp4\n")
        let got = try run("get", "s3://videos/in", folder.path + "/got")
        #expect(got.status == 0, "\(got.errorText)")
        #expect(
            try InputFile.contents(of: folder.path + "/got/deep er/b+c.mp4", limit: 99) == Array("two".utf8))
        let twin = try run("put", "s3://videos/in", folder.path + "/send/a.mp4", folder.path + "/got/a.mp4")
        #expect(twin.status == 1 && twin.errorText.contains("error[same-name]"), "\(twin.errorText)")
        let submitted = try run(
            "submit", "frames", "s3://videos/in", "--journal", folder.path + "/journal")
        #expect(submitted.text == "2 of 2 submitted\n", "\(submitted.errorText)")
        let (one, other) = (folder.path + "/send/a.mp4", folder.path + "/got/a.mp4")
        let twins = try run("submit", "frames", one, other, "--output", folder.path + "/answers")
        #expect(twins.status == 1)
        #expect(twins.errorText.contains("error[same-name]"), "\(twins.errorText)")
        #expect(try emulator.problems() == [])
    }

    @Test("without credentials or a region the command says what to do")
    func unconfigured() throws {
        let path = try recipe()
        let nothing = NoAWS.variables + [(name: "HOME", value: folder.path)]
        let package = try package()
        let region = try Tool.run(["publish", path, "--package", package], variables: nothing)
        #expect(region.errorText.contains("--region"))
        let keys = try Tool.run(["publish", path, "--package", package, "--region", "eu-west-1"], variables: nothing)
        #expect(keys.status == 1)
        #expect(keys.errorText.contains("error[aws-credentials]"))
    }
}
