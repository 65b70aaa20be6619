import ByteKit
import LayerFS
import SquashFS
import TestKit
import Testing

@Suite("Compressors") struct CodecTests {
    /// The ends of every compressor's range, and what stands between the fast and the thorough.
    static let levels: [BlockSettings] = BlockSettings.Compression.allCases.flatMap { compression in
        let levels = compression.levels ?? 0...0
        return [levels.lowerBound, 2, 9, levels.upperBound].filter { levels.contains($0) }
            .map { BlockSettings(compression: compression, level: $0) }
    }

    /// Words, noise and zeros, in files of all sizes.
    private static let layer: [UInt8] = {
        var numbers = SeededNumbers(seed: 51)
        var items: [TarItem] = []
        for size in [1, 900, 8192, 131_072, 300_000] {
            items.append(.file("words/\(size)", (0..<size).map { UInt8(truncatingIfNeeded: $0 / 7 % 90 + $0 % 3) }))
            items.append(.file("noise/\(size)", numbers.bytes(size)))
        }
        return TarBuilder.archive(items + [.file("zeros", [UInt8](repeating: 0, count: 200_000))])
    }()

    @Test(
        "make images at every level that everybody reads",
        .enabled(if: Peer.isInstalled("unsquashfs"), "needs unsquashfs: scripts/setup test"),
        arguments: levels)
    func everyLevel(settings: BlockSettings) throws {
        let workspace = try LayerWorkspace(settings)
        let image = try workspace.checkedSquash(try workspace.link([Self.layer])).path
        let said = try Peer.run("unsquashfs", ["-stat", image]).text
        switch settings.compression {
        case .lz4:
            let isHigh = said.contains("High Compression option specified (-Xhc)")
            #expect(isHigh == (settings.level > 1))
        case .zstd: #expect(said.contains("compression-level \(settings.level)"))
        case .gzip, .xz, .none: #expect(!said.contains("compression-level"))
        }
        guard settings.compression != .none else { return }
        // Otherwise nothing of the compressor was in these images.
        let object = try workspace.compile(Self.layer)
        #expect(object.blocks.contains { !$0.isStored && $0.size != 0 })
        #expect(object.blocks.contains { $0.isStored })
    }

    @Test("keep a block of noise as it is, and shrink one that only looks like noise", arguments: levels)
    func noise(settings: BlockSettings) throws {
        guard settings.compression != .none else { return }
        let workspace = try LayerWorkspace(settings)
        var numbers = SeededNumbers(seed: 52)
        // Repetitions at distances that are no multiple of anything; lz4 and gzip look back 64 and 32 KiB.
        for period in [700, 5003, 20_011] {
            let piece = numbers.bytes(period)
            let repeated = Array((0..<131_072).map { piece[$0 % period] })
            let object = try workspace.compile(TarBuilder.archive([.file("repeated", repeated)]))
            #expect(object.blocks.map(\.isStored) == [false], "\(period)")
            #expect(object.blocks[0].sizeOnDisk < period + 1500, "\(period)")
        }
        // Noise at one place of each 512 bytes, and nothing but a counter otherwise.
        let records = (0..<256).flatMap { index in numbers.bytes(16) + [UInt8](repeating: UInt8(index), count: 496) }
        for (name, bytes, isStored) in [
            ("records", records, false), ("noise", numbers.bytes(131_072), true),
            ("noise with a repetition", noiseWithRepetition(&numbers), false),
        ] where name != "noise with a repetition" || !settings.isQuick {
            let object = try workspace.compile(TarBuilder.archive([.file("f", bytes)]))
            #expect(object.blocks.map(\.isStored) == [isStored], "\(name)")
        }
    }

    /// Noise in which a hundredth stands twice.
    private func noiseWithRepetition(_ numbers: inout SeededNumbers) -> [UInt8] {
        var bytes = numbers.bytes(131_072)
        bytes.replaceSubrange(90_001..<91_312, with: bytes[77_000..<78_311])
        return bytes
    }

    @Test("have no other levels than they have", arguments: BlockSettings.Compression.allCases)
    func wrongLevels(compression: BlockSettings.Compression) throws {
        guard let levels = compression.levels else { return }
        for level in [levels.lowerBound - 1, levels.upperBound + 1, 1000] where level >= 0 {
            let workspace = try LayerWorkspace(BlockSettings(compression: compression, level: level))
            expect(.compressor) { try workspace.compile(Self.layer) }
        }
    }

    @Test("of another version make another's layer object, which is not opened", arguments: levels)
    func versions(settings: BlockSettings) throws {
        let workspace = try LayerWorkspace(settings)
        let path = workspace.freshPath()
        let object = try workspace.compile(TarBuilder.archive([.file("a", "1")]), to: path)
        let bytes = try InputFile.contents(of: path, limit: 1 << 20)
        let dataEnd = try #require(object.blockOffsets.last)
        let tables = Array(bytes[dataEnd..<bytes.count - 64])
        // The version, and the library's name; with the checksum that belongs to them.
        for place in [20, 56] {
            var header = Array(bytes[..<64])
            header[place] ^= 1
            var other = bytes
            other.replaceSubrange(..<64, with: header)
            other.replaceSubrange(bytes.count - 48..<bytes.count - 16, with: Digest(of: header + tables).bytes)
            let changed = workspace.freshPath()
            try OutputFile.write(other, to: changed)
            #expect(LayerObject.open(changed, layer: object.layer, settings: settings) == nil)
        }
        #expect(LayerObject.open(path, layer: object.layer, settings: settings) != nil)
        let names = [BlockSettings.Compression.zstd: "zstd", .gzip: "deflate", .xz: "lzma", .lz4: "lz4"]
        #expect(text(bytes[56..<64].prefix { $0 != 0 }) == names[settings.compression, default: ""])
        #expect((bytes[20..<24] != [0, 0, 0, 0]) == (settings.compression != .none))
    }

    @Test(
        "take as many threads as there are, to the same bytes", arguments: [BlockSettings.Compression.xz, .lz4, .gzip])
    func threads(compression: BlockSettings.Compression) throws {
        var images: Set<[UInt8]> = []
        for threads in [1, 2, 5] {
            let workspace = try LayerWorkspace(
                BlockSettings(compression: compression, level: 6, blockSize: 4096), threads: threads)
            images.insert(
                try InputFile.contents(of: workspace.squash(workspace.link([Self.layer])).path, limit: 1 << 26))
        }
        #expect(images.count == 1)
    }
}

extension BlockSettings {
    /// Whether the compressor looks at noise only here and there.
    fileprivate var isQuick: Bool { compression == .zstd ? level < 10 : compression == .lz4 && level == 1 }
}
