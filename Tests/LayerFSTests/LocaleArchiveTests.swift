import ByteKit
import LayerFS
import TestKit
import Testing

@Suite("An archive of locales") struct LocaleArchiveTests {
    typealias Image = RelocationTests

    static let path = "usr/lib/locale/locale-archive"
    static let canMake =
        Peer.isInstalled("localedef") && (try? InputFile("/usr/share/i18n/locales/de_DE")) != nil
    static let locales = [("de_DE", "UTF-8"), ("en_US", "UTF-8"), ("de_DE", "ISO-8859-1")]

    static func link(_ archive: [UInt8], _ more: [TarItem] = [], in workspace: LayerWorkspace) throws
        -> Linker.LinkedTree
    {
        try Image.link(
            Image.debian + [Image.executable("usr/bin/a", Image.program()), .file(path, archive)] + more, workspace)
    }

    /// What localedef makes below a folder, as an archive or as folders.
    static func define(in folder: String, _ flags: [String]) throws {
        try Folder.create("\(folder)/usr/lib/locale")
        for (name, charset) in locales {
            let end = charset == "UTF-8" ? ".UTF-8" : ""
            // 1 is for warnings.
            let made = try Peer.run(
                "localedef", ["--prefix=\(folder)"] + flags + ["-i", name, "-f", charset, name + end])
            try #require(made.status <= 1, "\(made.errorText)")
        }
    }

    @Test("becomes the folders that localedef makes without one", .enabled(if: canMake, "needs localedef"))
    func folders() throws {
        let workspace = try LayerWorkspace(BlockSettings())
        let (archived, plain) = (workspace.freshPath("archived"), workspace.freshPath("plain"))
        try Self.define(in: archived, [])
        try Self.define(in: plain, ["--no-archive"])
        let archive = try InputFile.contents(of: "\(archived)/\(Self.path)", limit: 1 << 28)
        let linked = try Self.link(archive, in: workspace)
        #expect(linked.relocation?.locales == 4)
        #expect(linked.tree.node(at: Array(Self.path.utf8)) == nil)
        // Each name that the archive has for a locale leads there; what they share is there once.
        #expect(text(try linked.inode(at: "usr/lib/locale/de_DE.iso88591").target) == "de_DE")
        #expect(linked.report.unpackedSize < archive.count + 100_000)
        let unpacked = try workspace.unpacked(linked).path
        let names = [("de_DE.utf8", "de_DE.utf8"), ("en_US.utf8", "en_US.utf8"), ("de_DE", "de_DE")]
        for (ours, theirs) in names {
            let result = try Peer.run(
                "diff", ["-r", "\(unpacked)/usr/lib/locale/\(ours)", "\(plain)/usr/lib/locale/\(theirs)"])
            #expect(result.status == 0, "\(result.text) \(result.errorText)")
        }
        let spoken = try Peer.run(
            "locale", ["-k", "d_fmt", "charmap"],
            variables: [("LOCPATH", "\(unpacked)/usr/lib/locale"), ("LC_ALL", "de_DE.UTF-8")])
        #expect(spoken.text == "d_fmt=\"%d.%m.%Y\"\ncharmap=\"UTF-8\"\n", "\(spoken.errorText)")
        _ = try workspace.checkedSquash(linked)
    }

    @Test("leaves folders alone that are there")
    func existing() throws {
        let workspace = try LayerWorkspace()
        let linked = try Self.link(Self.small, [.file("usr/lib/locale/aa/mine", "1")], in: workspace)
        #expect(try linked.bytes(at: "usr/lib/locale/aa/mine") == [0x31])
        #expect(linked.tree.node(at: Array("usr/lib/locale/aa/LC_CTYPE".utf8)) == nil)
        #expect(text(try #require(try linked.bytes(at: "usr/lib/locale/bb/LC_CTYPE"))) == "ctype")
        #expect(text(try #require(try linked.bytes(at: "usr/lib/locale/bb/LC_MESSAGES/SYS_LC_MESSAGES"))) == "messages")
        #expect(linked.relocation?.locales == 1)
    }

    @Test("stays whole when the tree will be the root")
    func notRelocated() throws {
        let linked = try LayerWorkspace().link([TarBuilder.archive([.file(Self.path, Self.small)])])
        #expect(try linked.bytes(at: Self.path) == Self.small)
    }

    @Test(
        "stays whole, and is told, when it lies",
        arguments: [
            ("magic", 0, [1]), ("tooManyNames", 16, [0xff, 0xff, 0xff, 0xff]),
            ("namesFarAway", 8, [0xff, 0xff, 0xff, 0xff]),
            ("nameWithSlash", 80, [0x2f]), ("nameEmpty", 80, [0]), ("nameOfDots", 80, [0x2e, 0x2e]),
            ("recordFarAway", 64, [0xff, 0xff, 0xff, 0x7f]), ("dataBehindEnd", 90, [0xff, 0xff]),
            ("dataTooLong", 94, [0xff, 0xff, 0xff, 0xff]), ("sameName", 83, [0x61, 0x61]),
        ] as [(String, Int, [UInt8])])
    func lies(name: String, offset: Int, bytes: [UInt8]) throws {
        var archive = Self.small
        archive.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        let linked = try Self.link(archive, in: try LayerWorkspace())
        #expect(try linked.bytes(at: Self.path) == archive)
        #expect(linked.relocation?.locales == 0 && linked.report.warnings.count == 1)
    }

    @Test("cut off anywhere or changed at random is taken apart or left, and never a trap")
    func damaged() throws {
        let workspace = try LayerWorkspace()
        var numbers = SeededNumbers(seed: 3)
        var whole = 0
        for round in 0..<150 {
            var archive = Self.small
            if round % 2 == 0 {
                archive = Array(archive.prefix(numbers.below(archive.count)))
            } else {
                archive[numbers.below(archive.count)] = numbers.pick([0, 1, 0x7f, 0xff])
            }
            let linked = try Self.link(archive, in: workspace)
            if linked.tree.node(at: Array(Self.path.utf8)) != nil { whole += 1 }
            _ = try linked.bytes(at: "usr/lib/locale/bb/LC_CTYPE")
        }
        #expect(whole > 50 && whole < 150)
    }

    /// Two locales of one category each and one name each: header (56), names (24), texts (6), records, data.
    static let small: [UInt8] = {
        var bytes: [UInt8] = []
        let (records, data) = (86, 86 + 2 * 108)
        for field in [0xde02_0109, 0, 56, 2, 2, 80, 6, 6, UInt32(records), 216, 216, 0, 0, 0] as [UInt32] {
            bytes.append(littleEndian: field)
        }
        for (name, record) in [(80, records), (83, records + 108)] as [(Int, Int)] {
            for field in [7, name, record] { bytes.append(littleEndian: UInt32(field)) }
        }
        bytes += Array("aa\0bb\0".utf8)
        for _ in 0..<2 {
            bytes.append(littleEndian: UInt32(1))
            for category in 0..<13 {
                let (offset, count) = category == 0 ? (data, 5) : category == 5 ? (data + 5, 8) : (0, 0)
                bytes.append(littleEndian: UInt32(offset))
                bytes.append(littleEndian: UInt32(count))
            }
        }
        return bytes + Array("ctypemessages".utf8)
    }()
}
