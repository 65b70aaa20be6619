import ByteKit
import Report
import TestKit
import Testing

@Suite("RPM’s table of packages", .enabled(if: RPMFixture.isPossible, RPMFixture.needs))
final class RPMTests {
    private let folder: TestFolder

    init() throws {
        folder = try TestFolder()
        try RPMFixture.make(in: folder.path)
    }

    private func database(_ format: RPMDatabase.Format) throws -> [UInt8] {
        switch format {
        case .sqlite: try InputFile.contents(of: "\(folder.path)/sqlite/rpmdb.sqlite", limit: 1 << 24)
        case .berkeley: try InputFile.contents(of: "\(folder.path)/berkeley/Packages", limit: 1 << 24)
        case .ndb:
            RPMFixture.newDatabase(
                try [1, 2].map { try InputFile.contents(of: "\(folder.path)/header-\($0)", limit: 1 << 24) })
        }
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("is read as RPM reads it, from each kind of database", arguments: RPMDatabase.Format.allCases)
    func equalsRPM(format: RPMDatabase.Format) throws {
        // Debian's RPM reads Berkeley DB's tables, and no new databases: those hold the same headers.
        let answer =
            format == .berkeley
            ? try RPMFixture.ask("bdb_ro", "\(folder.path)/berkeley")
            : try RPMFixture.ask("sqlite", "\(folder.path)/sqlite")
        #expect(answer.packages == ["alpha 4:1.2-3 noarch", "beta 4:1.2-3 noarch"] && answer.files.count == 403)
        let packages = try RPMDatabase.packages(try database(format), format)
        let seen = packages.map { "\(Self.text($0.name)) \(Self.text($0.version)) \(Self.text($0.architecture))" }
        #expect(seen.sorted() == answer.packages)
        #expect(packages.flatMap(\.files).map(Self.text).sorted() == answer.files)
    }

    @Test("shows its packages among an image’s, with the bytes of the files that are there")
    func inspected() throws {
        let inspection = try InspectionFixture.inspect([
            .file("usr/share/alpha/top", "12345"), .file("usr/lib/os-release", "ID=fedora\nVERSION_ID=40\n"),
            .file("usr/lib/sysimage/rpm/rpmdb.sqlite", try database(.sqlite)),
        ])
        #expect(
            inspection.packages.packages.map { "\($0.manager) \($0.name) \($0.version) \($0.bytes)" }
                == ["rpm alpha 4:1.2-3 5", "rpm beta 4:1.2-3 0"])
        #expect(inspection.notes.isEmpty)
        #expect(InspectionFixture.text(inspection).contains("alpha"))
    }

    @Test("never makes its reader trap, whatever happened to it", arguments: RPMDatabase.Format.allCases)
    func damaged(format: RPMDatabase.Format) throws {
        let whole = try database(format)
        var numbers = SeededNumbers(seed: 5)
        for round in 0..<200 {
            var bytes = whole
            if round % 4 == 0 { bytes.removeLast(numbers.below(bytes.count)) }
            for _ in 0..<(1 + numbers.below(8)) where !bytes.isEmpty {
                // Half of the changes go where the structure is.
                let limit = numbers.below(2) == 0 ? min(512, bytes.count) : bytes.count
                bytes[numbers.below(limit)] = UInt8(truncatingIfNeeded: numbers.below(256))
            }
            let files = (try? RPMDatabase.packages(bytes, format))?.flatMap(\.files) ?? []
            #expect(files.reduce(0) { $0 + $1.count } <= 8 * bytes.count)
        }
    }
}

@Suite("A table of RPM’s that is none")
struct WrongRPMTests {
    @Test(
        "is refused with a reason",
        arguments: [
            (RPMDatabase.Format.sqlite, "no SQLite database"), (.ndb, "no database of RPM's"),
            (.berkeley, "no hash table of Berkeley DB"),
        ])
    func refused(format: RPMDatabase.Format, reason: String) throws {
        for bytes in [[], Array("SQLite".utf8), [UInt8](repeating: 0, count: 8192)] {
            let error = #expect(throws: ReportError.self) { try RPMDatabase.packages(bytes, format) }
            #expect(error?.diagnostic.message.contains(reason) == true)
        }
    }

    @Test("has no more files than there is room for, and one that is too long for a path takes room like others")
    func folderOfMegabytes() throws {
        func files(_ count: Int) throws -> [[UInt8]] {
            let header = RPMFixture.header(
                folders: [[UInt8](repeating: 0x61, count: 1 << 20), Array("/usr/".utf8)],
                files: (0..<count).map { _ in (0, "") } + [(1, "late")])
            return try RPMDatabase.packages(RPMFixture.newDatabase([header]), .ndb).flatMap(\.files)
        }
        #expect(try files(7) == [Array("usr/late".utf8)])
        #expect(try files(9) == [])
    }

    @Test("is said not to be read")
    func noted() throws {
        let inspection = try InspectionFixture.inspect([.file("var/lib/rpm/rpmdb.sqlite", "SQLite format 3")])
        #expect(inspection.notes.contains { $0.contains("rpmdb.sqlite cannot be read: it is no SQLite database") })
    }
}
