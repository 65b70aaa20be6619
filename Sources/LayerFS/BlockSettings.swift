package import SquashFS

/// How file data is cut and compressed. Part of a layer object's cache key: objects with other settings are other objects.
package struct BlockSettings: Hashable, Sendable {
    package enum Compression: String, Hashable, Sendable, CaseIterable {
        case zstd
        case gzip
        /// Every block is stored as it is.
        case none
    }

    package var compression: Compression
    /// zstd: 1 to 22; gzip: 1 to 12, as libdeflate counts.
    package var level: Int
    /// Bytes of data in a block: a power of two from 4 KiB to 1 MiB.
    package var blockSize: Int

    package init(compression: Compression = .zstd, level: Int = 3, blockSize: Int = 128 << 10) {
        self.compression = compression
        self.level = level
        self.blockSize = blockSize
    }

    /// `zstd-3-131072`: what distinguishes settings in a file name.
    package var name: String { "\(compression.rawValue)-\(level)-\(blockSize)" }

    package var compressor: Squash.Compressor {
        switch compression {
        case .zstd: .zstd
        // What is never compressed needs some compressor's name; gzip's is the one every reader has.
        case .gzip, .none: .gzip
        }
    }
}
