import ByteKit
import Glibc
import TestKit
import Testing

/// The images of the testbed, served by a real registry under the names that recipes use.
enum Testbed {
    /// `make test` and `scripts/testbed run` set this; without it there is no registry with images.
    static let isUp = Peer.environment("SCAR_BUILD_MIRRORS") != nil
    static let reason: Comment =
        "needs the testbed: run ‘make test’, or ‘scripts/testbed run tiny ffmpeg -- swift test’"
    static let isRoot = getuid() == 0
    static let rootReason: Comment = "mounts file systems, so it needs root"

    /// The images that whoever started the testbed wants looked at; `make test` says which it serves.
    static let images = (Peer.environment("SCAR_TEST_IMAGES") ?? "tiny ffmpeg").split(separator: " ").map(String.init)

    /// What each image is served as: the second column of `scripts/testbed images`.
    static let names: [String: String] = {
        let lines = try? Peer.run("\(Products.repository)/scripts/testbed", ["images"]).text.split(separator: "\n")
        let words = (lines ?? []).map { $0.split(separator: " ").map(String.init) }
        return Dictionary(words.filter { $0.count > 1 }.map { ($0[0], $0[1]) }) { first, _ in first }
    }()

    /// The OCI layout that an image was pushed from.
    static func layout(_ name: String) throws -> String {
        let result = try Peer.run("\(Products.repository)/scripts/testbed", ["layout", name])
        #expect(result.status == 0, "\(result.errorText)")
        return result.text.filter { $0 != "\n" }
    }

