import ByteKit
import Glibc
import LayerFS
import SquashFS
import TestKit
import Testing

@Suite("Squashfs images", .enabled(if: Peer.isInstalled("unsquashfs"), "needs unsquashfs: scripts/setup test"))
struct SquashWriterTests {
    @Test("folders of every size are listed whole and every name is found", arguments: [0, 1, 255, 256, 257, 5000])
    func folders(count: Int) throws {
        let workspace = try LayerWorkspace()
        // Names of every length, so that runs and metadata blocks end at different places.
        let names = (0..<count).map { index in "\(index)-" + String(repeating: "n", count: index % 200) }
        let layer = TarBuilder.archive([.folder("wide")] + names.map { .file("wide/\($0)", $0) })
        let image = try workspace.checkedSquash(try workspace.link([layer])).path
        let file = try InputFile(image)
        let reader = try SquashReader(descriptor: file.descriptor)
        let wide = try reader.inode(path: Array("wide".utf8))
        for name in stride(from: 0, to: count, by: max(1, count / 50)).map({ names[$0] }) + names.suffix(1) {
            let found = try #require(try reader.lookUp(Array(name.utf8), in: wide))
            #expect(try reader.contents(of: found, limit: 1000) == Array(name.utf8))
        }
        #expect(try reader.lookUp(Array("nobody".utf8), in: wide) == nil)
    }

