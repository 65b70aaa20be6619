import Glibc
import SquashFS
import TestKit
import Testing

@Suite struct BlockDigestsTests: ~Copyable {
    let folder = TestFolder.made()

    /// Small, so that each kind of table has a place of its own; and not all of one kind.
    private func image(_ options: String = "-comp zstd -b 32768") -> ImageFile {
        Fixture.makeImage(of: Fixture.tree, at: "\(folder.path)/image.sqfs", options)
    }

    private func digests(of image: borrowing ImageFile) throws -> BlockDigests {
        let length = image.bytes.count
        return try BlockDigests(
            BlockDigests.table(of: image.descriptor, imageLength: length), imageLength: length)
    }

    /// The digest of all that a reader can give.
    private func everything(_ image: borrowing ImageFile, _ digests: BlockDigests?) throws(SquashError) -> [UInt8] {
        let reader = try SquashReader(descriptor: image.descriptor, digests: digests)
        var walker = reader.walk()
        var seen: [UInt8] = []
        while let entry = try walker.next() {
            seen += entry.path
            for attribute in try reader.attributes(of: entry.inode) { seen += attribute.name + attribute.value }
            guard let file = entry.inode.file else { continue }
            var offset = 0
            while offset < file.size {
                let piece = try reader.read(entry.inode, at: offset, count: 1 << 20)
                seen.append(UInt8(truncatingIfNeeded: piece.reduce(into: 7) { $0 = $0 &* 31 &+ Int($1) }))
                offset += 1 << 20
            }
        }
        return seen
    }

    @Test("the table is the SHA-256 of every 16 KiB, as sha256sum has them, whoever makes it in parts")
    func table() throws {
        let image = image()
        let length = image.bytes.count
        let table = try BlockDigests.table(of: image.descriptor, imageLength: length)
        let expected = shell(
            """
            cd '\(folder.path)' && mkdir parts && split -a 5 -b 16384 image.sqfs parts/ \
            && cat parts/* | cmp - image.sqfs && sha256sum parts/* | cut -c 1-64 | xxd -r -p
            """)
        #expect(expected.code == 0)
        #expect(table == expected.bytes)
        let blocks = table.count / 32
        let parts = try [0..<3, 3..<blocks].map { part in
            try BlockDigests.table(of: image.descriptor, imageLength: length, blocks: part)
        }
        #expect(parts.flatMap { $0 } == table)
    }

    @Test(
        "an image gives with digests what it gives without",
        arguments: ["-comp zstd", "-comp gzip -b 4096", "-comp lz4 -b 1M", "-noI -noD -noF -noX"])
    func same(options: String) throws {
        let image = image(options)
        let digests = try digests(of: image)
        #expect(try everything(image, digests) == everything(image, nil))
        let trees = ["plain", "checked", "behind"].map { "\(folder.path)/\($0)" }
        for (tree, digests) in zip(trees, [nil, digests]) {
            _ = try SquashUnpacker.unpack(
                SquashReader(descriptor: image.descriptor, digests: digests), into: utf8(tree),
                options: .init(setsAttributes: true))
        }
        _ = try BackgroundUnpack.start(
            SquashReader(descriptor: image.descriptor, digests: digests), into: utf8(trees[2]),
            options: .init(setsAttributes: true)
        ).finish()
        #expect(Fixture.manifest(of: trees[1]) == Fixture.manifest(of: trees[0]))
        #expect(Fixture.manifest(of: trees[2]) == Fixture.manifest(of: trees[0]))
    }

    /// A place in each kind of block, from what the superblock says. What stands uncompressed would be read wrong in
    /// silence without digests.
    private static let places: [(kind: String, place: @Sendable ([UInt8]) -> Int)] = [
        ("superblock", { _ in 8 }), ("data block", { _ in 300 }),
        ("fragment", { Int($0.number(at: 64)) - 100 }), ("inode", { Int($0.number(at: 64)) + 10 }),
        ("directory", { Int($0.number(at: 72)) + 10 }), ("fragment table", { Int($0.number(at: 80)) - 3 }),
        ("fragment table's pointer", { Int($0.number(at: 80)) + 1 }),
        ("owners", { Int($0.number(at: 48)) - 2 }), ("attributes", { Int($0.number(at: 56)) - 20 }),
    ]

