import ByteKit
import Glibc
import TestKit
import Testing

/// An image made up for a test on a real registry of its own, and how it is built.
final class CrashScene {
    private let registry: RegistryProcess
    let folder: TestFolder
    let recipe: String
    let image: TestImage
    /// The artifact of an undisturbed build.
    private(set) var expected: [UInt8] = []

    init() throws {
        folder = try TestFolder()
        registry = try RegistryProcess()
        image = TestImage(layers: Self.layers)
        try registry.push(image, repository: "crash/test", tag: "latest")
        let host = registry.origin.dropFirst("http://".count)
        recipe = try Tool.recipe(
            #"{"name": "plain", "image": "\#(host)/crash/test:latest", "prune": {"profile": "none"}}"#, in: folder.path)

        let result = try build(output: path("reference"), cache: path("reference-cache"))
        #expect(result.status == 0, "\(result.errorText)")
        expected = try InputFile.contents(of: "\(path("reference"))/plain.squashfs", limit: 1 << 28)
    }

    /// Three layers with files of all sizes, a few of which go again, so that there are blocks to copy and to pack anew.
    private static let layers: [[UInt8]] = {
        var numbers = SeededNumbers(seed: 31)
        let noise = numbers.bytes(200_000)
        var layers = (0..<2).map { layer in
            (0..<60).map { file in
                let start = numbers.below(100_000)
                return TarItem.file("d\(layer)/f\(file)", Array(noise[start...(start + numbers.below(100_000))]))
            }
        }
        layers.append([.whiteout("d0/f1"), .whiteout("d1/f2"), .file("top", "last")])
        return layers.map { TarBuilder.archive($0) }
    }()

    func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    func arguments(output: String, cache: String) -> [String] {
        ["build", recipe, "--target", "squashfs", "-o", output, "--cache", cache]
    }

    /// Builds even what is there already.
    func build(output: String, cache: String) throws -> Peer.Result {
        unsafe unlink("\(output)/.plain.stamp")
        return try Tool.run(arguments(output: output, cache: cache))
    }

    /// Builds, and expects the artifact of the undisturbed build.
    func expectSame(
        output: String, cache: String, _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let result = try build(output: output, cache: cache)
        #expect(result.status == 0, "\(comment): \(result.errorText)", sourceLocation: sourceLocation)
        guard result.status == 0 else { return }
        let made = try InputFile.contents(of: "\(output)/plain.squashfs", limit: 1 << 28)
        #expect(made == expected, "\(comment): other bytes", sourceLocation: sourceLocation)
    }

    /// Paths of files below a folder that the expression of find(1) selects.
    func find(_ folder: String, _ expression: String...) throws -> [String] {
        try Peer.run("find", [folder] + expression).text.split(separator: "\n").map(String.init)
    }
}

@Suite("A build that is cut short", .enabled(if: Peer.isInstalled("docker-registry"), "needs docker-registry"))
struct CrashSafetyTests: ~Copyable {
    private let scene: CrashScene

    init() throws { scene = try CrashScene() }

    @Test("by SIGKILL at any moment leaves nothing that is taken for whole, and the next build ends right")
    func killed() throws {
        let clock = ContinuousClock()
        let cold = try clock.measure { try scene.expectSame(output: scene.path("out"), cache: scene.path("measured")) }
        var numbers = SeededNumbers(seed: 32)
        var killed = 0
        // How long a build may take: halved whenever one ended before its turn, for a busy machine measures too much.
        var longest = cold / .seconds(1)
        for round in 0..<12 {
            // The folder of the output stays; the cache is cold every other time, so that late stages are met as well.
            let (output, cache) = (scene.path("out\(round / 4)"), scene.path("cache\(round / 2)"))
            let seconds = Double(numbers.below(1000)) / 1000 * longest
            // A build that finds its work done is not cut short.
            unsafe unlink("\(output)/.plain.stamp")
            let cut = try Peer.run(
                "timeout",
                ["--signal=KILL", "\(seconds + 0.001)", Products.scarBuild]
                    + scene.arguments(output: output, cache: cache))
            if cut.status != 0 { killed += 1 } else { longest /= 2 }
            let names = try scene.find(
                output, "-maxdepth", "1", "-name", "plain*", "-size", "-\(scene.expected.count)c")
            #expect(names == [], "round \(round), after \(seconds) s")
            try scene.expectSame(output: output, cache: cache, "round \(round), after \(seconds) s")
            let left = try Folder.names(in: output)
            #expect(
                left == [".plain.stamp", "build.json", "plain.squashfs", "report.json"],
                "round \(round), after \(seconds) s")
        }
        #expect(killed > 3, "the delays are too long for this machine")
    }

    @Test("in its output does not disturb a build into the same folder at the same time")
    func concurrent() throws {
        let output = scene.path("shared")
        let script = #"for n in 1 2 3 4; do "$@" >"$0.$n" 2>&1 & done; wait; cat "$0".*"#
        let result = try Peer.run(
            "bash",
            ["-c", script, scene.path("log"), Products.scarBuild]
                + scene.arguments(output: output, cache: scene.path("shared-cache")))
        #expect(!result.text.contains("error["), "\(result.text)")
        try scene.expectSame(output: output, cache: scene.path("shared-cache"))
        #expect(try scene.find(output, "-name", ".scar-build*") == [])
    }

