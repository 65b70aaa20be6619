internal import CDigest

/// What tells one content from another within this process: equal contents have equal marks, other contents others.
///
/// It is GMAC (NIST SP 800-38D) under a key that each process draws anew and never shows. Whoever makes the contents
/// cannot know the key, so that two of theirs have the same mark with a chance below 2⁻⁹⁰; and it costs a fraction of
/// what a digest costs. It means nothing outside of the process: it is never written anywhere.
package struct ContentMark: Hashable, Sendable {
    fileprivate let first: UInt64
    fileprivate let second: UInt64
}

/// A content's mark in the making; it owns libcrypto's context.
@safe package struct ContentMarker: ~Copyable {
    private let context: OpaquePointer

    /// The key of this process.
    private static let key: [UInt8] = {
        // The kernel's randomness, on Linux.
        var numbers = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &numbers) }
    }()

    /// One for all contents: the marks are shown to nobody, so that nothing can be learnt from its coming again.
    private static let nonce = [UInt8](repeating: 0, count: 12)

    package init() {
        // Fails only without memory or with a libcrypto that lacks AES: neither leaves anything to go on with.
        guard let context = unsafe EVP_CIPHER_CTX_new(),
            unsafe EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nil, Self.key, Self.nonce) == 1
        else { preconditionFailure("libcrypto offers no AES-GCM") }
        unsafe self.context = context
    }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            // The length is a C int there.
            let piece = unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            var count: Int32 = 0
            // Without room for a result they are authenticated, not encrypted.
            _ = unsafe EVP_EncryptUpdate(
                context, nil, &count, piece.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(piece.count))
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
        }
    }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// Ends the content and gives its mark; the marker is then as new.
    package mutating func finalize() -> ContentMark {
        var tag = (UInt64(0), UInt64(0))
        var nothing: UInt8 = 0
        var count: Int32 = 0
        _ = unsafe EVP_EncryptFinal_ex(context, &nothing, &count)
        unsafe withUnsafeMutableBytes(of: &tag) { tag in
            _ = unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), tag.baseAddress)
        }
        _ = unsafe EVP_EncryptInit_ex(context, nil, nil, nil, Self.nonce)
        return ContentMark(first: tag.0, second: tag.1)
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }
}
