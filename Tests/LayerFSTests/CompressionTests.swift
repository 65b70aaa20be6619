import ByteKit
import LayerFS
import TestKit
import Testing

@Suite("Compressed layers") struct CompressionTests {
    /// A program that compresses its standard input.
    struct Tool: Sendable, CustomTestStringConvertible {
        let command: String
        var testDescription: String { command }
        init(_ command: String) { self.command = command }

        func compress(_ bytes: [UInt8]) throws -> [UInt8] {
            try Folder.withTemporary { folder in
                try OutputFile.write(bytes, to: "\(folder)/in")
                let result = try Peer.run("sh", ["-c", "\(command) < \"$1\"", "sh", "\(folder)/in"])
                guard result.status == 0 else { throw FileError("compress with", command, errorNumber: 1) }
                return result.output
            }
        }
    }

    static let tools = [
        "gzip -9", "gzip -1", "zstd -q -3", "zstd -q --no-check --ultra -22", "xz", "bzip2", "lz4 -q", "cat",
    ].map { Tool($0) }
    static let gzip = Tool("gzip -6")
    static let zstd = Tool("zstd -q -3")

    /// A layer with data that compresses, data that does not, and zeros.
    static let layer: [UInt8] = {
        var numbers = SeededNumbers(seed: 5)
        var builder = TarBuilder()
        builder.add(.file("random", numbers.bytes(300_000)))
        builder.add(.file("text", String(repeating: "some words again and again\n", count: 20_000)))
        builder.add(.file("zeros", [UInt8](repeating: 0, count: 400_000)))
        for index in 0..<50 { builder.add(.file("small/\(index)", "file \(index)")) }
        return builder.finished()
    }()

    @Test("what a layer is compressed with is read from its bytes", arguments: tools, [nil, 1000])
    func formats(tool: Tool, pieces: Int?) throws {
        let workspace = try LayerWorkspace(BlockSettings(compression: .none, level: 1, blockSize: 1 << 17))
        let compressed = try tool.compress(Self.layer)
        let object = try workspace.compile(compressed, diffID: Digest(of: Self.layer), pieces: pieces)
        #expect(object.layer == Digest(of: compressed))
        #expect(object.diffID == Digest(of: Self.layer))
        #expect(object.tarSize == Self.layer.count)
        let plain = try workspace.compile(Self.layer)
        expectSame(try Listing(workspace.link([object])), try Listing(workspace.link([plain])))
    }

    /// Magic numbers of formats that libarchive decodes by starting a program of the host.
    static let programFormats: [[UInt8]] = [
        Array("LRZI".utf8) + [0, 6], Array("GRZipII".utf8) + [0, 2, 4, 0x3a, 0x29],
        [0x89, 0x4c, 0x5a, 0x4f, 0, 0x0d, 0x0a, 0x1a, 0x0a],
    ]

    @Test("no layer starts a program of this machine", arguments: programFormats)
    func startsNoProgram(magic: [UInt8]) throws {
        var numbers = SeededNumbers(seed: 9)
        let workspace = try LayerWorkspace()
        expect(.damagedCompression) { try workspace.compile(magic + numbers.bytes(100_000)) }
    }

    @Test("a stream arriving byte by byte is the same stream", arguments: [gzip, zstd])
    func singleBytes(tool: Tool) throws {
        let layer = TarBuilder.archive([.file("a", String(repeating: "abc", count: 3000)), .file("b", "2")])
        let workspace = try LayerWorkspace()
        for pieces in [1, 2, 3, 17] {
            let object = try workspace.compile(try tool.compress(layer), diffID: Digest(of: layer), pieces: pieces)
            #expect(object.entries.count == 2)
        }
    }

