import ByteKit
import JSON
import TestKit
import Testing

@Suite("scar-build inspect and diff")
struct InspectTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func inspect(_ arguments: [String], status: Int32 = 0) throws -> Peer.Result {
        let result = try Tool.run(["inspect", "--quiet", "--cache", "\(folder.path)/cache"] + arguments)
        #expect(result.status == status, "\(result.errorText)")
        return result
    }

    private func archive(_ name: String, _ items: [TarItem]) throws -> String {
        try TestImage.write([(name, TarBuilder.archive(items))], to: folder.path)
        return "tar:\(folder.path)/\(name)"
    }

    // MARK: - What can be looked into

    @Test("reads layouts, archives and root file systems, and knows files by what is in them")
    func sources() throws {
        let layers = [
            TarBuilder.archive([.file("a", "12345"), .file("b", "1")]), TarBuilder.archive([.whiteout("b")]),
        ]
        let image = TestImage(layers: layers)
        try TestImage.write(image.layout(), to: "\(folder.path)/layout")
        for (name, items) in [("old.tar", image.savedBefore25()), ("new.tar", image.savedSince25())] {
            try TestImage.write([(name, TarBuilder.archive(items))], to: folder.path)
        }
        for subject in [
            "oci:\(folder.path)/layout", "oci:\(folder.path)/layout:latest", "\(folder.path)/layout",
            "docker-archive:\(folder.path)/old.tar", "\(folder.path)/old.tar", "\(folder.path)/new.tar",
        ] {
            let json = try JSON.parse(try inspect([subject, "--json"]).output)
            #expect(json["sizes"]?["unpacked"]?.integer == 5, "\(subject)")
            #expect(json["sizes"]?["archives"]?.integer == layers[0].count + layers[1].count)
            #expect(json["wasted"]?["removed"]?.integer == 1)
            #expect(json["subject"]?["kind"]?.string == "image")
            #expect(json["config"]?["command"]?[0]?.string == "sh")
        }
        let rootfs = try archive("rootfs.tar", [.file("a", "12345")])
        for subject in [rootfs, "\(folder.path)/rootfs.tar"] {
            let json = try JSON.parse(try inspect([subject, "--json"]).output)
            #expect(json["subject"]?["kind"]?.string == "tar")
            #expect(json["sizes"]?["stored"]?.integer == json["sizes"]?["archives"]?.integer)
        }
    }

    @Test("says what a thing is that it cannot look into")
    func refusals() throws {
        #expect(try inspect(["oci:\(folder.path)/nothing"], status: 1).errorText.contains("error["))
        try TestImage.write([("text", Array("just text\n".utf8))], to: folder.path)
        #expect(try inspect(["\(folder.path)/text"], status: 1).errorText.contains("error["))
        #expect(try inspect(["Not A Name"], status: 1).errorText.contains("error[malformed-image]"))
        for missing in ["\(folder.path)/missing", "./missing", "out/missing.zip"] {
            let refused = try inspect([missing], status: 1)
            #expect(refused.errorText.contains("error[file-open]: cannot open \(missing): No such file or directory"))
        }
    }

    @Test("refuses a layer that is not what its digest says")
    func damagedLayer() throws {
        let image = TestImage(layers: [TarBuilder.archive([.file("a", "12345")])])
        try TestImage.write(image.layout(), to: "\(folder.path)/layout")
        var bytes = image.layers[0]
        bytes[512] ^= 1
        try TestImage.write(
            [("blobs/sha256/\(Digest(of: image.layers[0]).hex)", bytes)], to: "\(folder.path)/layout")
        let result = try inspect(["oci:\(folder.path)/layout"], status: 1)
        #expect(result.errorText.contains("digest"), "\(result.errorText)")
        #expect(result.text == "")
    }

    @Test(
        "needs bounded memory for an image of a few kilobytes whose lists of packages are far more",
        .enabled(
            if: Peer.isInstalled("mksquashfs") && Peer.isInstalled("python3"),
            "needs mksquashfs and python3: scripts/setup test"))
    func manyLists() throws {
        let script = """
            cd "$1"; mkdir -p tree/var/lib/dpkg/info
            for n in $(seq 40); do truncate -s 16M tree/var/lib/dpkg/info/a$n.list; done
            mksquashfs tree image -quiet -no-progress > /dev/null
            """
        let made = try Peer.run("sh", ["-euc", script, "sh", folder.path])
        try #require(made.status == 0, "\(made.errorText)")
        #expect(try InputFile("\(folder.path)/image").size < 10_000)
        let memory = try Memory.peak(of: ["inspect", "-q", "\(folder.path)/image"])
        #expect(memory < 300 << 20, "\(memory)")
    }

    // MARK: - Rules

    @Test("ends with status 3 and a line for each rule that does not hold, and writes them for JUnit")
    func gates() throws {
        let image = try archive("a.tar", [.file("a", "same"), .file("b", "same")])
        let held = try inspect([image, "--gate", "wasted<=1kB, secrets=0"])
        #expect(held.errorText == "")
        let broken = try inspect(
            [image, "--gate", "wasted=0", "--gate", "efficiency>=0.5,files<=1", "--junit", "\(folder.path)/junit.xml"],
            status: 3)
        #expect(broken.errorText.contains("gate: wasted=0: it is 4 bytes\ngate: files<=1: it is 2\n"))
        #expect(broken.errorText.contains("error[gate-failed]: 2 of 3 rules do not hold"))
        #expect(broken.text.contains("wasted"), "the report is printed all the same")
        let junit = try InputFile.contents(of: "\(folder.path)/junit.xml", limit: 1 << 20)
        #expect(String(decoding: junit, as: UTF8.self).contains(#"tests="3" failures="2""#))
    }

    @Test("takes the rules of dive's file")
    func diveFile() throws {
        let image = try archive("a.tar", [.file("a", "1")])
        let rules = "rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 1MB\n  highestUserWastedPercent: 0.1\n"
        try TestImage.write([(".dive-ci", Array(rules.utf8))], to: folder.path)
        _ = try inspect([image, "--gate-file", "\(folder.path)/.dive-ci"])
    }

    @Test("refuses rules that cannot be read before it fetches anything", arguments: ["wasted<=", "nothing=1"])
    func malformedGates(rule: String) throws {
        let result = try inspect(["registry.invalid/nothing", "--gate", rule], status: 2)
        #expect(result.errorText.contains("‘\(rule)’"), "\(result.errorText)")
    }

    // MARK: - Comparing

    @Test("diff shows what changed; that is no failure unless it is asked for")
    func diff() throws {
        let before = try archive("a.tar", [.file("a", "1"), .file("same", "x")])
        let after = try archive("b.tar", [.file("b", "123"), .file("same", "x")])
        let cache = ["--quiet", "--cache", "\(folder.path)/cache"]
        let shown = try Tool.run(["diff", before, after] + cache)
        #expect(shown.status == 0)
        #expect(shown.text.contains("1 added, 1 removed, 0 changed"), "\(shown.text)")
        #expect(try Tool.run(["diff", before, after, "--exit-code"] + cache).status == 4)
        #expect(try Tool.run(["diff", before, before, "--exit-code"] + cache).status == 0)
        let page = "\(folder.path)/diff.html"
        let json = try Tool.run(["diff", before, after, "--json", "--html", page] + cache)
        #expect(try JSON.parse(json.output)["counts"]?["added"]?.integer == 1)
        #expect(try InputFile(page).size > 5000)
    }
}

