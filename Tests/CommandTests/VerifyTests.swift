import ByteKit
import Glibc
import JSON
import TestKit
import Testing

@Suite("Verifying a package", .enabled(if: VerifyScene.isPossible, VerifyScene.needs), .serialized)
struct VerifyTests {
    @Test(
        "finds the same bytes when it is built anew, in every form, and leaves the cache alone",
        arguments: ["auto", "zip", "layer", "squashfs", "tar", "image", "oci", "runtime"])
    func same(target: String) throws {
        let scene = try VerifyScene()
        let package = try scene.build(["--target", target])
        let unused = scene.path("unused")
        let result = try scene.verify(package, ["--json"], variables: [("SCAR_BUILD_CACHE", unused)])
        #expect(result.status == 0, "\(result.text)\(result.errorText)")
        let json = try JSON.parse(result.output)
        #expect(json["same"]?.bool == true && json["causes"]?.array == [])
        #expect(json["recipe"]?.string == scene.recipe)
        #expect(json["image"]?.string == "\(scene.host)/verify/test:latest")
        #expect(json["manifest"]?.string == (try scene.lockedManifest))
        #expect(
            json["digest"]?.string == json["rebuilt"]?.string && json["digest"]?.string?.hasPrefix("sha256:") == true)
        #expect(unsafe access(unused, F_OK) != 0)
        if target == "layer" {
            let layer = scene.path("out/thumbnails-layer.zip")
            #expect(try scene.verify(layer).text.contains("built anew from its lock, the same"))
        }
        if target == "runtime" {
            let runtime = scene.path("out/thumbnails.runtime")
            #expect(try scene.verify(runtime).text.contains("built anew from its lock, the same"))
        }
    }

    @Test("finds the recipe beside the package, and works without a network when a layout has the image")
    func found() throws {
        let scene = try VerifyScene()
        let package = try scene.build(["--target", "zip"])
        try TestImage.write(VerifyScene.image("one").layout(), to: scene.path("layout"))
        let result = try Tool.run(["verify", package, "--offline", "--blobs", scene.path("layout")])
        #expect(result.status == 0, "\(result.text)\(result.errorText)")
        let lonely = try Tool.run(["verify", package, "--offline"])
        #expect(lonely.status == 1 && lonely.errorText.contains("offline"), "\(lonely.errorText)")
        // A layout whose blob is not what its name says is not taken.
        let layer = Digest(of: VerifyScene.image("one").layers[0]).hex
        try scene.change(scene.path("layout/blobs/sha256/\(layer)")) { $0[1000] ^= 1 }
        let damaged = try Tool.run(["verify", package, "--offline", "--blobs", scene.path("layout")])
        #expect(damaged.errorText.contains("error[damaged-layout]"), "\(damaged.errorText)")
        let unknown = try Tool.run(["verify", package, "--function", "other"])
        #expect(unknown.status == 2)
    }

    @Test("says from which recipe and image it built, and takes none of several: one may have come with the package")
    func severalRecipes() throws {
        let scene = try VerifyScene()
        let package = try scene.build(["--target", "zip"])
        func verify(in folder: String, _ words: String...) throws -> Peer.Result {
            let script = #"cd "$1" && shift && exec "$@""#
            return try Peer.run("sh", ["-c", script, "sh", scene.path(folder), Products.scarBuild, "verify"] + words)
        }
        try Folder.create(scene.path("mine"))
        for name in ["thumbnails.json", "thumbnails.lock.json", "script.sh"] {
            try OutputFile.write(
                try InputFile.contents(of: scene.path(name), limit: 1 << 20), to: scene.path("mine/\(name)"))
        }
        let undecided = try verify(in: "mine", package)
        #expect(undecided.status == 2 && undecided.errorText.contains("error[several-recipes]"))
        let both = "thumbnails.json, \(scene.path("out"))/../thumbnails.json"
        #expect(undecided.errorText.contains(both), "\(undecided.errorText)")
        let decided = try verify(in: "mine", package, "thumbnails.json")
        #expect(decided.status == 0, "\(decided.errorText)")
        let image = "\(scene.host)/verify/test:latest, \(try scene.lockedManifest)"
        #expect(decided.text.contains("  recipe   thumbnails.json\n  image    \(image)\n"), "\(decided.text)")
        // One file is one recipe, however many ways lead there.
        let only = try verify(in: ".", "out/thumbnails.zip")
        #expect(only.status == 0 && only.text.contains("  recipe   thumbnails.json\n"), "\(only.errorText)")
    }

    @Test("says of a recipe that is not there where it looked, and of a lock what makes one")
    func missing() throws {
        let scene = try VerifyScene()
        let package = try scene.build(["--target", "zip"], to: "far/away")
        let result = try Tool.run(["verify", package])
        #expect(result.status == 2 && result.errorText.contains("error[no-recipe]"), "\(result.errorText)")
        #expect(unsafe unlink(scene.path("thumbnails.lock.json")) == 0)
        let lockless = try scene.verify(package)
        #expect(lockless.status == 1 && lockless.errorText.contains("error[no-lock]"), "\(lockless.errorText)")
    }

    @Test("explains another image down to the file and the byte")
    func anotherImage() throws {
        let scene = try VerifyScene()
        try scene.push(VerifyScene.image("two"))
        let locked = try Tool.run(["lock", scene.recipe, "--cache", scene.path("cache")])
        #expect(locked.status == 0)
        let package = try scene.build(["--target", "zip"], to: "second")
        try scene.push(VerifyScene.image("one"))
        #expect(try Tool.run(["lock", scene.recipe, "--cache", scene.path("cache")]).status == 0)
        let found = try scene.explain(package)
        let artifact = found.part("artifact.squashfs")
        let files = artifact?["files"]?.array ?? []
        #expect(files.map { $0["path"]?.string } == ["/data/noise", "/data/word"])
        #expect(files.first?["what"]?.array == [.string("content")])
        let byte = files.first?["firstByte"]
        #expect(byte?["offset"]?.integer == 200_000)
        #expect(byte?["given"]?.integer == 0x74 && byte?["rebuilt"]?.integer == 0x6f)
        #expect(found.causes.contains("another image: it was built from sha256:"), "\(found.causes)")
        let text = try scene.verify(package)
        #expect(text.text.contains("/data/word: content; byte 0 of 3 is 0x74 instead of 0x6f"), "\(text.text)")
        #expect(text.errorText.contains("error[not-the-same]") && text.errorText.contains("likely cause"))
    }

    @Test("tells a package that was changed after it was built", arguments: ["zip", "squashfs", "tar", "image"])
    func tampered(target: String) throws {
        let scene = try VerifyScene()
        let package = try scene.build(["--target", target])
        var file = package
        if target == "image" {
            let blobs = try Folder.names(in: "\(package)/blobs/sha256").map { "\(package)/blobs/sha256/\($0)" }
            file = try #require(try blobs.max { try InputFile($0).size < InputFile($1).size })
        }
        // In the data of the noise, which is near the end in every form.
        try scene.change(file) { $0[$0.count - 150_000] ^= 0x10 }
        let result = try scene.verify(package)
        #expect(result.status == 4, "\(result.text)\(result.errorText)")
        if target == "image" { return #expect(result.text.contains(": damaged"), "\(result.text)") }
        #expect(result.text.contains("it was changed after it was built"), "\(result.text)")
        let place = target == "tar" ? "thumbnails.tar.zst: damaged" : "/data/noise: content; byte "
        #expect(result.text.contains(place), "\(result.text)")
    }

    @Test("tells a script that was changed, in the package or beside the recipe")
    func script() throws {
        let scene = try VerifyScene()
        let package = try scene.build(["--target", "zip"])
        try OutputFile.write(Array("#!/bin/sh\necho two\n".utf8), to: scene.path("script.sh"))
        let found = try scene.explain(package)
        let script = found.part("script/script.sh")
        #expect(script?["what"]?.array == [.string("content")] && script?["firstByte"]?["offset"]?.integer == 15)
        #expect(found.causes.contains("a file that the recipe ships was changed"), "\(found.causes)")
        #expect(found.parts.count == 1)
    }

    @Test("tells another recipe, another time, and another way of compressing")
    func settings() throws {
        let scene = try VerifyScene()
        let late = try scene.build(["--target", "zip"], to: "late", variables: [("SOURCE_DATE_EPOCH", "1000000000")])
        #expect(try scene.explain(late).causes.contains("another SOURCE_DATE_EPOCH"))
        let same = try scene.verify(late, variables: [("SOURCE_DATE_EPOCH", "1000000000")])
        #expect(same.status == 0, "\(same.text)")

        let package = try scene.build(["--target", "zip"])
        try scene.change(scene.recipe) { bytes in
            bytes.removeLast()
            bytes += Array(#", "artifact": {"compression": "gzip"}}"#.utf8)
        }
        let found = try scene.explain(package)
        #expect(found.causes.contains("other ‘artifact’ settings"), "\(found.causes)")
        #expect(found.causes.contains("another recipe: it was built from one with the checksum"), "\(found.causes)")
    }

    @Test("tells entries that somebody added, took away or packed anew")
    func entries() throws {
        let scene = try VerifyScene()
        let package = try scene.build(["--target", "zip"])
        let program = """
            import sys, zipfile
            source = zipfile.ZipFile(sys.argv[1])
            with zipfile.ZipFile(sys.argv[2], "w") as target:
                for entry in source.infolist():
                    if entry.filename.startswith("script/"): continue
                    data = source.read(entry)
                    if entry.filename == "bootstrap":
                        target.writestr(entry, data, zipfile.ZIP_DEFLATED, 1)
                    else:
                        target.writestr(entry, data)
                target.writestr("files/extra", b"x")
            """
        let other = scene.path("out/other.zip")
        let made = try Peer.run("python3", ["-c", program, package, other])
        try #require(made.status == 0, "\(made.errorText)")
        let found = try scene.explain(other)
        #expect(found.part("files/extra")?["change"]?.string == "added")
        #expect(found.part("script/script.sh")?["change"]?.string == "missing")
        #expect(found.part("bootstrap")?["what"]?.array == [.string("encoding")])
    }

    @Test(
        "is told before a build starts that a lock was made with other libraries, and why an older lock is not followed"
    )
    func libraries() throws {
        let scene = try VerifyScene()
        let lock = scene.path("thumbnails.lock.json")
        let package = try scene.build(["--target", "zip"])
        let text = String(decoding: try InputFile.contents(of: lock, limit: 1 << 20), as: UTF8.self)
        let zstd = try #require(try scene.json(lock)["libraries"]?["zstd"]?.string)
        try OutputFile.write(Array(text.replacing("\"zstd\": \"\(zstd)\"", with: "\"zstd\": \"0.9.9\"").utf8), to: lock)
        let warned = try Tool.run(
            ["build", scene.recipe, "--target", "zip", "-o", scene.path("out"), "--cache", scene.path("cache")])
        #expect(warned.status == 0)
        let first = warned.errorText.split(separator: "\n").first ?? ""
        #expect(first.contains("the lock was made with zstd 0.9.9, and this is \(zstd)"), "\(warned.errorText)")
        // gzip is made by another library, whose version is the lock's.
        let silent = try Tool.run(["plan", scene.recipe, "--target", "image", "--cache", scene.path("cache")])
        #expect(!silent.errorText.contains("0.9.9"))
        try scene.change(package) { $0[$0.count / 2] ^= 1 }
        #expect(unsafe unlink(scene.path("out/build.json")) == 0)
        #expect(
            try scene.explain(package).causes.contains("another compression library: the lock was made with zstd 0.9.9")
        )

        let layout = try #require(try scene.json(lock)["layoutVersion"]?.integer)
        let older = text.replacing("\"layoutVersion\": \(layout)", with: "\"layoutVersion\": 1")
        try OutputFile.write(Array(older.utf8), to: lock)
        let refused = try scene.verify(package)
        #expect(refused.status == 1 && refused.errorText.contains("error[layout-version]"), "\(refused.errorText)")
    }

    @Test("explains itself when what it is given is no package", arguments: ["", "no archive", "PK\u{3}\u{4}", "hsqs"])
    func noPackage(text: String) throws {
        let scene = try VerifyScene()
        try OutputFile.write(Array(text.utf8), to: scene.path("thumbnails.zip"))
        let result = try scene.verify(scene.path("thumbnails.zip"))
        #expect(result.status == 1 || result.status == 4)
        #expect(result.errorText.contains("error["), "\(result.text)\(result.errorText)")
    }
}
