/// How an archive is compressed as a whole.
package enum StreamCompression: Sendable, Hashable {
    case none
    /// 1 to 12, as libdeflate counts.
    case gzip(level: Int)
    /// 1 to 22.
    case zstd(level: Int)

    /// The ending that people expect behind `.tar`.
    package var ending: String {
        switch self {
        case .none: ""
        case .gzip: ".gz"
        case .zstd: ".zst"
        }
    }

    /// `zstd-3`, for people.
    package var name: String {
        switch self {
        case .none: "none"
        case .gzip(let level): "gzip-\(level)"
        case .zstd(let level): "zstd-\(level)"
        }
    }

    /// How much of the archive is compressed by itself: enough to compress well, little enough to have many pieces.
    package static let pieceSize = 1 << 20
}
