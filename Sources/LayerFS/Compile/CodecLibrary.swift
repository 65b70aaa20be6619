internal import CCompress

/// A library that compresses. Another version of it may compress the same bytes to others.
package struct CodecLibrary: Equatable, Sendable {
    /// As the linker calls it, at most eight letters of ASCII.
    package let name: String
    /// As the library numbers itself; larger is newer.
    let number: UInt32

    /// All that this program is linked with, by name.
    package static let all = [deflate, lz4, lzma, zstd]

    package static let zstd = CodecLibrary(name: "zstd", number: ZSTD_versionNumber())
    package static let lzma = CodecLibrary(name: "lzma", number: lzma_version_number())
    package static let lz4 = CodecLibrary(name: "lz4", number: UInt32(LZ4_versionNumber()))
    /// libdeflate does not say at run time which it is: this is the version that was compiled against.
    package static let deflate = CodecLibrary(
        name: "deflate", number: UInt32(LIBDEFLATE_VERSION_MAJOR * 1000 + LIBDEFLATE_VERSION_MINOR))

    /// The one that compresses blocks; nil for none.
    package init?(_ compression: BlockSettings.Compression) {
        switch compression {
        case .zstd: self = Self.zstd
        case .gzip: self = Self.deflate
        case .xz: self = Self.lzma
        case .lz4: self = Self.lz4
        case .none: return nil
        }
    }

    /// The one that compresses a stream; nil for none.
    package init?(_ compression: StreamCompression) {
        switch compression {
        case .gzip: self = Self.deflate
        case .zstd: self = Self.zstd
        case .none: return nil
        }
    }

    private init(name: String, number: UInt32) {
        self.name = name
        self.number = number
    }

    /// The version as people write it: `1.5.4`.
    package var version: String {
        switch name {
        case "deflate": "\(number / 1000).\(number % 1000)"
        // Its last digit says whether it is a release.
        case "lzma": "\(number / 10_000_000).\(number / 10_000 % 1000).\(number / 10 % 1000)"
        default: "\(number / 10_000).\(number / 100 % 100).\(number % 100)"
        }
    }
}
