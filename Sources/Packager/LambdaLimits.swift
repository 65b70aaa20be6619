/// AWS Lambda's limits, and whether a package keeps them (Lambda, "Lambda quotas").
package enum LambdaLimits {
    /// Bytes of a zip that can be sent in the request itself, 50 MB; larger ones go by way of S3.
    package static let directUpload = 52_428_800
    /// Bytes that a function and its layers must stay below unpacked.
    ///
    /// In Lambda's words: "Unzipped size must be smaller than 262144000 bytes".
    package static let unpacked = 262_144_000
    /// Bytes of a container image: 10 GB.
    package static let image = 10 << 30
    /// Layers of a function.
    package static let layers = 5

    /// A limit that is exceeded.
    package struct Excess: Equatable, Sendable {
        package enum Limit: String, Sendable {
            case directUpload = "direct upload"
            case unpacked = "unpacked size"
            case ephemeralStorage = "room in /tmp"
            case image = "image size"
        }

        package var limit: Limit
        /// Bytes there are.
        package var actual: Int
        /// Bytes there may be.
        package var allowed: Int

        /// Bytes too many.
        package var excess: Int { actual - allowed }

        /// Whether there is another way for the same package: a bucket instead of the request.
        package var hasOtherWay: Bool { limit == .directUpload }

        /// The whole as a sentence without a full stop.
        package var message: String {
            let bytes = excess == 1 ? "1 byte" : "\(excess) bytes"
            return
                "the package exceeds Lambda's limit for \(limit.rawValue) by \(bytes): "
                + "it has \(actual), and \(allowed) are allowed"
        }
    }

    /// The limits that a zip exceeds: bytes of the zip itself, of its entries unpacked, and of the function's layers
    /// unpacked, which count too.
    package static func check(zipSize size: Int, unpackedSize: Int, layers: Int = 0) -> [Excess] {
        var found: [Excess] = []
        if size > directUpload { found.append(Excess(limit: .directUpload, actual: size, allowed: directUpload)) }
        if unpackedSize + layers >= unpacked {
            found.append(Excess(limit: .unpacked, actual: unpackedSize + layers, allowed: unpacked - 1))
        }
        return found
    }

    /// Whether an artifact's tree fits into /tmp, which must hold the input and the output besides.
    ///
    /// `ephemeralStorage` is the function's setting, in MB of 1024 × 1024 bytes.
    package static func check(treeSize: Int, ephemeralStorage: Int) -> Excess? {
        let room = ephemeralStorage << 20
        return treeSize > room ? Excess(limit: .ephemeralStorage, actual: treeSize, allowed: room) : nil
    }

    /// Whether a container image is small enough.
    package static func check(imageSize: Int) -> Excess? {
        imageSize > image ? Excess(limit: .image, actual: imageSize, allowed: image) : nil
    }
}
