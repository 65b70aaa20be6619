import ByteKit
import Glibc
import TestKit
import Testing

@Suite("Unpacking an image", .enabled(if: Peer.isInstalled("mksquashfs"), "needs mksquashfs: scripts/setup test"))
struct UnpackTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// Makes a tree and an image of it.
    private func image(_ options: [String] = []) throws -> String {
        let script = """
            mkdir -p "$1/tree/a/b" && cd "$1/tree" && echo hello > a/b/file && ln a/b/file a/twin && ln -s a/b/file link
            head -c 3000000 /dev/urandom > large && mkdir closed && : > closed/in && chmod 500 closed && touch -d @1234567 a
            """
        #expect(try Peer.run("sh", ["-e", "-c", script, "sh", folder.path]).status == 0)
        let path = "\(folder.path)/image.squashfs"
        let made = try Peer.run(
            "mksquashfs", ["\(folder.path)/tree", path, "-noappend", "-quiet", "-no-progress"] + options)
        #expect(made.status == 0, "\(made.errorText)")
        return path
    }

    @Test("gives the tree, one line on stderr, and nothing on stdout", arguments: ["zstd", "gzip", "xz", "lz4"])
    func unpacks(compression: String) throws {
        let image = try image(["-comp", compression])
        let output = "\(folder.path)/output"
        let result = try Tool.run(["unpack", image, output, "--jobs", "2"])
        #expect(result.status == 0, "\(result.errorText)")
        #expect(result.text == "")
        #expect(result.errorText == "  unpack  \(output)  3 files, 3 folders, 3.0 MB\n")
        let same = try Peer.run("diff", ["-r", "\(folder.path)/tree", output])
        #expect(same.status == 0 && same.text == "")
        let facts = #"cd "$1" && find . -printf '%p %y %m %n %Ts %l\n' | sort"#
        let trees = try ["\(folder.path)/tree", output].map {
            try Peer.run("sh", ["-c", facts.replacing("%n %Ts", with: "%n %T@"), "sh", $0]).text.split(separator: "\n")
                .map { $0.split(separator: " ").map { $0.prefix { $0 != "." || $0 == "/" } } }
        }
        #expect(trees[0] == trees[1])
    }

    @Test("says nothing when it is told to be quiet")
    func quiet() throws {
        let result = try Tool.run(["unpack", "-q", try image(), "\(folder.path)/output"])
        #expect(result.status == 0)
        #expect(result.text == "" && result.errorText == "")
    }

    @Test("leaves a folder alone that is there already")
    func occupied() throws {
        let output = "\(folder.path)/output"
        try Folder.create(output)
        try OutputFile.write([1], to: "\(output)/mine")
        let result = try Tool.run(["unpack", try image(), output])
        #expect(result.status == 1)
        #expect(result.errorText.contains("error[folder-exists]: \(output) is there already\n  help: "))
        #expect(try Folder.names(in: output) == ["mine"])
    }

    @Test("makes nothing for what is no image, and says so")
    func refusals() throws {
        let image = try image(["-comp", "gzip"])
        let whole = try InputFile.contents(of: image, limit: 1 << 26)
        var lzo = whole
        lzo[20] = 3
        let output = "\(folder.path)/output"
        for (name, bytes, message) in [
            (
                "text", Array(repeating: 0x61, count: 5000),
                "text: error[not-squashfs]: this is not a squashfs image\n  help: "
            ),
            ("empty", [], "empty: error[not-squashfs]"),
            ("lzo", lzo, "lzo: error[squashfs-compressor]: the image is compressed with lzo"),
            ("short", Array(whole[..<100_000]), "short: error[truncated-image]"),
        ] {
            try OutputFile.write(bytes, to: "\(folder.path)/\(name)")
            let result = try Tool.run(["unpack", "\(folder.path)/\(name)", output])
            #expect(result.status == 1)
            #expect(result.errorText.hasPrefix("\(folder.path)/\(message)"), "\(result.errorText)")
            #expect(unsafe access(output, F_OK) != 0, "\(name)")
        }
        let missing = try Tool.run(["unpack", "\(folder.path)/nothing", output])
        #expect(missing.status == 1 && missing.errorText.contains("error[file-open]"))
        let noParent = try Tool.run(["unpack", image, "\(folder.path)/no/output"])
        #expect(noParent.status == 1 && noParent.errorText.contains("error[file-create]"))
        #expect(try Tool.run(["unpack", image, output, "--jobs", "0"]).status == 2)
        #expect(try Tool.run(["unpack", image]).status == 2)
    }

    @Test("removes what it had made when the image turns out to be damaged, and names the file")
    func damaged() throws {
        let image = try image(["-comp", "zstd", "-noI", "-noD", "-noF"])
        var bytes = try InputFile.contents(of: image, limit: 1 << 26)
        // The inode table is stored: the large file's first block is made to be compressed, which it is not.
        let table = Int(bytes[64]) | Int(bytes[65]) << 8 | Int(bytes[66]) << 16
        let size: [UInt8] = [0, 0, 2, 1]
        let place = try #require((table..<bytes.count - 4).first { bytes[$0..<$0 + 4].elementsEqual(size) })
        bytes[place + 3] = 0
        try OutputFile.write(bytes, to: image)
        let output = "\(folder.path)/output"
        let result = try Tool.run(["unpack", image, output])
        #expect(result.status == 1)
        #expect(result.errorText.contains("\(image): error[bad-compression]: /large: "), "\(result.errorText)")
        #expect(unsafe access(output, F_OK) != 0)
    }
}
