import ByteKit
import Glibc
import ImageModel
import JSON
import Registry
import TestKit
import Testing

/// Images that are files on this machine: what is read, and what is refused.
@Suite("A local image") struct LocalImageTests: ~Copyable {
    let folder: TestFolder
    let image = TestImage(layers: [pattern(5000), Array("layer two".utf8)])

    init() throws { folder = try TestFolder() }

    private func layout(_ tag: String? = nil) -> LayoutOrigin {
        LayoutOrigin(folder: folder.path + "/layout", tag: tag, name: "oci:layout")
    }

    private func archive(_ items: [TarItem]) throws -> DockerArchiveOrigin {
        try TestImage.write([("saved.tar", TarBuilder.archive(items))], to: folder.path)
        return try DockerArchiveOrigin(folder.path + "/saved.tar", name: "docker-archive:saved.tar")
    }

    /// Resolves an image and reads all its layers.
    private func whole(_ origin: some ImageOrigin, pinned: Digest? = nil) throws -> (ResolvedImage, [[UInt8]]) {
        let resolved = try origin.resolve(amd64, pinned: pinned)
        let layers = try resolved.manifest.layers.map { layer in
            var bytes: [UInt8] = []
            try unsafe origin.pull(layer) { unsafe bytes.append(contentsOf: $0) }
            return bytes
        }
        return (resolved, layers)
    }

    private func refusal(_ origin: some ImageOrigin) -> RegistryError? {
        #expect(throws: RegistryError.self) { _ = try whole(origin) }
    }

