import ByteKit
import Glibc
import TestKit
import Testing

@Suite("A build from files on this machine")
struct LocalSourceTests: ~Copyable {
    private let folder: TestFolder
    private let image: TestImage

    init() throws {
        folder = try TestFolder()
        image = TestImage(layers: [
            TarBuilder.archive([.folder("bin"), .file("bin/a", "one"), .file("gone", "x")]),
            TarBuilder.archive([.whiteout("gone"), .symlink("bin/b", to: "a")]),
        ])
    }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    /// Builds an image into a squashfs and gives its bytes.
    private func build(_ source: String, _ more: [String] = [], input: String? = nil) throws -> [UInt8] {
        let recipe = try Tool.recipe(
            #"{"name": "plain", "image": "\#(source)", "prune": {"profile": "none"}}"#, in: folder.path)
        let arguments =
            ["build", recipe, "--target", "squashfs", "-o", path("out"), "--cache", path("cache")] + more
        let result =
            if let input {
                try Peer.run(
                    "sh", ["-c", #"f=$1; shift; exec "$@" < "$f""#, "sh", input, Products.scarBuild] + arguments)
            } else {
                try Tool.run(arguments)
            }
        #expect(result.status == 0, "\(source): \(result.errorText)")
        return try InputFile.contents(of: path("out/plain.squashfs"), limit: 1 << 24)
    }

    @Test("gives the same artifact whatever form the image has")
    func forms() throws {
        try TestImage.write(image.layout(tag: "v1"), to: path("layout"))
        let expected = try build("oci:layout:v1")
        #expect(try build("oci:\(path("layout"))") == expected)
        for (name, items) in [("old.tar", image.savedBefore25()), ("new.tar", image.savedSince25())] {
            try TestImage.write([(name, TarBuilder.archive(items))], to: folder.path)
            #expect(try build("docker-archive:\(name)") == expected, "\(name)")
        }
        let files = try Peer.run("unsquashfs", ["-lls", path("out/plain.squashfs")])
        #expect(files.text.contains("bin/b -> a") && !files.text.contains("gone"))
    }

    @Test("reads a root file system from a file or the standard input, compressed or not")
    func rootfs() throws {
        try TestImage.write([("root.tar", image.layers[0])], to: folder.path)
        let expected = try build("tar:root.tar")
        #expect(try build("tar:-", input: path("root.tar")) == expected)
        #expect(try Peer.run("gzip", ["-k", path("root.tar")]).status == 0)
        #expect(try build("tar:root.tar.gz") == expected)
        #expect(try build("tar:-", input: path("root.tar.gz")) == expected)
        #expect(try build("tar:root.tar.gz", ["--offline"]) == expected)
    }

    @Test("can be locked, and notices when the file has changed since")
    func locked() throws {
        let other = TestImage(layers: [image.layers[1]])
        for source in ["tar:root.tar", "docker-archive:saved.tar", "oci:layout"] {
            try write(image)
            let recipe = try Tool.recipe(#"{"name": "plain", "image": "\#(source)"}"#, in: folder.path)
            let locked = try Tool.run(["lock", recipe, "--cache", path("cache")])
            #expect(locked.status == 0, "\(locked.errorText)")
            let first = try build(source, ["--locked"])
            #expect(try build(source, ["--locked", "--offline"]) == first)
            try write(other)
            if source == "oci:layout" { Folder.remove(path("layout/blobs")) }
            let changed = try Tool.run(["build", recipe, "--locked", "-o", path("out"), "--cache", path("cache")])
            #expect(changed.status == 1)
            #expect(changed.errorText.contains("error[changed-image]"), "\(changed.errorText)")
            #expect(changed.errorText.contains("scar-build lock"))
            #expect(unsafe unlink(path("recipe.lock.json")) == 0)
        }
    }

    /// Writes an image in all forms.
    private func write(_ image: TestImage) throws {
        let archive = TarBuilder.archive(image.savedBefore25())
        try TestImage.write([("root.tar", image.layers[0]), ("saved.tar", archive)], to: folder.path)
        try TestImage.write(image.layout(), to: path("layout"))
    }

    @Test("says that a layer of the plan is at hand, and names the image as the recipe does")
    func plan() throws {
        try TestImage.write([("root.tar", image.layers[0])], to: folder.path)
        let recipe = try Tool.recipe(#"{"name": "plain", "image": "tar:root.tar"}"#, in: folder.path)
        let result = try Tool.run(["plan", recipe, "--cache", path("cache")])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(result.text.contains("plain: tar:root.tar for linux/amd64"))
        #expect(result.text.contains("compile ") && !result.text.contains("pull"))
    }

    @Test(
        "reads what skopeo makes of an image, in each form",
        .enabled(if: Peer.isInstalled("skopeo"), "needs skopeo"))
    func skopeo() throws {
        try TestImage.write(image.layout(tag: "v1"), to: path("layout"))
        let expected = try build("oci:layout:v1")
        for (form, source) in [
            ("docker-archive:\(path("skopeo.tar")):a:b", "docker-archive:skopeo.tar"),
            ("oci:\(path("copy")):v2", "oci:copy:v2"),
            ("oci-archive:\(path("archive.tar"))", "docker-archive:archive.tar"),
        ] {
            let made = try Peer.run("skopeo", ["copy", "--insecure-policy", "oci:\(path("layout")):v1", form])
            #expect(made.status == 0, "\(made.errorText)")
            #expect(try build(source) == expected, "\(source)")
        }
    }
}
