import ByteKit
import TestKit
import Testing

@Suite("Keys of OpenSSL’s", .enabled(if: Peer.isInstalled("openssl"), "needs openssl"))
struct SigningKeyTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    private func openssl(_ words: String...) throws {
        let result = try Peer.run("openssl", words)
        try #require(result.status == 0, "\(result.errorText)")
    }

    private func makeKeys(curve: String = "prime256v1") throws {
        try openssl("ecparam", "-genkey", "-name", curve, "-noout", "-out", path("key.pem"))
        try openssl("ec", "-in", path("key.pem"), "-pubout", "-out", path("public.pem"))
        var numbers = SeededNumbers(seed: 4)
        try OutputFile.write(numbers.bytes(3_000_000), to: path("file"))
    }

    @Test("sign what openssl verifies, and verify what openssl signs")
    func interoperates() throws {
        try makeKeys()
        let key = try SigningKey(file: path("key.pem"))
        try OutputFile.write(try key.sign(file: path("file")), to: path("ours.sig"))
        try openssl("dgst", "-sha256", "-verify", path("public.pem"), "-signature", path("ours.sig"), path("file"))
        try openssl("dgst", "-sha256", "-sign", path("key.pem"), "-out", path("theirs.sig"), path("file"))
        let theirs = try InputFile.contents(of: path("theirs.sig"), limit: 4096)
        #expect(try VerificationKey(file: path("public.pem")).verifies(theirs, file: path("file")))
        // PKCS #8, as newer commands write keys.
        try openssl("pkcs8", "-topk8", "-nocrypt", "-in", path("key.pem"), "-out", path("pkcs8.pem"))
        let signature = try SigningKey(file: path("pkcs8.pem")).sign(file: path("file"))
        #expect(try VerificationKey(file: path("public.pem")).verifies(signature, file: path("file")))
    }

    @Test("take no signature that is not theirs, of these bytes")
    func refuses() throws {
        try makeKeys()
        let signature = try SigningKey(file: path("key.pem")).sign(file: path("file"))
        let key = try VerificationKey(file: path("public.pem"))
        var changed = try InputFile.contents(of: path("file"), limit: 1 << 24)
        changed[changed.count - 1] ^= 1
        try OutputFile.write(changed, to: path("changed"))
        #expect(try !key.verifies(signature, file: path("changed")))
        for wrong in [[], [0x30], [UInt8](repeating: 0xff, count: 72), Array(signature.dropLast()), signature + [0]] {
            #expect(try !key.verifies(wrong, file: path("file")))
        }
        try makeKeys()
        #expect(try !VerificationKey(file: path("public.pem")).verifies(signature, file: path("file")))
    }

    @Test("of other kinds are refused, and no message has any of the key")
    func otherKinds() throws {
        try makeKeys(curve: "secp384r1")
        try openssl("genrsa", "-out", path("rsa.pem"), "2048")
        try openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", path("plain.pem"))
        try openssl("ec", "-in", path("plain.pem"), "-aes128", "-passout", "pass:secret", "-out", path("encrypted.pem"))
        try OutputFile.write(
            Array("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----\n".utf8), to: path("torn.pem")
        )
        try OutputFile.write([], to: path("empty.pem"))
        let reasons = [
            ("key.pem", "not one of the elliptic curve P-256"), ("rsa.pem", "not one of the elliptic curve P-256"),
            ("encrypted.pem", "encrypted"), ("torn.pem", "no key"), ("empty.pem", "no key"), ("public.pem", "no key"),
            ("nothing.pem", "cannot open"),
        ]
        for (name, reason) in reasons {
            let error = #expect(throws: SignatureError.self) { try SigningKey(file: path(name)) }
            let text = error.map { "\($0.diagnostic)" } ?? ""
            #expect(text.contains(reason) && !text.contains("MHc"), "\(name): \(text)")
        }
        #expect(throws: SignatureError.self) { try VerificationKey(file: path("plain.pem")) }
    }
}
