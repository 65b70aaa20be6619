import Report
import Testing

@Suite("Text from outside")
struct SafeTextTests {
    @Test("is shown as it is when it is plain")
    func plain() {
        #expect(SafeText.name(Array("usr/bin/größe.txt".utf8)) == "usr/bin/größe.txt")
    }
}
