import SquashFS
import TestKit
import Testing

@Suite("Blocks") struct BlockDecompressorTests: ~Copyable {
    let folder = TestFolder.made()

    private static let text = [UInt8](String(repeating: "squashfs ", count: 3000).utf8)

    /// What a program makes of the text.
    private func compressed(_ command: String) throws -> [UInt8] {
        let result = shell("yes 'squashfs ' | tr -d '\\n' | head -c \(Self.text.count) | \(command)")
        try #require(result.code == 0 && !result.bytes.isEmpty)
        return result.bytes
    }

    private static func decompress(
        _ bytes: [UInt8], with decompressor: BlockDecompressor, room: Int = text.count
    ) -> [UInt8]? {
        var size: Int?
        let output = unsafe [UInt8](unsafeUninitializedCapacity: room) { output, count in
            unsafe bytes.withUnsafeBytes { input in
                size = unsafe decompressor.decompress(input, into: UnsafeMutableRawBufferPointer(output))
            }
            count = size ?? 0
        }
        return size == nil ? nil : output
    }

    @Test(
        "of xz come out whatever filters and checks they have",
        arguments: [
            "xz", "xz --check=crc32", "xz --check=none -0", "xz --check=sha256 --lzma2=dict=1MiB",
            "xz --x86 --lzma2=dict=8KiB",
            "xz --delta=dist=4 --arm64 --lzma2=lc=0,lp=4,pb=0,dict=1MiB",
        ])
    func xz(command: String) throws {
        let decompressor = try BlockDecompressor(.xz)
        // The command line's dictionary is 8 MiB when nothing else is said.
        let block = try compressed(
            command.contains("dict=") ? command : command.replacing("xz", with: "xz --lzma2=dict=64KiB"))
        for _ in 0..<3 { #expect(Self.decompress(block, with: decompressor) == Self.text) }
    }

    @Test("of xz that ask for more memory than any block needs are refused", arguments: ["4MiB", "64MiB", "1536MiB"])
    func memory(dictionary: String) throws {
        let decompressor = try BlockDecompressor(.xz)
        // A small match finder: the encoder should not need gigabytes to write a header.
        var block = try compressed("xz --check=crc32 --lzma2=dict=1MiB")
        // The dictionary's size is byte 16 of the stream, in the block's header; its CRC-32 follows.
        let size = try #require(["4MiB": UInt8(20), "64MiB": 28, "1536MiB": 37][dictionary])
        #expect(block[16] == 16)
        block[16] = size
        block.replaceSubrange(20..<24, with: crc32([UInt8](block[12..<20])))
        #expect(Self.decompress(block, with: decompressor) == nil)
        // It does not remember.
        #expect(Self.decompress(try compressed("xz --lzma2=dict=1MiB"), with: decompressor) == Self.text)
    }

    private func crc32(_ bytes: [UInt8]) -> [UInt8] {
        var crc: UInt32 = 0xffff_ffff
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 0 ? 0 : 0xedb8_8320) }
        }
        return (0..<4).map { UInt8(truncatingIfNeeded: ~crc >> (8 * $0)) }
    }

    static let makers: [(Squash.Compressor, String)] = [
        (.xz, "xz --check=crc32 --lzma2=dict=128KiB"), (.zstd, "zstd -q --no-check"),
        (.gzip, "python3 -c 'import sys,zlib; sys.stdout.buffer.write(zlib.compress(sys.stdin.buffer.read()))'"),
        // A block of lz4's legacy frame, without the frame: its magic number and the block's size.
        (.lz4, "lz4 -l -q | tail -c +9"),
    ]

    @Test("that are cut off, changed, or larger than their room never come out as something else", arguments: makers)
    func damage(compressor: Squash.Compressor, command: String) throws {
        let decompressor = try BlockDecompressor(compressor)
        let block = try compressed(command)
        #expect(Self.decompress(block, with: decompressor) == Self.text)
        #expect(Self.decompress(block, with: decompressor, room: Self.text.count - 1) == nil)
        #expect(Self.decompress(block, with: decompressor, room: 0) == nil)
        #expect(Self.decompress([], with: decompressor) ?? [] == [])
        for count in 1..<block.count {
            // lz4 has no end of its own: what is cut off may be a shorter block, never the same.
            let cut = Self.decompress([UInt8](block[..<count]), with: decompressor)
            #expect(compressor == .lz4 ? cut != Self.text : cut == nil, "\(count)")
        }
        var numbers = SeededNumbers(seed: 77)
        for _ in 0..<3000 {
            var changed = block
            changed[Int.random(in: 0..<block.count, using: &numbers)] = .random(in: 0...255, using: &numbers)
            // Only that it ends, and inside its room.
            let made = Self.decompress(changed, with: decompressor)
            #expect((made?.count ?? 0) <= Self.text.count)
        }
        #expect(Self.decompress(block, with: decompressor) == Self.text)
    }
}
