import Glibc
import SquashFS
import TestKit
import Testing

/// A program that writes squashfs images, with its options.
struct ImageMaker: Sendable, CustomTestStringConvertible {
    let program: String
    let options: String
    var testDescription: String { "\(program) \(options)" }

    init(_ program: String, _ options: String) {
        self.program = program
        self.options = options
    }

    static func isInstalled(_ program: String) -> Bool { shell("command -v \(program)").code == 0 }

    /// unsquashfs 4.5.1 does not find the owners in lz4 images of squashfs-tools-ng 1.2.0.
    var isOnlyForKernel: Bool { program != "mksquashfs" && program != "sqfstar" && options.hasPrefix("-c lz4") }

    func image(of tree: String, at path: String) -> ImageFile {
        // Tar has no sockets.
        let archive = "tar -C '\(tree)' --xattrs --sort=name --exclude=./socket -cf - ."
        let command =
            switch program {
            case "mksquashfs": "mksquashfs '\(tree)' '\(path)' -noappend -no-progress -quiet \(options)"
            case "sqfstar": "\(archive) | sqfstar -quiet -no-progress \(options) '\(path)'"
            case "tar2sqfs": "\(archive) | tar2sqfs --quiet \(options) '\(path)'"
            default: "gensquashfs --pack-dir '\(tree)' --keep-xattr --keep-time --quiet \(options) '\(path)'"
            }
        let result = shell("(\(command)) >/dev/null 2>&1")
        precondition(result.code == 0, "\(command) failed")
        return ImageFile(path)
    }
}

@Suite(
    "Images of other programs",
    .enabled(if: ImageMaker.isInstalled("unsquashfs"), "needs unsquashfs: scripts/setup test"))
struct PeerImageTests: ~Copyable {
    let folder = TestFolder.made()
    let tree = Fixture.tree

    static let makers: [ImageMaker] = {
        var makers: [ImageMaker] = []
        for compression in ["gzip", "zstd", "xz", "lz4"] {
            makers.append(ImageMaker("sqfstar", "-comp \(compression)"))
            makers.append(ImageMaker("tar2sqfs", "-c \(compression)"))
            makers.append(ImageMaker("gensquashfs", "-c \(compression) -b 4096"))
        }
        makers += [
            "-comp xz -noI", "-comp xz -noD", "-comp xz -noF", "-comp xz -noX", "-comp lz4 -noI -noId",
            "-comp lz4 -noD -noF", "-comp xz -no-fragments", "-comp lz4 -always-use-fragments -b 1M",
            "-comp xz -no-exports -no-xattrs", "-comp gzip -no-duplicates -tailends -no-sparse -nopad",
            "-comp gzip -Xcompression-level 1 -Xwindow-size 8 -Xstrategy huffman_only,fixed,run_length_encoded",
            "-comp zstd -Xcompression-level 22 -b 1M", "-comp xz -Xdict-size 8K -b 16K",
            "-comp xz -Xbcj x86,arm,armthumb,powerpc,sparc,ia64 -b 64K",
        ].map { ImageMaker("mksquashfs", $0) }
        makers += [
            "-c xz -b 1M -X dictsize=8192", "-c xz -X level=9,extreme -T", "-c lz4 -X hc -e", "-c zstd -X level=1 -x",
        ]
        .map { ImageMaker("tar2sqfs", $0) }
        return makers.filter { ImageMaker.isInstalled($0.program) }
    }()

    @Test("are unpacked to what unsquashfs unpacks them to", arguments: makers.filter { !$0.isOnlyForKernel })
    func unpacks(maker: ImageMaker) throws {
        try compare(maker) { image, peer in
            try #require(shell("unsquashfs -q -n -d '\(peer)' '\(image)' >/dev/null 2>&1").code == 0)
        }
    }

    @Test(
        "are unpacked to what the kernel shows of them, where there is only the kernel to ask",
        .enabled(if: isMountable, "needs root, and a kernel that mounts squashfs with lz4"),
        arguments: makers.filter(\.isOnlyForKernel))
    func mounts(maker: ImageMaker) throws {
        let mount = "\(folder.path)/mount"
        try compare(maker) { image, peer in
            try #require(shell("mkdir '\(mount)' && mount -t squashfs -o loop,ro '\(image)' '\(mount)'").code == 0)
            defer { shell("umount '\(mount)'") }
            // A copy, because it shows folders' link counts as they are in the image, where squashfs-tools-ng counts files,
            // too.
            try #require(shell("cp -a '\(mount)' '\(peer)'").code == 0)
        }
    }

    private static let isMountable =
        shell(
            """
            cd "$(mktemp -d)" && mkdir tree mount || exit
            { mksquashfs tree image -comp lz4 -quiet -no-progress && mount -t squashfs -o loop,ro image mount; } 2>/dev/null \
            && umount mount
            status=$?; rm -r "$PWD"; exit $status
            """
        ).code == 0

    /// Unpacks an image, and compares the tree with the one that `unpack` makes of the image's path at another.
    private func compare(_ maker: ImageMaker, with unpack: (String, String) throws -> Void) throws {
        let image = maker.image(of: tree, at: "\(folder.path)/image.sqfs")
        let (output, peer) = ("\(folder.path)/output", "\(folder.path)/peer")
        let isRoot = geteuid() == 0
        _ = try SquashUnpacker.unpack(
            try SquashReader(descriptor: image.descriptor), into: utf8(output),
            options: .init(threads: 2, setsOwners: isRoot, setsAttributes: true))
        try unpack(image.path, peer)
        #expect(Fixture.manifest(of: output, owners: isRoot) == Fixture.manifest(of: peer, owners: isRoot))
    }

    /// Whole files, as two programs pick them out of an image.
    private static let pickers = [
        ("unsquashfs", "-cat"), ("rdsquashfs", "-c"),
    ].filter { ImageMaker.isInstalled($0.0) }

    @Test(
        "give the same bytes at any place of a file as to unsquashfs and rdsquashfs",
        arguments: [
            "-comp xz", "-comp lz4 -b 4096", "-comp zstd -b 1M -always-use-fragments", "-comp gzip -no-fragments",
        ])
    func randomAccess(options: String) throws {
        let image = ImageMaker("mksquashfs", options).image(of: tree, at: "\(folder.path)/image.sqfs")
        let reader = try SquashReader(descriptor: image.descriptor)
        var numbers = SeededNumbers(seed: 41)
        #expect(!Self.pickers.isEmpty)
        for name in ["one", "middle", "trailing", "a/above", "a/text", "many/f77", "setuid"] {
            let whole = Self.pickers.map { program, option in
                shell(
                    program == "unsquashfs"
                        ? "unsquashfs \(option) '\(image.path)' '\(name)'"
                        : "rdsquashfs \(option) '\(name)' '\(image.path)'")
            }
            let file = try reader.file(following: utf8(name))
            for peer in whole {
                let bytes = peer.bytes
                #expect(peer.code == 0 && bytes.count == file.file?.size, "\(name)")
                for _ in 0..<25 {
                    let offset = Int.random(in: 0...bytes.count, using: &numbers)
                    let count = Int.random(in: 1...200_000, using: &numbers)
                    let expected = [UInt8](bytes[offset..<min(bytes.count, offset + count)])
                    #expect(try reader.read(file, at: offset, count: count) == expected, "\(name) at \(offset)")
                }
            }
        }
    }
}
