import ByteKit
import LayerFS
import Report
import TestKit
import Testing

/// Small artifacts that say they are large.
@Suite("An artifact that means harm")
struct HostileArtifactTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    // MARK: - Squashfs images

    /// Makes a squashfs image of what a script puts into the folder `tree`; gives its path.
    private func image(_ script: String) throws -> String {
        let squash = "mksquashfs tree image -quiet -no-progress -noappend > /dev/null"
        let made = try Peer.run(
            "sh", ["-euc", "cd \"$1\"; mkdir tree\n\(script)\n\(squash)", "sh", folder.path])
        try #require(made.status == 0, "\(made.errorText)")
        return "\(folder.path)/image"
    }

    private static func code(_ body: () throws -> Survey) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? ReportError)?.diagnostic.code ?? "\(error)"
        }
    }

    @Test(
        "is refused for files that are larger together than an image may be, before any is read",
        .enabled(if: Peer.isInstalled("mksquashfs"), "needs mksquashfs: scripts/setup test"))
    func holes() throws {
        let path = try image("truncate -s 2M tree/a tree/b; ln tree/a tree/c")
        var limits = SquashSurvey.Limits()
        limits.data = 4 << 20
        #expect(Self.code { try SquashSurvey.survey(path, limits: limits) } == nil)
        limits.data -= 1
        #expect(Self.code { try SquashSurvey.survey(path, limits: limits) } == "unpacks-too-large")
    }

    @Test(
        "is refused for attributes that it has once and names a thousand times",
        .enabled(
            if: Peer.isInstalled("mksquashfs") && Peer.isInstalled("python3"),
            "needs mksquashfs and python3: scripts/setup test"), arguments: ["ln tree/0", "cp -a tree/0"])
    func attributes(copy: String) throws {
        let path = try image(
            """
            : > tree/0; python3 -c 'import os; os.setxattr("tree/0", "user.note", b"n" * 1000)'
            for n in $(seq 1 49); do \(copy) tree/$n; done
            """)
        var limits = SquashSurvey.Limits()
        limits.names = 60_000
        let listing = try SquashSurvey.survey(path, limits: limits).layers[0].listing
        #expect(listing.xattrSets.count == 1 && listing.entries.count { $0.xattrs == 0 } == 50)
        limits.names = 40_000
        #expect(Self.code { try SquashSurvey.survey(path, limits: limits) } == "unpacks-too-large")
    }

    @Test(
        "is looked into in the order of its data, and what is seen is told in the order of its names",
        .enabled(if: Peer.isInstalled("mksquashfs"), "needs mksquashfs: scripts/setup test"))
    func order() throws {
        // Files with a fragment and without one, and fragments that fill up in between.
        let path = try image(
            """
            mkdir -p tree/var/lib/dpkg/info tree/usr/share/specifications tree/etc tree/root
            for n in $(seq 30); do
                printf 'Package: p%d\nVersion: 1\n\n' $n >> tree/var/lib/dpkg/status
                printf '/usr/share/p%d\n' $n > tree/var/lib/dpkg/info/p$n.list
                head -c $((n * 1000)) /dev/urandom > tree/usr/share/p$n
                printf 's.name = "g%d"\ns.version = "1"\n' $n > tree/usr/share/specifications/g$n.gemspec
            done
            head -c 131072 /dev/zero | tr '\\0' '\\n' >> tree/var/lib/dpkg/status
            printf 'https://u:p@example.com\n' > tree/root/.git-credentials
            printf 'ID=debian\nVERSION_ID=12\n' > tree/etc/os-release
            tar cf archive -C tree .
            """)
        let squash = try Inspection(try SquashSurvey.survey(path))
        let archive = try InspectionFixture.inspect(archives: [
            try InputFile.contents(of: "\(folder.path)/archive", limit: 1 << 24)
        ])
        #expect(squash.packages.packages == archive.packages.packages && squash.packages.packages.count == 30)
        #expect(squash.packages.packages.first?.bytes == 30_000)
        #expect(squash.languages == archive.languages && squash.languages.count == 30)
        #expect(squash.release == archive.release && squash.release != nil)
        #expect(squash.findings.map(\.place) == archive.findings.map(\.place) && !squash.findings.isEmpty)
        let documents = squash.survey.layers[0].observer.documents
        #expect(documents.map(\.content) == documents.map(\.content).sorted())
    }

    // MARK: - Zip archives

    /// An archive that is a central directory alone, with sizes in 64 bits. APPNOTE.TXT, 4.3.12, 4.3.16 and 4.5.3.
    private func zip(_ entries: [(name: String, size: UInt64, storedSize: UInt64)]) throws -> String {
        var directory: [UInt8] = []
        for entry in entries {
            directory.append(littleEndian: UInt32(0x0201_4b50))
            for field in [UInt16(45), 45, 0, 8, 0, 0] { directory.append(littleEndian: field) }
            for field in [UInt32(0), .max, .max] { directory.append(littleEndian: field) }
            for field in [UInt16(entry.name.utf8.count), 20, 0, 0, 0] { directory.append(littleEndian: field) }
            for field in [UInt32(0), 0] { directory.append(littleEndian: field) }
            directory += Array(entry.name.utf8)
            for field in [UInt16(1), 16] { directory.append(littleEndian: field) }
            for field in [entry.size, entry.storedSize] { directory.append(littleEndian: field) }
        }
        var end: [UInt8] = []
        end.append(littleEndian: UInt32(0x0605_4b50))
        for field in [UInt16(0), 0, UInt16(entries.count), UInt16(entries.count)] { end.append(littleEndian: field) }
        for field in [UInt32(directory.count), 0] { end.append(littleEndian: field) }
        end.append(littleEndian: UInt16(0))
        try TestImage.write([("a.zip", directory + end)], to: folder.path)
        return "\(folder.path)/a.zip"
    }

    @Test("is refused for entries that lie in it and are longer than it")
    func stored() throws {
        let path = try zip([("a/", 0, UInt64(Int.max)), ("b/", 0, UInt64(Int.max))])
        #expect(Self.code { try ZipSurvey.survey(path) } == "zip-damaged")
        let small = try zip([("a/", 0, 1), ("b/", 0, 0)])
        #expect(try ZipSurvey.survey(small).layers[0].listing.entries.count == 2)
    }

    @Test("is refused for entries that come to more than an image, also when they share what they are unpacked from")
    func unpacked() throws {
        let path = try zip((0..<5).map { ("\($0)/", 4 << 30, 1) })
        #expect(Self.code { try ZipSurvey.survey(path) } == "zip-damaged")
        let small = try zip((0..<4).map { ("\($0)/", 4 << 30, 1) })
        #expect(Self.code { try ZipSurvey.survey(small) } == nil)
    }
}
