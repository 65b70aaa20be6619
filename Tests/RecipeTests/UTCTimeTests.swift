import Recipe
import Testing

@Suite("A time as text") struct UTCTimeTests {
    @Test(
        "is the second that everybody takes it for",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T23:59:59Z", 951_868_799), ("2026-01-01T00:00:00Z", 1_767_225_600),
            ("2106-02-07T06:28:15Z", 4_294_967_295), ("1969-12-31T23:59:59Z", -1),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("0000-01-01T00:00:00Z", -62_167_219_200), ("9999-12-31T23:59:59Z", 253_402_300_799),
        ])
    func known(text: String, seconds: Int) {
        #expect(UTCTime.parse(text) == seconds)
        #expect(UTCTime.text(seconds) == text)
    }

    @Test("says every day, there and back")
    func days() {
        for day in stride(from: -1000, through: 100_000, by: 13) {
            let seconds = day * 86_400 + (day * 7919 + 86_400_000) % 86_400
            #expect(UTCTime.parse(UTCTime.text(seconds)) == seconds)
        }
    }

    @Test(
        "is refused when it is no time, or not in UTC",
        arguments: [
            "", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01t00:00:00z", "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.0Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
            "2026-04-31T00:00:00Z", "2100-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z", "+026-01-01T00:00:00Z", "2026-01-01T00:00:0éZ",
        ])
    func refused(text: String) {
        #expect(UTCTime.parse(text) == nil)
    }
}
