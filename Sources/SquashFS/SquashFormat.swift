/// The names and numbers of squashfs 4.0, used by the writer and the reader alike.
///
/// All integers on disk are little-endian. Kernel documentation, `Documentation/filesystems/squashfs.rst`.
package enum Squash {
    /// `hsqs`, the first four bytes.
    package static let magic: UInt32 = 0x7371_7368
    package static let superblockSize = 96
    /// Metadata is cut into blocks of this size before it is compressed.
    package static let metadataBlockSize = 8192
    /// In the two-byte header of a metadata block: the block is stored, not compressed.
    package static let metadataStored: UInt16 = 0x8000
    /// In the four-byte size of a data or fragment block: the block is stored, not compressed.
    package static let dataStored: UInt32 = 1 << 24
    /// In an inode: the file has no fragment; in an inode or the superblock: there is no such table.
    package static let noFragment: UInt32 = 0xffff_ffff
    package static let noXattr: UInt32 = 0xffff_ffff
    package static let noTable: UInt64 = 0xffff_ffff_ffff_ffff
    /// The most entries that one directory header may count.
    package static let directoryRun = 256
    package static let blockSizes = 4096...(1 << 20)
    /// Images end on this boundary, so that they can be mounted from a loop device.
    package static let padding = 4096
    /// Items in one metadata block of the lookup tables.
    package static let fragmentEntrySize = 16
    package static let xattrIDSize = 16

    /// Compressor ids of the superblock.
    package enum Compressor: UInt16, Sendable, Hashable {
        case gzip = 1
        case lzma = 2
        case lzo = 3
        case xz = 4
        case lz4 = 5
        case zstd = 6
    }

    /// Bits of the superblock's flags: those that we set. For reading none is needed.
    package enum Flag {
        package static let duplicatesChecked: UInt16 = 0x0040
        package static let exportable: UInt16 = 0x0080
        package static let noXattrs: UInt16 = 0x0200
        package static let compressorOptions: UInt16 = 0x0400
    }

    /// Inode types; the extended form of a basic one is seven more.
    package enum InodeType: UInt16, Sendable {
        case directory = 1
        case file = 2
        case symlink = 3
        case blockDevice = 4
        case characterDevice = 5
        case fifo = 6
        case socket = 7
        case extendedDirectory = 8
        case extendedFile = 9
        case extendedSymlink = 10
        case extendedBlockDevice = 11
        case extendedCharacterDevice = 12
        case extendedFifo = 13
        case extendedSocket = 14
    }

    /// Prefixes of attribute names, which are stored as a number.
    package enum XattrPrefix: UInt16, Sendable {
        case user = 0
        case trusted = 1
        case security = 2
        /// The value stands elsewhere and only its place is stored here.
        package static let outOfLine: UInt16 = 0x0100
    }
}
