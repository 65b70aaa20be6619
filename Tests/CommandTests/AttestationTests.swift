import ByteKit
import Glibc
import JSON
import TestKit
import Testing

@Suite("What is written about a package", .enabled(if: VerifyScene.isPossible, VerifyScene.needs), .serialized)
struct AttestationTests {
    private func makeKeys(_ scene: VerifyScene, _ name: String = "key") throws {
        let script = """
            openssl ecparam -genkey -name prime256v1 -noout -out "$1.pem" && openssl ec -in "$1.pem" -pubout -out "$1.pub"
            """
        let result = try Peer.run("sh", ["-c", script, "sh", scene.path(name)])
        try #require(result.status == 0, "\(result.errorText)")
    }

    @Test("is a signature that openssl verifies, and verify does, until anything changes")
    func signature() throws {
        let scene = try VerifyScene()
        try makeKeys(scene)
        try makeKeys(scene, "other")
        let package = try scene.build(["--target", "zip", "--sign-key", scene.path("key.pem")])
        let openssl = try Peer.run(
            "openssl",
            ["dgst", "-sha256", "-verify", scene.path("key.pub"), "-signature", "\(package).sig", package])
        #expect(openssl.status == 0, "\(openssl.errorText)")
        let whole = try scene.verify(package, ["--key", scene.path("key.pub")])
        #expect(whole.status == 0 && whole.text.contains("signed by this key"), "\(whole.text)\(whole.errorText)")

        let alone = try Tool.run(["verify", package, "--key", scene.path("key.pub"), "--no-rebuild"])
        #expect(alone.status == 0 && alone.text.contains("signed by this key"))
        let foreign = try Tool.run(["verify", package, "--key", scene.path("other.pub"), "--no-rebuild"])
        #expect(foreign.status == 4 && foreign.errorText.contains("error[wrong-signature]"))
        try scene.change(package) { $0[$0.count / 2] ^= 1 }
        let changed = try scene.verify(package, ["--key", scene.path("key.pub")])
        #expect(changed.status == 4 && changed.errorText.contains("error[wrong-signature]") && changed.text == "")
        #expect(try Tool.run(["sign", package, "--key", scene.path("other.pem")]).text == "\(package).sig\n")
        #expect(try Tool.run(["verify", package, "--key", scene.path("other.pub"), "--no-rebuild"]).status == 0)
        #expect(unsafe unlink("\(package).sig") == 0)
        let unsigned = try Tool.run(["verify", package, "--key", scene.path("other.pub"), "--no-rebuild"])
        #expect(unsigned.status == 4 && unsigned.errorText.contains("error[no-signature]"))
        #expect(try Tool.run(["verify", package, "--no-rebuild"]).status == 2)
    }

    @Test("is of both zips of a layer, of a runtime and its zip, and of an image’s index with all that hangs on it")
    func signedForms() throws {
        let scene = try VerifyScene()
        try makeKeys(scene)
        let key = ["--sign-key", scene.path("key.pem")]
        try scene.build(["--target", "layer"] + key)
        try scene.build(["--target", "runtime"] + key, to: "runtime")
        let results = [
            "out/thumbnails.zip", "out/thumbnails-layer.zip", "runtime/thumbnails.zip", "runtime/thumbnails.runtime",
        ]
        for name in results {
            let checked = try Tool.run(
                ["verify", scene.path(name), "--key", scene.path("key.pub"), "--no-rebuild"])
            #expect(checked.status == 0, "\(checked.errorText)")
        }
        let image = try scene.build(["--target", "image"] + key, to: "image")
        let check = ["verify", image, "--key", scene.path("key.pub"), "--no-rebuild"]
        #expect(try Tool.run(check).status == 0)
        let blob = try #require(try Folder.names(in: "\(image)/blobs/sha256").last)
        try scene.change("\(image)/blobs/sha256/\(blob)") { $0[0] ^= 1 }
        let changed = try Tool.run(check)
        #expect(changed.status == 4 && changed.errorText.contains("error[damaged-layout]"), "\(changed.errorText)")
        let folder = try Tool.run(
            ["build", scene.recipe, "--target", "dir", "-o", scene.path("dir"), "--cache", scene.path("cache")] + key)
        #expect(folder.status == 2 && folder.errorText.contains("error[no-digest]"), "\(folder.errorText)")
    }

    @Test("has nothing of the key: not in what is written, not in what is said")
    func keyStays() throws {
        let scene = try VerifyScene()
        try makeKeys(scene)
        let result = try Tool.run([
            "build", scene.recipe, "--target", "zip", "-o", scene.path("out"), "--cache", scene.path("cache"),
            "--provenance",
            "--sbom", "spdx", "--sign-key", scene.path("key.pem"),
        ])
        #expect(result.status == 0, "\(result.errorText)")
        let script = """
            line=$(sed -n 2p "$1/key.pem"); test -n "$line" && ! grep -rF -- "$line" "$1/out" "$1/cache" && ! grep -rlF key.pem "$1/out"
            """
        #expect(try Peer.run("sh", ["-c", script, "sh", scene.folder.path]).status == 0)
        #expect(!result.errorText.contains("PRIVATE"))
    }

