import ByteKit
import Glibc
import JSON
import TestKit
import Testing

@Suite("A real image as tar, folder and image layout", .enabled(if: Testbed.isUp, Testbed.reason("tiny")), .serialized)
struct OutputTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private var cache: String { "\(folder.path)/cache" }

    private func build(
        _ recipe: String, _ target: String, to output: String = "out", _ more: [String] = [],
        environment: [(name: String, value: String)] = []
    ) throws -> Peer.Result {
        try Tool.run(
            ["build", recipe, "-o", "\(folder.path)/\(output)", "--cache", cache, "--target", target] + more,
            variables: environment)
    }

    private func recipe(_ more: String) throws -> String {
        try Tool.recipe(
            #"{"name": "plain", "image": "scar-build/tiny:latest", "prune": {"profile": "none"}, \#(more)}"#,
            in: folder.path)
    }

    private func listing(_ tree: String, clock: Int? = nil) throws -> Set<Substring> {
        let lister = "\(Products.repository)/Tests/Oracles/list-tree.py"
        let result = try Peer.run("python3", [lister, tree] + (clock.map { ["\($0)"] } ?? []))
        #expect(result.status == 0 && result.output.count > 1000, "\(result.errorText)")
        return Set(result.text.split(separator: "\n"))
    }

    private func json(_ path: String) throws -> JSON {
        try JSON.parse(try InputFile.contents(of: "\(folder.path)/\(path)", limit: 1 << 20))
    }

    @Test("equals what umoci unpacks, in each form", .enabled(if: Testbed.isRoot, Testbed.rootReason))
    func equalsOracle() throws {
        let clock = time(nil) - 1
        let recipe = try Testbed.plainRecipe("tiny", in: folder.path)
        let unpacked = try Peer.run(
            "umoci", ["unpack", "--image", "\(try Testbed.layout("tiny")):latest", "\(folder.path)/oracle"])
        #expect(unpacked.status == 0, "\(unpacked.errorText)")
        let oracle = try listing("\(folder.path)/oracle/rootfs", clock: clock)

        #expect(try build(recipe, "dir").text == "\(folder.path)/out/plain.rootfs\n")
        #expect(try listing("\(folder.path)/out/plain.rootfs") == oracle)

        #expect(try build(recipe, "tar").text == "\(folder.path)/out/plain.tar.zst\n")
        let tree = "\(folder.path)/tar"
        try Folder.create(tree)
        let tar = try Peer.run(
            "tar",
            [
                "--zstd", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf",
                "\(folder.path)/out/plain.tar.zst", "-C", tree,
            ])
        #expect(tar.status == 0 && tar.errors.isEmpty, "\(tar.errorText)")
        #expect(try listing(tree) == oracle)

        #expect(try build(recipe, "oci").text == "\(folder.path)/out/plain.oci\n")
        let ours = try Peer.run(
            "umoci", ["unpack", "--image", "\(folder.path)/out/plain.oci:latest", "\(folder.path)/ours"])
        #expect(ours.status == 0, "\(ours.errorText)")
        #expect(try listing("\(folder.path)/ours/rootfs") == oracle)
    }

    @Test(
        "is a layout that skopeo takes, with the image’s own settings in it",
        arguments: [
            ("", "tar+gzip"), (#""artifact": {"compression": "zstd"}"#, "tar+zstd"),
            (#""artifact": {"compression": "none"}"#, "tar"),
        ])
    func layout(artifact: String, type: String) throws {
        let recipe = try recipe((artifact.isEmpty ? "" : artifact + ", ") + #""target": "oci""#)
        let built = try Tool.run(["build", recipe, "-o", "\(folder.path)/out", "--cache", cache])
        #expect(built.status == 0, "\(built.errorText)")
        let layout = "\(folder.path)/out/plain.oci"
        let copied = try Peer.run("skopeo", ["copy", "-q", "oci:\(layout):latest", "dir:\(folder.path)/copy"])
        #expect(copied.status == 0, "\(copied.errorText)")
        let manifest = try json("copy/manifest.json")
        #expect(manifest["layers"]?.array?.count == 1)
        #expect(manifest["layers"]?[0]?["mediaType"]?.string == "application/vnd.oci.image.layer.v1.\(type)")

        let original = try JSON.parse(
            try Peer.run("skopeo", ["inspect", "--raw", "--config", "oci:\(Testbed.layout("tiny")):latest"]).output)
        let config = try JSON.parse(try Peer.run("skopeo", ["inspect", "--raw", "--config", "oci:\(layout)"]).output)
        #expect(config["config"] == original["config"] && config["config"]?["Env"] != nil)
        #expect(config["created"]?.string == "1970-01-01T00:00:00Z")
        #expect(config["history"]?.array?.count == 1)
        let record = try json("out/build.json")["artifact"]
        #expect(config["rootfs"]?["diff_ids"]?.array == [record?["diffId"]].compactMap(\.self))
        #expect(record?["format"]?.string == "oci" && record?["file"]?.string == "plain.oci")
        let index = try json("out/plain.oci/index.json")
        #expect(index["manifests"]?[0]?["digest"] == record?["digest"])
        #expect(index["manifests"]?[0]?["platform"]?["architecture"]?.string == "amd64")
        let sizes = try Peer.run(
            "sh", ["-c", #"find "$1" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }'"#, "sh", layout])
        #expect(record?["size"]?.integer == Int(sizes.text.filter { $0 != "\n" }))
    }

    @Test("has the same bytes with one thread, in another time zone and umask, from an empty cache")
    func isReproducible() throws {
        let recipe = try Testbed.plainRecipe("tiny", prune: #"{"profile": "safe"}"#, in: folder.path)
        for target in ["tar", "oci"] {
            #expect(try build(recipe, target, to: "first-\(target)").status == 0)
            let again = try Peer.run(
                "sh",
                [
                    "-c", #"umask 077; exec "$@""#, "sh", Products.scarBuild, "build", recipe, "-o",
                    "\(folder.path)/second-\(target)", "--cache", "\(folder.path)/cache-\(target)", "--jobs", "1",
                    "--target", target,
                ], variables: [("TZ", "Asia/Kathmandu"), ("LC_ALL", "C"), ("LANG", "tr_TR.UTF-8")])
            #expect(again.status == 0, "\(again.errorText)")
            let same = try Peer.run(
                "diff",
                ["-r", "--exclude=.plain.stamp", "\(folder.path)/first-\(target)", "\(folder.path)/second-\(target)"])
            #expect(same.status == 0, "\(same.text)\(same.errorText)")
        }
    }

    @Test("is clamped to SOURCE_DATE_EPOCH, or to what the recipe says instead")
    func clamp() throws {
        let latest = #"tar --zstd -tvf "$1" --full-time --utc | awk '{print $4}' | sort | tail -n1"#
        let archive = "\(folder.path)/out/plain.tar.zst"
        func newest() throws -> String { try Peer.run("sh", ["-c", latest, "sh", archive]).text }
        let epoch = [(name: "SOURCE_DATE_EPOCH", value: "1000000000")]
        #expect(try build(recipe(#""target": "tar""#), "tar").status == 0)
        #expect(try newest() > "2001-09-09")
        #expect(try build(recipe(#""target": "tar""#), "tar", environment: epoch).status == 0)
        #expect(try newest() == "2001-09-09\n")
        let own = try recipe(#""artifact": {"clamp": "1999-12-31T23:59:59Z"}"#)
        #expect(try build(own, "tar", environment: epoch).status == 0)
        #expect(try newest() == "1999-12-31\n")
    }

    @Test(
        "is unpacked by an ordinary user as far as that may be",
        .enabled(if: OrdinaryUser.canRunTool, OrdinaryUser.reason))
    func ordinaryUser() throws {
        let recipe = try Testbed.plainRecipe("tiny", in: folder.path)
        #expect(try Peer.run("chmod", ["777", folder.path]).status == 0)
        let result = try Peer.run(
            OrdinaryUser.words[0],
            OrdinaryUser.words.dropFirst() + [
                Products.scarBuild, "build", recipe, "--target", "dir", "-o", "\(folder.path)/out", "--cache",
                "\(folder.path)/own-cache",
            ])
        #expect(result.status == 0, "\(result.errorText)")
        for warning in ["device files were left out", "belong to this user", "lost setuid or setgid"] {
            #expect(result.errorText.contains(warning), "\(result.errorText)")
        }
        let tree = "\(folder.path)/out/plain.rootfs"
        let foreign = try Peer.run("find", [tree, "!", "-uid", "65534", "-o", "-perm", "/6000", "-o", "-type", "b,c"])
        #expect(foreign.status == 0 && foreign.text == "", "\(foreign.text)")
        #expect(try Peer.run("find", [tree]).text.count > 1000)
    }

    @Test("replaces what a build made, and no other folder")
    func replaces() throws {
        let recipe = try Testbed.plainRecipe("tiny", in: folder.path)
        let tree = "\(folder.path)/aus gäbe/plain.rootfs"
        try Folder.create(tree + "/mine")
        let refused = try build(recipe, "dir", to: "aus gäbe")
        #expect(refused.status == 1 && refused.errorText.contains("error[output-exists]"), "\(refused.errorText)")
        #expect(try Folder.names(in: tree) == ["mine"])
        Folder.remove(tree)
        #expect(try build(recipe, "dir", to: "aus gäbe").status == 0)
        try Folder.create(tree + "/mine")
        #expect(try build(recipe, "dir", to: "aus gäbe").status == 0)
        #expect(!(try Folder.names(in: tree).contains("mine")))
        #expect(try Folder.names(in: "\(folder.path)/aus gäbe") == ["build.json", "plain.rootfs", "report.json"])
    }

    @Test("is not replaced while something is mounted in it", .enabled(if: Testbed.isRoot, Testbed.rootReason))
    func mounted() throws {
        let recipe = try Testbed.plainRecipe("tiny", in: folder.path)
        #expect(try build(recipe, "dir").status == 0)
        let inside = "\(folder.path)/out/plain.rootfs/data"
        try #require(try Peer.run("mount", ["-t", "tmpfs", "tmpfs", inside]).status == 0)
        defer { _ = try? Peer.run("umount", [inside]) }
        let refused = try build(recipe, "dir")
        #expect(refused.status == 1 && refused.errorText.contains("error[output-in-use]"), "\(refused.errorText)")
    }

    @Test(
        "leaves nothing behind on a disk that is full", .enabled(if: Testbed.isRoot, Testbed.rootReason),
        arguments: ["tar", "oci", "dir"])
    func diskFull(target: String) throws {
        let recipe = try Testbed.plainRecipe("tiny", in: folder.path)
        let small = "\(folder.path)/small"
        try Folder.create(small)
        try #require(try Peer.run("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", small]).status == 0)
        defer { _ = try? Peer.run("umount", [small]) }
        let result = try Tool.run(["build", recipe, "--target", target, "-o", "\(small)/out", "--cache", cache])
        #expect(result.status == 1 && result.errorText.contains("error[disk-full]"), "\(result.errorText)")
        #expect(try Folder.names(in: "\(small)/out") == [])
    }

    @Test("is held to the recipe’s budget, whatever its form", arguments: ["tar", "oci", "dir"])
    func budget(target: String) throws {
        let result = try build(recipe(#""budget": {"artifact": "100KB"}"#), target)
        #expect(result.status == 3 && result.errorText.contains("error[over-budget]"), "\(result.errorText)")
        #expect(try Folder.names(in: "\(folder.path)/out") == [])
    }

    @Test("is not a form that its recipe contradicts")
    func conflicts() throws {
        let recipe = try recipe(#""artifact": {"format": "tar", "compression": "gzip"}"#)
        for target in ["zip", "squashfs"] {
            let result = try build(recipe, target)
            #expect(result.status == 1 && result.errorText.contains("error[target-conflict]"), "\(result.errorText)")
        }
        #expect(try build(recipe, "auto").text == "\(folder.path)/out/plain.tar.gz\n")
        let plan = try Tool.run(["plan", recipe, "--cache", cache])
        #expect(plan.text.contains("tar, gzip-6"), "\(plan.text)\(plan.errorText)")
    }
}