    /// Decoders hand on 256 KiB at a time; what is left inside them when the input has ended must not be lost.
    @Test(
        "layers of every length around a decoder's buffer come through whole",
        arguments: [gzip, Tool("zstd -q --no-check -1")])
    func lengths(tool: Tool) throws {
        let workspace = try LayerWorkspace(BlockSettings(compression: .none, level: 1, blockSize: 1 << 20), threads: 1)
        var numbers = SeededNumbers(seed: 1)
        for blocks in [510, 511, 512, 513, 514, 520, 540, 576, 600, 639, 640, 641, 700, 1022, 1024, 1026] {
            // Half noise, half zeros, so that lengths and matches of all kinds stand at the end.
            let size = 512 * (blocks - 3) - numbers.below(512)
            let content = numbers.bytes(numbers.below(size)).map { $0 & 0x13 }
            let layer = TarBuilder.archive([.file("a", content + [UInt8](repeating: 0, count: size - content.count))])
            #expect(layer.count == 512 * blocks)
            let object = try workspace.compile(try tool.compress(layer), diffID: Digest(of: layer), pieces: 4096)
            #expect(object.tarSize == layer.count)
        }
    }

    @Test(
        "several members or frames in a row are one stream", arguments: [gzip, zstd, Tool("zstd -q --no-check -1")],
        [nil, 1, 100])
    func members(tool: Tool, pieces: Int?) throws {
        let workspace = try LayerWorkspace()
        var content = SeededNumbers(seed: 2)
        let layer = TarBuilder.archive([
            .file("a", content.bytes(1000)), .file("b", content.bytes(40_000).map { $0 & 1 }),
        ])
        var compressed: [UInt8] = []
        for part in [layer[..<700], layer[700..<700], layer[700..<9000], layer[9000...]] {
            compressed += try tool.compress(Array(part))
        }
        let object = try workspace.compile(compressed, diffID: Digest(of: layer), pieces: pieces)
        #expect(object.tarSize == layer.count)
    }

