import ByteKit
import Glibc
import TestKit
import Testing

/// The images of the testbed, served by a real registry under the names that recipes use.
enum Testbed {
    /// `make test` and `scripts/testbed run` set this; without it there is no registry with images.
    static let isUp = Peer.environment("SCAR_BUILD_MIRRORS") != nil

    /// Whether it is there, with these images.
    static func serves(_ names: String...) -> Bool { isUp && names.allSatisfy { images.contains($0) } }

    /// What a test says that is left out for want of these images.
    static func reason(_ names: String...) -> Comment {
        let list = names.joined(separator: " ")
        return Comment(
            rawValue: "needs the testbed with \(list): run ‘make test’, or "
                + "‘SCAR_TEST_IMAGES='\(list)' scripts/testbed run \(list) -- swift test’")
    }

    static let isRoot = getuid() == 0
    static let rootReason: Comment = "mounts file systems, so it needs root"

    /// The images that whoever started the testbed wants looked at; `make test` says which it serves.
    static let images = words(Peer.environment("SCAR_TEST_IMAGES") ?? "tiny ffmpeg")
    private static let compressors = words(Peer.environment("SCAR_TEST_COMPRESSORS") ?? "zstd")

    private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

    /// What to build of an image: the little one with every compressor, the others with those that were asked for.
    static func compressors(of image: String) -> [String] {
        image == "tiny" ? ["zstd", "gzip", "xz", "lz4", "none"] : compressors
    }

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

@Suite("A squashfs of a real image", .enabled(if: Testbed.isUp, Testbed.reason("tiny")), .serialized)
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
        "equals what umoci unpacks: mounted by the kernel, unpacked by unsquashfs, and by us",
        .enabled(if: Testbed.isRoot, Testbed.rootReason), arguments: Testbed.images)
    func equalsOracle(image: String) throws {
        let clock = time(nil) - 1
        let unpacked = try Peer.run(
            "umoci", ["unpack", "--image", "\(try Testbed.layout(image)):latest", "\(folder.path)/oracle"])
        #expect(unpacked.status == 0, "\(unpacked.errorText)")
        let expected = try list("\(folder.path)/oracle/rootfs", "\(clock)")
        #expect(expected.count > 10)
        _ = try Peer.run("rm", ["-r", "\(folder.path)/oracle"])
        for compressor in Testbed.compressors(of: image) {
            let squash = try squash(of: image, by: compressor)
            for reader in Reader.allCases {
                let differences = try reader.read(squash, at: "\(folder.path)/tree") { tree in
                    try list(tree).symmetricDifference(expected)
                }
                #expect(
                    differences.isEmpty,
                    "\(compressor), \(reader): \(differences.sorted().prefix(6).joined(separator: "\n"))")
            }
        }
    }

    /// Who makes a tree of an image.
    private enum Reader: CaseIterable {
        case kernel, unsquashfs, ourselves

        /// Calls `body` with the folder that shows the image's tree; afterwards it is gone.
        func read<Result>(_ squash: String, at folder: String, _ body: (String) throws -> Result) throws -> Result {
            defer { _ = try? Peer.run("rm", ["-r", folder]) }
            let made =
                switch self {
                case .kernel:
                    try Peer.run("sh", ["-c", #"mkdir "$2" && mount -o loop,ro "$1" "$2""#, "sh", squash, folder])
                case .unsquashfs: try Peer.run("unsquashfs", ["-no-progress", "-d", folder, squash])
                case .ourselves: try Tool.run(["unpack", squash, folder, "--quiet"])
                }
            defer { if self == .kernel { _ = try? Peer.run("umount", [folder]) } }
            try #require(made.status == 0, "\(made.errorText)")
            #expect(made.errorText == "", "\(self) finds nothing to say")
            return try body(folder)
        }
    }

    private func list(_ tree: String, _ more: String...) throws -> Set<Substring> {
        let listed = try Peer.run("python3", ["\(Products.repository)/Tests/Oracles/list-tree.py", tree] + more)
        #expect(listed.status == 0, "\(listed.errorText)")
        return Set(listed.text.split(separator: "\n"))
    }

    private func squash(of image: String, by compressor: String) throws -> String {
        // What comes out does not depend on it, and xz takes its time.
        let level = compressor == "none" ? "" : #", "level": 1"#
        let recipe = try Tool.recipe(
            #"""
            {"name": "plain", "image": "\#(Testbed.names[image] ?? image)", "prune": {"profile": "none"},
             "artifact": {"compression": "\#(compressor)"\#(level)}}
            """#, in: folder.path)
        let built = try build(recipe, to: "out", cache + ["--target", "squashfs"])
        #expect(built.status == 0, "\(built.errorText)")
        let squash = "\(folder.path)/out/plain.squashfs"
        #expect(built.text == squash + "\n")
        return squash
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

    @Test(
        "that was interrupted leaves nothing half-done, and the next build ends right",
        .enabled(if: Testbed.serves("tiny", "ffmpeg"), Testbed.reason("tiny", "ffmpeg")))
    func interrupted() throws {
        let recipe = try Testbed.plainRecipe("ffmpeg", in: folder.path)
        // What timeout gives for a program that ended when it was told to, and for one that it killed.
        for (signal, status) in [("INT", Int32(124)), ("KILL", 137)] {
            let result = try Peer.run(
                "sh",
                [
                    "-c", #"s=$1; shift; timeout --signal="$s" 1 "$@""#, "sh", signal, Products.scarBuild, "build",
                    recipe,
                    "--target", "squashfs", "-o", "\(folder.path)/out", "--cache", "\(folder.path)/cache",
                ])
            #expect(result.status == status, "\(result.errorText)")
            #expect(try Peer.run("find", ["\(folder.path)/out", "-type", "f"]).text == "")
            #expect(try Peer.run("find", ["\(folder.path)/cache", "-name", "*.partial"]).text == "")
        }
        let tiny = try Testbed.plainRecipe("tiny", in: folder.path)
        #expect(try build(tiny, to: "out", cache + ["--target", "squashfs"]).status == 0)
    }
}