    @Test("is provenance that names what was read, each by the digest that it has")
    func provenance() throws {
        let scene = try VerifyScene()
        let package = try scene.build(
            ["--target", "zip", "--provenance"], variables: [("SOURCE_DATE_EPOCH", "1000000000")])
        let json = try scene.json(scene.path("out/thumbnails.provenance.json"))
        #expect(json["_type"]?.string == "https://in-toto.io/Statement/v1")
        #expect(json["predicateType"]?.string == "https://slsa.dev/provenance/v1")
        let sum = try Digest(of: InputFile.contents(of: package, limit: 1 << 26)).hex
        #expect(json["subject"]?[0]?["name"]?.string == "thumbnails.zip")
        #expect(json["subject"]?[0]?["digest"]?["sha256"]?.string == sum)
        let definition = try #require(json["predicate"]?["buildDefinition"])
        #expect(definition["externalParameters"]?["sourceDateEpoch"]?.integer == 1_000_000_000)
        let libraries = definition["internalParameters"]?["libraries"]
        #expect(libraries?.members?.count == 2 && libraries?["zstd"] != nil && libraries?["deflate"] != nil)
        let inputs = try #require(definition["resolvedDependencies"]?.array)
        func digest(_ name: String) -> String? {
            inputs.first { $0["name"]?.string == name }?["digest"]?["sha256"]?.string
        }
        let image = VerifyScene.image("one")
        #expect(
            digest("config") == Digest(of: image.config).hex && digest("layer 1") == Digest(of: image.layers[0]).hex)
        for (name, file) in [("thumbnails.lock.json", "thumbnails.lock.json"), ("script/script.sh", "script.sh")] {
            #expect(try digest(name) == Digest(of: InputFile.contents(of: scene.path(file), limit: 1 << 20)).hex)
        }
        #expect(digest("bootstrap") != nil)
        let text = String(decoding: json.text(), as: UTF8.self)
        #expect(!text.contains(scene.folder.path), "a path of this machine is in it")
        let builder = json["predicate"]?["runDetails"]?["builder"]
        #expect(builder?["id"]?.string == "urn:scar-build:builder:local" && builder?["version"]?["scar-build"] != nil)
    }

    @Test(
        "is a bill of what is in the result, also when the result was there already",
        arguments: ["zip", "image", "tar", "runtime"])
    func bill(target: String) throws {
        let scene = try VerifyScene()
        let more = ["--target", target, "--sbom", "spdx", "--sbom", "cyclonedx"]
        try scene.build(more)
        let spdx = scene.path("out/thumbnails.spdx.json")
        let first = try InputFile.contents(of: spdx, limit: 1 << 20)
        let names = try scene.json(spdx)["packages"]?.array?.compactMap { $0["name"]?.string }
        #expect(names == ["thumbnails", "tool"])
        let components = try scene.json(scene.path("out/thumbnails.cdx.json"))["components"]?.array
        #expect(components?.map { $0["purl"]?.string } == ["pkg:deb/debian/tool@1.0?arch=all"])
        #expect(unsafe unlink(spdx) == 0)
        try scene.build(more)
        #expect(try InputFile.contents(of: spdx, limit: 1 << 20) == first)
    }

    @Test("is listed for anything that can be looked into")
    func sbom() throws {
        let scene = try VerifyScene()
        let package = try scene.build(["--target", "zip"])
        for subject in [package, scene.recipe] {
            let result = try Tool.run([
                "sbom", subject, "--format", "cyclonedx", "--files", "--cache", scene.path("cache"),
            ])
            #expect(result.status == 0, "\(result.errorText)")
            let components = try JSON.parse(result.output)["components"]?.array ?? []
            #expect(components.contains { $0["name"]?.string == "tool" })
            let word = components.first { $0["name"]?.string == "/data/word" }
            #expect(word?["hashes"]?[0]?["content"]?.string == Digest(of: Array("one".utf8)).hex)
        }
        let refused = try Tool.run(["sbom", package, "--files", "--cache", scene.path("cache")])
        #expect(refused.status == 1 && refused.errorText.contains("SHA-1"))
    }

    @Test(
        "goes to the registry with the image, where others find it",
        .enabled(if: Peer.isInstalled("skopeo"), "needs skopeo"))
    func push() throws {
        let scene = try VerifyScene()
        let image = try scene.build([
            "--target", "image", "--sbom", "spdx", "--sbom", "cyclonedx", "--provenance", "--sign-key", try key(scene),
        ])
        let name = "\(scene.host)/scar/thumbnails"
        let pushed = try Tool.run(["push", image, "\(name):1", "--cache", scene.path("cache")])
        #expect(pushed.status == 0, "\(pushed.errorText)")
        let digest = try #require(try scene.json(scene.path("out/build.json"))["package"]?["digest"]?.string)
        #expect(pushed.text == "\(name)@\(digest)\n" || pushed.text == "\(name):1@\(digest)\n")
        // This registry has no API for referrers: a tag made of the digest stands in for it.
        let tag = digest.replacing("sha256:", with: "sha256-")
        let list = try Peer.run("skopeo", ["inspect", "--tls-verify=false", "--raw", "docker://\(name):\(tag)"])
        #expect(list.status == 0, "\(list.errorText)")
        let types = try JSON.parse(list.output)["manifests"]?.array?.compactMap { $0["artifactType"]?.string }
        #expect(
            types == ["application/spdx+json", "application/vnd.cyclonedx+json", "application/vnd.in-toto+json"])

        // What is about another image stays here.
        try scene.change(scene.path("out/thumbnails.spdx.json")) { $0 = Array("{}".utf8) }
        let again = try Tool.run(["push", image, "\(name):2", "--cache", scene.path("cache")])
        #expect(again.status == 0 && again.errorText.contains("thumbnails.spdx.json is not about this image"))
    }

    private func key(_ scene: VerifyScene) throws -> String {
        try makeKeys(scene)
        return scene.path("key.pem")
    }
}
