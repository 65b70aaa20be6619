import ByteKit
import Glibc
import LayerFS
import TestKit
import Testing

@Suite("A tar archive that we write") struct TarWriterTests {
    static let isRoot = geteuid() == 0

    /// All that tar can say, the odd and the long with it; names are UTF-8, and times what a file system can hold.
    static let everything = TarBuilder.archive([
        TarItem.folder(".", mode: 0o710).with { ($0.time, $0.owner) = (5, 7) },
        TarItem.folder("d", mode: 0o1777).xattr("user.d", [1]).xattr("trusted.t", [0, 255, 10]),
        TarItem.file("f", "1").with {
            ($0.mode, $0.owner, $0.group, $0.time) = (0o6755, 4_294_967_294, 2_097_152, 4_294_967_295)
        },
        TarItem.file("old", "before 1970").with { $0.time = -86_400 },
        TarItem.file("far", "after 2242").with { $0.time = 1 << 33 },
        TarItem.file("g", "with attributes").xattr("user.a", [UInt8](repeating: 9, count: 3000)),
        TarItem.symlink("s", to: "../nowhere/é").xattr("trusted.s", [0]),
        .symlink("long", to: String(repeating: "t/", count: 2047)),
        .characterDevice("null", 1, 3), .blockDevice("loop", 7, 0x12345),
        TarItem.characterDevice("c", 4095, 1_048_575).xattr("trusted.c", [1]),
        .pipe("p"), TarItem.pipe("q").xattr("trusted.q", [1]),
        .hardLink("d/f", to: "f"), .hardLink("d/s", to: "s"), .hardLink("d/null", to: "null"),
        .hardLink("d/p", to: "p"), .hardLink("d/g1", to: "g"), .hardLink("d/g2", to: "d/g1"),
        .file("empty"), .file("blocks", [UInt8](repeating: 0, count: 9000) + [1] + [UInt8](repeating: 2, count: 9000)),
        .file("exact", [UInt8](repeating: 3, count: 8192)), .file("record", [UInt8](repeating: 4, count: 512)),
        .file(String(repeating: "n", count: 100), "a name that fits"),
        .file(String(repeating: "m", count: 101), "a name that does not"),
        .file(String(repeating: "p", count: 150) + "/" + String(repeating: "q", count: 99), "a prefix"),
        .file(String(repeating: "p", count: 155) + "/" + String(repeating: "q", count: 100), "the longest prefix"),
        .folder(String(repeating: "r", count: 99)), .folder(String(repeating: "r", count: 100)),
        .folder(String(repeating: "u", count: 120) + "/" + String(repeating: "v", count: 99)),
        .file(String(repeating: "w", count: 200) + "/x/y/z", "a first folder that is too long"),
        .hardLink("link", to: String(repeating: "m", count: 101)),
        .file("caf\u{e9}/new\nline = 1 2", "odd"),
    ])

    /// Trees to write: the one with everything, and some made up.
    static func trees(_ workspace: LayerWorkspace) throws -> [Linker.LinkedTree] {
        try [workspace.link([everything])]
            + (0..<12).map { try workspace.link(LayerStack(seed: $0).layers.map(TarBuilder.archive)) }
    }

    @Test("is the same tree again, when it is read as a layer")
    func ownReader() throws {
        let workspace = try LayerWorkspace()
        for linked in try Self.trees(workspace) {
            expectSame(try Listing(workspace.link([try workspace.tarBytes(linked)])), try Listing(linked))
        }
    }

    @Test(
        "is unpacked by GNU tar and bsdtar to the same tree",
        .enabled(
            if: isRoot && Peer.isInstalled("bsdtar") && Peer.isInstalled("tar"),
            "needs root, and bsdtar and tar: scripts/setup test"))
    func peers() throws {
        let workspace = try LayerWorkspace()
        for linked in try Self.trees(workspace) {
            let archive = try workspace.tar(linked).path
            let expected = try Listing(linked)
            let gnu = try workspace.unpack(
                archive, with: "tar",
                ["--xattrs", "--xattrs-include=*", "--numeric-owner", "--warning=no-timestamp", "-xp"])
            expectSame(try Listing(folder: gnu), expected)
            let bsd = try workspace.unpack(archive, with: "bsdtar", ["--numeric-owner", "--xattrs", "-xp"])
            // libarchive gives a folder that was there before, as the root always was, no time.
            var unpacked = try Listing(folder: bsd)
            unpacked.times[[]] = expected.times[[]]
            expectSame(unpacked, expected)
        }
    }