@Suite("scar-build inspect, on real images", .enabled(if: Testbed.isUp, Testbed.reason("tiny", "ffmpeg")), .serialized)
struct InspectRealImageTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func inspect(_ subject: String, _ more: [String] = []) throws -> JSON {
        let result = try Tool.run(["inspect", "--quiet", "--json", "--cache", "\(folder.path)/cache", subject] + more)
        try #require(result.status == 0, "\(result.errorText)")
        return try JSON.parse(result.output, limits: JSONLimits(bytes: 64 << 20, values: 2_000_000))
    }

    private var ffmpeg: String { Testbed.names["ffmpeg"] ?? "" }

    @Test(
        "names the downloaded packages that ffmpeg's image still has, and the instruction that left them",
        .enabled(if: Testbed.serves("ffmpeg"), Testbed.reason("ffmpeg")))
    func leftovers() throws {
        let json = try inspect(ffmpeg)
        let rules = json["savings"]?[0]?["rules"]?.array ?? []
        let caches = try #require(rules.first { $0["rule"]?.string == "package-cache" })
        let archives = try #require(caches["places"]?.array?.first { $0["path"]?.string == "/var/cache/apt/archives" })
        #expect((archives["bytes"]?.integer ?? 0) > 120_000_000)
        let layer = try #require(
            caches["layers"]?.array?.max { ($0["bytes"]?.integer ?? 0) < ($1["bytes"]?.integer ?? 0) })
        let number = try #require(layer["layer"]?.integer)
        #expect(
            json["layers"]?[number - 1]?["instruction"]?.string?.hasPrefix("RUN apt-get update && apt-get install")
                == true)
        // What the last layer removes, the others carry all the same.
        let removed = json["wasted"]?["places"]?.array?.first { $0["path"]?.string == "/usr/share/doc" }
        #expect(removed?["cause"]?.string == "removed")
        #expect(removed?["causedBy"]?.integer == 3 && removed?["layer"]?.integer != 3)
    }

    @Test(
        "keeps no layer of an image that it reads from a registry, and needs less than 64 MB for it",
        .enabled(if: Testbed.serves("ffmpeg"), Testbed.reason("ffmpeg")))
    func frugal() throws {
        let memory = try Memory.peak(of: ["inspect", "-q", "--cache", "\(folder.path)/cache", ffmpeg])
        #expect(memory < 64_000_000, "\(memory)")
        let kept = try Peer.run("du", ["-sb", "\(folder.path)/cache"])
        #expect((Int(kept.text.prefix { $0.isNumber }) ?? .max) < 1 << 20, "\(kept.text)")
    }

    @Test("agrees with tar and umoci about every byte", arguments: ["tiny", "ffmpeg"])
    func totals(image: String) throws {
        let layout = try Testbed.layout(image)
        let json = try inspect("oci:\(layout):latest")
        let script = """
            import glob, gzip, json, sys, tarfile
            top = json.load(open(sys.argv[1] + "/index.json"))["manifests"][0]["digest"]
            blob = lambda d: sys.argv[1] + "/blobs/sha256/" + d.partition(":")[2]
            for layer in json.load(open(blob(top)))["layers"]:
                archive = gzip.open(blob(layer["digest"]))
                size = 0
                while piece := archive.read(1 << 20): size += len(piece)
                archive.seek(0)
                carried = sum(m.size for m in tarfile.open(fileobj=archive) if m.isreg())
                print(layer["size"], size, carried)
            """
        let oracle = try Peer.run("python3", ["-c", script, layout])
        #expect(oracle.status == 0, "\(oracle.errorText)")
        let ours = (json["layers"]?.array ?? []).map { layer in
            ["stored", "archive", "carried"].map { name in
                "\(layer.members?.first { $0.name == Array(name.utf8) }?.json.integer ?? -1)"
            }.joined(separator: " ")
        }
        #expect(oracle.text.split(separator: "\n").map(String.init) == ours)
        // Each file once, however many names it has.
        let unpacked = try Peer.run(
            "umoci", ["unpack", "--rootless", "--image", "\(layout):latest", "\(folder.path)/tree"])
        try #require(unpacked.status == 0, "\(unpacked.errorText)")
        let sum = try Peer.run(
            "sh",
            [
                "-c",
                #"find "$1/rootfs" -type f -printf '%i %s\n' | sort -u | awk '{ n += $2 } END { printf "%d", n }'"#,
                "sh", "\(folder.path)/tree",
            ])
        #expect(sum.text == "\(json["sizes"]?["unpacked"]?.integer ?? -1)")
    }

    @Test(
        "says of each form of package what the image in it is", arguments: ["squashfs", "zip", "tar", "oci", "layer"])
    func artifacts(target: String) throws {
        // Names in a zip are UTF-8, and the image has one that is not.
        let dropped = target == "layer" ? #"["data/latin-*"]"# : "[]"
        let recipe = try Tool.recipe(
            #"{"name": "plain", "image": "\#(Testbed.names["tiny"] ?? "")", "command": ["sh"], "prune": {"profile": "none", "drop": \#(dropped)}}"#,
            in: folder.path)
        let built = try Tool.run(
            ["build", recipe, "-o", "\(folder.path)/out", "--cache", "\(folder.path)/cache", "--target", target])
        try #require(built.status == 0, "\(built.errorText)")
        let names = [
            "squashfs": "plain.squashfs", "zip": "plain.zip", "tar": "plain.tar.zst", "oci": "plain.oci",
            "layer": "plain-layer.zip",
        ]
        let file = "\(folder.path)/out/\(names[target] ?? "")"
        let artifact = try inspect(file)
        let image = try inspect(recipe)
        #expect(image["subject"]?["kind"]?.string == "recipe")
        let result = try Tool.run(
            ["diff", "--quiet", "--json", "--cache", "\(folder.path)/cache", Testbed.names["tiny"] ?? "", file])
        let changes = try JSON.parse(result.output, limits: JSONLimits(bytes: 64 << 20, values: 2_000_000))
        let contents = (changes["files"]?.array ?? []).filter { change in
            change["what"]?.array?.contains { $0.string == "content" } == true
        }
        #expect(contents == [], "\(target)")
        if target == "squashfs" || target == "tar" || target == "oci" {
            #expect(artifact["sizes"]?["unpacked"] == image["sizes"]?["unpacked"])
            #expect(changes["files"]?.array == [], "\(target)")
        }
        if target != "oci" { #expect(artifact["sizes"]?["stored"]?.integer == (try InputFile(file).size)) }
    }

    @Test("shows what a recipe's own rules take, beside those of the profile")
    func recipe() throws {
        let recipe = try Testbed.plainRecipe(
            "tiny", prune: #"{"profile": "safe", "drop": ["data/**"]}"#, in: folder.path)
        let json = try inspect(recipe)
        let savings = json["savings"]?.array ?? []
        #expect(savings.map { $0["profile"]?.string } == ["the recipe, profile safe", "safe"])
        #expect(savings.first?["rules"]?.array?.contains { $0["rule"]?.string == "drop" } == true)
        // A build takes the same.
        let built = try Tool.run(
            ["build", recipe, "-o", "\(folder.path)/out", "--cache", "\(folder.path)/cache", "--target", "squashfs"])
        #expect(built.status == 0)
        let report = try JSON.parse(try InputFile.contents(of: "\(folder.path)/out/report.json", limit: 1 << 24))
        let removed = report["removed"]?.array?.map { "\($0["rule"]?.string ?? "") \($0["bytes"]?.integer ?? 0)" }
        #expect(
            savings.first?["rules"]?.array?.map { "\($0["rule"]?.string ?? "") \($0["bytes"]?.integer ?? 0)" }
                == removed)
    }
}

/// How much memory the tool needs.
private enum Memory {
    static func peak(of arguments: [String]) throws -> Int {
        let program = """
            import resource, subprocess, sys
            r = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
            print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
            sys.exit(r.returncode)
            """
        let result = try Peer.run("python3", ["-c", program, Products.scarBuild] + arguments)
        try #require(result.status == 0, "\(result.errorText)")
        return (Int(result.text.filter(\.isNumber)) ?? .max >> 10) << 10
    }
}
