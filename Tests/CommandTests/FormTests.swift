import ByteKit
import JSON
import TestKit
import Testing

@Suite(
    "The form of a package",
    .enabled(if: CageScene.isPossible, "needs a bubblewrap that works, docker-registry and gcc"))
final class FormTests {
    private let registry: RegistryProcess
    private let folder: TestFolder

    init() throws {
        registry = try RegistryProcess()
        folder = try TestFolder()
    }

    /// Pushes an image of one layer, and writes a recipe for it.
    private func recipe(_ layer: [UInt8], _ more: String = "") throws -> String {
        try registry.push(TestImage(layers: [layer]), repository: "forms/test", tag: "latest")
        let host = registry.origin.dropFirst("http://".count)
        return try Tool.recipe(
            #"{"name": "formed", "image": "\#(host)/forms/test:latest", "command": ["/bin/program"], "prune": {"profile": "none"}\#(more)}"#,
            in: folder.path)
    }

    private func build(_ recipe: String, _ more: [String] = [], to output: String = "out") throws -> Peer.Result {
        let arguments = ["build", recipe, "-o", "\(folder.path)/\(output)", "--cache", "\(folder.path)/cache"]
        return try Tool.run(arguments + more)
    }

    private func json(_ path: String) throws -> JSON {
        try JSON.parse(try InputFile.contents(of: "\(folder.path)/\(path)", limit: 1 << 20))
    }

    /// One of each kind that a tree can hold.
    private static let kinds: [TarItem] = [
        .folder("bin", mode: 0o700), .file("bin/program", "#!/bin/sh\n").with { $0.mode = 0o4711 },
        .hardLink("usr/lib/second", to: "bin/program"), .file("etc/secret", "secret").with { $0.mode = 0o600 },
        .file("empty"), .symlink("usr/absolute", to: "/etc/secret"), .folder("srv/nothing"), .pipe("run/pipe"),
        .characterDevice("dev/null", 1, 3), .file("var/task/bootstrap", "the image's own"),
    ]

    /// Names, modes and contents of an archive, as Python sees them, without the package's own files.
    private func entries(_ zip: String, below folder: String) throws -> [String] {
        let program = """
            import sys, zipfile
            archive = zipfile.ZipFile(sys.argv[1])
            assert archive.testzip() is None
            for entry in archive.infolist():
                if entry.filename.startswith(sys.argv[2]):
                    print(entry.filename[len(sys.argv[2]):], oct(entry.external_attr >> 16), archive.read(entry))
            """
        let result = try Peer.run("python3", ["-c", program, "\(self.folder.path)/\(zip)", folder])
        #expect(result.status == 0, "\(result.errorText)")
        return result.text.split(separator: "\n").map(String.init)
    }

    private static let listing = [
        "bin/program 0o100755 b'#!/bin/sh\\n'", "dev/ 0o40755 b''", "empty 0o100644 b''",
        "etc/secret 0o100644 b'secret'", "run/ 0o40755 b''", "srv/nothing/ 0o40755 b''",
        "usr/absolute 0o120777 b'../etc/secret'", "usr/lib/second 0o120777 b'../../bin/program'",
        "var/task/bootstrap 0o100644 b\"the image's own\"",
    ]

    @Test("is a zip with the files in it, readable by everybody, with the same bytes whatever the threads")
    func tree() throws {
        let recipe = try recipe(TarBuilder.archive(Self.kinds), #", "target": "zip", "artifact": {"format": "tree"}"#)
        let built = try build(recipe, ["--jobs", "1"])
        #expect(built.status == 0, "\(built.errorText)")
        #expect(built.errorText.contains("1 devices and pipes of the image were left out"))
        let seen = try entries("out/formed.zip", below: "root/")
        #expect(
            seen.filter { !$0.hasPrefix("dev/ ") && !$0.hasPrefix("run/ ") }
                == Self.listing.filter { !$0.hasPrefix("dev/ ") && !$0.hasPrefix("run/ ") })
        let tested = try Peer.run("unzip", ["-t", "\(folder.path)/out/formed.zip"])
        #expect(tested.status == 0, "\(tested.text)")
        let record = try json("out/build.json")
        #expect(record["target"]?.string == "zip" && record["artifact"]?["format"]?.string == "tree")
        #expect(record["package"]?["form"]?.string == "tree" && record["package"]?["tried"]?.array == [])

        #expect(try build(recipe, ["--jobs", "8"], to: "again").status == 0)
        let same = try Peer.run("cmp", ["\(folder.path)/out/formed.zip", "\(folder.path)/again/formed.zip"])
        #expect(same.status == 0, "\(same.text)")
    }

