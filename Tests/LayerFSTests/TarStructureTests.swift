import LayerFS
import TestKit
import Testing

/// POSIX.1-2017 pax; GNU tar manual, "Tar Internals".
@Suite("Tar structure") struct TarStructureTests {
    /// An archive that must be read as this tree.
    struct Readable: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let archive: [UInt8]
        let tree: [String]

        init(_ name: String, becomes tree: [String], endBlocks: Int = 2, _ build: (inout TarBuilder) -> Void) {
            var builder = TarBuilder()
            build(&builder)
            testDescription = name
            archive = builder.finished(endBlocks: endBlocks)
            self.tree = tree
        }
    }

    static let inner = TarBuilder.archive([.file("smuggled", "gotcha")])

    static let readable: [Readable] = [
        // CVE-2025-62518: the pax size is the one that counts, or what is inside a file becomes entries.
        Readable("paxSizeOverUstarSize", becomes: ["after=1", "outer=\(text(inner))"]) {
            $0.addPax(["size": "\(inner.count)"])
            $0.add(TarBlock("outer", size: 0), data: inner)
            $0.add(.file("after", "1"))
        },
        Readable("paxSizeUnderUstarSize", becomes: ["after=1", "outer=abc"]) {
            $0.addPax(["size": "3"])
            $0.add(TarBlock("outer", size: 1024), data: Array("abc".utf8))
            $0.add(.file("after", "1"))
        },
        Readable("globalHeaderWithComment", becomes: ["a=1"]) {
            $0.addPax(["comment": "0123456789abcdef"], type: "g")
            $0.add(.file("a", "1"))
        },
        Readable("paxPathOverUstarPath", becomes: ["right=1"]) {
            $0.addPax(["path": "right"])
            $0.add(TarBlock("wrong", size: 1), data: [0x31])
        },
        Readable("paxHeaderIsForOneEntryOnly", becomes: ["b=2", "right=1"]) {
            $0.addPax(["path": "right"])
            $0.add(TarBlock("wrong", size: 1), data: [0x31])
            $0.add(.file("b", "2"))
        },
        Readable("twoPaxHeadersForOneEntry", becomes: ["a=\0\0\0"]) {
            $0.addPax(["path": "wrong", "size": "3"])
            $0.addPax(["path": "a"])
            $0.add(TarBlock("wronger"), data: [0, 0, 0])
        },
        Readable("emptyPaxHeader", becomes: ["a=1"]) {
            $0.addPax(text: [])
            $0.add(.file("a", "1"))
        },
        Readable("unknownPaxKeys", becomes: ["a=1"]) {
            $0.addPax(["SCHILY.dev": "1", "VENDOR.x=y": "z", "atime": "1", "": "no key"])
            $0.add(.file("a", "1"))
        },
        Readable("noEndBlocks", becomes: ["a=1"], endBlocks: 0) { $0.add(.file("a", "1")) },
        Readable("oneEndBlock", becomes: ["a=1"], endBlocks: 1) { $0.add(.file("a", "1")) },
        Readable("manyEndBlocks", becomes: ["a=1"], endBlocks: 40) { $0.add(.file("a", "1")) },
        Readable("nothingButEndBlocks", becomes: []) { _ in },
        Readable("nothingAtAll", becomes: [], endBlocks: 0) { _ in },
        // Two zero blocks are the end, whatever follows: as GNU tar and Go read it, so did the image's maker test it.
        Readable("concatenatedArchives", becomes: ["a=1"]) {
            $0.add(.file("a", "1"))
            $0.append([UInt8](repeating: 0, count: 1024))
            $0.append(TarBuilder.archive([.file("b", "2")]))
        },
        Readable("garbageBehindTheEnd", becomes: ["a=1"]) {
            $0.add(.file("a", "1"))
            $0.append([UInt8](repeating: 0, count: 1024) + Array("not tar".utf8))
        },
        Readable("samePathTwice", becomes: ["a=second"]) {
            $0.add(.file("a", "first"))
            $0.add(.file("./a", "second"))
        },
        Readable("fileThenFolderThenFile", becomes: ["a=2"]) {
            $0.add(.file("a", "1"))
            $0.add(.folder("a"))
            $0.add(.file("a/b", "x"))
            $0.add(.file("a", "2"))
        },
        Readable("v7", becomes: ["d/", "d/a=1"]) {
            $0.add(TarBlock("d/", type: "\0", form: .v7))
            $0.add(TarBlock("d/a", type: "\0", size: 1, form: .v7), data: [0x31])
        },
        Readable("ustarPrefix", becomes: ["d/", "d/e/", "d/e/a=1"]) {
            var block = TarBlock("a", size: 1)
            block.prefix = Array("d/e".utf8)
            $0.add(block, data: [0x31])
        },
        // Where ustar has the prefix, GNU tar keeps times.
        Readable("gnuMagicHasNoPrefix", becomes: ["a=1"]) {
            var block = TarBlock("a", size: 1, form: .gnu)
            block.patches = [(345, Array("13371337133\0".utf8))]
            $0.add(block, data: [0x31])
        },
        Readable("nameOfExactly100BytesWithoutNUL", becomes: [String(repeating: "n", count: 100) + "=1"]) {
            $0.add(TarBlock(String(repeating: "n", count: 100), size: 1), data: [0x31])
        },
        Readable("gnuLongNameAndLink", becomes: ["d/", "d/\(NameTests.long)=1", "s -> d/\(NameTests.long)"]) {
            $0.addGNULong("L", Array("d/\(NameTests.long)".utf8))
            $0.add(TarBlock("d/nnn", size: 1, form: .gnu), data: [0x31])
            $0.addGNULong("K", Array("d/\(NameTests.long)".utf8))
            $0.add(TarBlock("s", type: "2", form: .gnu))
        },
        Readable("gnuLongNameWithoutNUL", becomes: ["long=1"]) {
            $0.add(TarBlock("././@LongLink", type: "L", size: 4, form: .gnu), data: Array("long".utf8))
            $0.add(TarBlock("l", size: 1, form: .gnu), data: [0x31])
        },
        Readable("contiguousFile", becomes: ["a=1"]) { $0.add(TarBlock("a", type: "7", size: 1), data: [0x31]) },
        Readable("sumOfSignedBytes", becomes: ["caf\u{e9}=1"]) {
            var block = TarBlock("caf\u{e9}", size: 1)
            block.checksumError = -512  // Two bytes of the name are negative to a writer with signed characters.
            $0.add(block, data: [0x31])
        },
        Readable("numbersInSpaces", becomes: ["a=1"]) {
            var block = TarBlock("a", size: 1)
            block.patches = [
                (124, Array("          1 ".utf8)), (100, Array("   644 \0".utf8)), (108, Array("        ".utf8)),
            ]
            $0.add(block, data: [0x31])
        },
        Readable("sizeInBase256", becomes: ["a=1"]) {
            var block = TarBlock("a", size: 1)
            block.patches = [(124, TarBlock.base256(1, width: 12))]
            $0.add(block, data: [0x31])
        },
        Readable("devicesAndPipes", becomes: ["b b7:300", "c c1:3", "p |"]) {
            $0.add(.blockDevice("b", 7, 300))
            $0.add(.characterDevice("c", 1, 3))
            $0.add(.pipe("p"))
        },
        Readable("linkAndFolderWithASizeHaveNoData", becomes: ["a=1", "d/", "h == a", "s -> a"]) {
            $0.add(.file("a", "1"))
            var link = TarBlock("h", type: "1", size: 4096)
            link.linkName = [0x61]
            $0.add(link)
            link = TarBlock("s", type: "2", size: 4096)
            link.linkName = [0x61]
            $0.add(link)
            $0.add(TarBlock("d", type: "5", size: 4096))
        },
    ]

    @Test("an archive is read as its specification says", arguments: readable)
    func reads(fixture: Readable) throws {
        #expect(try LayerWorkspace().link([fixture.archive]).brief() == fixture.tree)
    }

    @Test("how the bytes arrive in pieces makes no difference", arguments: [1, 7, 511, 512, 513, 4096])
    func pieces(size: Int) throws {
        let workspace = try LayerWorkspace()
        for fixture in Self.readable where fixture.archive.count < 8192 {
            let linked = try workspace.link([try workspace.compile(fixture.archive, pieces: size)])
            #expect(try linked.brief() == fixture.tree, "\(fixture.testDescription)")
        }
    }

    private static func one(_ change: (inout TarBlock) -> Void) -> (inout TarBuilder) -> Void {
        var block = TarBlock("a")
        change(&block)
        // The first entry is sound, so that the stream is taken for a tar archive at all.
        return { [block] in
            $0.add(.file("sound", "1"))
            $0.add(block)
        }
    }

    private static func pax(_ key: String, _ value: String) -> (inout TarBuilder) -> Void {
        paxText(text(TarBuilder.record(Array(key.utf8), Array(value.utf8))))
    }

    private static func paxText(_ text: String) -> (inout TarBuilder) -> Void {
        {
            $0.addPax(text: Array(text.utf8))
            $0.add(.file("a", "1"))
        }
    }

    static let refused: [RefusedFixture] = [
        RefusedFixture("globalHeaderWithSize", refused: .unsupportedTar) {
            $0.addPax(["size": "0"], type: "g")
            $0.add(.file("a", "1"))
        },
        RefusedFixture("globalHeaderWithPath", refused: .unsupportedTar) {
            $0.addPax(["path": "all/the/same"], type: "g")
            $0.add(.file("a", "1"))
        },
        RefusedFixture("globalHeaderWithLinkPath", refused: .unsupportedTar) {
            $0.addPax(["linkpath": "x"], type: "g")
            $0.add(.symlink("a", to: "b"))
        },
        RefusedFixture("negativeSize", refused: .damagedTar, one { $0.size = -1 }),
        RefusedFixture("sizeOf2To62", refused: .tooLarge, one { $0.size = 1 << 62 }),
        RefusedFixture(
            "sizeOver2To63", refused: .damagedTar,
            one { $0.patches = [(124, [0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0])] }),
        RefusedFixture(
            "hugeBase256Size", refused: .damagedTar,
            one { $0.patches = [(124, [0xbf] + [UInt8](repeating: 0xff, count: 11))] }),
        RefusedFixture(
            "sizeWithLetters", refused: .damagedTar, one { $0.patches = [(124, Array("0000000000x\0".utf8))] }),
        RefusedFixture(
            "sizeInTwoWords", refused: .damagedTar, one { $0.patches = [(124, Array("0 000000010\0".utf8))] }),
        RefusedFixture(
            "sizeWithDigitsBehindItsEnd", refused: .damagedTar,
            one { $0.patches = [(124, Array("00000000\u{0}010".utf8))] }),
        RefusedFixture(
            "sizeWithEight", refused: .damagedTar, one { $0.patches = [(124, Array("00000000008\0".utf8))] }),
        RefusedFixture("negativeOwner", refused: .damagedTar, one { $0.owner = -1 }),
        RefusedFixture("ownerOf2To32", refused: .unsupportedTar, one { $0.owner = 1 << 32 }),
        RefusedFixture("groupOf2To32", refused: .unsupportedTar, one { $0.group = 1 << 32 }),
        RefusedFixture("badChecksum", refused: .damagedTar, one { $0.checksumError = 1 }),
        RefusedFixture("unknownTypeFlag", refused: .unsupportedTar, one { $0.type = UInt8(ascii: "Z") }),
        RefusedFixture("volumeLabel", refused: .unsupportedTar, one { $0.type = UInt8(ascii: "V") }),
        RefusedFixture("multiVolumePart", refused: .unsupportedTar, one { $0.type = UInt8(ascii: "M") }),
        RefusedFixture("paxSizeNegative", refused: .damagedTar, pax("size", "-1")),
        RefusedFixture("paxSizeOver2To63", refused: .damagedTar, pax("size", "9223372036854775808")),
        RefusedFixture("paxSizeOver2To64", refused: .damagedTar, pax("size", "118446744073709551616")),
        RefusedFixture("paxSizeHexadecimal", refused: .damagedTar, pax("size", "0x10")),
        RefusedFixture("paxSizeEmpty", refused: .damagedTar, pax("size", "")),
        RefusedFixture("paxOwnerOf2To32", refused: .unsupportedTar, pax("uid", "4294967296")),
        RefusedFixture("paxTimeThatIsNone", refused: .damagedTar, pax("mtime", "never")),
        RefusedFixture("paxLengthTooLong", refused: .damagedTar, paxText("99 path=b\n")),
        RefusedFixture("paxLengthTooShort", refused: .damagedTar, paxText("8 path=b\n")),
        RefusedFixture("paxLengthZero", refused: .damagedTar, paxText("0 path=b\n")),
        RefusedFixture("paxLengthOverflows", refused: .damagedTar, paxText("99999999999999999999 path=b\n")),
        RefusedFixture("paxLengthOfNothing", refused: .damagedTar, paxText(" path=b\n")),
        RefusedFixture("paxWithoutEquals", refused: .damagedTar, paxText("7 path\n")),
        RefusedFixture("paxWithoutLineBreak", refused: .damagedTar, paxText("9 path=bc")),
        RefusedFixture("paxOnlyDigits", refused: .damagedTar, paxText("12345")),
        RefusedFixture("paxHeaderOfATerabyte", refused: .tooLarge) { $0.add(TarBlock("x", type: "x", size: 1 << 40)) },
        RefusedFixture("gnuLongNameOfATerabyte", refused: .tooLarge) {
            $0.add(TarBlock("x", type: "L", size: 1 << 40))
        },
        RefusedFixture("paxHeaderForNothing", refused: .damagedTar) { $0.addPax(["path": "lost"]) },
        RefusedFixture("gnuLongNameForNothing", refused: .damagedTar) { $0.addGNULong("L", Array("lost".utf8)) },
        // One zero block and then more: tar programs disagree about what follows.
        RefusedFixture("loneZeroBlock", refused: .damagedTar) {
            $0.add(.file("a", "1"))
            $0.append([UInt8](repeating: 0, count: 512))
            $0.add(.file("b", "2"))
        },
        RefusedFixture(
            "xattrOfAMegabyte", [.file("a").xattr("user.big", [UInt8](repeating: 7, count: 1 << 20))],
            refused: .tooLarge),
        RefusedFixture(
            "tenThousandXattrs",
            [TarItem.file("a").with { item in item.xattrs = (0..<10_000).map { ("user.n\($0)", [1]) } }],
            refused: .tooLarge),
        RefusedFixture(
            "xattrNameOf256Bytes", [.file("a").xattr("user.\(String(repeating: "n", count: 251))", [])],
            refused: .tooLarge),
        RefusedFixture("xattrNameWithNUL", [.file("a").xattr("user.a\0b", [1])], refused: .badName),
    ]

    @Test("an archive that is damaged, or that readers would not agree about, is refused", arguments: refused)
    func refuses(fixture: RefusedFixture) throws { try fixture.check() }

    @Test("an archive cut off anywhere inside an entry is refused")
    func truncated() throws {
        let workspace = try LayerWorkspace(BlockSettings(compression: .none, level: 1, blockSize: 4096), threads: 1)
        var builder = TarBuilder()
        builder.add(.file("first", [UInt8](repeating: 1, count: 700)))
        let entryEnd = builder.bytes.count
        builder.add(TarItem.file("d/\(NameTests.long)", [UInt8](repeating: 2, count: 1200)).xattr("user.a", [1]))
        let archive = builder.bytes
        for count in stride(from: 512 + 1, to: archive.count, by: 31) where count != entryEnd {
            let error = #expect(throws: LayerError.self, "cut at \(count)") {
                try workspace.compile(Array(archive[..<count]))
            }
            #expect(error?.code == .damagedTar, "cut at \(count)")
        }
    }

    @Test("owners, modes, times and attributes come through whole")
    func metadata() throws {
        let file = TarItem.file("f", "1").with {
            ($0.mode, $0.owner, $0.group, $0.time) = (0o7755, 4_294_967_295, 70_000, 1 << 40)
        }
        let link = TarItem.symlink("s", to: "f").xattr("trusted.x", [0, 255])
        let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0] + [UInt8](repeating: 0, count: 12)
        let folder = TarItem.folder("d", mode: 0o1777).with { $0.time = -1 }
            .xattr("security.selinux", Array("system_u:object_r:bin_t:s0\0".utf8)).xattr(
                "security.capability", capability
            )
            .xattr("user.b", []).xattr("user.a", Array("=\n \0".utf8))
        let linked = try LayerWorkspace().link([TarBuilder.archive([file, link, folder])])
        let found = (try linked.inode(at: "f"), try linked.inode(at: "s"), try linked.inode(at: "d"))
        #expect(found.0.mode == 0o7755)
        #expect(found.0.userID == .max)
        #expect(found.0.groupID == 70_000)
        #expect(found.0.modificationTime == 1 << 40)
        #expect(found.1.xattrs == [TarEntry.Xattr(name: Array("trusted.x".utf8), value: [0, 255])])
        #expect(found.2.mode == 0o1777)
        #expect(found.2.modificationTime == -1)
        #expect(
            found.2.xattrs.map { text($0.name) } == ["security.capability", "security.selinux", "user.a", "user.b"])
        #expect(found.2.xattrs.map(\.value.count) == [20, 27, 4, 0])
        #expect(found.2.xattrs[2].value == Array("=\n \0".utf8))
    }

    @Test(
        "times in pax records are whole seconds towards the past",
        arguments: [
            ("0", 0), ("1.999", 1), ("-1", -1), ("-1.5", -2), ("-1.0", -1), ("0.000000001", 0),
            ("99999999999", 99_999_999_999),
        ])
    func paxTimes(written: String, seconds: Int64) throws {
        var builder = TarBuilder()
        builder.addPax(["mtime": written])
        builder.add(.file("a", "1"))
        #expect(try LayerWorkspace().link([builder.finished()]).inode(at: "a").modificationTime == seconds)
    }

    @Test("an attribute that stands twice has its last value")
    func repeatedXattr() throws {
        let layer = TarBuilder.archive([TarItem.file("a").xattr("user.x", [1]).xattr("user.x", [2])])
        #expect(
            try LayerWorkspace().link([layer]).inode(at: "a").xattrs == [
                TarEntry.Xattr(name: Array("user.x".utf8), value: [2])
            ])
    }

    @Test("attributes and names take room together, and a layer whose entries have too many is refused")
    func entryRoom() throws {
        let workspace = try LayerWorkspace()
        func compile(_ items: [TarItem]) throws {
            _ = try workspace.compile(TarBuilder.archive(items), entries: 64 << 10)
        }
        func marked(_ count: Int, _ value: (Int) -> String) -> [TarItem] {
            (0..<count).map { TarItem.file("f\($0)").xattr("user.a", Array(value($0).utf8)) }
        }
        let long = String(repeating: "a", count: 1000)
        try compile(marked(100) { _ in long })
        let longNames = (0..<40).map { TarItem.symlink("\($0)", to: long + long) }
        for items in [marked(100) { "\($0)" + long }, longNames] {
            let error = #expect(throws: LayerError.self) { try compile(items) }
            #expect(error?.code == .tooLarge)
            #expect(error?.message.contains("names and attributes") == true)
        }
    }

    @Test("hundreds of thousands of attributes in one header are refused at once")
    func xattrBomb() throws {
        let item = TarItem.file("a").with { item in item.xattrs = (0..<200_000).map { ("user.\($0)", []) } }
        expect(.tooLarge) { try LayerWorkspace().compile(TarBuilder.archive([item])) }
    }
}
