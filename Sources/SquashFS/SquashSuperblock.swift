/// The image's first 96 bytes, checked.
package struct SquashSuperblock: Sendable, Equatable {
    package var inodeCount: UInt32
    /// Seconds since 1970.
    package var modified: UInt32
    /// Bytes in a full data block: a power of two from 4 KiB to 1 MiB.
    package var blockSize: Int
    package var fragmentCount: UInt32
    package var compressor: Squash.Compressor
    package var idCount: UInt16
    /// The root directory's inode.
    package var root: UInt64
    /// How long the image is, without padding.
    package var bytesUsed: UInt64
    package var idTable: UInt64
    package var xattrTable: UInt64
    package var inodeTable: UInt64
    package var directoryTable: UInt64
    package var fragmentTable: UInt64
    package var exportTable: UInt64

    /// Parses and checks a superblock.
    ///
    /// - Parameters:
    ///   - bytes: the 96 bytes.
    ///   - length: how many bytes there are for the image.
    init(_ bytes: [UInt8], length: UInt64) throws(SquashError) {
        guard bytes.count == Squash.superblockSize, bytes.integer32(at: 0) == Squash.magic
        else { throw SquashError(.notSquashfs) }
        guard bytes.integer16(at: 28) == 4, bytes.integer16(at: 30) == 0
        else { throw SquashError(.unsupportedVersion) }
        let compressorNumber = bytes.integer16(at: 20)
        guard let compressor = Squash.Compressor(rawValue: compressorNumber)
        else { throw SquashError(.unsupportedCompressor(compressorNumber)) }
        self.compressor = compressor
        inodeCount = bytes.integer32(at: 4)
        modified = bytes.integer32(at: 8)
        blockSize = Int(bytes.integer32(at: 12))
        fragmentCount = bytes.integer32(at: 16)
        let blockLog = bytes.integer16(at: 22)
        idCount = bytes.integer16(at: 26)
        root = bytes.integer64(at: 32)
        bytesUsed = bytes.integer64(at: 40)
        idTable = bytes.integer64(at: 48)
        xattrTable = bytes.integer64(at: 56)
        inodeTable = bytes.integer64(at: 64)
        directoryTable = bytes.integer64(at: 72)
        fragmentTable = bytes.integer64(at: 80)
        exportTable = bytes.integer64(at: 88)

        guard Squash.blockSizes.contains(blockSize), (12...20).contains(blockLog), blockSize == 1 << Int(blockLog),
            inodeCount > 0, idCount > 0
        else { throw SquashError(.badSuperblock) }
        guard bytesUsed <= length else { throw SquashError(.truncated) }
        guard UInt64(Squash.superblockSize) <= inodeTable, inodeTable < directoryTable, directoryTable < bytesUsed,
            directoryTable <= idTable, idTable < bytesUsed, isAbsentOrInside(fragmentTable),
            isAbsentOrInside(xattrTable), isAbsentOrInside(exportTable),
            fragmentTable != Squash.noTable || fragmentCount == 0
        else { throw SquashError(.badSuperblock) }
    }

    private func isAbsentOrInside(_ table: UInt64) -> Bool {
        table == Squash.noTable || (directoryTable <= table && table < bytesUsed)
    }

    /// Where the directory table must have ended: where the next table's index begins.
    var directoryTableEnd: UInt64 { min(min(fragmentTable, exportTable), min(idTable, xattrTable)) }
}
