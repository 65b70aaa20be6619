import ByteKit
import ImageModel
import Testing

@Suite struct ReferenceTests {
    static let sum = "sha256:" + String(repeating: "ab", count: 32)

    @Test(
        "What is left out of a name is filled in as Docker does",
        arguments: [
            ("ffmpeg", "docker.io/library/ffmpeg:latest"),
            ("ffmpeg:4.1", "docker.io/library/ffmpeg:4.1"),
            ("jrottenberg/ffmpeg:4.1-ubuntu", "docker.io/jrottenberg/ffmpeg:4.1-ubuntu"),
            ("docker.io/ffmpeg", "docker.io/library/ffmpeg:latest"),
            ("index.docker.io/a/b", "docker.io/a/b:latest"),
            ("ghcr.io/a/b/c:1", "ghcr.io/a/b/c:1"),
            ("GHCR.io/a/b", "ghcr.io/a/b:latest"),
            ("localhost/x", "localhost/x:latest"),
            ("localhost:5000/x", "localhost:5000/x:latest"),
            ("localhost:5000", "docker.io/library/localhost:5000"),
            ("127.0.0.1:5000/a/b:t", "127.0.0.1:5000/a/b:t"),
            ("[::1]:5000/a", "[::1]:5000/a:latest"),
            ("[2001:db8::1]/a", "[2001:db8::1]/a:latest"),
            ("a@" + sum, "docker.io/library/a@" + sum),
            ("q.io/a:1@" + sum, "q.io/a:1@" + sum),
            ("a__b.c-d---e", "docker.io/library/a__b.c-d---e:latest"),
        ])
    func canonicalForm(text: String, canonical: String) throws {
        let reference = try Reference(parsing: text)
        #expect(reference.description == canonical)
        #expect(try Reference(parsing: canonical) == reference)
    }

    @Test(
        "Names that Docker refuses are refused",
        arguments: [
            "", "Ffmpeg", "a/Bc", "Foo/bar", "test:5000/Upper/lower:tag", "a:", "a:.tag", "a:-tag", "a: tag", "a b",
            "a//b", "/a", "a/",
            "-a", "a-", "a___b", "a..b", "a._b", ".a/b", "a@", "a@sha256:abc",
            "a@sha512:" + String(repeating: "ab", count: 64),
            "a@sha256:" + String(repeating: "AB", count: 32), "a@\(sum)@\(sum)", "host:0/a", "host:65536/a", "host:x/a",
            "host:+80/a",
            "[::1/a", "[::g]/a", "[fe80::1%eth0]/a", "-host.io/a", "host-.io/a", "h..io/a", "user@host.io/a",
            "https://docker.io/a", "a\u{0}b", "a\nb", "\u{430}lpine", "alpine\u{301}",
            "a:" + String(repeating: "t", count: 129),
            "q.io/" + String(repeating: "a", count: 256), String(repeating: "ab", count: 32), "..", "../a", "a/../b",
            "a%2fb",
            String(repeating: "a/", count: 600),
        ])
    func refused(text: String) {
        #expect(throws: ReferenceError.self) { try Reference(parsing: text) }
    }

    @Test("A look-alike letter is named by its code point")
    func lookAlike() {
        let error = #expect(throws: ReferenceError.self) { try Reference(parsing: "\u{430}lpine") }
        #expect(error?.reason.contains("U+0430") == true)
    }

    @Test("A digest decides over a tag, and a tag stays readable beside it")
    func digestDecides() throws {
        let reference = try Reference(parsing: "a/b:1")
        #expect(reference.identifier == "1")
        let pinned = reference.pinned(to: try Digest(parsing: Self.sum))
        #expect(pinned.identifier == Self.sum)
        #expect(pinned.description == "docker.io/a/b:1@" + Self.sum)
    }

    @Test("The longest tag and the longest repository are taken")
    func limits() throws {
        let tag = String(repeating: "t", count: 128)
        #expect(try Reference(parsing: "a:" + tag).tag == tag)
        let repository = String(repeating: "a", count: 255)
        #expect(try Reference(parsing: "q.io/" + repository).repository == repository)
    }
}

@Suite struct PlatformTests {
    @Test(
        "Platforms are written in one way",
        arguments: [
            ("linux/amd64", "linux/amd64"), ("linux/x86_64", "linux/amd64"), ("linux/aarch64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"), ("linux/arm/v7", "linux/arm"), ("linux/arm/v6", "linux/arm/v6"),
            ("linux/amd64/v3", "linux/amd64/v3"), ("Linux/AMD64", "linux/amd64"),
        ])
    func normalised(text: String, canonical: String) throws {
        #expect(try Platform(parsing: text).description == canonical)
    }

    @Test(
        "What is no platform is refused",
        arguments: ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/am d64", "linux/\u{e4}"])
    func refused(text: String) {
        #expect(throws: ReferenceError.self) { try Platform(parsing: text) }
    }

    @Test("A machine takes its own variant and lesser ones, never greater ones")
    func variants() throws {
        let plain = try Platform(parsing: "linux/amd64")
        let third = try Platform(parsing: "linux/amd64/v3")
        let second = try Platform(parsing: "linux/amd64/v2")
        #expect(plain.suitability(of: third) == nil)
        #expect(third.suitability(of: plain) != nil)
        #expect(try #require(third.suitability(of: second)) > #require(third.suitability(of: plain)))
        #expect(try #require(third.suitability(of: third)) > #require(third.suitability(of: second)))
        #expect(plain.suitability(of: try Platform(parsing: "windows/amd64")) == nil)
        #expect(plain.suitability(of: try Platform(parsing: "linux/amd64/vintage")) == nil)
    }
}