    @Test("by a power failure, which leaves names without their bytes, is made good: such files are never trusted")
    func powerFailure() throws {
        let (output, cache) = (scene.path("out"), scene.path("cache"))
        try scene.expectSame(output: output, cache: cache)
        let files = try scene.find(cache, "-type", "f")
        #expect(files.count >= 8)
        var numbers = SeededNumbers(seed: 33)
        for (round, file) in (files + files).enumerated() {
            let size = try InputFile(file).size
            let length = round % 4 == 0 ? 0 : numbers.below(size)
            // Cut off, or as long as it was with zeros in place of what was not written.
            let damage = round % 3 == 0 ? [length] : [length, size]
            for length in damage { #expect(unsafe truncate(file, off_t(length)) == 0) }
            // An object is made from its blob: now and then that is all there is.
            if file.contains("/blobs/") { Folder.remove("\(cache)/objects") }
            try scene.expectSame(output: output, cache: cache, "\(file) of \(size) bytes: \(damage)")
        }
    }

    @Test(
        "when nothing is missing needs no cache that can be written", .enabled(if: Testbed.isRoot, Testbed.rootReason))
    func readOnlyCache() throws {
        let (output, cache) = (scene.path("out"), scene.path("cache"))
        try scene.expectSame(output: output, cache: cache)
        try Self.mount(["--bind", cache, cache])
        defer { Self.unmount(cache) }
        try Self.mount(["-o", "remount,bind,ro", cache])
        try scene.expectSame(output: output, cache: cache)
    }

    @Test(
        "for want of a cache that can be written says which folder, and what to do",
        .enabled(if: Testbed.isRoot, Testbed.rootReason))
    func unwritableCache() throws {
        let (output, cache) = (scene.path("out"), scene.path("cache"))
        for path in [cache, output] { try Folder.create(path) }
        try Self.mount(["--bind", cache, cache])
        defer { Self.unmount(cache) }
        try Self.mount(["-o", "remount,bind,ro", cache])
        let readOnly = try scene.build(output: output, cache: cache)
        #expect(readOnly.status == 1)
        #expect(readOnly.errorText.contains("error[file-create]: cannot create \(cache)"), "\(readOnly.errorText)")
        #expect(readOnly.errorText.contains("--cache"))
        #expect(try scene.find(output, "-type", "f") == [])
    }

    @Test(
        "for want of a cache that is somebody else's says which folder, and what to do",
        .enabled(if: OrdinaryUser.canRunTool, OrdinaryUser.reason))
    func foreignCache() throws {
        let (output, cache) = (scene.path("out"), scene.path("cache"))
        for path in [cache, output] { try Folder.create(path) }
        #expect(unsafe chmod(scene.folder.path, 0o755) == 0)
        #expect(unsafe chmod(output, 0o777) == 0)
        let stranger = try Peer.run(
            OrdinaryUser.words[0],
            OrdinaryUser.words.dropFirst() + [Products.scarBuild] + scene.arguments(output: output, cache: cache),
            variables: [("HOME", "/nonexistent")])
        #expect(stranger.status == 1)
        #expect(stranger.errorText.contains("cannot create \(cache)"), "\(stranger.errorText)")
        #expect(stranger.errorText.contains("--cache"))
        #expect(try scene.find(output, "-type", "f") == [])
    }

    @Test(
        "by a full disk says so, leaves nothing half-done, and goes on when there is room",
        .enabled(if: Testbed.isRoot, Testbed.rootReason), arguments: ["output", "cache"])
    func diskFull(what: String) throws {
        let disk = scene.path("disk")
        try Folder.create(disk)
        let made = try Peer.run(
            "sh",
            [
                "-ec",
                #"truncate -s 16M "$1.img"; mkfs.ext4 -q -O ^has_journal -m 0 "$1.img"; mount -o loop "$1.img" "$1""#,
                "sh", disk,
            ],
            variables: [("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")])
        try #require(made.status == 0, "no loop device here: \(made.errorText)")
        defer { Self.unmount(disk) }
        let (output, cache) = (
            what == "output" ? "\(disk)/out" : scene.path("out"),
            what == "cache" ? "\(disk)/cache" : scene.path("cache")
        )
        // Room for some of it: from nearly nothing to nearly all.
        for megabytes in [14, 12, 10] {
            try #require(try Peer.run("fallocate", ["-l", "\(megabytes)M", "\(disk)/ballast"]).status == 0)
            let result = try scene.build(output: output, cache: cache)
            #expect(result.status == 1, "\(megabytes)")
            #expect(result.errorText.contains("error[disk-full]"), "\(result.errorText)")
            #expect(result.errorText.contains(disk) && result.errorText.contains("help:"), "\(result.errorText)")
            #expect(try scene.find(output, "-name", "plain*") == [], "\(megabytes)")
            #expect(try scene.find(output, "-name", ".scar-build*") == [])
            #expect(try scene.find(cache, "-name", "*.partial") == [])
            #expect(unsafe unlink("\(disk)/ballast") == 0)
        }
        try scene.expectSame(output: output, cache: cache)
    }

    private static func mount(_ arguments: [String]) throws {
        let result = try Peer.run("mount", arguments)
        try #require(result.status == 0, "\(result.errorText)")
    }

    private static func unmount(_ path: String) { _ = try? Peer.run("umount", ["-l", path]) }
}
