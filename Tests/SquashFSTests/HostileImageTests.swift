import Glibc
import SquashFS
import TestKit
import Testing

/// An image whose metadata and data are stored as they are, so that a field can be made to say anything.
private struct PatchableImage: ~Copyable {
    let file: ImageFile
    var bytes: [UInt8]
    private let inodeTable: Int
    private let directoryTable: Int
    private let reader: SquashReader

    static let script = #"""
        mkdir -p "$D/dir" "$D/dir2" && cd "$D" && echo in > dir/in && printf 1 > aa && printf 2 > ab && ln ab ac
        ln -s target link && head -c 300000 /dev/urandom > big && ln big big2 && mkfifo fifo
        python3 -c "import os; os.setxattr('big', 'user.note', b'value'); os.setxattr('aa', 'user.x', b'y')"
        """#

    init(in folder: String) throws {
        let result = shell("D='\(folder)/tree'; \(Self.script)")
        precondition(result.code == 0)
        file = Fixture.makeImage(
            of: "\(folder)/tree", at: "\(folder)/image.sqfs", "-comp zstd -noI -noId -noD -noF -noX")
        bytes = file.bytes
        reader = try SquashReader(descriptor: file.descriptor)
        inodeTable = Int(reader.superblock.inodeTable)
        directoryTable = Int(reader.superblock.directoryTable)
    }

    /// Where a path's inode stands in the file.
    func inode(_ path: String) throws -> Int {
        let reference = try reader.inode(path: utf8(path)).reference
        return inodeTable + Int(reference >> 16) + 2 + Int(reference & 0xffff)
    }

    /// Where a name's entry stands in the directory table.
    func entry(_ name: String) -> Int {
        var place = directoryTable + 2
        while !(bytes[place..<place + name.utf8.count].elementsEqual(name.utf8)
            && Int(bytes[place - 2]) == name.utf8.count - 1 && bytes[place - 1] == 0)
        {
            place += 1
        }
        return place - 8
    }

    mutating func put(_ value: UInt64, _ width: Int, at place: Int) {
        for index in 0..<width { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
    }

    func get(_ width: Int, at place: Int) -> UInt64 {
        (0..<width).reduce(0) { $0 | UInt64(bytes[place + $1]) << (8 * UInt64($1)) }
    }
}

/// Images that lie, each about one thing.
private enum Lie: String, CaseIterable, CustomTestStringConvertible {
    case directoryLoop, directoryReachedTwice, duplicateName, unorderedNames, slashInName, dotDotName, dotName,
        nulInName
    case entryOfAnotherKind, entryOutsideTable, entryInTheMiddleOfNothing, directorySizeTooLarge, runTooLong,
        nameTooLong
    case unknownInodeType, ownerOutsideTable, groupOutsideTable, symlinkEmpty, symlinkHuge, symlinkNUL
    case fragmentOutsideTable, fragmentOffsetOutside, fileSizeNegative, fileSizeEndless, blockTooLarge,
        blockWithUnknownBits
    case blockStoredShort, blockOutsideImage, blockNotCompressed, metadataTooLong, metadataEmpty, metadataNotCompressed
    case attributeOutsideTable, attributeValueHuge, attributeNameEmpty, attributeTableOutside, rootIsFile, rootOutside
    case inodeTableOutside, directoryTableBeforeInodes, idTableOutside, idCountZero, blockSizeZero, blockSizeOdd
    case blockSizeDisagrees, versionThree, bytesUsedTooLarge, noInodes, fragmentTablePointerWild, tooManyDirectories

    var testDescription: String { rawValue }

    /// What the reader must say, whether while opening, walking, or reading.
    var expected: [SquashError.Code] {
        switch self {
        case .directoryLoop, .directoryReachedTwice: [.directoryLoop]
        case .duplicateName: [.duplicateName]
        case .unorderedNames: [.unorderedNames]
        case .slashInName, .dotDotName, .dotName, .nulInName: [.badName]
        case .nameTooLong: [.badDirectory, .badName]
        case .entryOfAnotherKind, .runTooLong: [.badDirectory]
        case .directorySizeTooLarge: [.badDirectory, .unorderedNames]
        case .entryOutsideTable: [.badInode, .truncated]
        case .entryInTheMiddleOfNothing: [.badInode, .badMetadata, .badIdentity, .truncated, .badDirectory]
        case .unknownInodeType, .fileSizeNegative, .rootIsFile: [.badInode]
        case .ownerOutsideTable, .groupOutsideTable: [.badIdentity]
        case .symlinkEmpty, .symlinkHuge, .symlinkNUL: [.badSymlink]
        case .fragmentOutsideTable, .fragmentOffsetOutside: [.badFragment]
        case .fileSizeEndless: [.truncated, .badBlock, .badCompression]
        case .blockTooLarge, .blockWithUnknownBits, .blockStoredShort: [.badBlock]
        case .blockOutsideImage: [.truncated]
        case .blockNotCompressed, .metadataNotCompressed: [.badCompression]
        case .metadataTooLong, .metadataEmpty: [.badMetadata]
        case .attributeOutsideTable, .attributeValueHuge, .attributeNameEmpty: [.badAttribute]
        case .attributeTableOutside, .inodeTableOutside, .directoryTableBeforeInodes, .idTableOutside, .idCountZero,
            .blockSizeZero, .blockSizeOdd, .blockSizeDisagrees, .noInodes:
            [.badSuperblock]
        case .rootOutside: [.badInode]
        case .versionThree: [.unsupportedVersion]
        case .bytesUsedTooLarge, .fragmentTablePointerWild: [.truncated]
        case .tooManyDirectories: [.tooManyEntries]
        }
    }

    func tell(_ image: inout PatchableImage) throws {
        switch self {
        case .directoryLoop: image.put(image.get(2, at: 32), 2, at: image.entry("dir"))
        case .directoryReachedTwice: image.put(image.get(2, at: image.entry("dir")), 2, at: image.entry("dir2"))
        case .duplicateName: image.bytes[image.entry("ab") + 9] = UInt8(ascii: "a")
        case .unorderedNames: image.bytes[image.entry("aa") + 8] = UInt8(ascii: "z")
        case .slashInName: image.bytes[image.entry("aa") + 9] = UInt8(ascii: "/")
        case .nulInName: image.bytes[image.entry("aa") + 9] = 0
        case .dotDotName:
            let entry = image.entry("aa")
            image.put(0x2e2e, 2, at: entry + 8)
        case .dotName:
            // A name of one byte: the entry is the only one of its directory.
            let entry = image.entry("in")
            image.put(0, 2, at: entry + 6)
            image.bytes[entry + 8] = UInt8(ascii: ".")
        case .nameTooLong: image.put(0xffff, 2, at: image.entry("aa") + 6)
        case .entryOfAnotherKind: image.put(1, 2, at: image.entry("aa") + 4)
        case .entryOutsideTable: image.put(0xffff_fff0, 4, at: image.entry("aa") - 8)
        case .entryInTheMiddleOfNothing: image.put(0x1ff0, 2, at: image.entry("aa"))
        case .directorySizeTooLarge: image.put(0xffff, 2, at: try image.inode("dir") + 16 + 8)
        case .runTooLong: image.put(0xffff_ffff, 4, at: image.entry("aa") - 12)
        case .unknownInodeType: image.put(15, 2, at: try image.inode("aa"))
        case .ownerOutsideTable: image.put(0xffff, 2, at: try image.inode("aa") + 4)
        case .groupOutsideTable: image.put(1000, 2, at: try image.inode("aa") + 6)
        case .symlinkEmpty: image.put(0, 4, at: try image.inode("link") + 20)
        case .symlinkHuge: image.put(0xffff_ffff, 4, at: try image.inode("link") + 20)
        case .symlinkNUL: image.bytes[try image.inode("link") + 26] = 0
        case .fragmentOutsideTable: image.put(0xffff_fff0, 4, at: try image.inode("ab") + 16 + 28)
        case .fragmentOffsetOutside: image.put(0xffff_fff0, 4, at: try image.inode("ab") + 16 + 32)
        case .fileSizeNegative: image.put(UInt64.max - 5, 8, at: try image.inode("big") + 16 + 8)
        case .fileSizeEndless: image.put(1 << 62, 8, at: try image.inode("big") + 16 + 8)
        case .blockTooLarge: image.put(0xff_ffff, 4, at: try image.inode("big") + 56)
        case .blockWithUnknownBits: image.put(0x8100_1000, 4, at: try image.inode("big") + 56)
        case .blockStoredShort: image.put(0x0100_1000, 4, at: try image.inode("big") + 56)
        case .blockOutsideImage: image.put(1 << 60, 8, at: try image.inode("big") + 16)
        case .blockNotCompressed: image.put(0x1_0000, 4, at: try image.inode("big") + 56)
        case .metadataTooLong: image.put(0xa001, 2, at: Int(image.get(8, at: 64)))
        case .metadataEmpty: image.put(0x8000, 2, at: Int(image.get(8, at: 64)))
        case .metadataNotCompressed:
            let table = Int(image.get(8, at: 64))
            image.put(image.get(2, at: table) & 0x7fff, 2, at: table)
        case .attributeOutsideTable: image.put(77, 4, at: try image.inode("big") + 16 + 36)
        case .attributeValueHuge:
            let name = try #require(image.bytes.firstRange(of: utf8("note")))
            image.put(0xffff_ffff, 4, at: name.upperBound)
        case .attributeNameEmpty:
            let name = try #require(image.bytes.firstRange(of: utf8("note")))
            image.put(0, 2, at: name.lowerBound - 2)
        case .attributeTableOutside: image.put(1 << 50, 8, at: 56)
        case .rootIsFile: image.put(image.get(2, at: image.entry("aa")), 2, at: 32)
        case .rootOutside: image.put(1 << 62, 8, at: 32)
        case .inodeTableOutside: image.put(UInt64.max - 1, 8, at: 64)
        case .directoryTableBeforeInodes: image.put(96, 8, at: 72)
        case .idTableOutside: image.put(1 << 40, 8, at: 48)
        case .idCountZero: image.put(0, 2, at: 26)
        case .blockSizeZero: image.put(0, 4, at: 12)
        case .blockSizeOdd: image.put(131_073, 4, at: 12)
        case .blockSizeDisagrees: image.put(16, 2, at: 22)
        case .versionThree: image.put(3, 2, at: 28)
        case .bytesUsedTooLarge: image.put(UInt64.max, 8, at: 40)
        case .noInodes: image.put(0, 4, at: 4)
        case .fragmentTablePointerWild: image.put(UInt64.max - 3, 8, at: Int(image.get(8, at: 80)))
        case .tooManyDirectories: image.put(1, 4, at: 4)
        }
    }
}

/// Reads all that a reader can give; the work is bounded.
private func readEverything(_ descriptor: Int32) throws(SquashError) {
    let reader = try SquashReader(descriptor: descriptor)
    var walker = reader.walk()
    while let entry = try walker.next() {
        _ = try reader.attributes(of: entry.inode)
        guard let file = entry.inode.file else { continue }
        for offset in [0, file.size / 2, file.size - 1] where offset >= 0 {
            _ = try reader.read(entry.inode, at: offset, count: 400_000)
        }
    }
}

@Suite struct HostileImageTests: ~Copyable {
    let folder = TestFolder.made()

    @Test("an image that lies is refused for what it lies about", arguments: Lie.allCases)
    fileprivate func lies(_ lie: Lie) throws {
        var image = try PatchableImage(in: folder.path)
        try readEverything(image.file.descriptor)
        try lie.tell(&image)
        image.file.replace(with: image.bytes)
        let error = #expect(throws: SquashError.self) { try readEverything(image.file.descriptor) }
        let code = try #require(error?.code)
        #expect(lie.expected.contains(code), "\(code)")

        // Unpacking refuses the same, or does not need what is wrong; and it stays inside its folder.
        shell("mkdir '\(folder.path)/inner'")
        let before = shell("cd '\(folder.path)' && ls -A | grep -v out; ls -A / /tmp/..").output
        do throws(SquashError) {
            _ = try SquashUnpacker.unpack(
                try SquashReader(descriptor: image.file.descriptor), into: utf8("\(folder.path)/inner/out"),
                options: .init(setsAttributes: true))
            Issue.record("unpacked all the same")
        } catch {
            #expect(lie.expected.contains(error.code), "\(error.code)")
        }
        #expect(shell("cd '\(folder.path)' && ls -A | grep -v out; ls -A / /tmp/..").output == before)
        #expect(shell("ls -A '\(folder.path)/inner'").output.count <= 4)
    }

    @Test("an image cut off anywhere is refused, or lacks only padding")
    func truncations() throws {
        let image = try PatchableImage(in: folder.path)
        let used = Int(image.get(8, at: 40))
        var numbers = SeededNumbers(seed: 3)
        for _ in 0..<300 {
            let length = Int.random(in: 0..<used, using: &numbers)
            image.file.replace(with: [UInt8](image.bytes[..<length]))
            #expect(throws: SquashError.self, "\(length)") { try readEverything(image.file.descriptor) }
        }
        image.file.replace(with: [UInt8](image.bytes[..<used]))
        try readEverything(image.file.descriptor)
    }

    @Test(
        "flipped bytes never trap, never write outside, and end in time",
        arguments: [
            ("-comp zstd -noI -noId -noD -noF -noX", UInt64(1)), ("-comp zstd", 2), ("-comp gzip -b 4096", 3),
            ("-comp zstd -noI -noId -b 4096 -no-fragments", 4), ("-comp xz -b 4096", 5), ("-comp lz4 -Xhc", 6),
        ])
    func flips(options: String, seed: UInt64) throws {
        let original = try PatchableImage(in: folder.path)
        let image = Fixture.makeImage(of: "\(folder.path)/tree", at: "\(folder.path)/flipped.sqfs", options)
        _ = original.bytes.count
        let bytes = image.bytes
        let used = Int(bytes.littleEndian(at: 40))
        let metadata = Int(bytes.littleEndian(at: 64))
        var numbers = SeededNumbers(seed: seed)
        let output = "\(folder.path)/inner"
        shell("mkdir '\(output)'")
        var refused = 0
        for round in 0..<1500 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                // Mostly in the metadata and the superblock: data bytes decide little.
                let place =
                    switch Int.random(in: 0..<10, using: &numbers) {
                    case 0: Int.random(in: 0..<used, using: &numbers)
                    case 1, 2: Int.random(in: 4..<96, using: &numbers)
                    default: Int.random(in: metadata..<used, using: &numbers)
                    }
                changed[place] = UInt8.random(in: 0...255, using: &numbers)
            }
            image.replace(with: changed)
            do throws(SquashError) { try readEverything(image.descriptor) } catch { refused += 1 }
            guard round % 10 == 0 else { continue }
            do throws(SquashError) {
                _ = try SquashUnpacker.unpack(
                    try SquashReader(descriptor: image.descriptor), into: utf8("\(output)/out"),
                    options: .init(setsAttributes: true))
            } catch {}
            let found = shell("ls -A '\(output)'; chmod -R u+rwx '\(output)'; rm -rf '\(output)/out'").output
            #expect(found.isEmpty || found == "out\n")
        }
        #expect(refused > 100)
    }
}

extension [UInt8] {
    fileprivate func littleEndian(at place: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(self[place + $1]) << (8 * UInt64($1)) }
    }

    /// The first place where other bytes stand in these.
    fileprivate func firstRange(of other: [UInt8]) -> Range<Int>? {
        indices.first { self[$0...].starts(with: other) }.map { $0..<($0 + other.count) }
    }
}
