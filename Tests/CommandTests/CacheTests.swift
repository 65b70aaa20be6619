import ByteKit
import Glibc
import JSON
import TestKit
import Testing

@Suite("The cache")
struct CacheTests: ~Copyable {
    private let folder: TestFolder
    private let server: LoopbackServer
    private let image: TestImage

    init() throws {
        let folder = try TestFolder()
        var numbers = SeededNumbers(seed: 71)
        let image = TestImage(layers: (0..<3).map { TarBuilder.archive([.file("f\($0)", numbers.bytes(100_000))]) })
        server = try LoopbackServer { image.reply(to: $0) }
        self.image = image
        self.folder = folder
    }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    private func build(_ output: String = "out", _ more: [String] = []) throws -> Peer.Result {
        let recipe = try Tool.recipe(
            #"{"name": "plain", "image": "127.0.0.1:\#(server.port)/a/b", "prune": {"profile": "none"}}"#,
            in: folder.path)
        return try Tool.run(
            ["build", recipe, "--target", "squashfs", "-o", path(output), "--cache", path("cache")] + more)
    }

    private func cache(_ arguments: String...) throws -> JSON {
        let result = try Tool.run(["cache"] + arguments + ["--json", "--cache", path("cache")])
        #expect(result.status == 0, "\(result.errorText)")
        return try JSON.parse(result.output)
    }

    private func names(_ json: JSON, _ member: StaticString) -> [String] {
        (json[member]?.array ?? []).compactMap { $0["name"]?.string }
    }

    /// Makes a file of the cache look as if it was last of use so many seconds ago.
    private func age(_ name: String, _ seconds: Int) throws {
        let result = try Peer.run("touch", ["-d", "-\(seconds) seconds", path("cache/" + name)])
        #expect(result.status == 0)
    }

    @Test("is listed by file, with kinds and sizes that add up")
    func listed() throws {
        #expect(names(try cache("ls"), "files") == [])
        #expect(try build().status == 0)
        let listing = try cache("ls")
        let files = listing["files"]?.array ?? []
        #expect(files.count { $0["kind"]?.string == "object" } == 3)
        #expect(files.count { $0["kind"]?.string == "blob" } == 6)
        #expect(files.reduce(0) { $0 + ($1["size"]?.integer ?? 0) } == listing["size"]?.integer)
        let text = try Tool.run(["cache", "ls", "--cache", path("cache")])
        #expect(text.text.contains("9 files, "))
        #expect(text.text.contains("blobs/sha256/\(Digest(of: image.layers[0]).hex)"))
    }

    @Test("is cleaned of what no build can use, and of nothing else")
    func leftovers() throws {
        #expect(try build().status == 0)
        let kept = Set(names(try cache("ls"), "files"))
        try TestImage.write(
            [("cache/partials/\(Digest(of: [1]).hex)", [1, 2]), ("cache/objects/v0/old.layer", [3])], to: folder.path)
        let record = try cache("gc")
        #expect(Set(names(record, "removed")) == ["partials/\(Digest(of: [1]).hex)", "objects/v0/old.layer"])
        #expect(record["freed"]?.integer == 3)
        #expect(Set(names(try cache("ls"), "files")) == kept)
    }

    @Test("is cleaned of what was unused for long, and builds fetch and make again what they need")
    func old() throws {
        #expect(try build().status == 0)
        let blob = "blobs/sha256/\(Digest(of: image.layers[1]).hex)"
        let object = try #require(
            names(cache("ls"), "files").first { $0.contains("objects/v3/\(Digest(of: image.layers[2]).hex)") })
        for name in [blob, object] { try age(name, 3 * 86_400) }
        #expect(names(try cache("ls"), "files").prefix(2).sorted() == [blob, object].sorted())
        #expect(names(try cache("gc", "--older-than", "4d"), "removed") == [])
        #expect(names(try cache("gc", "--older-than", "2d"), "removed").sorted() == [blob, object].sorted())
        let first = try InputFile.contents(of: path("out/plain.squashfs"), limit: 1 << 24)
        let again = try build("again")
        #expect(again.status == 0, "\(again.errorText)")
        #expect(try InputFile.contents(of: path("again/plain.squashfs"), limit: 1 << 24) == first)
    }

    @Test("is held to a size, the longest unused going first, and use counts")
    func size() throws {
        #expect(try build().status == 0)
        let all = names(try cache("ls"), "files")
        for (number, name) in all.enumerated() { try age(name, 1000 - number) }
        // A build makes use of what it needs.
        #expect(try build("again").status == 0)
        let order = names(try cache("ls"), "files")
        #expect(order.suffix(3).contains { $0.hasPrefix("objects/") })
        let total = try #require(cache("ls")["size"]?.integer)
        let record = try cache("gc", "--max-size", "\(total - 1)")
        #expect(names(record, "removed") == [order[0]])
        #expect(names(try cache("gc", "--max-size", "0"), "removed").count == order.count - 1)
        #expect(names(try cache("ls"), "files") == [])
        #expect(try build("third").status == 0)
    }

    @Test("is not cleaned under a build that uses it")
    func inUse() throws {
        // The build takes the root file system from a pipe that is slow to come.
        try TestImage.write([("root.tar", image.layers[0])], to: folder.path)
        let recipe = try Tool.recipe(
            #"{"name": "plain", "image": "tar:-", "prune": {"profile": "none"}}"#, in: folder.path)
        let script = """
            (sleep 2; cat "$1") | "$2" build "$3" --target squashfs -o "$4/out" --cache "$4/cache" >"$4/build.log" 2>&1 &
            sleep 0.7
            "$2" cache gc --max-size 0 --cache "$4/cache" >"$4/gc.log" 2>&1
            test -s "$4/out/plain.squashfs" && echo "built before"
            wait
            """
        let result = try Peer.run(
            "bash", ["-c", script, "bash", path("root.tar"), Products.scarBuild, recipe, folder.path])
        let log = String(decoding: try InputFile.contents(of: path("build.log"), limit: 1 << 16), as: UTF8.self)
        let cleaning = String(decoding: try InputFile.contents(of: path("gc.log"), limit: 1 << 16), as: UTF8.self)
        #expect(result.text == "built before\n", "\(log) \(cleaning)")
        #expect(cleaning.contains("waiting for a build") && cleaning.contains("removed 2 files"), "\(cleaning)")
    }

    @Test(
        "takes sizes and ages, and nothing else",
        arguments: [["--max-size", "x"], ["--older-than", "3"], ["--older-than", "-1d"]])
    func usage(arguments: [String]) throws {
        let result = try Tool.run(["cache", "gc", "--cache", path("cache")] + arguments)
        #expect(result.status == 2)
    }

    @Test("is all that an offline build needs when the image is locked")
    func offline() throws {
        #expect(try build().status == 0)
        #expect(try Tool.run(["lock", path("recipe.json"), "--cache", path("cache")]).status == 0)
        let before = server.requests.count
        let built = try build("offline", ["--offline", "--locked"])
        #expect(built.status == 0, "\(built.errorText)")
        #expect(server.requests.count == before)
        #expect(names(try cache("gc", "--max-size", "0"), "removed").count == 9)
        let missing = try build("missing", ["--offline", "--locked"])
        #expect(missing.status == 1)
        #expect(missing.errorText.contains("error[offline]"))
    }
}
