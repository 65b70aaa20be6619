import ByteKit
import LayerFS
import TestKit
import Testing

/// Seeded damage to sound archives. A trap would end the process, and with it this suite.
@Suite("Damaged archives") struct MutationTests {
    static let archive: [UInt8] = {
        var builder = TarBuilder()
        builder.addPax(["comment": "made for a test"], type: "g")
        builder.add(.folder("d"))
        builder.add(TarItem.file("d/file", "some content").xattr("user.note", [1, 2]).xattr("trusted.t", []))
        builder.add(.hardLink("d/hard", to: "d/file"))
        builder.add(.symlink("soft", to: "d/file"))
        builder.add(.characterDevice("null", 1, 3))
        builder.add(.pipe("pipe"))
        builder.add(.whiteout("gone"))
        builder.add(.opaque("d"))
        builder.addGNULong("L", Array("d/a long name".utf8))
        builder.add(TarBlock("d/a", size: 5, form: .gnu), data: Array("12345".utf8))
        builder.addSparse("old", size: 9000, (0..<6).map { ($0 * 1000, [1, 2]) }, form: .oldGNU)
        builder.addSparse("new", size: 5000, [(100, [1]), (4000, [2, 3])], form: .pax10)
        builder.addSparse("map", size: 5000, [(100, [1]), (4000, [2, 3])], form: .pax01)
        builder.addPax(["path": "renamed", "size": "600", "mtime": "1.5", "uid": "7"])
        builder.add(TarBlock("name", size: 0), data: [UInt8](repeating: 9, count: 600))
        return builder.finished()
    }()

    @Test("the archive itself is sound")
    func sound() throws {
        let linked = try LayerWorkspace().link([Self.archive])
        #expect(linked.order.preorder.count == 12)
    }

    private static func mutate(_ numbers: inout SeededNumbers) -> [UInt8] {
        var bytes = archive
        for _ in 0...numbers.below(3) {
            let block = numbers.below(bytes.count / 512) * 512
            switch numbers.below(8) {
            case 0: bytes[numbers.below(bytes.count)] = UInt8(numbers.below(256))
            case 1: bytes.removeSubrange(block..<block + 512)
            case 2: bytes.insert(contentsOf: bytes[block..<block + 512], at: numbers.below(bytes.count / 512) * 512)
            case 3: bytes.removeSubrange(numbers.below(bytes.count)...)
            case 4:
                // A number where none was, or another one.
                let (offset, width) = numbers.pick([
                    (100, 8), (108, 8), (116, 8), (124, 12), (136, 12), (329, 8), (337, 8), (386, 12), (398, 12),
                    (483, 12),
                ])
                let value = numbers.pick([
                    0, 1, 511, 512, 513, -1, 1 << 31, 1 << 32, 1 << 62, .max, .min, Int64(numbers.below(20_000)),
                ])
                bytes.replaceSubrange(
                    block + offset..<block + offset + width,
                    with: numbers.once(in: 2)
                        ? TarBlock.base256(value, width: width) : TarBlock.number(value, width: width))
            case 5: bytes[block + 156] = numbers.pick(Array("01234567xgLKSNMV\0".utf8))
            case 6:
                bytes[block + numbers.pick([0, 1, 257, 263, 345, 157, 482])] = numbers.pick([
                    0, 0x2e, 0x2f, 0x20, 0xff, 0x61,
                ])
            default:
                // Inside text: digits of pax lengths, maps and names.
                let digits = bytes.indices.filter { (0x30...0x3d).contains(bytes[$0]) && $0 % 512 < 100 }
                if !digits.isEmpty { bytes[numbers.pick(digits)] = UInt8(0x30 + numbers.below(14)) }
            }
            guard bytes.count >= 512 else { return bytes }
        }
        return bytes
    }

    /// Makes the checksums of all blocks that look like headers right again, so that damage gets past them.
    private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for block in stride(from: 0, through: bytes.count - 512, by: 512)
        where bytes[block + 154] == 0 && bytes[block + 155] == 0x20 {
            bytes.replaceSubrange(block + 148..<block + 156, with: Array("        ".utf8))
            let sum = bytes[block..<block + 512].reduce(Int64(0)) { $0 + Int64($1) }
            bytes.replaceSubrange(block + 148..<block + 156, with: TarBlock.octal(sum, digits: 6) + [0, 0x20])
        }
        return bytes
    }

    @Test(
        "a damaged archive is refused with an error, or becomes a tree that can be written and read", arguments: 0..<6)
    func mutations(seed: Int) throws {
        let workspace = try LayerWorkspace(BlockSettings(compression: .none, level: 1, blockSize: 4096), threads: 1)
        var numbers = SeededNumbers(seed: UInt64(100 + seed))
        var accepted = 0
        for round in 0..<400 {
            let bytes = Self.repaired(Self.mutate(&numbers))
            let linked: Linker.LinkedTree
            do {
                let object = try workspace.compile(bytes, limit: 1 << 20, to: "\(workspace.folder.path)/object")
                linked = try workspace.link([object])
            } catch is LayerError {
                continue
            }
            accepted += 1
            let (image, report) = try workspace.squash(linked)
            defer { Folder.remove(image) }
            guard linked.order.preorder.count > 1 else { continue }
            let differences = try Listing(squash: image).differences(from: Listing(linked))
            // What squashfs cannot hold is told, and everything else is there.
            let told = differences.filter { !$0.contains(":  time ") }
            if !report.warnings.contains(where: { $0.contains("attribute") }) {
                #expect(told == [], "seed \(seed), round \(round)")
            }
        }
        #expect((20..<390).contains(accepted), "\(accepted)")
    }

    @Test(
        "damage to compressed layers is refused with an error",
        arguments: [CompressionTests.gzip, CompressionTests.zstd, CompressionTests.Tool("xz")])
    func compressed(tool: CompressionTests.Tool) throws {
        let workspace = try LayerWorkspace(BlockSettings(compression: .none, level: 1, blockSize: 4096), threads: 1)
        let sound = try tool.compress(Self.archive)
        var numbers = SeededNumbers(seed: 200)
        var refused = 0
        for _ in 0..<400 {
            var bytes = sound
            for _ in 0...numbers.below(3) { bytes[numbers.below(bytes.count)] ^= 1 << UInt8(numbers.below(8)) }
            do {
                _ = try workspace.compile(
                    bytes, diffID: Digest(of: Self.archive), to: "\(workspace.folder.path)/object")
            } catch is LayerError {
                refused += 1
            }
        }
        #expect(refused > 350)
    }
}
