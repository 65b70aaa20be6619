internal import CDigest
internal import Glibc

/// A private key for ECDSA on the curve P-256 with SHA-256, as `openssl ecparam -genkey -name prime256v1` makes it.
/// FIPS 186-5; RFC 5915 and RFC 5958 for the files.
///
/// It stays in libcrypto's memory; the file's bytes are wiped when they have been read, and no message has any of them.
@safe package final class SigningKey: @unchecked Sendable {
    // Unchecked: nothing changes after `init`, and libcrypto's keys may be used by several threads.
    private let key: OpaquePointer

    /// Reads a key in PEM form.
    package init(file path: String) throws(SignatureError) {
        unsafe key = try PEMKey.read(path) { unsafe PEM_read_bio_PrivateKey($0, nil, noPassphrase, nil) }
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Signs a file's bytes: what `openssl dgst -sha256 -sign` gives, an ECDSA-Sig-Value in DER (RFC 3279, 2.2.3). Each
    /// signature is another one.
    package func sign(file path: String) throws -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1
        else { throw SignatureError("sign", "libcrypto cannot sign with this key") }
        unsafe try InputFile(path).forEachPiece { piece in
            try Cancellation.check()
            unsafe EVP_DigestSignUpdate(context, piece.baseAddress, piece.count)
            return true
        }
        var signature = [UInt8](repeating: 0, count: PEMKey.signatureLimit)
        var count = signature.count
        guard unsafe EVP_DigestSignFinal(context, &signature, &count) == 1
        else { throw SignatureError("sign", "libcrypto cannot sign with this key") }
        return Array(signature.prefix(count))
    }
}

/// The public half of such a key, as `openssl ec -pubout` writes it.
@safe package final class VerificationKey: @unchecked Sendable {
    // Unchecked: as above.
    private let key: OpaquePointer

    /// Reads a key in PEM form.
    package init(file path: String) throws(SignatureError) {
        unsafe key = try PEMKey.read(path) { unsafe PEM_read_bio_PUBKEY($0, nil, noPassphrase, nil) }
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Whether a signature is this key's, of this file's bytes. Any bytes may be given as a signature.
    package func verifies(_ signature: [UInt8], file path: String) throws -> Bool {
        let context = unsafe EVP_MD_CTX_new()
        defer {
            unsafe EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        guard unsafe EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
        else { throw SignatureError("verify", "libcrypto cannot verify with this key") }
        unsafe try InputFile(path).forEachPiece { piece in
            try Cancellation.check()
            unsafe EVP_DigestVerifyUpdate(context, piece.baseAddress, piece.count)
            return true
        }
        return unsafe EVP_DigestVerifyFinal(context, signature, signature.count) == 1
    }
}

/// Why a key or signature was of no use.
package struct SignatureError: DiagnosableError, Equatable {
    package var diagnostic: Diagnostic

    package init(_ code: String, _ message: String, location: String? = nil, hint: String? = nil) {
        diagnostic = Diagnostic(code: "signature-\(code)", message: message, location: location, hint: hint)
    }
}

/// libcrypto would ask for a passphrase on the terminal; a build asks nobody.
private func noPassphrase(
    _: UnsafeMutablePointer<CChar>?, _: Int32, _: Int32, _: UnsafeMutableRawPointer?
) -> Int32 { -1 }

/// Keys in PEM files. RFC 7468.
private enum PEMKey {
    /// More than any key of this curve takes, with its parameters spelled out and text around it.
    private static let fileLimit = 64 << 10
    /// An ECDSA-Sig-Value on P-256 has at most 72 bytes.
    static let signatureLimit = 128

    static func read(
        _ path: String, _ parse: (OpaquePointer) -> OpaquePointer?
    ) throws(SignatureError) -> OpaquePointer {
        var text: [UInt8]
        do throws(FileError) {
            text = try InputFile.contents(of: path, limit: fileLimit)
        } catch {
            throw SignatureError("key", error.diagnostic.message, hint: error.diagnostic.hint)
        }
        defer {
            unsafe text.withUnsafeMutableBytes {
                if let base = $0.baseAddress { unsafe explicit_bzero(base, $0.count) }
            }
        }
        let isEncrypted = contains("ENCRYPTED", text)
        let key = unsafe text.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let memory = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
            defer { unsafe BIO_free(memory) }
            return unsafe parse(memory)
        }
        ERR_clear_error()
        guard let key = unsafe key else {
            throw SignatureError(
                "key", isEncrypted ? "the key is encrypted" : "there is no key of the kind that is wanted",
                location: path,
                hint: isEncrypted
                    ? "decrypt it into a file that only you can read: openssl ec -in KEY -out FILE"
                    : "a private key signs, and a public one verifies: openssl ecparam -genkey -name prime256v1 -noout -out "
                        + "key.pem; openssl ec -in key.pem -pubout -out public.pem")
        }
        guard unsafe isP256(key) else {
            unsafe EVP_PKEY_free(key)
            throw SignatureError(
                "key", "the key is not one of the elliptic curve P-256", location: path,
                hint: "openssl ecparam -genkey -name prime256v1 -noout -out key.pem")
        }
        return unsafe key
    }

    private static func isP256(_ key: OpaquePointer) -> Bool {
        var name = [CChar](repeating: 0, count: 64)
        var count = 0
        guard unsafe EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1 else { return false }
        return String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) == "prime256v1"
    }

    private static func contains(_ word: String, _ text: [UInt8]) -> Bool {
        let word = Array(word.utf8)
        guard text.count >= word.count else { return false }
        return (0...text.count - word.count).contains { text[$0..<$0 + word.count].elementsEqual(word) }
    }
}