    @Test("large frames whose end is not a buffer's end are one stream")
    func oddFrames() throws {
        let workspace = try LayerWorkspace(BlockSettings(compression: .none, level: 1, blockSize: 1 << 20))
        let layer = TarBuilder.archive([.file("a", [UInt8](repeating: 1, count: 900_000))])
        for (tool, sizes) in [
            (Tool("zstd -q --no-check -1"), [100_000, 230_000, 70_000]), (Self.gzip, [100_000, 230_000, 70_000]),
        ] {
            var compressed: [UInt8] = []
            var rest = layer[...]
            for size in sizes + [rest.count] {
                compressed += try tool.compress(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(try workspace.compile(compressed, diffID: Digest(of: layer)).tarSize == layer.count)
        }
    }

    @Test("zeros behind a gzip stream are padding", arguments: [1, 511, 100_000])
    func padding(count: Int) throws {
        let compressed = try Self.gzip.compress(Self.layer) + [UInt8](repeating: 0, count: count)
        let object = try LayerWorkspace().compile(compressed, diffID: Digest(of: Self.layer))
        #expect(object.tarSize == Self.layer.count)
    }

    // MARK: - Damage

    @Test(
        "a stream that is cut off is refused",
        arguments: ["gzip", "zstd -q", "zstd -q --no-check", "xz", "bzip2"].map { Tool($0) })
    func truncated(tool: Tool) throws {
        let layer = TarBuilder.archive([.file("a", String(repeating: "content ", count: 2000))])
        let compressed = try tool.compress(layer)
        let workspace = try LayerWorkspace(threads: 1)
        let cuts =
            Array(stride(from: 6, to: compressed.count, by: max(1, compressed.count / 40))) + [compressed.count - 1]
        for count in cuts {
            let error = #expect(throws: LayerError.self, "cut at \(count)") {
                try workspace.compile(Array(compressed[..<count]))
            }
            #expect(error?.code == .damagedCompression, "cut at \(count) of \(compressed.count)")
        }
    }

    /// Decoders read ahead by some bytes; damage makes them give back what came with another piece.
    @Test(
        "a damaged gzip stream in pieces ends in an error, wherever the damage and the seams are",
        arguments: [3, 10, 40])
    func damagedInPieces(pieces: Int) throws {
        let layer = TarBuilder.archive([.file("a", String(repeating: "x", count: 5000))])
        let compressed = try Self.gzip.compress(layer)
        let workspace = try LayerWorkspace(threads: 1)
        for place in 10..<compressed.count {
            var damaged = compressed
            damaged[place] ^= 0xff
            for bytes in [damaged, damaged + [0, 0, 0], damaged + compressed] {
                #expect(throws: LayerError.self, "damaged at \(place)") { try workspace.compile(bytes, pieces: pieces) }
            }
        }
    }

    @Test("something behind the end of the stream is refused", arguments: [gzip, zstd])
    func trailingGarbage(tool: Tool) throws {
        let compressed = try tool.compress(Self.layer)
        expect(.damagedCompression) { try LayerWorkspace().compile(compressed + Array("garbage".utf8)) }
        expect(.damagedCompression) { try LayerWorkspace().compile(compressed + [0, 0, 0x1f]) }
    }

    @Test("a wrong checksum is refused", arguments: [gzip, zstd])
    func wrongChecksum(tool: Tool) throws {
        var compressed = try tool.compress(Self.layer)
        let last = compressed.count - (tool.command.hasPrefix("gzip") ? 5 : 1)
        compressed[last] ^= 1
        expect(.damagedCompression) { try LayerWorkspace().compile(compressed) }
    }

    @Test("a wrong length in gzip's trailer is refused")
    func wrongLength() throws {
        var compressed = try Self.gzip.compress(Self.layer)
        compressed[compressed.count - 1] ^= 0x40
        expect(.damagedCompression) { try LayerWorkspace().compile(compressed) }
    }

    @Test("bytes that are no archive at all are refused")
    func nonsense() throws {
        var numbers = SeededNumbers(seed: 3)
        expect(.damagedCompression) { try LayerWorkspace().compile(numbers.bytes(5000)) }
        expect(.damagedCompression) {
            try LayerWorkspace().compile(Array("<!DOCTYPE html>".utf8) + [UInt8](repeating: 0x20, count: 4000))
        }
        expect(.damagedCompression) { try LayerWorkspace().compile(Array("{\"errors\":[]}".utf8)) }
        expect(.damagedTar) { try LayerWorkspace().compile(try Self.gzip.compress(Self.gzip.compress(Self.layer))) }
    }

    @Test("a zstd frame that promises terabytes, or wants a huge window, is refused")
    func zstdHeaders() throws {
        // RFC 8878, 3.1.1.1: descriptor with an eight-byte content size; then one with a window of 2^41 bytes.
        let magic: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]
        let promise = magic + [0xe0, 0, 0, 0, 0, 0, 8, 0, 0] + [0x01, 0, 0]
        let window = magic + [0x00, 31 << 3] + [0x01, 0, 0]
        expect(.damagedCompression) { try LayerWorkspace().compile(promise) }
        expect(.damagedCompression) { try LayerWorkspace().compile(window) }
    }

    // MARK: - Limits and promises

    @Test("a bomb is stopped at the limit, long before its end", arguments: [gzip, zstd])
    func bomb(tool: Tool) throws {
        // 4 GiB of zeros, compressed as often as it takes.
        let chunk = try tool.compress([UInt8](repeating: 0, count: 1 << 24))
        var bomb = try tool.compress(TarBlock("bomb", size: 1 << 21).bytes)
        for _ in 0..<256 { bomb += chunk }
        expect(.tooLarge) { try LayerWorkspace().compile(bomb, limit: 1 << 22) }
    }

    @Test("zeros behind the archive's end count, too")
    func bombBehindTheEnd() throws {
        let bomb = try Self.gzip.compress(TarBuilder.archive([.file("a", "1")]) + [UInt8](repeating: 0, count: 1 << 22))
        expect(.tooLarge) { try LayerWorkspace().compile(bomb, limit: 1 << 20) }
    }