    /// A recipe that takes an image as it is.
    static func plainRecipe(_ name: String, prune: String = #"{"profile": "none"}"#, in folder: String) throws -> String
    {
        try Tool.recipe(#"{"name": "plain", "image": "\#(names[name] ?? name)", "prune": \#(prune)}"#, in: folder)
    }
}

@Suite("A squashfs of a real image", .enabled(if: Testbed.isUp, Testbed.reason), .serialized)
struct RealImageTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func build(
        _ recipe: String, to output: String, _ more: [String] = [], environment: [(name: String, value: String)] = []
    ) throws -> Peer.Result {
        try Tool.run(["build", recipe, "-o", "\(folder.path)/\(output)"] + more, variables: environment)
    }

    private var cache: [String] { ["--cache", "\(folder.path)/cache"] }

    @Test(
        "equals what umoci unpacks, once the kernel has mounted it", .enabled(if: Testbed.isRoot, Testbed.rootReason),
        arguments: Testbed.images)
    func equalsOracle(image: String) throws {
        let clock = time(nil) - 1
        let recipe = try Testbed.plainRecipe(image, in: folder.path)
        let built = try build(recipe, to: "out", cache + ["--target", "squashfs"])
        #expect(built.status == 0, "\(built.errorText)")
        let squash = "\(folder.path)/out/plain.squashfs"
        #expect(built.text == squash + "\n")

        let read = try Peer.run("unsquashfs", ["-lls", squash])
        #expect(read.status == 0)
        #expect(read.errorText == "", "unsquashfs finds nothing to say")

        let unpacked = try Peer.run(
            "umoci", ["unpack", "--image", "\(try Testbed.layout(image)):latest", "\(folder.path)/oracle"])
        #expect(unpacked.status == 0, "\(unpacked.errorText)")
        let mounted = "\(folder.path)/mounted"
        try Folder.create(mounted)
        try #require(try Peer.run("mount", ["-o", "loop,ro", squash, mounted]).status == 0)
        defer { _ = try? Peer.run("umount", [mounted]) }
        let lister = "\(Products.repository)/Tests/Oracles/list-tree.py"
        let ours = try Peer.run("python3", [lister, mounted])
        let theirs = try Peer.run("python3", [lister, "\(folder.path)/oracle/rootfs", "\(clock)"])
        #expect(ours.status == 0 && theirs.status == 0)
        #expect(ours.output.count > 1000)
        let differences = Set(ours.text.split(separator: "\n")).symmetricDifference(theirs.text.split(separator: "\n"))
        #expect(differences.isEmpty, "\(differences.sorted().prefix(6).joined(separator: "\n"))")
    }

    @Test("has the same bytes with one thread, in another time zone and umask, from an empty cache")
    func isReproducible() throws {
        let recipe = try Testbed.plainRecipe("tiny", prune: #"{"profile": "safe"}"#, in: folder.path)
        for target in ["squashfs", "zip"] {
            let first = try build(recipe, to: "first", cache + ["--target", target])
            #expect(first.status == 0, "\(first.errorText)")
            let again = try Peer.run(
                "sh",
                [
                    "-c", #"umask 077; exec "$@""#, "sh", Products.scarBuild, "build", recipe, "-o",
                    "\(folder.path)/second",
                    "--cache", "\(folder.path)/cache-\(target)", "--jobs", "1", "--target", target,
                ], variables: [("TZ", "Asia/Kathmandu"), ("LC_ALL", "C"), ("LANG", "tr_TR.UTF-8")])
            #expect(again.status == 0, "\(again.errorText)")
            let same = try Peer.run(
                "cmp", ["\(folder.path)/first/plain.\(target)", "\(folder.path)/second/plain.\(target)"])
            #expect(same.status == 0, "\(same.text)\(same.errorText)")
        }
        let records = try Peer.run("cmp", ["\(folder.path)/first/build.json", "\(folder.path)/second/build.json"])
        #expect(records.status == 0, "\(records.text)")
    }

    @Test("is linked from compiled layers when only the recipe changed, and the bytes are those of a cold build")
    func relinks() throws {
        let recipe = try Testbed.plainRecipe("tiny", in: folder.path)
        #expect(try build(recipe, to: "out", cache + ["--target", "squashfs"]).status == 0)
        let changed = try Testbed.plainRecipe(
            "tiny", prune: #"{"profile": "none", "drop": ["data/**"]}"#, in: folder.path)
        let warm = try build(changed, to: "warm", cache + ["--target", "squashfs"])
        #expect(warm.status == 0)
        #expect(!warm.errorText.contains("compile "), "\(warm.errorText)")
        #expect(
            try build(changed, to: "cold", ["--cache", "\(folder.path)/other", "--target", "squashfs"]).status == 0)
        #expect(
            try Peer.run("cmp", ["\(folder.path)/warm/plain.squashfs", "\(folder.path)/cold/plain.squashfs"]).status
                == 0)
        #expect(
            try Peer.run("cmp", ["\(folder.path)/warm/plain.squashfs", "\(folder.path)/out/plain.squashfs"]).status == 1
        )
        #expect(!(try Peer.run("unsquashfs", ["-l", "\(folder.path)/warm/plain.squashfs"]).text.contains("/data/")))
    }