    @Test("is a layer with the files and a zip with the rest, and the record has both")
    func layer() throws {
        let recipe = try recipe(TarBuilder.archive(Self.kinds), #", "target": "layer""#)
        let built = try build(recipe)
        #expect(built.status == 0, "\(built.errorText)")
        #expect(built.text == "\(folder.path)/out/formed.zip\n")
        #expect(try entries("out/formed-layer.zip", below: "scar/root/").contains("etc/secret 0o100644 b'secret'"))
        #expect(try entries("out/formed-layer.zip", below: "").allSatisfy { $0.hasPrefix("scar/root/") })
        #expect(try entries("out/formed.zip", below: "root/").isEmpty)
        let launch = try Peer.run("unzip", ["-p", "\(folder.path)/out/formed.zip", "launch.json"])
        #expect(try JSON.parse(launch.output)["root"]?.string == "/opt/scar/root")
        let package = try json("out/build.json")["package"]
        for (record, file) in [(package, "formed.zip"), (package?["layer"], "formed-layer.zip")] {
            let sum = try Digest(of: InputFile.contents(of: "\(folder.path)/out/\(file)", limit: 64 << 20))
            #expect(record?["file"]?.string == file && record?["digest"]?.string == sum.description)
        }
        // Both are looked at when the same is to be built again.
        #expect(try build(recipe).errorText.contains("built from the same before"))
        #expect(try Peer.run("rm", ["\(folder.path)/out/formed-layer.zip"]).status == 0)
        #expect(try !build(recipe).errorText.contains("built from the same before"))
    }

    @Test("is no layer more than a function may have")
    func layerCount() throws {
        let layers = (1...5).map { #""arn:aws:lambda:eu-west-1:123456789012:layer:l\#($0):1""# }.joined(separator: ",")
        let recipe = try recipe(
            TarBuilder.archive(Self.kinds), #", "target": "layer", "function": {"layers": [\#(layers)]}"#)
        let built = try build(recipe)
        #expect(built.status == 3 && built.errorText.contains("error[over-limit]"), "\(built.errorText)")
    }

    @Test("is an image of two layers that starts the supervisor, readable by everybody")
    func image() throws {
        let recipe = try recipe(TarBuilder.archive(Self.kinds), #", "target": "image""#)
        for output in ["out", "again"] {
            let built = try build(recipe, ["--jobs", output == "out" ? "1" : "8"], to: output)
            #expect(built.status == 0, "\(built.errorText)")
        }
        let same = try Peer.run("diff", ["-r", "\(folder.path)/out", "\(folder.path)/again"])
        #expect(same.status == 0, "\(same.text)")
        let layout = "\(folder.path)/out/formed.image"
        let copied = try Peer.run("skopeo", ["copy", "-q", "oci:\(layout):latest", "dir:\(folder.path)/copy"])
        #expect(copied.status == 0, "\(copied.errorText)")
        let layers = try json("copy/manifest.json")["layers"]?.array ?? []
        #expect(layers.map { $0["mediaType"]?.string?.hasSuffix(".tar+gzip") } == [true, true])
        let document = try JSON.parse(try Peer.run("skopeo", ["inspect", "--raw", "--config", "oci:\(layout)"]).output)
        let config = document["config"]
        #expect(config?["Entrypoint"]?.array?.map(\.string) == ["/var/task/bootstrap"])
        #expect(config?["Cmd"]?.array == [] && config?["WorkingDir"]?.string == "/var/task")
        #expect(config?["Env"]?.array?.map(\.string) == ["PATH=/bin", "LAMBDA_TASK_ROOT=/var/task"])

        let tree = "\(folder.path)/tree"
        try Folder.create(tree)
        for layer in layers {
            let blob = "\(folder.path)/copy/\(layer["digest"]?.string?.dropFirst(7) ?? "")"
            let tar = try Peer.run("tar", ["-xpzf", blob, "-C", tree, "--exclude=dev/*"])
            #expect(tar.status == 0, "\(tar.errorText)")
        }
        let unreadable = try Peer.run("find", [tree, "-not", "-type", "l", "-not", "-perm", "-o=r"])
        #expect(unreadable.text == "")
        #expect(try Peer.run("find", [tree, "-type", "d", "-not", "-perm", "-o=rx"]).text == "")
        let task = try Peer.run("ls", ["\(tree)/var/task"])
        #expect(task.text == "bootstrap\nlaunch.json\n")
        let bootstrap = try InputFile.contents(of: "\(tree)/var/task/bootstrap", limit: 64 << 20)
        #expect(bootstrap.starts(with: [0x7f] + Array("ELF".utf8)))
        #expect(try json("tree/var/task/launch.json")["root"]?.string == "/")
    }

    @Test("is a runtime that has nothing of the function's own, and a zip that has nothing of the image's")
    func runtime() throws {
        let recipe = try recipe(
            TarBuilder.archive(Self.kinds + [.file("var/runtime/bootstrap", "the image's own")]),
            #", "target": "runtime""#)
        for output in ["out", "again"] {
            let built = try build(recipe, ["--jobs", output == "out" ? "1" : "8"], to: output)
            #expect(built.status == 0, "\(built.errorText)")
            #expect(built.text == "\(folder.path)/\(output)/formed.zip\n")
        }
        let same = try Peer.run("diff", ["-r", "\(folder.path)/out", "\(folder.path)/again"])
        #expect(same.status == 0, "\(same.text)")
        let names = try Peer.run("unzip", ["-Z1", "\(folder.path)/out/formed.zip"])
        #expect(names.text == "launch.json\n")
        let launch = try Peer.run("unzip", ["-p", "\(folder.path)/out/formed.zip", "launch.json"])
        #expect(try JSON.parse(launch.output)["root"]?.string == "/")

        let package = try json("out/build.json")["package"]
        let runtime = package?["runtime"]
        #expect(package?["form"]?.string == "runtime" && package?["file"]?.string == "formed.zip")
        #expect(runtime?["file"]?.string == "formed.runtime")
        let layout = "\(folder.path)/out/formed.runtime"
        let raw = try Peer.run("skopeo", ["inspect", "--raw", "oci:\(layout)"])
        #expect(runtime?["digest"]?.string == "\(Digest(of: raw.output))")
        let config = try JSON.parse(try Peer.run("skopeo", ["inspect", "--raw", "--config", "oci:\(layout)"]).output)
        #expect(config["config"]?["Entrypoint"]?.array?.map(\.string) == ["/var/runtime/bootstrap"])
        #expect(config["config"]?["WorkingDir"]?.string == "/var/task")
        let layers = try JSON.parse(raw.output)["layers"]?.array ?? []
        #expect(layers.map { $0["mediaType"]?.string?.hasSuffix(".tar+gzip") } == [true, true])
        let top = "\(layout)/blobs/sha256/\(layers.last?["digest"]?.string?.dropFirst(7) ?? "")"
        #expect(try Peer.run("tar", ["-tzf", top]).text == "var/runtime/bootstrap\nvar/task/\n")
    }

    @Test("is the same runtime for functions of one image, and another for another image")
    func sharedRuntime() throws {
        func digest(_ recipe: String, _ output: String) throws -> String? {
            let built = try build(recipe, to: output)
            #expect(built.status == 0, "\(built.errorText)")
            return try json("\(output)/build.json")["package"]?["runtime"]?["digest"]?.string
        }
        func recipe(_ name: String, _ script: String, _ content: String) throws -> String {
            let made = try self.recipe(TarBuilder.archive(Self.kinds + [.file("word", content)]))
            var text = String(decoding: try InputFile.contents(of: made, limit: 1 << 20), as: UTF8.self)
            text = text.replacing("\"name\": \"formed\"", with: "\"name\": \"\(name)\"")
            let command = #""command": ["/bin/program"]"#
            text = text.replacing(command, with: "\"script\": \"\(name).sh\", \"target\": \"runtime\"")
            try OutputFile.write(Array(script.utf8), to: "\(folder.path)/\(name).sh")
            try OutputFile.write(Array(text.utf8), to: "\(folder.path)/\(name).json")
            return "\(folder.path)/\(name).json"
        }
        let first = try digest(try recipe("one", "#!/bin/program\necho one\n", "word"), "one")
        #expect(first?.hasPrefix("sha256:") == true)
        #expect(try digest(try recipe("two", "#!/bin/program\necho two\n", "word"), "two") == first)
        #expect(try digest(try recipe("three", "#!/bin/program\necho one\n", "other"), "three") != first)
    }

    @Test("is no runtime when its zip is too large, and nothing is left that is in the next build’s way")
    func largeRuntime() throws {
        let big = "\(folder.path)/big"
        #expect(try Peer.run("truncate", ["-s", "263000000", big]).status == 0)
        let recipe = try recipe(TarBuilder.archive(Self.kinds), #", "target": "runtime", "files": ["big"]"#)
        let refused = try build(recipe)
        #expect(refused.status == 3 && refused.errorText.contains("error[over-limit]"), "\(refused.errorText)")
        #expect(try Folder.names(in: "\(folder.path)/out") == [])
        #expect(try Peer.run("truncate", ["-s", "1", big]).status == 0)
        let built = try build(recipe)
        #expect(built.status == 0, "\(built.errorText)")
    }

    @Test(
        "is refused where the image has a link at the place of the supervisor, and nothing is written to where it leads",
        arguments: ["run", "build"])
    func linkedRuntime(verb: String) throws {
        try Folder.create("\(folder.path)/home")
        let recipe = try recipe(
            TarBuilder.archive(Self.kinds + [.symlink("var/runtime", to: "\(folder.path)/home")]),
            #", "target": "runtime""#)
        let refused = try Tool.run([verb, recipe, "-o", "\(folder.path)/out", "--cache", "\(folder.path)/cache"])
        #expect(refused.status == 1 && refused.errorText.contains("error[no-task-folder]"), "\(refused.errorText)")
        #expect(try Folder.names(in: "\(folder.path)/home") == [])
    }

    @Test(
        "is a runtime that runs a function of any image that it was made from, under AWS's own emulator",
        .enabled(if: RuntimeEmulator.path != nil, Comment(rawValue: RuntimeEmulator.absence)))
    func runtimeRuns() throws {
        let runtime = try #require(RuntimeEmulator.path)
        let scene = try CageScene()
        try scene.write(
            """
            #!/bin/sh
            cat /image-marker
            cat "$INPUT_FILE_PATH"
            ls /var/task /var/runtime
            """, to: "hello.sh")
        let recipe = try scene.recipe(script: "hello.sh")
        let built = try Tool.run([
            "build", recipe, "--target", "runtime", "-o", "\(folder.path)/out", "--cache", "\(folder.path)/cache",
        ])
        #expect(built.status == 0, "\(built.errorText)")
        let out = "\(folder.path)/out/caged"
        let answer = try Peer.run(
            "python3",
            [
                "\(Products.repository)/Tests/Oracles/run-runtime.py", folder.path, "\(out).runtime", "\(out).zip",
                runtime, #"{"who": "world"}"#,
            ])
        #expect(answer.status == 0, "\(answer.text)\(answer.errorText)")
        for word in ["image", "world", "launch.json", "script", "bootstrap"] {
            #expect(answer.text.contains(word), "\(answer.text)")
        }
        let caged = try Tool.run([
            "run", recipe, "--target", "runtime", "-q", "--cache", "\(folder.path)/cache",
        ])
        #expect(caged.status == 0 && caged.text.contains("image{}"), "\(caged.text)\(caged.errorText)")
    }

    /// A tree that is larger than its archive.
    private static func large(_ size: Int) -> [UInt8] {
        var tar = TarBuilder()
        for item in kinds { tar.add(item) }
        tar.addSparse("large", size: size, [(offset: 0, data: [1])], form: .pax10)
        return tar.finished()
    }

    @Test("is the first that fits, and the build says which did not and why")
    func automatic() throws {
        let cases: [(tree: Int, more: String, forms: [String])] = [
            (1 << 20, "", ["tree"]),
            (1 << 20, #", "artifact": {"format": "squashfs"}"#, ["squashfs"]),
            (270_000_000, "", ["tree", "squashfs"]),
            (270_000_000, #", "artifact": {"format": "tree"}"#, ["tree", "image"]),
            (600_000_000, "", ["tree", "squashfs", "image"]),
            (600_000_000, #", "function": {"ephemeralStorage": 1024}"#, ["tree", "squashfs"]),
        ]
        for (index, (tree, more, forms)) in cases.enumerated() {
            let built = try build(try recipe(Self.large(tree), more), to: "out-\(index)")
            #expect(built.status == 0, "\(built.errorText)")
            let package = try json("out-\(index)/build.json")["package"]
            let tried = package?["tried"]?.array ?? []
            #expect(tried.map { $0["form"]?.string } + [package?["form"]?.string] == forms, "\(forms)")
            #expect(tried.allSatisfy { $0["reason"]?.string?.contains(" of ") == true })
            #expect(built.errorText.split(separator: "\n").count { $0.contains("does not fit: ") } == forms.count - 1)
        }
    }

    @Test("that was asked for is not replaced by another", arguments: ["zip", "layer"])
    func noOther(target: String) throws {
        let built = try build(try recipe(Self.large(600_000_000)), ["--target", target])
        #expect(built.status == 3 && built.errorText.contains("error[over-limit]"), "\(built.errorText)")
        #expect(!built.errorText.contains("does not fit"))
    }

    @Test("is no zip with the files when a name is not UTF-8")
    func foreignName() throws {
        let name = TarItem("0", Array("caf\u{e9}".unicodeScalars.map { UInt8($0.value) }), mode: 0o644)
        let layer = TarBuilder.archive(Self.kinds + [name])
        let built = try build(try recipe(layer))
        #expect(built.status == 0 && built.errorText.contains("is not UTF-8"), "\(built.errorText)")
        #expect(try json("out/build.json")["package"]?["form"]?.string == "squashfs")
        let refused = try build(try recipe(layer), ["--target", "layer"])
        #expect(refused.status == 1 && refused.errorText.contains("error[entry-name]"), "\(refused.errorText)")
    }
}

@Suite(
    "A Ruby function in every form",
    .enabled(if: CageScene.isPossible, "needs a bubblewrap that works, docker-registry and gcc"),
    .enabled(if: Testbed.serves("ruby"), Testbed.reason("ruby")))
struct RubyFormTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    @Test("does the same in the cage")
    func cage() throws {
        let recipe = "\(Products.repository)/recipes/ruby.json"
        // One test, because the first form compiles the image for all. Other recipes cost more: make recipes.
        let variables = [
            (name: "SCAR_BUILD", value: Products.scarBuild), (name: "SCAR_BUILD_CACHE", value: "\(folder.path)/cache"),
        ]
        let table = try Peer.run(
            "\(Products.repository)/scripts/recipes", ["ruby", "--json"], variables: variables)
        #expect(table.status == 0, "\(table.text) \(table.errorText)")
        let cells = try JSON.parse(table.output).array ?? []
        #expect(cells.map { $0["form"]?.string } == ["squashfs", "tree", "layer", "image", "runtime", "reuse"])
        #expect(cells.allSatisfy { $0["verdict"]?.string == "ok" }, "\(table.text)")
        let auto = try Tool.run(["test", recipe, "--cache", "\(folder.path)/cache"])
        #expect(auto.errorText.contains("package  zip with the files  "), "\(auto.errorText)")
        let uncaged = try Tool.run([
            "test", recipe, "--target", "image", "--no-cage", "--cache", "\(folder.path)/cache",
        ])
        #expect(uncaged.status == 1 && uncaged.errorText.contains("error[needs-cage]"), "\(uncaged.errorText)")
    }
}
