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

    @Test("stays under 6 MB, besides what a debug build adds for debuggers and nobody loads")
    func isSmall() throws {
        let sizes = try Peer.run("size", ["--format=berkeley", Products.bootstrap])
        let numbers = sizes.text.split(separator: "\n").last?.split(separator: "\t").prefix(2) ?? []
        let loaded = numbers.compactMap { Int($0.filter(\.isNumber)) }
        try #require(loaded.count == 2, "\(sizes.errorText)")
        #expect(loaded[0] + loaded[1] < 6_000_000)
    }
}
