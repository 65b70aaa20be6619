internal import CDigest

/// A SHA-256 content digest, as OCI writes it: `sha256:` and 64 lower-case hexadecimal digits.
///
/// Other algorithms are refused when parsed, by name: a digest that is held is a digest that can be checked.
/// OCI image specification, "Descriptors", section Digests.
package struct Digest: Hashable, Sendable, CustomStringConvertible, Comparable {
    /// Four big-endian words, so that the value is trivial and compares as its text does.
    private let words: InlineWords

    private struct InlineWords: Hashable, Sendable {
        var a: UInt64
        var b: UInt64
        var c: UInt64
        var d: UInt64

        // One word of a sum is as good a hash as any.
        func hash(into hasher: inout Hasher) { hasher.combine(a) }
    }

    /// Takes the 32 bytes of a SHA-256 sum; nil for any other count.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        func word(_ index: Int) -> UInt64 {
            var word: UInt64 = 0
            for byte in bytes[8 * index..<8 * index + 8] { word = word << 8 | UInt64(byte) }
            return word
        }
        words = InlineWords(a: word(0), b: word(1), c: word(2), d: word(3))
    }

    /// Takes the four words of a sum as they lie in memory.
    init(sum: (UInt64, UInt64, UInt64, UInt64)) {
        words = InlineWords(
            a: UInt64(bigEndian: sum.0), b: UInt64(bigEndian: sum.1), c: UInt64(bigEndian: sum.2),
            d: UInt64(bigEndian: sum.3))
    }

    /// Parses `sha256:<64 lower-case hexadecimal digits>`.
    package init(parsing text: some StringProtocol) throws(DigestError) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .malformed(String(text)) }
        let algorithm = String(text[..<colon])
        guard algorithm == "sha256" else { throw .unsupportedAlgorithm(algorithm) }
        guard let bytes = Self.bytes(ofHex: text[colon...].utf8.dropFirst()), let digest = Digest(bytes: bytes)
        else { throw .malformed(String(text)) }
        self = digest
    }

    /// The digest of bytes that are already in memory.
    package init(of bytes: [UInt8]) {
        var hasher = Sha256()
        hasher.update(bytes)
        self = hasher.finalize()
    }

    /// The 32 bytes of the sum.
    package var bytes: [UInt8] {
        [words.a, words.b, words.c, words.d].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) }
        }
    }

    /// A part of the sum, for tables that look at the whole afterwards.
    package var shortHash: UInt64 { words.a }

    /// Adds the 32 bytes of the sum to others.
    package func append(to bytes: inout [UInt8]) {
        for word in [words.a, words.b, words.c, words.d] { bytes.append(littleEndian: word.byteSwapped) }
    }

    /// The 64 hexadecimal digits without the algorithm.
    package var hex: String { hexadecimal(bytes) }

    /// The canonical form, `sha256:…`.
    package var description: String { "sha256:" + hex }

    package static func < (left: Digest, right: Digest) -> Bool {
        (left.words.a, left.words.b, left.words.c, left.words.d)
            < (right.words.a, right.words.b, right.words.c, right.words.d)
    }

    private static func bytes(ofHex text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in text {
            let nibble: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): nibble = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): nibble = character - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | nibble)
                guard bytes.count <= 32 else { return nil }
                high = nil
            } else {
                high = nibble
            }
        }
        return high == nil ? bytes : nil
    }
}

/// Why a digest was refused.
package enum DigestError: DiagnosableError, Equatable {
    case malformed(String)
    case unsupportedAlgorithm(String)

    package var diagnostic: Diagnostic {
        switch self {
        case .malformed(let text):
            Diagnostic(
                code: "malformed-digest",
                message: "‘\(text.prefix(160))’ is not a sha256 digest (sha256: and 64 lower-case hexadecimal digits)")
        case .unsupportedAlgorithm(let name):
            Diagnostic(
                code: "unsupported-digest",
                message: "digest algorithm ‘\(name.prefix(40))’ is not supported; only sha256 is")
        }
    }
}

/// Lower-case hexadecimal digits of bytes.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

/// A SHA-256 sum in the making; it owns libcrypto's context.
@safe package struct Sha256: ~Copyable {
    private let context: OpaquePointer

    package init() {
        // Fails only without memory or with a libcrypto that lacks SHA-256: neither leaves anything to go on with.
        guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
        else { preconditionFailure("libcrypto offers no SHA-256") }
        unsafe self.context = context
    }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        unsafe EVP_DigestUpdate(context, base, bytes.count)
    }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// Ends the sum and gives the digest; the hasher is then as new.
    package mutating func finalize() -> Digest {
        var sum = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
        unsafe withUnsafeMutableBytes(of: &sum) { sum in
            let bytes = unsafe sum.baseAddress?.assumingMemoryBound(to: UInt8.self)
            _ = unsafe EVP_DigestFinal_ex(context, bytes, nil)
            _ = unsafe EVP_DigestInit_ex(context, nil, nil)
        }
        return Digest(sum: sum)
    }

    /// The digest of bytes alone, by a hasher that has taken none yet.
    package mutating func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
        unsafe update(bytes)
        return finalize()
    }

    deinit { unsafe EVP_MD_CTX_free(context) }
}
