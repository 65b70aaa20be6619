import Report
import Testing

@Suite("Text from outside")
struct SafeTextTests {
    @Test("is shown as it is when it is plain")
    func plain() {
        #expect(SafeText.name(Array("usr/bin/größe.txt".utf8)) == "usr/bin/größe.txt")
        #expect(SafeText.path(Array("a b".utf8)) == "/a b")
    }

    @Test(
        "has every byte that cannot be seen as an escape",
        arguments: [
            ("a\nb", #"a\nb"#), ("a\u{1b}[31mb", #"a\x1b[31mb"#), ("a\u{7f}\u{85}", #"a\x7f\x85"#),
            ("a\u{202e}gpj.exe", #"a\u{202e}gpj.exe"#), ("\u{fffe}", #"\u{fffe}"#), (#"a\x1b"#, #"a\\x1b"#),
        ])
    func escapes(name: String, shown: String) {
        #expect(SafeText.name(Array(name.utf8)) == shown)
    }

    @Test("keeps bytes that are no UTF-8 apart from each other")
    func notUTF8() {
        #expect(SafeText.name([0x61, 0xff, 0x62, 0xc3]) == #"a\xffb\xc3"#)
        #expect(SafeText.name([0xc3, 0xa9]) == "é")
        #expect(SafeText.name([0xed, 0xa0, 0x80, 0x41]) == #"\xed\xa0\x80A"#)
    }

    @Test("is cut to a width, paths in their middle")
    func cut() {
        #expect(SafeText.cut("abcdef", to: 4) == "abc…")
        #expect(SafeText.cutPath("/usr/lib/x86_64-linux-gnu/libc.so.6", to: 20).count == 20)
        #expect(SafeText.cutPath("/usr/lib/x86_64-linux-gnu/libc.so.6", to: 20).hasSuffix("libc.so.6"))
    }

    @Test(
        "loses what may be secret in commands",
        arguments: [
            ("RUN curl -u x https://joe:hunter2@example.org/a", "hunter2"), ("RUN TOKEN=abc123 make", "abc123"),
            ("ARG NPM_TOKEN=abc123", "abc123"), ("RUN login --password abc123 now", "abc123"),
            ("RUN login --password=abc123 now", "abc123"),
            (#"RUN curl -H "Authorization: Bearer abc123" x"#, "abc123"),
            ("RUN aws configure set x AKIAQWERTYUIOPASDFGH", "AKIAQWERTYUIOPASDFGH"),
            ("ENV DB_PASSWORD=hunter2", "hunter2"),
        ])
    func redaction(command: String, secret: String) {
        let shown = Redaction.command(command)
        #expect(!shown.contains(secret), "\(shown)")
        #expect(shown.contains(Redaction.mark))
    }

    @Test(
        "keeps commands that hold no secret",
        arguments: ["RUN apt-get install -y --no-install-recommends ffmpeg", "ENV PATH=/usr/bin:/bin", "AUTHOR=me"])
    func harmless(command: String) {
        #expect(Redaction.command(command) == command)
    }
}
