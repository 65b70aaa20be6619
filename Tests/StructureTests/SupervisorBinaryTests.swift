import ByteKit
import TestKit
import Testing

@Suite("The supervisor's executable")
struct SupervisorBinaryTests {
    @Test("needs no loader and no library")
    func isStatic() throws {
        let headers = try Peer.run("readelf", ["-l", "-d", Products.bootstrap])
        #expect(headers.status == 0, "\(headers.errorText)")
        #expect(!headers.text.contains("INTERP"))
        #expect(!headers.text.contains("NEEDED"))
    }

    @Test("stays under 8 MB, even when it is built for tests; the one that ships has a fraction of that")
    func isSmall() throws {
        #expect(try InputFile(Products.bootstrap).size < 8_000_000)
    }
}