    @Test(
        "says the same of every name to Python's tarfile",
        .enabled(if: Peer.isInstalled("python3"), "needs python3: scripts/setup test"))
    func python() throws {
        let workspace = try LayerWorkspace()
        for linked in try Self.trees(workspace) {
            expectSame(try Listing(tar: try workspace.tar(linked).path), try Listing(linked))
        }
    }

    @Test("keeps names that are no UTF-8, short and long, as the bytes they are")
    func bytes() throws {
        let workspace = try LayerWorkspace()
        var builder = TarBuilder()
        for count in [1, 90, 150, 250] {
            builder.add(TarItem("0", [0xff, 0xfe] + [UInt8](repeating: 0xe9, count: count), mode: 0o644))
        }
        let linked = try workspace.link([builder.finished()])
        let archive = try workspace.tar(linked).path
        expectSame(
            try Listing(workspace.link([try InputFile.contents(of: archive, limit: 1 << 20)])), try Listing(linked))
        expectSame(try Listing(tar: archive), try Listing(linked))
        for program in ["tar", "bsdtar"] where Peer.isInstalled(program) {
            let folder = workspace.freshPath("bytes")
            try Folder.create(folder)
            let result = try Peer.run(program, ["-xf", archive, "-C", folder], variables: [("LC_ALL", "C.UTF-8")])
            #expect(result.status == 0, "\(program): \(result.errorText)")
            let names = try Peer.run("find", [folder, "-type", "f", "-printf", "%f/"]).output
            #expect(
                Set(names.split(separator: UInt8(ascii: "/")).map(Array.init))
                    == Set(linked.order.preorder.dropFirst().map { linked.tree.path(of: $0) }), "\(program)")
        }
    }

    @Test("has the root first, each folder before what is in it, and names in byte order")
    func order() throws {
        let workspace = try LayerWorkspace()
        let linked = try workspace.link([
            TarBuilder.archive([.file("b/2"), .file("b/10"), .file("B"), .file("a-b"), .file("a/c"), .folder("a")])
        ])
        let result = try Peer.run("tar", ["-tf", try workspace.tar(linked).path])
        #expect(result.text == "./\nB\na/\na/c\na-b\nb/\nb/10\nb/2\n")
    }

    @Test("has the same bytes for any number of threads, and however its layers were compiled")
    func reproducible() throws {
        let layers = LayerStack(seed: 3).layers.map(TarBuilder.archive) + [Self.everything]
        for compression in [StreamCompression.none, .gzip(level: 6), .zstd(level: 3)] {
            var digests = Set<Digest>()
            for (threads, settings) in [
                (1, BlockSettings.small), (2, BlockSettings(compression: .gzip, level: 1, blockSize: 1 << 20)),
                (8, BlockSettings(compression: .none, level: 0, blockSize: 8192)), (8, BlockSettings()),
            ] {
                let workspace = try LayerWorkspace(settings, threads: threads)
                digests.insert(try #require(workspace.tar(workspace.link(layers), compression).report.artifactDigest))
            }
            #expect(digests.count == 1)
        }
    }

    @Test("does not depend on the layers that its tree came from")
    func layers() throws {
        let workspace = try LayerWorkspace()
        let linked = try workspace.link(LayerStack(seed: 5).layers.map(TarBuilder.archive))
        let once = try workspace.tarBytes(linked)
        #expect(try workspace.tarBytes(workspace.link([once])) == once)
    }

    @Test(
        "is compressed in pieces that other programs put together again, and its digests are right",
        arguments: [
            (StreamCompression.gzip(level: 1), "gzip"), (.gzip(level: 12), "gzip"), (.zstd(level: 1), "zstd"),
            (.zstd(level: 19), "zstd"),
        ])
    func compressed(compression: StreamCompression, program: String) throws {
        let workspace = try LayerWorkspace(BlockSettings(), threads: 3)
        var numbers = SeededNumbers(seed: 1)
        let items: [TarItem] = [
            .file("noise", numbers.bytes(2_500_000)), .file("zeros", [UInt8](repeating: 0, count: 3_000_000)),
            .file("text", [UInt8](repeating: 65, count: 1_000_000)),
        ]
        let linked = try workspace.link([TarBuilder.archive(items)])
        let plain = try workspace.tarBytes(linked)
        let (path, report) = try workspace.tar(linked, compression, sumsArchive: true)
        let bytes = try InputFile.contents(of: path, limit: 1 << 28)
        #expect(report.artifactSize == bytes.count)
        #expect(report.artifactDigest == Digest(of: bytes))
        #expect(report.archiveDigest == Digest(of: plain))
        let result = try Peer.run(program, ["-dc", path])
        #expect(result.status == 0 && result.errors.isEmpty && result.output == plain)
        // No time, no name, no system.
        if case .gzip = compression {
            #expect(bytes.prefix(8) == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0] && bytes[9] == 255)
        } else {
            let listing = try Peer.run("zstd", ["-lv", path]).text
            #expect(listing.contains("# Zstandard Frames: \((plain.count + (1 << 20) - 1) >> 20)"), "\(listing)")
            #expect(listing.contains("XXH64"))
        }
        expectSame(try Listing(workspace.link([bytes])), try Listing(linked))
    }

    @Test("of files that are scattered over fragments has every file's own data")
    func scattered() throws {
        let workspace = try LayerWorkspace(BlockSettings(compression: .zstd, level: 1, blockSize: 1 << 20), threads: 4)
        // Neighbours in the layer are far apart in the tree, so more fragments are wanted again than are kept.
        let items = (0..<150).map { index in
            TarItem.file(
                "\(index % 3)/\(index / 3)", Array("\(index)".utf8) + [UInt8](repeating: UInt8(index), count: 300_000))
        }
        let linked = try workspace.link([TarBuilder.archive(items)])
        #expect(linked.objects[0].fragments.count > 40)
        expectSame(try Listing(workspace.link([try workspace.tarBytes(linked)])), try Listing(linked))
        expectSame(try Listing(folder: try workspace.unpacked(linked).path), try Listing(linked))
    }

    @Test("is not there, and the layer is named, when a compiled layer was damaged")
    func damaged() throws {
        let workspace = try LayerWorkspace()
        let path = workspace.freshPath("layer")
        var numbers = SeededNumbers(seed: 2)
        let object = try workspace.compile(TarBuilder.archive([.file("a", numbers.bytes(50_000))]), to: path)
        let status = try Peer.run(
            "sh", ["-c", #"printf '\377\376' | dd of="$1" bs=1 seek=9000 conv=notrunc status=none"#, "sh", path])
        #expect(status.status == 0)
        let linked = try workspace.link([object])
        let archive = workspace.freshPath("archive")
        let error = #expect(throws: LayerError.self) { try linked.writeTar(to: archive, .none, pool: workspace.pool) }
        #expect(error?.code == .damagedObject && error?.layer == object.layer)
        #expect(unsafe access(archive, F_OK) != 0)
        let folder = workspace.freshPath("folder")
        try Folder.create(folder)
        expect(.damagedObject) { try linked.writeFolder(to: folder, pool: workspace.pool) }
    }

    /// It reads and writes 9 GiB: run it with `LARGE_FILES=1`.
    @Test(
        "holds files larger than ustar’s numbers",
        .enabled(if: Peer.environment("LARGE_FILES") == "1", "needs gigabytes of disk: set LARGE_FILES=1"))
    func large() throws {
        let workspace = try LayerWorkspace(BlockSettings())
        var builder = TarBuilder()
        builder.addSparse(
            "large", size: 9 << 30, [(offset: 5, data: [1]), (offset: (9 << 30) - 1, data: [2])], form: .pax10)
        builder.add(.file("z", "behind"))
        let layer = try workspace.compile(builder.finished(), limit: 16 << 30)
        let archive = try workspace.tar(workspace.link([layer]), .zstd(level: 1)).path
        let result = try Peer.run("sh", ["-c", #"zstd -dc "$1" | tar -tv --numeric-owner"#, "sh", archive])
        #expect(result.status == 0 && result.errors.isEmpty)
        #expect(result.text.contains(" 9663676416 ") && result.text.contains(" z"))
    }
}