    @Test("is compiled anew when a compiled layer in the cache was damaged, whatever part of it")
    func healsObjects() throws {
        let recipe = try Testbed.plainRecipe("tiny", in: folder.path)
        #expect(try build(recipe, to: "out", cache + ["--target", "squashfs"]).status == 0)
        for place in ["64", "-70", "-1"] {
            let damage = try Peer.run(
                "sh",
                [
                    "-c",
                    #"for f in "$1"/objects/v3/*; do s=$(stat -c %s "$f"); p=$2; [ "$p" -ge 0 ] || p=$((s + p)); printf '\377\376' | dd of="$f" bs=1 seek="$p" conv=notrunc status=none; done"#,
                    "sh", "\(folder.path)/cache", place,
                ])
            #expect(damage.status == 0, "\(damage.errorText)")
            let again = try build(recipe, to: "again", cache + ["--target", "squashfs"])
            #expect(again.status == 0, "\(place): \(again.errorText)")
            #expect(
                try Peer.run("cmp", ["\(folder.path)/again/plain.squashfs", "\(folder.path)/out/plain.squashfs"]).status
                    == 0)
        }
    }

    @Test("can be built again without a network once everything is in the cache and locked")
    func offline() throws {
        let recipe = try Testbed.plainRecipe("tiny", in: folder.path)
        #expect(try Tool.run(["lock", recipe] + cache).status == 0)
        #expect(try build(recipe, to: "out", cache + ["--locked", "--target", "squashfs"]).status == 0)
        let offline = try build(recipe, to: "offline", cache + ["--locked", "--offline", "--target", "squashfs"])
        #expect(offline.status == 0, "\(offline.errorText)")
        #expect(
            try Peer.run("cmp", ["\(folder.path)/offline/plain.squashfs", "\(folder.path)/out/plain.squashfs"]).status
                == 0)
    }

    @Test("is planned before, and the plan knows what is compiled")
    func plan() throws {
        let recipe = try Testbed.plainRecipe("tiny", in: folder.path)
        let before = try Tool.run(["plan", recipe] + cache)
        #expect(before.status == 0)
        #expect(before.text.contains("pull + compile"))
        #expect(try build(recipe, to: "out", cache + ["--target", "squashfs"]).status == 0)
        let after = try Tool.run(["plan", recipe] + cache)
        #expect(!after.text.contains("pull + compile"))
        #expect(after.text.contains("compiled before"))
    }

    @Test("that does not exist is said to be missing, by name")
    func missing() throws {
        let recipe = try Tool.recipe(#"{"name": "a", "image": "scar-build/no-such-image:none"}"#, in: folder.path)
        let result = try build(recipe, to: "out", cache)
        #expect(result.status == 1)
        #expect(result.errorText.contains("scar-build/no-such-image:none"))
        #expect(result.errorText.contains("help:"))
    }

    @Test(
        "that does not fit the disk leaves nothing behind and says that the disk is full",
        .enabled(if: Testbed.isRoot, Testbed.rootReason))
    func diskFull() throws {
        let recipe = try Testbed.plainRecipe("tiny", in: folder.path)
        let small = "\(folder.path)/small"
        try Folder.create(small)
        try #require(try Peer.run("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]).status == 0)
        defer { _ = try? Peer.run("umount", [small]) }
        for arguments in [["-o", "\(small)/out"] + cache, ["-o", "\(folder.path)/out", "--cache", "\(small)/cache"]] {
            let result = try Tool.run(["build", recipe, "--target", "squashfs"] + arguments)
            #expect(result.status == 1)
            #expect(
                result.errorText.contains("error[disk-full]") || result.errorText.contains("No space left"),
                "\(result.errorText)")
            let left = try Peer.run("find", [small, "-type", "f", "-size", "+100k"])
            #expect(left.text == "", "nothing half-done stays")
        }
        #expect(try Peer.run("find", ["\(folder.path)/out", "-name", "*.squashfs"]).text == "")
    }

    @Test("that was interrupted leaves nothing half-done, and the next build ends right")
    func interrupted() throws {
        let recipe = try Testbed.plainRecipe("ffmpeg", in: folder.path)
        for signal in ["INT", "KILL"] {
            let result = try Peer.run(
                "sh",
                [
                    "-c", #"s=$1; shift; timeout --signal="$s" 1 "$@""#, "sh", signal, Products.scarBuild, "build",
                    recipe,
                    "--target", "squashfs", "-o", "\(folder.path)/out", "--cache", "\(folder.path)/cache",
                ])
            #expect(result.status != 0)
            #expect(try Peer.run("find", ["\(folder.path)/out", "-type", "f"]).text == "")
            #expect(try Peer.run("find", ["\(folder.path)/cache", "-name", "*.partial"]).text == "")
        }
        let tiny = try Testbed.plainRecipe("tiny", in: folder.path)
        #expect(try build(tiny, to: "out", cache + ["--target", "squashfs"]).status == 0)
    }
}