    @Test(
        "the kernel finds every name of a large folder by itself",
        .enabled(if: Mount.isPossible, "mounts file systems, so it needs root"))
    func kernelLookup() throws {
        let workspace = try LayerWorkspace()
        let names = (0..<3000).map { "\($0 * 7919 % 3000)-" + String(repeating: "n", count: $0 % 200) }
        let image = try workspace.squash(workspace.link([TarBuilder.archive(names.map { .file("wide/\($0)", "x") })]))
            .path
        let mount = try Mount(image, at: workspace.freshPath("mount"))
        for name in names { #expect(unsafe access("\(mount.path)/wide/\(name)", F_OK) == 0) }
        #expect(unsafe access("\(mount.path)/wide/nobody", F_OK) != 0)
    }

    static let settings = BlockSettings.Compression.allCases.flatMap { compression in
        [4096, 1 << 17, 1 << 20].map { BlockSettings(compression: compression, level: 3, blockSize: $0) }
    }

    @Test("files of every size around a block come out as they went in", arguments: settings)
    func files(settings: BlockSettings) throws {
        let workspace = try LayerWorkspace(settings)
        var numbers = SeededNumbers(seed: 21)
        let block = settings.blockSize
        var items: [TarItem] = []
        for size in [0, 1, 2, block - 1, block, block + 1, 2 * block, 3 * block + 5] {
            items.append(.file("noise/\(size)", numbers.bytes(size)))
            items.append(.file("words/\(size)", [UInt8](repeating: 0x61, count: size)))
            items.append(.file("zeros/\(size)", [UInt8](repeating: 0, count: size)))
        }
        // Holes (`0`) in front, between and behind; a short one (`.`) and a lone byte (`1`) at the end.
        let parts: [Character: [UInt8]] = [
            "0": [UInt8](repeating: 0, count: block), "x": numbers.bytes(block), ".": [0, 0, 0], "1": [1],
        ]
        for shape in ["00x", "x0x0x", "x00", "x0.", "x.", "0.", "01", "x01"] {
            items.append(.file("sparse/\(shape)", shape.flatMap { parts[$0] ?? [] }))
        }
        let image = try workspace.checkedSquash(try workspace.link([TarBuilder.archive(items)])).path
        let superblock = try Peer.run("unsquashfs", ["-stat", image]).text
        let name = settings.compression == .none ? "gzip" : settings.compression.rawValue
        #expect(superblock.contains("Compression \(name)"))
        #expect(superblock.contains("Block size \(block)"))
        #expect(superblock.contains("Filesystem is exportable via NFS"))
        if settings.compression == .zstd { #expect(superblock.contains("compression-level 3")) }
    }

    @Test("blocks of zeros take no room", arguments: [4096, 1 << 20])
    func zeros(blockSize: Int) throws {
        let workspace = try LayerWorkspace(BlockSettings(compression: .none, level: 1, blockSize: blockSize))
        let layer = TarBuilder.archive([.file("zeros", [UInt8](repeating: 0, count: 8 << 20))])
        let (image, report) = try workspace.squash(workspace.link([layer]))
        #expect(report.unpackedSize == 8 << 20)
        #expect(report.artifactSize <= 12_288)
        #expect(try Listing(squash: image).facts[Array("zeros".utf8)]?.contains(" 8388608 ") == true)
    }

    @Test("all kinds of files, and everything about them, come back")
    func kinds() throws {
        let workspace = try LayerWorkspace()
        let layer = TarBuilder.archive([
            TarItem.folder(".", mode: 0o700).with { $0.time = 5 },
            TarItem.folder("d", mode: 0o1777).xattr("user.d", [1]).xattr("trusted.t", []),
            TarItem.file("f", "1").with {
                ($0.mode, $0.owner, $0.group, $0.time) = (0o6755, 4_294_967_294, 65536, 4_294_967_295)
            },
            TarItem.file("g", "with attributes").xattr("user.a", [UInt8](repeating: 9, count: 3000)).xattr(
                "user.empty", []),
            TarItem.symlink("s", to: "../nowhere/é").xattr("trusted.s", [0]),
            .symlink("long", to: String(repeating: "t/", count: 2047)),
            .characterDevice("null", 1, 3), .blockDevice("loop", 7, 0x12345),
            TarItem.characterDevice("c", 4095, 1_048_575).xattr("trusted.c", [1]),
            .pipe("p"), TarItem.pipe("q").xattr("trusted.q", [1]),
            .hardLink("d/f", to: "f"), .hardLink("d/s", to: "s"), .hardLink("d/null", to: "null"),
            .hardLink("d/p", to: "p"),
            .hardLink("d/g1", to: "g"), .hardLink("d/g2", to: "d/g1"),
        ])
        try workspace.checkedSquash(try workspace.link([layer]))
    }

    @Test("no layers at all, and layers with nothing left of them, become an image with a root and nothing in it")
    func emptyTrees() throws {
        let workspace = try LayerWorkspace()
        let layers = [[], [TarBuilder.archive([.file("a", "1")]), TarBuilder.archive([.opaque("")])]]
        for layers in layers {
            let linked = try workspace.link(layers)
            #expect(try linked.brief() == [])
            let image = try workspace.squash(linked).path
            let result = try Peer.run("unsquashfs", ["-lls", image])
            #expect(result.status == 0 && result.errors.isEmpty)
            #expect(result.text.split(separator: "\n").count { $0.hasSuffix("squashfs-root") } == 1)
            if Mount.isPossible {
                let mount = try Mount(image, at: workspace.freshPath("mount"))
                #expect(try Folder.names(in: mount.path) == [])
            }
        }
    }

    @Test("a layer that stands twice in an image is the layer once")
    func sameLayerTwice() throws {
        let workspace = try LayerWorkspace()
        let upper = TarBuilder.archive([.file("b", "2"), .whiteout("gone")])
        let once = try workspace.link([LayerObjectTests.layer, upper])
        let twice = try workspace.link([LayerObjectTests.layer, LayerObjectTests.layer, upper, upper])
        expectSame(try Listing(twice), try Listing(once))
        let sizes = try [once, twice].map { try workspace.checkedSquash($0).report.artifactSize }
        #expect(sizes[0] == sizes[1])
    }

    @Test("hundreds of owners, thousands of inodes, and metadata far over a block")
    func many() throws {
        let workspace = try LayerWorkspace()
        let items = (0..<Int64(3000)).map { index in
            var item = TarItem.file("\(index % 50)/\(index)", index % 3 == 0 ? "" : "content \(index)")
            item.owner = index % 700
            item.group = 100_000 + index % 400
            item.time = index
            return item
        }
        try workspace.checkedSquash(try workspace.link([TarBuilder.archive(items)]))
    }

    @Test("a set of attributes is stored once, however many files have it")
    func sharedXattrs() throws {
        let workspace = try LayerWorkspace()
        let items = (0..<600).map { index in
            TarItem.file("\(index)").xattr("user.shared", [UInt8](repeating: 5, count: 500)).xattr(
                "user.kind", [UInt8(index % 3)])
        }
        let image = try workspace.checkedSquash(try workspace.link([TarBuilder.archive(items)])).path
        let file = try InputFile(image)
        let table = Int(try SquashReader(descriptor: file.descriptor).superblock.xattrTable)
        #expect(try file.read(count: 4, at: table + 8) == [3, 0, 0, 0])
    }

    @Test("more than five hundred different sets of attributes")
    func manyXattrs() throws {
        let workspace = try LayerWorkspace()
        let items = (0..<1200).map { TarItem.file("\($0)").xattr("user.own", Array("\($0)".utf8)) }
        try workspace.checkedSquash(try workspace.link([TarBuilder.archive(items)]))
    }

    @Test("trees as deep as our own reader follows are written, and no deeper ones")
    func depth() throws {
        let workspace = try LayerWorkspace()
        let deepest = SquashWalker.deepest - 1
        let path = Array(repeating: "d", count: deepest - 1).joined(separator: "/")
        try workspace.checkedSquash(
            try workspace.link([TarBuilder.archive([.folder(path + "/d"), .file(path + "/f", "x")])]))
        expect(.badName) { try workspace.link([TarBuilder.archive([.folder(path + "/d/d")])]) }
        // Links that lead into each other unroll to far more folders than any path has.
        let steps = String(repeating: "/b", count: 2000)
        let links = (1..<39).map { TarItem.symlink("s\($0)", to: "s\($0 + 1)\(steps)") }
        expect(.symlinkLoop) { try workspace.link([TarBuilder.archive(links + [.folder("s39"), .file("s1/f", "x")])]) }
        // Symlinks make folders deeper than a path can say.
        let half = Array(repeating: "d", count: deepest / 2).joined(separator: "/")
        expect(.badName) {
            try workspace.link([
                TarBuilder.archive([
                    .folder(half), .symlink("s", to: half), .folder("s/\(half)"), .symlink("t", to: "s/\(half)"),
                    .file("t/e/f", "x"),
                ])
            ])
        }
    }

    @Test("what squashfs cannot hold is told")
    func warnings() throws {
        let workspace = try LayerWorkspace()
        let layer = TarBuilder.archive([
            TarItem.file("old").with { $0.time = -1 }, TarItem.file("new").with { $0.time = 1 << 33 },
            TarItem.file("acl").xattr("system.posix_acl_access", [2, 0, 0, 0]).xattr("user.kept", [1]),
            TarItem.file("bare").xattr("user.", [1]),
        ])
        let (image, report) = try workspace.squash(workspace.link([layer]))
        #expect(report.warnings.count == 3, "\(report.warnings)")
        #expect(report.warnings.contains { $0.contains("2 times") })
        #expect(report.warnings.contains { $0.contains("system.posix_acl_access") })
        let listing = try Listing(squash: image)
        #expect(listing.times[Array("old".utf8)] == 0)
        #expect(listing.times[Array("new".utf8)] == 4_294_967_295)
        #expect(listing.facts[Array("acl".utf8)]?.contains("user.kept=01") == true)
        #expect(listing.facts[Array("bare".utf8)]?.contains("=") == false)
    }

    @Test("more owners than squashfs can count are refused")
    func tooManyOwners() throws {
        let workspace = try LayerWorkspace()
        // Each file has two numbers of its own, and the root has 0.
        var block = TarBlock("f")
        let layer = (0..<32_768).flatMap { index in
            (block.owner, block.group) = (Int64(index + 1), Int64(index + 100_000))
            block.name = Array("f\(index)".utf8)
            return block.bytes
        }
        #expect(throws: Never.self) { try workspace.squash(workspace.link([layer.dropLast(512)])) }
        expect(.squashLimit) { try workspace.squash(workspace.link([layer])) }
    }

    // MARK: - Sameness

    @Test("the image's bytes do not depend on how many threads there are")
    func threads() throws {
        var images: Set<[UInt8]> = []
        for threads in [1, 2, 8] {
            let workspace = try LayerWorkspace(threads: threads)
            // Half of the small files are hidden, so that tails are packed anew as well.
            let upper = TarBuilder.archive((0..<8).map { .whiteout("d/words\($0)") })
            let image = try workspace.squash(workspace.link([LayerObjectTests.layer, upper]), time: 7).path
            images.insert(try InputFile.contents(of: image, limit: 1 << 26))
        }
        #expect(images.count == 1)
    }

    @Test("the image's own time is the one that was given")
    func time() throws {
        let workspace = try LayerWorkspace()
        let linked = try workspace.link([TarBuilder.archive([.file("a", "1")])])
        let bytes = try [0, 1, UInt32.max].map {
            try InputFile.contents(of: workspace.squash(linked, time: $0).path, limit: 1 << 20)
        }
        #expect(bytes.map { Array($0[8..<12]) } == [[0, 0, 0, 0], [1, 0, 0, 0], [255, 255, 255, 255]])
        #expect(Set(bytes.map { Array($0[..<8] + $0[12...]) }).count == 1)
    }

    // MARK: - What was removed is gone

    @Test(
        "bytes that were hidden, replaced or pruned are not in the image, and their neighbours are",
        arguments: settings, [50, 3000, 1_100_000])
    func removedBytes(settings: BlockSettings, size: Int) throws {
        guard size < 1 << 20 || settings.blockSize > 4096 else { return }
        let workspace = try LayerWorkspace(settings)
        var numbers = SeededNumbers(seed: 31)
        let secrets = (0..<3).map { _ in numbers.bytes(size) }
        let neighbour = numbers.bytes(size)
        let base = TarBuilder.archive([
            .file("a/before", neighbour), .file("a/hidden", secrets[0]), .file("a/replaced", secrets[1]),
            .file("a/pruned", secrets[2]), .file("a/twin", secrets[2]), .file("a/after", numbers.bytes(size)),
        ])
        let upper = TarBuilder.archive([.whiteout("a/hidden"), .file("a/replaced", "new")])
        let prune = PruneRule("secrets", "a test", ["a/pruned", "a/twin"])
        let (image, report) = try workspace.checkedSquash(
            try workspace.link([base, upper], Linker.Rules(prune: [prune])))
        let bytes = try InputFile.contents(of: image, limit: 1 << 26)
        for secret in secrets { #expect(!contains(bytes, Array(secret.suffix(40)))) }
        // Noise is stored as it is: the same search finds what stayed.
        #expect(contains(bytes, Array(neighbour.suffix(40))))
        #expect(report.removals.map(\.bytes) == [2 * size])
    }

    @Test("data that two layers share is stored once, and stays when one of them goes")
    func sharedData() throws {
        let workspace = try LayerWorkspace(BlockSettings(compression: .none, level: 1, blockSize: 4096))
        var numbers = SeededNumbers(seed: 32)
        for size in [1000, 50_000] {
            let content = numbers.bytes(size)
            let layers = [
                TarBuilder.archive([.file("a", content), .file("x", numbers.bytes(100))]),
                TarBuilder.archive([.file("b", content), .file("y", numbers.bytes(100))]),
            ]
            let both = try workspace.checkedSquash(try workspace.link(layers))
            #expect(both.report.artifactSize < size + 8192)
            let one = try workspace.checkedSquash(
                try workspace.link(layers + [TarBuilder.archive([.whiteout("a"), .whiteout("x")])]))
            #expect(try Listing(squash: one.path).facts.count == 3)
        }
    }
}
