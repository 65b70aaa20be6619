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
        try Self.checkDigests(descriptor, bytes.count)
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

    /// With digests of its own an image is what it is without; with those of others none of it can be read.
    private static func checkDigests(_ descriptor: Int32, _ length: Int) throws {
        guard length > 0 else { return }
        let table = try BlockDigests.table(of: descriptor, imageLength: length)
        let digests = try BlockDigests(table, imageLength: length)
        let (plain, checked) = (outcome(descriptor, nil), outcome(descriptor, digests))
        try Finding.unless(plain == checked, "digests change what is read: \(checked), without them \(plain)")
        let others = try BlockDigests([UInt8](repeating: 0, count: table.count), imageLength: length)
        let refused = outcome(descriptor, others)
        try Finding.unless(
            length < 96 || refused == .failed(SquashError(.damaged(block: 0))),
            "an image is read whose digests are others: \(refused)")
    }

    private enum Reading: Equatable {
        case read(names: Int, size: Int, last: [UInt8])
        case failed(SquashError)
    }

    private static func outcome(_ descriptor: Int32, _ digests: BlockDigests?) -> Reading {
        do throws(SquashError) {
            let reader = try SquashReader(descriptor: descriptor, digests: digests)
            let (names, size, last) = try readEverything(reader)
            return .read(names: names, size: size, last: last)
        } catch {
            return .failed(error)
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
