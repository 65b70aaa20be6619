internal import ByteKit

/// Keyed sums with SHA-256. RFC 2104.
enum HMAC {
    private static let blockSize = 64

    static func sha256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var block = key.count > blockSize ? Digest(of: key).bytes : key
        block += [UInt8](repeating: 0, count: blockSize - block.count)
        let inner = Digest(of: block.map { $0 ^ 0x36 } + message)
        return Digest(of: block.map { $0 ^ 0x5c } + inner.bytes).bytes
    }
}
