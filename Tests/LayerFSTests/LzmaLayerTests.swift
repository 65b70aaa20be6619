import ByteKit
import LayerFS
import TestKit
import Testing

@Suite("Layers in xz and lzma") struct LzmaLayerTests {
    typealias Tool = CompressionTests.Tool

    static let tools = [
        "xz -T1 --lzma2=preset=0,dict=64MiB", "xz -T1 -0 --check=none", "xz -T1 --check=sha256 --block-size=100000",
        "xz --format=lzma --lzma1=preset=0,dict=64MiB", "xz --format=lzma",
    ].map { Tool($0) }

    @Test("come through whole", arguments: tools, [nil, 1000])
    func formats(tool: Tool, pieces: Int?) throws {
        let layer = CompressionTests.layer
        let object = try LayerWorkspace().compile(
            try tool.compress(layer), diffID: Digest(of: layer), pieces: pieces)
        #expect(object.tarSize == layer.count)
    }

    @Test(
        "are one stream when there are several .xz streams in a row, with padding between them",
        arguments: [nil, 1, 100])
    func streams(pieces: Int?) throws {
        let layer = TarBuilder.archive([.file("a", String(repeating: "content ", count: 2000)), .file("b", "2")])
        let (tool, padding) = (Tool("xz -T1"), [UInt8](repeating: 0, count: 8))
        var compressed: [UInt8] = []
        for part in [layer[..<700], layer[700..<700], layer[700..<9000], layer[9000...]] {
            compressed += try tool.compress(Array(part)) + padding
        }
        let object = try LayerWorkspace().compile(compressed, diffID: Digest(of: layer), pieces: pieces)
        #expect(object.tarSize == layer.count)
    }

    /// CRC-32 as .xz has it.
    private static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 0 ? 0 : 0xedb8_8320) }
        }
    }

    /// A small .xz stream whose header names a larger dictionary. The .xz File Format, sections 3.1 and 5.3.1.
    private static func stream(dictionary: UInt8) throws -> [UInt8] {
        var stream = try Tool("xz -T1").compress(TarBuilder.archive([.file("a", "1")]))
        // A header of 12 bytes, then the block's: size, flags, LZMA2 with one byte of properties, padding, checksum.
        try #require(Array(stream[12..<16]) == [2, 0, 0x21, 1])
        stream[16] = dictionary
        let sum = checksum(stream[12..<20])
        stream.replaceSubrange(20..<24, with: (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) })
        return stream
    }

    /// 128 MiB, 192 MiB and 4 GiB.
    @Test(
        "may ask for 128 MiB of memory, but not for more",
        arguments: [(30, true), (31, false), (40, false)] as [(UInt8, Bool)])
    func dictionary(code: UInt8, isTaken: Bool) throws {
        let stream = try Self.stream(dictionary: code)
        var failure: LayerError?
        do { _ = try LayerWorkspace().compile(stream) } catch let error as LayerError { failure = error }
        #expect((failure == nil) == isTaken)
        if !isTaken {
            #expect(failure?.code == .damagedCompression)
            #expect(failure?.message.contains("dictionary of more than 128 MiB") == true)
        }
    }

    @Test("may ask for no more in lzma either", arguments: [[0, 0, 0, 0x10], [0xff, 0xff, 0xff, 0xff]] as [[UInt8]])
    func lzmaDictionary(size: [UInt8]) throws {
        var stream = try Tool("xz --format=lzma").compress(TarBuilder.archive([.file("a", "1")]))
        stream.replaceSubrange(1..<5, with: size)
        let error = #expect(throws: LayerError.self) { try LayerWorkspace().compile(stream) }
        #expect(error?.code == .damagedCompression)
        #expect(error?.message.contains("dictionary") == true)
    }

    @Test("are refused when they are cut off", arguments: ["xz -T1", "xz --format=lzma"].map { Tool($0) })
    func truncated(tool: Tool) throws {
        let compressed = try tool.compress(CompressionTests.layer)
        let workspace = try LayerWorkspace(threads: 1)
        for count in [14, 600, compressed.count / 2, compressed.count - 16] {
            expect(.damagedCompression) { try workspace.compile(Array(compressed[..<count])) }
        }
    }

    @Test("are refused with something behind their end", arguments: ["xz -T1", "xz --format=lzma"].map { Tool($0) })
    func trailingGarbage(tool: Tool) throws {
        let compressed = try tool.compress(CompressionTests.layer)
        expect(.damagedCompression) { try LayerWorkspace().compile(compressed + Array("garbage".utf8)) }
    }
}