    @Test("a layer of exactly the limit is taken, one byte less is not enough for it")
    func limit() throws {
        let layer = TarBuilder.archive([.file("a", "1")])
        #expect(try LayerWorkspace().compile(layer, limit: layer.count).tarSize == layer.count)
        expect(.tooLarge) { try LayerWorkspace().compile(layer, limit: layer.count - 1) }
    }

    @Test("a layer that is not what the config promised is refused, and nothing of it is kept")
    func wrongDiffID() throws {
        let workspace = try LayerWorkspace()
        let path = workspace.freshPath()
        expect(.diffIDMismatch) { try workspace.compile(Self.layer, diffID: Digest(of: []), to: path) }
        #expect(try Folder.names(in: workspace.folder.path) == [])
    }

    @Test("the diff id covers what stands behind the archive's end")
    func diffIDOfTheTail() throws {
        let layer = TarBuilder.archive([.file("a", "1")])
        let longer = layer + [UInt8](repeating: 0, count: 512)
        expect(.diffIDMismatch) { try LayerWorkspace().compile(longer, diffID: Digest(of: layer)) }
        #expect(try LayerWorkspace().compile(longer, diffID: Digest(of: longer)).diffID == Digest(of: longer))
    }

    @Test("when the sender fails half-way, nothing is kept", arguments: [gzip, Tool("cat")])
    func failingSender(tool: Tool) throws {
        let workspace = try LayerWorkspace()
        let compressed = try tool.compress(Self.layer)
        let source = LayerSource()
        let half = Array(compressed[..<(compressed.count / 2)])
        let sender = try Thread {
            _ = unsafe half.withUnsafeBytes { unsafe source.send($0) }
            source.fail()
        }
        defer { sender.join() }
        expect(.blobMismatch) {
            try LayerCompiler(settings: workspace.settings, pool: workspace.pool)
                .compile(source, layer: Digest(of: compressed), diffID: nil, to: workspace.freshPath())
        }
        #expect(try Folder.names(in: workspace.folder.path) == [])
    }

    @Test("a sender that says at the very end that the bytes were wrong is believed")
    func failureAtTheEnd() throws {
        let workspace = try LayerWorkspace()
        let source = LayerSource()
        let layer = TarBuilder.archive([.file("a", "1")])
        _ = unsafe layer.withUnsafeBytes { unsafe source.send($0) }
        source.fail()
        expect(.blobMismatch) {
            try LayerCompiler(settings: workspace.settings, pool: workspace.pool)
                .compile(source, layer: Digest(of: layer), diffID: nil, to: workspace.freshPath())
        }
    }

    @Test("a compiler that gives up lets its sender go")
    func sendersAreReleased() throws {
        let workspace = try LayerWorkspace()
        let source = LayerSource()
        let accepted = Monitor(true)
        let garbage = TarBuilder.archive([.file("a", "1")]).prefix(600) + [UInt8](repeating: 0x20, count: 1 << 16)
        let sender = try Thread {
            // More pieces than a channel holds: only a receiver, or its end, lets the sender end.
            var goesOn = true
            for _ in 0..<1000 where goesOn { goesOn = unsafe garbage.withUnsafeBytes { unsafe source.send($0) } }
            let result = goesOn
            accepted.withLock { $0 = result }
        }
        expect(.damagedTar) {
            try LayerCompiler(settings: workspace.settings, pool: workspace.pool)
                .compile(source, layer: Digest(of: []), diffID: nil, to: workspace.freshPath())
        }
        sender.join()
        #expect(!accepted.withLock { $0 })
    }

    @Test("a stop that was asked for ends compiling, says so, and keeps nothing")
    func cancellation() async {
        await #expect(processExitsWith: .success) {
            let workspace = try LayerWorkspace()
            Cancellation.request()
            let error = #expect(throws: Cancelled.self) { try workspace.compile(CompressionTests.layer) }
            #expect(error?.diagnostic.code == "cancelled")
            #expect(try Folder.names(in: workspace.folder.path) == [])
        }
    }
}
