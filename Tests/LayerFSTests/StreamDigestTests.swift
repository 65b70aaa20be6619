import ByteKit
import LayerFS
import TestKit
import Testing

@Suite("The digest of an archive before it was compressed") struct StreamDigestTests {
    @Test("is not made when nobody asks, and is that of the file when nothing is compressed")
    func unasked() throws {
        let workspace = try LayerWorkspace()
        let linked = try workspace.link([TarBuilder.archive([.file("a", "1")])])
        let plain = try workspace.tar(linked, .none).report
        #expect(plain.archiveDigest != nil && plain.archiveDigest == plain.artifactDigest)
        #expect(try workspace.tar(linked, .gzip(level: 1)).report.archiveDigest == nil)
    }
}
