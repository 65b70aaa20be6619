internal import CCompress

/// The library that compresses blocks. Another version of it may compress the same bytes to others.
struct CodecLibrary: Equatable {
    /// As the linker calls it, at most eight letters of ASCII.
    var name: String
    /// As the library numbers itself; larger is newer.
    var version: UInt32

    /// The one that a compression uses; nil for none.
    init?(_ compression: BlockSettings.Compression) {
        switch compression {
        case .zstd: self.init(name: "zstd", version: ZSTD_versionNumber())
        case .gzip:
            // libdeflate does not say at run time which it is: this is the version that was compiled against.
            let version = LIBDEFLATE_VERSION_MAJOR * 1000 + LIBDEFLATE_VERSION_MINOR
            self.init(name: "deflate", version: UInt32(version))
        case .xz: self.init(name: "lzma", version: lzma_version_number())
        case .lz4: self.init(name: "lz4", version: UInt32(LZ4_versionNumber()))
        case .none: return nil
        }
    }

    private init(name: String, version: UInt32) {
        self.name = name
        self.version = version
    }
}
