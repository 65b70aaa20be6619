import Testing
import ByteKit

@Suite("Sizes for people")
struct ByteCountTests {
    @Test(
        "are in decimal units with one digit",
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1049, "1.0 kB"), (1050, "1.1 kB"), (999_949, "999.9 kB"),
            (999_950, "1.0 MB"), (397_486_406, "397.5 MB"), (262_144_000, "262.1 MB"), (10_737_418_240, "10.7 GB"),
            (Int.max, "9223372.0 TB"),
        ])
    func text(bytes: Int, text: String) {
        #expect(ByteCount.text(bytes) == text)
    }
}
