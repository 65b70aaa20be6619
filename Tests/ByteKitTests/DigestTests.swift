import ByteKit
import TestKit
import Testing

@Suite("Digests") struct DigestTests {
    /// FIPS 180-4 and the vectors that go with it.
    static let vectors: [(message: [UInt8], hex: String)] = [
        ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
        ([0xbd], "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"),
        ([UInt8](repeating: 0, count: 55), "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"),
        ([UInt8](repeating: 0, count: 56), "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"),
        ([UInt8](repeating: 0, count: 64), "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"),
    ]

    @Test("the sums are those of the standard", arguments: vectors)
    func sums(message: [UInt8], hex: String) {
        let digest = Digest(of: message)
        #expect(digest.hex == hex)
        #expect(digest.description == "sha256:\(hex)")
        #expect(hexadecimal(digest.bytes) == hex)
    }

    @Test("a sum does not depend on how the bytes were handed in, and the hasher begins anew afterwards")
    func increments() {
        var numbers = SeededNumbers(seed: 1)
        let message = numbers.bytes(10_000)
        var hasher = Sha256()
        for _ in 0..<3 {
            var rest = message[...]
            while !rest.isEmpty {
                let piece = rest.prefix(numbers.below(300))
                hasher.update(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            #expect(hasher.finalize() == Digest(of: message))
        }
        #expect(hasher.finalize() == Digest(of: []))
    }

    @Test("a digest survives being written and read")
    func roundTrip() throws {
        var numbers = SeededNumbers(seed: 2)
        for _ in 0..<100 {
            let digest = try #require(Digest(bytes: numbers.bytes(32)))
            #expect(try Digest(parsing: digest.description) == digest)
            #expect(Digest(bytes: digest.bytes) == digest)
        }
    }

    @Test("only 32 bytes are a digest", arguments: [0, 1, 31, 33, 64])
    func wrongCount(count: Int) { #expect(Digest(bytes: [UInt8](repeating: 1, count: count)) == nil) }

    private static let hex = String(repeating: "0123456789abcdef", count: 4)

    @Test("what is no digest is refused")
    func malformed() {
        let texts = [
            "", "sha256", "sha256:", "sha256:abc", Self.hex, "sha256:\(Self.hex)0", "sha256:\(Self.hex.dropLast())",
            "sha256:\(Self.hex.dropLast(2))",
            "sha256:\(Self.hex.uppercased())", "sha256:\(Self.hex.dropLast())g", "sha256: \(Self.hex.dropFirst())",
            "sha256:\(Self.hex)\n",
            "sha256::\(Self.hex.dropFirst())", "sha256:\(Self.hex.dropLast())/", "sha256:\(Self.hex.dropLast(2))\u{e9}",
            "sha256:\(String(repeating: "0", count: 1 << 20))",
        ]
        for text in texts { #expect(throws: DigestError.malformed(text)) { try Digest(parsing: text) } }
    }

    @Test(
        "other algorithms are refused by their names",
        arguments: ["sha512", "md5", "SHA256", " sha256", "sha256+b64", "", "sha-256"])
    func algorithms(name: String) {
        #expect(throws: DigestError.unsupportedAlgorithm(name)) { try Digest(parsing: "\(name):\(Self.hex)") }
    }

    @Test("an error quotes no more of a text than a line has room for")
    func longTexts() {
        let long = String(repeating: "x", count: 100_000)
        #expect(DigestError.malformed(long).diagnostic.message.utf8.count < 400)
        #expect(DigestError.unsupportedAlgorithm(long).diagnostic.message.utf8.count < 400)
    }

    @Test("digests are ordered as their texts are")
    func order() throws {
        var numbers = SeededNumbers(seed: 3)
        var digests: [Digest] = []
        for _ in 0..<200 {
            var bytes = [UInt8](repeating: 0x7f, count: 32)
            bytes[numbers.below(32)] = UInt8(numbers.below(256))
            digests.append(try #require(Digest(bytes: bytes)))
        }
        #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
    }

    @Test("hexadecimal digits of all bytes")
    func hexadecimals() {
        #expect(hexadecimal([0x00, 0x0f, 0xf0, 0xff, 0x12]) == "000ff0ff12")
        #expect(hexadecimal([]) == "")
    }
}
