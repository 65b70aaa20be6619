package import SquashFS

/// How file data is cut and compressed. Part of a layer object's cache key: objects with other settings are other objects.
package struct BlockSettings: Hashable, Sendable {
    package enum Compression: String, Hashable, Sendable, CaseIterable {
        case zstd
        case gzip
        case xz
        case lz4
        /// Every block is stored as it is.
        case none

        /// The levels there are: effort of the compressor. None without compression.
        package var levels: ClosedRange<Int>? {
            switch self {
            case .zstd: 1...22
            // As libdeflate counts.
            case .gzip: 1...12
            // liblzma's presets; from 6 on they differ in nothing but a dictionary larger than any block.
            case .xz: 0...9
            // 1 is the fast compressor, the others are LZ4HC's.
            case .lz4: 1...12
            case .none: nil
            }
        }
    }

    package var compression: Compression
    /// One of `compression.levels`.
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
        case .xz: .xz
        case .lz4: .lz4
        // What is never compressed needs some compressor's name; gzip's is the one every reader has.
        case .gzip, .none: .gzip
        }
    }

    /// The same for metadata, whose blocks have a size of their own.
    var metadata: BlockSettings {
        BlockSettings(compression: compression, level: level, blockSize: Squash.metadataBlockSize)
    }

    /// Whether the compressor is slow enough on noise for a look at the data first to pay. docs/squashfs.md has figures.
    var looksForNoise: Bool {
        switch compression {
        case .zstd: level >= 10
        case .lz4: level >= 2
        case .gzip, .xz: true
        case .none: false
        }
    }
}
