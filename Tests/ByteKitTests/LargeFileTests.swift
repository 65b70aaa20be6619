import ByteKit
import Glibc
import TestKit
import Testing

@Suite("Large files") struct LargeFileTests: ~Copyable {
    let folder: TestFolder
    var path: String { "\(folder.path)/file" }

    init() throws { folder = try TestFolder() }

    /// Sizes around the places where writing past the page cache begins and ends.
    private static let sizes = [
        0, 1, 4095, 4096, 4097, 1 << 20, (1 << 20) + 1, (4 << 20) - 1, 4 << 20, (4 << 20) + 4096, 9_000_001,
    ]

    @Test("that go past the page cache have the bytes that were written, whatever their size", arguments: sizes)
    func bypassing(size: Int) throws {
        var numbers = SeededNumbers(seed: UInt64(size) + 1)
        let bytes = numbers.bytes(size)
        var file = try OutputFile(path, isReadSoon: false)
        var start = 0
        while start < size {
            let count = min(size - start, 1 + numbers.below(700_000))
            try file.write(Array(bytes[start..<start + count]))
            start += count
        }
        #expect(file.count == size)
        try file.finish()
        #expect(try InputFile.contents(of: path, limit: 1 << 24) == bytes)
    }

    @Test("can be flushed, read, overwritten and added to between direct writes")
    func mixed() throws {
        var numbers = SeededNumbers(seed: 3)
        var bytes = numbers.bytes(3_000_000)
        let other = "\(folder.path)/other"
        var source = try OutputFile(other)
        try source.write(Array(bytes[..<10_001]))
        try source.finish()

        var file = try OutputFile(path, isReadSoon: false)
        try file.write(bytes)
        let reader = try file.reader()
        #expect(try reader.read(count: 5, at: 1_234_567) == Array(bytes[1_234_567..<1_234_572]))
        try file.overwrite(at: 4000, with: [1, 2, 3])
        bytes.replaceSubrange(4000..<4003, with: [1, 2, 3])
        try file.append(from: try InputFile(other), offset: 1, length: 10_000)
        let added = try InputFile.contents(of: other, limit: 1 << 20)[1...]
        try file.write(bytes)
        try file.finish()
        let expected = bytes + added + bytes
        #expect(try InputFile.contents(of: path, limit: 1 << 24) == expected)
    }

    @Test("have the digest of their bytes, however these are handed over", arguments: sizes)
    func digesting(size: Int) throws {
        var numbers = SeededNumbers(seed: UInt64(size) + 7)
        let bytes = numbers.bytes(size)
        var file = try DigestingFile(path)
        var start = 0
        while start < size {
            let count = min(size - start, 1 + numbers.below(DigestingFile.bufferSize))
            let piece = Array(bytes[start..<start + count])
            unsafe try file.write(count: count) { unsafe $0.copyBytes(from: piece) }
            start += count
        }
        #expect(file.count == size)
        let made = try file.finish()
        #expect(made.size == size)
        #expect(made.digest == Digest(of: bytes))
        #expect(try InputFile.contents(of: path, limit: 1 << 24) == bytes)
    }

    @Test("are lent whole and in order, and a reader can end early", arguments: sizes)
    func lending(size: Int) throws {
        var numbers = SeededNumbers(seed: UInt64(size) + 9)
        let bytes = numbers.bytes(size)
        var file = try OutputFile(path)
        try file.write(bytes)
        try file.finish()
        var lent: [UInt8] = []
        unsafe try InputFile(path).forEachPiece { piece in
            unsafe lent += piece
            return true
        }
        #expect(lent == bytes)
        var pieces = 0
        unsafe try InputFile(path).forEachPiece { _ in
            pieces += 1
            return false
        }
        #expect(pieces == (size > 0 ? 1 : 0))
    }

    @Test("that have become shorter are an error, and no endless wait")
    func shortened() throws {
        var file = try OutputFile(path)
        try file.write([UInt8](repeating: 1, count: 2_000_000))
        try file.finish()
        let open = try InputFile(path)
        #expect(unsafe truncate(path, 700_000) == 0)
        #expect(throws: FileError("read", path, errorNumber: ENODATA)) {
            unsafe try open.forEachPiece { _ in true }
        }
    }

    @Test("are right in a memory file system, which has direct writing or not, as the kernel is new or old")
    func inMemory() throws {
        let memory = "/dev/shm/scar-build-test-\(getpid())"
        defer { unsafe unlink(memory) }
        let bytes = [UInt8](repeating: 7, count: 5_000_001)
        var file = try OutputFile(memory, isReadSoon: false)
        try file.write(bytes)
        try file.finish()
        #expect(try InputFile.contents(of: memory, limit: 1 << 24) == bytes)
    }

    @Test("are still the same as long as nobody has touched them")
    func identity() throws {
        var file = try OutputFile(path)
        try file.write([1, 2, 3])
        try file.finish()
        let before = try #require(FileIdentity(path))
        #expect(FileIdentity(path) == before)
        #expect(unsafe chmod(path, 0o600) == 0)
        #expect(FileIdentity(path) != before)
        #expect(FileIdentity("\(path)-missing") == nil)
    }
}