    @Test("a bit that is not what it was is told, with its block, whatever it is a bit of", arguments: places.indices)
    func flipped(index: Int) throws {
        for options in ["-comp zstd -b 32768", "-b 32768 -noI -noD -noF -noX"] {
            let image = image(options)
            let digests = try digests(of: image)
            let bytes = image.bytes
            let place = Self.places[index].place(bytes)
            var changed = bytes
            changed[place] ^= 4
            image.replace(with: changed)
            let damaged = SquashError.Code.damaged(block: place / BlockDigests.blockSize)
            let error = #expect(throws: SquashError.self) { try everything(image, digests) }
            #expect(error?.code == damaged, "\(Self.places[index].kind)")
            let unpacking = #expect(throws: SquashError.self) {
                try SquashUnpacker.unpack(
                    SquashReader(descriptor: image.descriptor, digests: digests), into: utf8("\(folder.path)/out"),
                    options: .init(setsAttributes: true))
            }
            #expect(unpacking?.code == damaged, "\(Self.places[index].kind)")
            let behind = #expect(throws: SquashError.self) {
                try BackgroundUnpack.start(
                    SquashReader(descriptor: image.descriptor, digests: digests), into: utf8("\(folder.path)/behind"),
                    options: .init(setsAttributes: true)
                ).finish()
            }
            #expect(behind?.code == damaged, "\(Self.places[index].kind)")
            shell("cd '\(folder.path)' && chmod -R u+rwx . && rm -rf out behind")
        }
    }

    @Test("the file that a damaged block belongs to is named")
    func names() throws {
        let tree = "\(folder.path)/tree"
        shell("mkdir '\(tree)' && cd '\(tree)' && head -c 200000 /dev/urandom > first && head -c 9 first > small")
        let image = Fixture.makeImage(of: tree, at: "\(folder.path)/image.sqfs", "-comp zstd")
        let digests = try digests(of: image)
        var bytes = image.bytes
        bytes[150_000] ^= 1
        image.replace(with: bytes)
        let error = #expect(throws: SquashError.self) {
            try SquashUnpacker.unpack(
                SquashReader(descriptor: image.descriptor, digests: digests), into: utf8("\(folder.path)/out"))
        }
        #expect(error == SquashError(.damaged(block: 9), path: utf8("first")))
    }

    @Test("whatever bit is flipped, what is read is the image as it was, or an error that tells of it")
    func anyBit() throws {
        let image = image()
        let digests = try digests(of: image)
        let bytes = image.bytes
        let expected = try everything(image, nil)
        var numbers = SeededNumbers(seed: 24)
        for _ in 0..<60 {
            let place = Int.random(in: 0..<bytes.count, using: &numbers)
            var changed = bytes
            changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
            image.replace(with: changed)
            do throws(SquashError) {
                let seen = try everything(image, digests)
                #expect(seen == expected, "byte \(place)")
            } catch {
                #expect(error.code == .damaged(block: place / BlockDigests.blockSize), "byte \(place)")
            }
        }
    }

    @Test("a table that is not one of this image is refused before the image is looked at")
    func wrongTable() throws {
        let image = image()
        let length = image.bytes.count
        let table = try BlockDigests.table(of: image.descriptor, imageLength: length)
        for wrong in [[], [UInt8](table.dropLast()), table + [0], [UInt8](table.dropLast(32))] {
            #expect(throws: SquashError(.badDigests)) { try BlockDigests(wrong, imageLength: length) }
        }
        for length in [0, -1, Int.min] {
            #expect(throws: SquashError(.badDigests)) { try BlockDigests([], imageLength: length) }
        }
        #expect(BlockDigests.tableSize(imageLength: Int.max) > 0)
        // An image that is longer or shorter than the table's.
        let digests = try BlockDigests(table, imageLength: length)
        image.replace(with: image.bytes.dropLast(1) + [])
        #expect(throws: SquashError(.badDigests)) { try SquashReader(descriptor: image.descriptor, digests: digests) }
        image.replace(with: image.bytes + [0, 0])
        #expect(throws: SquashError(.badDigests)) { try SquashReader(descriptor: image.descriptor, digests: digests) }
        #expect(throws: SquashError(.truncated)) {
            try BlockDigests.table(of: image.descriptor, imageLength: length + 2)
        }
    }
}

extension [UInt8] {
    fileprivate func number(at place: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(self[place + $1]) << (8 * UInt64($1)) }
    }
}
