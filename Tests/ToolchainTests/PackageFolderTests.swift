import ByteKit
import Packager
import TestKit
import Testing

@testable import Toolchain

@Suite("A package that is laid out as a folder")
struct PackageFolderTests {
    @Test("has both of two folders whose names look the same")
    func twins() throws {
        let folder = try TestFolder()
        let names = ["\u{e9}", "e\u{301}"]
        let entries = names.map { ZipEntry(path: "\($0)/file", content: .bytes(Array($0.utf8))) }
        let nothing = RootView(entry: { _ in nil }, names: { _ in [] }, read: { _, _, _ in [] })
        try PackageFolder.write(entries, reading: nothing, to: folder.path)
        for name in names {
            #expect(try InputFile.contents(of: "\(folder.path)/\(name)/file", limit: 9) == Array(name.utf8))
        }
    }
}