    private func refusal(_ items: [TarItem]) throws -> RegistryError? {
        let (folder, bytes) = (folder.path, TarBuilder.archive(items))
        try TestImage.write([("saved.tar", bytes)], to: folder)
        return #expect(throws: RegistryError.self) {
            let origin = try DockerArchiveOrigin(folder + "/saved.tar", name: "docker-archive:saved.tar")
            let resolved = try origin.resolve(amd64, pinned: nil)
            for layer in resolved.manifest.layers { try unsafe origin.pull(layer) { _ in } }
        }
    }

    // MARK: - Layouts

    @Test("in a layout is found by its tag, or as the only one")
    func layoutImage() throws {
        try TestImage.write(image.layout(tag: "1.0"), to: folder.path + "/layout")
        for tag in [nil, "1.0"] {
            let (resolved, layers) = try whole(layout(tag))
            #expect(resolved.manifestDigest == Digest(of: image.manifest))
            #expect(resolved.reference == "oci:layout")
            #expect(layers == image.layers)
        }
        let error = refusal(layout("2.0"))
        #expect(error?.code == .notFound)
        #expect(error?.hint?.contains("1.0") == true)
    }

    @Test("in an index without annotations is found when it is the only one, and has no tag")
    func indexWithoutAnnotations() throws {
        try TestImage.write(image.layout(tag: nil), to: folder.path + "/layout")
        #expect(try whole(layout()).1 == image.layers)
        #expect(refusal(layout("latest"))?.code == .notFound)
    }

    @Test("among several wants a tag, and the tags are offered")
    func severalImages() throws {
        let other = TestImage(layers: [Array("other".utf8)])
        var entry = TestImage.descriptor(.ociManifest, of: other.manifest)
        if case .object(let members) = entry.value {
            let names = JSON.object([("io.containerd.image.name", .string("q.io/a/other:3"))])
            entry = JSON(.object(members + [JSON.Member(name: Array("annotations".utf8), json: names)]))
        }
        try TestImage.write(other.layout() + image.layout(tag: "mine", more: [entry]), to: folder.path + "/layout")
        #expect(refusal(layout())?.hint?.contains("3, mine, q.io/a/other:3") == true)
        #expect(try whole(layout("3")).0.manifestDigest == Digest(of: other.manifest))
        #expect(try whole(layout("q.io/a/other:3")).1 == other.layers)
    }

    @Test("in a layout stays the one that was locked when its tag has moved, and is missed when it has gone")
    func pinnedLayout() throws {
        let locked = Digest(of: image.manifest)
        try TestImage.write(image.layout(), to: folder.path + "/layout")
        let moved = TestImage(layers: [Array("new".utf8)])
        try TestImage.write(moved.layout(), to: folder.path + "/layout")
        #expect(try whole(layout(), pinned: locked).1 == image.layers)
        #expect(try whole(layout()).1 == moved.layers)
        #expect(unsafe unlink("\(folder.path)/layout/blobs/sha256/\(locked.hex)") == 0)
        let origin = layout()
        let error = #expect(throws: RegistryError.self) { try origin.resolve(amd64, pinned: locked) }
        #expect(error?.code == .changed)
    }

    @Test("whose blob is a link inside its folder is read; a link that leads out, a folder and a pipe are not")
    func oddBlobs() throws {
        try TestImage.write(image.layout() + [("blobs/rootfs", image.layers[0])], to: folder.path + "/layout")
        try TestImage.write([("outside", image.layers[0])], to: folder.path)
        let blob = "\(folder.path)/layout/blobs/sha256/\(Digest(of: image.layers[0]).hex)"
        #expect(unsafe unlink(blob) == 0 && symlink("../rootfs", blob) == 0)
        #expect(try whole(layout()).1 == image.layers)

        #expect(unsafe unlink(blob) == 0 && symlink("\(folder.path)/outside", blob) == 0)
        #expect(refusal(layout())?.message.contains("leads out") == true)
        #expect(unsafe unlink(blob) == 0 && mkdir(blob, 0o755) == 0)
        #expect(refusal(layout())?.code == .source)
        #expect(unsafe rmdir(blob) == 0 && mkfifo(blob, 0o644) == 0)
        #expect(refusal(layout())?.code == .source)
        #expect(unsafe unlink(blob) == 0)
        #expect(refusal(layout())?.message.contains("has no ‘blobs/sha256/") == true)
    }

    @Test("is refused when a blob is not what its name says", arguments: ["layer", "config", "manifest"])
    func damagedBlob(which: String) throws {
        try TestImage.write(image.layout(), to: folder.path + "/layout")
        let bytes = which == "layer" ? image.layers[0] : which == "config" ? image.config : image.manifest
        var damaged = bytes
        damaged[bytes.count / 2] ^= 1
        try TestImage.write(
            [("blobs/sha256/\(Digest(of: bytes).hex)", damaged)], to: folder.path + "/layout")
        #expect(refusal(layout())?.code == .digestMismatch)
        try TestImage.write(
            [("blobs/sha256/\(Digest(of: bytes).hex)", bytes + [0])], to: folder.path + "/layout")
        #expect(refusal(layout())?.code == .sizeMismatch)
    }

    @Test(
        "is not found in what is no layout",
        arguments: [
            ("oci-layout", ""), ("oci-layout", #"{"imageLayoutVersion":"2.0.0"}"#), ("oci-layout", "null"),
            ("index.json", "null"), ("index.json", "[]"), ("index.json", "{}"), ("index.json", ""),
            ("index.json", #"{"schemaVersion":2,"manifests":[]}"#),
            ("index.json", #"{"schemaVersion":2,"manifests":null}"#),
        ])
    func noLayout(file: String, text: String) throws {
        try TestImage.write(image.layout() + [(file, Array(text.utf8))], to: folder.path + "/layout")
        #expect(refusal(layout()) != nil)
        #expect(unsafe unlink("\(folder.path)/layout/\(file)") == 0)
        #expect(refusal(layout())?.message.contains(file) == true)
    }

    // MARK: - docker save

    @Test("that docker save has written is read, in the old form, the new one, and as a layout alone")
    func saved() throws {
        for items in [image.savedBefore25(), image.savedSince25()] {
            let (resolved, layers) = try whole(archive(items))
            #expect(layers == image.layers)
            #expect(resolved.config.bytes == image.config)
            #expect(resolved.diffIDs == image.layers.map { Digest(of: $0) })
        }
        let old = try archive(image.savedBefore25()).resolve(amd64, pinned: nil)
        #expect(try archive(image.savedSince25()).resolve(amd64, pinned: old.manifestDigest) == old)
        let alone = try whole(archive(image.layout().map { .file($0.path, $0.bytes) }))
        #expect(alone.0.manifestDigest == Digest(of: image.manifest) && alone.1 == image.layers)
    }

    @Test("of docker save may have layers that are links to others, and names in every notation")
    func linkedLayers() throws {
        let twice = TestImage(layers: [image.layers[0], image.layers[0], image.layers[1]])
        let names = ["./a/layer.tar", "b//layer.tar", String(repeating: "long/", count: 40) + "layer.tar"]
        let items: [TarItem] = [
            .file("a/layer.tar", image.layers[0]), .symlink("b/layer.tar", to: "../a/layer.tar"),
            .file("c.tar", image.layers[1]), .hardLink(names[2], to: "c.tar"), .file("config.json", twice.config),
            .file("manifest.json", TestImage.savedManifest(config: "config.json", layers: names)),
        ]
        #expect(try whole(archive(items)).1 == twice.layers)
    }

    @Test("of docker save may have compressed layers, which are then named by their own bytes")
    func compressedLayers() throws {
        let compressed: [UInt8] = [0x1f, 0x8b] + pattern(3000)
        let items: [TarItem] = [
            .file("a.tar.gz", compressed), .file("b.tar", image.layers[1]), .file("c", image.config),
            .file("manifest.json", TestImage.savedManifest(config: "c", layers: ["a.tar.gz", "b.tar"])),
        ]
        let (resolved, layers) = try whole(archive(items))
        #expect(layers == [compressed, image.layers[1]])
        #expect(resolved.manifest.layers[0].digest == Digest(of: compressed))
        #expect(resolved.manifest.layers[0].mediaType == .ociLayerGzip)
        #expect(resolved.diffIDs[0] == Digest(of: image.layers[0]))
    }

    @Test("is not found in an archive whose manifest.json is null, absent or wrong")
    func wrongManifests() throws {
        let rest = image.savedBefore25().filter { $0.path != Array("manifest.json".utf8) }
        #expect(try refusal(rest)?.message.contains("neither ‘manifest.json’ nor") == true)
        let several = #"[{"Config":"a","Layers":[]},{"Config":"b","Layers":[]}]"#
        for text in [
            "null", "", "{}", "[]", "[null]", "[7]", #"[{"Config":7,"Layers":[]}]"#, #"[{"Config":"x"}]"#, several,
            #"[{"Config":"x","Layers":null}]"#, #"[{"Config":"x","Layers":[null]}]"#, "[{",
            #"[{"Config":"gone.json","Layers":[]}]"#, String(repeating: "[", count: 100_000),
        ] {
            #expect(try refusal(rest + [.file("manifest.json", text)])?.code == .source, "\(text.prefix(60))")
        }
        #expect(try refusal(rest + [.file("manifest.json", several)])?.hint?.contains("docker save") == true)
    }

    @Test(
        "may not name what is outside",
        arguments: ["../../x", "/etc/passwd", "a/../../x", "..", "", ".", "out", "loop", "pipe", "folder"])
    func escapes(name: String) throws {
        let items: [TarItem] = [
            .file("c", image.config), .file("../../x", image.layers[0]), .file("/etc/passwd", image.layers[0]),
            .symlink("out", to: "../../../etc/passwd"), .symlink("loop", to: "loop"), .pipe("pipe"), .folder("folder"),
        ]
        for (config, layer) in [("c", name), (name, "c")] {
            let manifest = TestImage.savedManifest(config: config, layers: [layer, layer])
            #expect(try refusal(items + [.file("manifest.json", manifest)])?.code == .source)
        }
    }

    @Test("is refused when a layer is not what the config says, or there are more or fewer of them")
    func wrongLayers() throws {
        let other = TestImage(layers: [pattern(5001), Array("layer two".utf8)])
        let items = other.savedBefore25().map { item in
            item.path == Array("\(Digest(of: other.config).hex).json".utf8)
                ? item.with { $0.content = image.config } : item
        }
        #expect(try refusal(items)?.code == .digestMismatch)
        let fewer = TestImage.savedManifest(config: "\(Digest(of: image.config).hex).json", layers: [])
        #expect(try refusal(image.savedBefore25() + [.file("manifest.json", fewer)])?.code == .document)
    }

    @Test("is refused when the archive is cut off, damaged or compressed, whatever the place")
    func damagedArchives() throws {
        let bytes = TarBuilder.archive(image.savedBefore25())
        let path = folder.path + "/saved.tar"
        func refused(_ bytes: [UInt8]) throws -> RegistryError? {
            try TestImage.write([("saved.tar", bytes)], to: folder.path)
            do throws(RegistryError) {
                _ = try DockerArchiveOrigin(path, name: "x")
                return nil
            } catch { return error }
        }
        for count in stride(from: 0, to: bytes.count - 2560, by: 257) {
            #expect(try refused(Array(bytes.prefix(count)))?.code == .source, "\(count)")
        }
        for first in [[0x1f, 0x8b], [0x28, 0xb5, 0x2f, 0xfd], Array("BZh".utf8)] as [[UInt8]] {
            #expect(try refused(first + bytes)?.hint?.contains("unpack it first") == true)
        }
        var numbers = SeededNumbers(seed: 6)
        for _ in 0..<300 {
            var damaged = bytes
            for _ in 0..<3 { damaged[numbers.below(damaged.count)] = UInt8(numbers.below(256)) }
            // It may be no damage that matters; what must not happen is a trap.
            _ = try refused(damaged)
        }
    }

    // MARK: - Root file systems

    @Test("that is a tar archive is an image of one layer, for any platform")
    func rootfs() throws {
        let bytes = TarBuilder.archive([.file("a", "b")])
        try TestImage.write([("root.tar", bytes)], to: folder.path)
        let origin = try RootfsOrigin(folder.path + "/root.tar", name: "tar:root.tar")
        let (resolved, layers) = try whole(origin)
        #expect(layers == [bytes] && resolved.diffIDs == [Digest(of: bytes)])
        #expect(resolved.platform == amd64 && resolved.config.platform == amd64)
        #expect(
            try origin.resolve(Platform(parsing: "linux/arm64"), pinned: nil).manifestDigest != resolved.manifestDigest)
        #expect(try origin.resolve(amd64, pinned: resolved.manifestDigest) == resolved)
        let error = #expect(throws: RegistryError.self) { try origin.resolve(amd64, pinned: Digest(of: [])) }
        #expect(error?.code == .changed)
    }

    @Test("that is a compressed tar archive does not say what it unpacks to")
    func compressedRootfs() throws {
        let bytes: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd] + pattern(100)
        try TestImage.write([("root.tar.zst", bytes)], to: folder.path)
        let (resolved, layers) = try whole(RootfsOrigin(folder.path + "/root.tar.zst", name: "x"))
        #expect(layers == [bytes] && resolved.diffIDs == [nil])
        #expect(resolved.manifest.layers[0].mediaType == .ociLayerZstd)
    }

    @Test("must be a file", arguments: ["folder", "pipe", "nothing"])
    func oddRootfs(kind: String) throws {
        let path = folder.path + "/root.tar"
        if kind == "folder" { #expect(unsafe mkdir(path, 0o755) == 0) }
        if kind == "pipe" { #expect(unsafe mkfifo(path, 0o644) == 0) }
        #expect(throws: RegistryError.self) { _ = try RootfsOrigin(path, name: "x") }
        #expect(throws: RegistryError.self) { _ = try DockerArchiveOrigin(path, name: "x") }
        #expect(throws: RegistryError.self) {
            _ = try LayoutOrigin(folder: path, tag: nil, name: "x").resolve(amd64, pinned: nil)
        }
    }
}
