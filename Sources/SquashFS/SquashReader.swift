internal import CSupervisor

/// Reads a squashfs 4.0 image: its tree, its attributes and its files' bytes.
///
/// It never traps, whatever the bytes: every offset and size is checked before use, and memory is bounded by a few
/// blocks (a directory's and a symlink's names, one file's attributes, what the caller asks for). A reader is for one
/// thread; `fork()` makes another on the same image.
package final class SquashReader {
    package let superblock: SquashSuperblock

    let source: ImageSource
    let metadata: MetadataReader
    let data: DataReader
    private(set) var identities: [UInt32] = []
    /// A small record being taken apart.
    var scratch: [UInt8] = []
    /// The fragment looked up last: neighbouring files share one.
    var latestFragment: (index: UInt32, start: UInt64, size: BlockSize)?
    /// Where reading the file that was read last had come to.
    var position: FilePosition?
    /// The block of that file that was read last.
    var buffer = BlockBuffer(capacity: 0)

    /// Opens the image in an open file, which must stay open as long as the reader lives.
    ///
    /// - Parameters:
    ///   - descriptor: the file, or device.
    ///   - offset: where in it the image begins.
    ///   - length: how many bytes there are for the image; by default all up to the file's end.
    ///   - digests: what all that is read of it is held against, where there are any.
    package convenience init(
        descriptor: Int32, offset: Int = 0, length: Int? = nil, digests: BlockDigests? = nil
    ) throws(SquashError) {
        guard offset >= 0, (length ?? 0) >= 0 else { throw SquashError(.truncated) }
        let available = try Self.length(of: descriptor, from: UInt64(offset))
        let source = ImageSource(
            descriptor: descriptor, base: UInt64(offset),
            length: min(available, length.map { UInt64($0) } ?? available), digests: digests)
        if let digests, source.length != UInt64(digests.imageLength) { throw SquashError(.badDigests) }
        guard source.length >= UInt64(Squash.superblockSize) else { throw SquashError(.notSquashfs) }
        let bytes = try ImageWindow(source, capacity: 0).bytes(Squash.superblockSize, at: 0)
        try self.init(source, try SquashSuperblock(bytes, length: source.length))
        identities = try readIdentities()
    }

    /// How many bytes there are in a file, or device, from a place on.
    private static func length(of descriptor: Int32, from offset: UInt64) throws(SquashError) -> UInt64 {
        var size: UInt64 = 0
        let failure = unsafe csupervisor_size(descriptor, &size)
        guard failure == 0 else { throw SquashError(.readFailed, errorNumber: -failure) }
        return size > offset ? size - offset : 0
    }

    private init(_ source: ImageSource, _ superblock: SquashSuperblock) throws(SquashError) {
        self.superblock = superblock
        var source = source
        source.length = superblock.bytesUsed
        self.source = source
        let decompressor = try BlockDecompressor(superblock.compressor)
        metadata = MetadataReader(source, decompressor)
        data = DataReader(source, decompressor, blockSize: superblock.blockSize)
    }

    /// A reader of the same image for another thread.
    package func fork() throws(SquashError) -> SquashReader {
        let other = try SquashReader(source, superblock)
        other.identities = identities
        return other
    }

    /// The root directory.
    package func root() throws(SquashError) -> SquashInode {
        let inode = try inode(at: superblock.root)
        guard inode.isDirectory else { throw SquashError(.badInode) }
        return inode
    }
}
