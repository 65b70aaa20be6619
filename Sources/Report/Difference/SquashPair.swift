internal import ByteKit
internal import LayerFS
internal import SquashFS

/// Two squashfs images that are compared file by file.
enum SquashPair {
    private static let pieceSize = 1 << 20

    /// - Parameters:
    ///   - left: where the given image lies in its file.
    ///   - right: where the one that was built anew lies.
    static func compare(
        _ given: borrowing InputFile, _ left: Range<Int>, _ built: borrowing InputFile, _ right: Range<Int>,
        name: [UInt8]
    ) throws -> PackageDifference.Part {
        var part = PackageDifference.Part(name: name, kind: .changed)
        part.bytes = try PackageDifference.ByteDifference.first(given, left, built, right)
        guard part.bytes != nil else { return part }
        do throws(SquashError) {
            let one = try SquashReader(descriptor: given.descriptor, offset: left.lowerBound, length: left.count)
            let other = try SquashReader(descriptor: built.descriptor, offset: right.lowerBound, length: right.count)
            part.traits = traits(one.superblock, other.superblock)
        } catch {
            throw ReportError(error, of: given.path)
        }
        let none = Digest(of: [])
        let listings = (
            try SquashSurvey.layer(of: given, at: left.lowerBound, size: left.count, none, .mark).listing,
            try SquashSurvey.layer(of: built, at: right.lowerBound, size: right.count, none, .mark).listing
        )
        var files = ListingPair.compare(listings.0, listings.1)
        part.filesLeftOut = max(0, files.count - PackageDifference.filesListed)
        files = Array(files.prefix(PackageDifference.filesListed))
        for index in files.indices where files[index].traits.contains("content") {
            files[index].bytes = try bytes(files[index].path, given, left, built, right)
        }
        part.files = files
        if files.isEmpty { part.traits.append("encoding") }
        return part
    }

    private static func traits(_ one: SquashSuperblock, _ other: SquashSuperblock) -> [String] {
        var traits: [String] = []
        if one.compressor != other.compressor { traits.append("compressor") }
        if one.blockSize != other.blockSize { traits.append("block size") }
        if one.modified != other.modified { traits.append("time") }
        return traits
    }

    /// Where a file of both images begins to differ.
    private static func bytes(
        _ path: [UInt8], _ given: borrowing InputFile, _ left: Range<Int>, _ built: borrowing InputFile,
        _ right: Range<Int>
    ) throws -> PackageDifference.ByteDifference? {
        do throws(SquashError) {
            let one = try SquashReader(descriptor: given.descriptor, offset: left.lowerBound, length: left.count)
            let other = try SquashReader(descriptor: built.descriptor, offset: right.lowerBound, length: right.count)
            let inodes = (try one.inode(path: path), try other.inode(path: path))
            let sizes = (given: inodes.0.file?.size ?? 0, built: inodes.1.file?.size ?? 0)
            let common = min(sizes.given, sizes.built)
            var place = 0
            while place < common {
                guard !Cancellation.isRequested else { throw SquashError(.stopped) }
                let count = min(pieceSize, common - place)
                let pieces = (
                    try one.read(inodes.0, at: place, count: count), try other.read(inodes.1, at: place, count: count)
                )
                if let found = PackageDifference.ByteDifference.first(pieces.0, pieces.1, at: place, sizes: sizes) {
                    return found
                }
                place += count
            }
            guard sizes.given != sizes.built else { return nil }
            return PackageDifference.ByteDifference(
                offset: common, given: try one.read(inodes.0, at: common, count: 1).first,
                built: try other.read(inodes.1, at: common, count: 1).first, givenSize: sizes.given,
                builtSize: sizes.built)
        } catch {
            if error.code == .stopped { throw Cancelled() }
            throw ReportError(error, of: given.path)
        }
    }
}
