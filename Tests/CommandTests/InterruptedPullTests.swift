import ByteKit
import Glibc
import ImageModel
import TestKit
import Testing
import Transport

@Suite("A pull that is cut short")
struct InterruptedPullTests: ~Copyable {
    private let folder: TestFolder
    private let image: TestImage

    init() throws {
        folder = try TestFolder()
        var numbers = SeededNumbers(seed: 61)
        let sizes = [4_500_000, 2_500_000, 6_500_000]
        image = TestImage(
            layers: sizes.enumerated().map { TarBuilder.archive([.file("f\($0)", numbers.bytes($1))]) })
    }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    /// A registry that takes its time over every piece of a blob.
    private func registry(pause: Int) throws -> LoopbackServer {
        let image = image
        return try LoopbackServer { request in
            guard request.method == "GET", request.path.contains("/blobs/"),
                let (_, bytes) = image.content(at: request.path)
            else { return image.reply(to: request) }
            let first = TestImage.rangeStart(request) ?? 0
            var headers: HTTPHeaders = ["content-length": String(bytes.count - first)]
            if first > 0 { headers["content-range"] = "bytes \(first)-\(bytes.count - 1)/\(bytes.count)" }
            var steps: [LoopbackServer.Reply.Step] = [
                .bytes(LoopbackServer.Reply.head(first > 0 ? 206 : 200, headers))
            ]
            for start in stride(from: first, to: bytes.count, by: 1 << 18) {
                steps += [
                    .bytes(Array(bytes[start..<min(bytes.count, start + 1 << 18)])), .pause(milliseconds: pause),
                ]
            }
            return .init(steps: steps)
        }
    }

    private func recipe(_ server: LoopbackServer) throws -> String {
        try Tool.recipe(
            #"{"name": "plain", "image": "127.0.0.1:\#(server.port)/a/b", "prune": {"profile": "none"}}"#,
            in: folder.path)
    }

    private func arguments(_ recipe: String, _ output: String, _ cache: String) -> [String] {
        ["build", recipe, "--target", "squashfs", "-o", path(output), "--cache", path(cache)]
    }

    private func finished(_ cache: String) -> Set<String> {
        Set((try? Folder.names(in: path(cache) + "/blobs/sha256")) ?? [])
    }

    @Test("by SIGKILL at ten random moments ends right, and no finished blob is fetched twice")
    func killed() throws {
        let server = try registry(pause: 40)
        let recipe = try recipe(server)
        let clock = ContinuousClock()
        let cold = try clock.measure {
            let reference = try Tool.run(arguments(recipe, "reference", "reference-cache"))
            #expect(reference.status == 0, "\(reference.errorText)")
        }
        let expected = try InputFile.contents(of: path("reference/plain.squashfs"), limit: 1 << 28)

        var numbers = SeededNumbers(seed: 62)
        var killed = 0
        for round in 0..<10 {
            // A cache that has nearly everything leaves little to cut: now and then it begins anew.
            if round % 4 == 0 { Folder.remove(path("cache")) }
            unsafe unlink(path("out/.plain.stamp"))
            let before = finished("cache")
            let seen = server.requests.count
            let seconds = cold / .seconds(1) * (0.2 + Double(numbers.below(600)) / 1000)
            let cut = try Peer.run(
                "timeout",
                ["--signal=KILL", "\(seconds)", Products.scarBuild] + arguments(recipe, "out", "cache"))
            if cut.status != 0 { killed += 1 }
            expectNoneAgain(before, server.requests.dropFirst(seen), "round \(round)")
        }
        #expect(killed >= 3, "the delays are too long for this machine")
        let before = finished("cache")
        let seen = server.requests.count
        unsafe unlink(path("out/.plain.stamp"))
        let last = try Tool.run(arguments(recipe, "out", "cache"))
        #expect(last.status == 0, "\(last.errorText)")
        expectNoneAgain(before, server.requests.dropFirst(seen), "last")
        #expect(try InputFile.contents(of: path("out/plain.squashfs"), limit: 1 << 28) == expected)
        #expect(server.requests.contains { $0.headers["range"] != nil }, "nothing was gone on with")
        #expect(try Folder.names(in: path("cache/partials")) == [])
    }

    private func expectNoneAgain(
        _ finished: Set<String>, _ requests: ArraySlice<LoopbackServer.Request>, _ comment: Comment
    ) {
        for request in requests where request.method == "GET" && request.path.contains("/blobs/") {
            #expect(!finished.contains { request.path.hasSuffix($0) }, comment)
        }
    }

    /// Runs a program until there is something in a file of the folder, and then interrupts it.
    private static let interrupting = """
        import glob, os, signal, subprocess, sys, time
        program = subprocess.Popen(sys.argv[2:])
        while program.poll() is None and not any(os.path.getsize(file) for file in glob.glob(sys.argv[1] + "/*")):
            time.sleep(0.01)
        program.send_signal(signal.SIGINT)
        sys.exit(program.wait())
        """

    @Test("by Ctrl-C leaves what has come, and the next one goes on from there")
    func interrupted() throws {
        let server = try registry(pause: 150)
        let recipe = try recipe(server)
        let cut = try Peer.run(
            "python3",
            ["-c", Self.interrupting, path("cache/partials"), Products.scarBuild] + arguments(recipe, "out", "cache"))
        #expect(cut.errorText.contains("error[cancelled]"), "\(cut.errorText)")
        let left = try Folder.names(in: path("cache/partials"))
        #expect(!left.isEmpty)
        let next = try Tool.run(arguments(recipe, "out", "cache"))
        #expect(next.status == 0, "\(next.errorText)")
        let resumed = server.requests.filter { $0.headers["range"] != nil }
        #expect(Set(resumed.compactMap { $0.path.split(separator: ":").last.map(String.init) }).isSubset(of: left))
        #expect(!resumed.isEmpty)
    }

    @Test("by nothing, but made twice at once, fetches each blob once")
    func together() throws {
        let server = try registry(pause: 20)
        let recipe = try recipe(server)
        let script = #"o=$1; shift; for n in 1 2 3; do "$@" -o "$o$n" >"$o.$n" 2>&1 & done; wait; cat "$o".*"#
        let both = try Peer.run(
            "bash",
            ["-c", script, "bash", path("out"), Products.scarBuild, "build", recipe, "--target", "squashfs"]
                + ["--cache", path("cache")])
        #expect(!both.text.contains("error["), "\(both.text)")
        for layer in image.layers {
            #expect(server.requests.count { $0.method == "GET" && $0.path.contains(Digest(of: layer).hex) } == 1)
        }
        let results = try (1...3).map { try InputFile.contents(of: path("out\($0)/plain.squashfs"), limit: 1 << 28) }
        #expect(results[0] == results[1] && results[1] == results[2])
    }
}
