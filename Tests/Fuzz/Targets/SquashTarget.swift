internal import Glibc
internal import SquashFS

extension FuzzBench {
    /// More than this is not unpacked: an image may name one file a million times, and each name is a file to make.
    private static let mostUnpacked = (names: 100, bytes: 4 << 20)
    private static let mostNames = 5000

    func squashfs(_ bytes: [UInt8]) throws -> FuzzTarget.Outcome {
        let descriptor = unsafe open("\(folder)/squashfs", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Finding("no file for the image: \(errno)") }
        defer { close(descriptor) }
        let written = unsafe bytes.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        try Finding.unless(written == bytes.count, "the image does not fit its file: \(errno)")
        do throws(SquashError) {
            let reader = try SquashReader(descriptor: descriptor)
            let (names, size, last) = try Self.readEverything(reader)
            // The names found are found again from the root, unless a later error hides them.
            _ = try reader.inode(path: last)
            guard names <= Self.mostUnpacked.names, size <= Self.mostUnpacked.bytes else { return .accepted }
            try unpack(reader)
            return .accepted
        } catch {
            // Nothing of this machine may fail: what is made is made in an empty folder, by names that were checked.
            guard ![.createFailed, .writeFailed, .attributesFailed, .readFailed].contains(error.code)
            else { throw Finding("\(error)") }
            return .refused
        }
    }

    private static func readEverything(
        _ reader: SquashReader
    ) throws(SquashError) -> (names: Int, size: Int, last: [UInt8]) {
        var walker = reader.walk()
        var (names, size, last) = (0, 0, [UInt8]())
        while names < mostNames, let entry = try walker.next() {
            names += 1
            last = entry.path
            _ = try reader.attributes(of: entry.inode)
            guard let file = entry.inode.file else { continue }
            size = min(size + file.size, 1 << 40)
            // Going forward, and going back.
            for offset in [0, file.size / 2, file.size - 1, 0] where offset >= 0 {
                _ = try reader.read(entry.inode, at: offset, count: 10_000)
            }
        }
        return (names, size, last)
    }

    private func unpack(_ reader: SquashReader) throws(SquashError) {
        let path = [UInt8]("\(folder)/tree".utf8)
        defer { try? OpenFile.removeTree(path) }
        _ = try SquashUnpacker.unpack(reader, into: path, options: .init(threads: 1, setsAttributes: true))
    }
}
