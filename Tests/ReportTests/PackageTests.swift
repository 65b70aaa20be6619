import Report
import TestKit
import Testing

@Suite("Packages of an image")
struct PackageTests {
    private static let status = """
        Package: libc6
        Status: install ok installed
        Architecture: amd64
        Version: 2.36-9
        Description: first
         Version: 9 in a continued line is none

        Package: gone
        Status: deinstall ok config-files
        Version: 1

        Package: tool
        Status: hold ok installed
        Architecture: all
        Version: 1.0
        """

    @Test("are those that dpkg says are installed, with the files that are still there")
    func dpkg() throws {
        let inspection = try InspectionFixture.inspect([
            .folder("usr/lib"), .symlink("lib", to: "usr/lib"), .file("usr/lib/libc.so", "12345"),
            .file("usr/bin/tool", "123"), .file("mine", "1"), .file("var/lib/dpkg/status", Self.status),
            .file("var/lib/dpkg/info/libc6:amd64.list", "/.\n/lib\n/lib/libc.so\n/usr/share/doc/removed\n"),
            .file("var/lib/dpkg/info/tool.list", "/usr\n/usr/bin\n/usr/bin/tool\n"),
        ])
        let packages = inspection.packages.packages
        #expect(
            packages.map { "\($0.name) \($0.version) \($0.bytes) \($0.files)" } == ["libc6 2.36-9 5 2", "tool 1.0 3 1"])
        #expect(inspection.packages.unowned == inspection.totals.unpacked - 8)
        #expect(InspectionFixture.text(inspection).contains("packages (2)"))
    }

    @Test("are those of the last layer that has the list")
    func lastList() throws {
        let inspection = try InspectionFixture.inspect(
            [.file("var/lib/dpkg/status", "Package: old\nVersion: 1\n")],
            [.file("var/lib/dpkg/status", "Package: new\nVersion: 2\n")])
        #expect(inspection.packages.packages.map(\.name) == ["new"])
    }

    @Test("are found without dpkg, as distroless images have them")
    func distroless() throws {
        let inspection = try InspectionFixture.inspect([
            .file("usr/lib/x", "1234"), .file("var/lib/dpkg/status.d/x", "Package: x\nVersion: 3\n"),
            .file("var/lib/dpkg/status.d/x.md5sums", "0123456789abcdef0123456789abcdef  ./usr/lib/x\n"),
        ])
        #expect(inspection.packages.packages.map { "\($0.name) \($0.version) \($0.bytes)" } == ["x 3 4"])
    }

    @Test("are found in apk's table")
    func apk() throws {
        let table =
            "C:Q1\nP:musl\nV:1.2.5-r0\nA:x86_64\nF:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\nF:\nR:top\n\nP:busybox\nV:1.36\n\n"
        let inspection = try InspectionFixture.inspect([
            .file("lib/ld-musl-x86_64.so.1", "123456"), .file("top", "1"), .file("lib/apk/db/installed", table),
        ])
        #expect(
            inspection.packages.packages.map { "\($0.manager) \($0.name) \($0.version) \($0.bytes) \($0.files)" } == [
                "apk musl 1.2.5-r0 7 2", "apk busybox 1.36 0 0",
            ])
    }

    @Test("make no more of a record than it has room for, however long the folder that it names again and again")
    func bombs() {
        let folder = String(repeating: "x", count: 3000)
        let apk = ApkRecords.packages(Array(("P:a\nF:\(folder)\n" + String(repeating: "R:y\n", count: 100_000)).utf8))
        #expect(apk.flatMap(\.files).reduce(0) { $0 + $1.count } < 8 * 410_000)
        #expect(apk.first?.files.first?.count == 3002)
        let tooLong = ApkRecords.packages(Array("P:a\nF:\(folder)\(folder)\nR:y\nF:z\nR:y\n".utf8))
        #expect(tooLong.first?.files == [Array("z/y".utf8)])
        let list = DpkgRecords.files(Array(String(repeating: "a\n", count: 100_000).utf8))
        #expect(list.count < 100_000 / 4)
    }

    @Test("have lists of one package each: no other record of the same name has a list read again")
    func listsOnce() {
        var lists = DpkgLists()
        lists.add(Array("/first\n".utf8), named: Array("x:amd64".utf8)[...])
        lists.add(Array("/second\n".utf8), named: Array("x".utf8)[...])
        lists.add(Array("0123  ./third\n".utf8), named: Array("x".utf8)[...], hasSums: true)
        let taken = (0..<4).map { _ in
            lists.takeFiles(of: Array("x".utf8), Array("amd64".utf8)).map { InspectionFixture.text($0) }
        }
        #expect(taken == [["first"], ["second"], ["third"], []])
    }

    @Test("have a database that is too large to be read, which is said")
    func tooLarge() throws {
        let inspection = try InspectionFixture.inspect([
            .file("var/lib/dpkg/status", [UInt8](repeating: 0x41, count: 17 << 20))
        ])
        #expect(inspection.packages.packages == [])
        #expect(inspection.notes.contains { $0.contains("too large") })
    }

    @Test(
        "do not trip over records that are none",
        arguments: [
            "", "\n\n\n", ":", "Package:", "Package: x", "P:\n\nP:x\nR:", "Package: \u{0}\n", "\r\n \r\n", "F:\nR:\n\n",
        ])
    func malformed(text: String) {
        _ = DpkgRecords.packages(Array(text.utf8))
        _ = DpkgRecords.files(Array(text.utf8))
        _ = DpkgRecords.files(Array(text.utf8), hasSums: true)
        #expect(ApkRecords.packages(Array(text.utf8)).count <= 1)
    }
}
