import ByteKit
import Report
import TestKit
import Testing

@Suite("An artifact")
struct ArtifactTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private static let makeTree = """
        cd "$1"; mkdir -p tree/usr/bin tree/var/lib/dpkg; head -c 300000 /dev/urandom > tree/usr/bin/large
        seq 1000 > tree/usr/bin/small; ln tree/usr/bin/small tree/twin; ln -s usr/bin/small tree/link
        printf 'Package: x\\nVersion: 1\\n' > tree/var/lib/dpkg/status; : > tree/empty; chmod 4755 tree/usr/bin/large
        mkfifo tree/pipe
        """

    private func make(_ script: String) throws {
        let made = try Peer.run("sh", ["-euc", Self.makeTree + "\n" + script, "sh", folder.path])
        try #require(made.status == 0, "\(made.errorText)")
    }

    /// What both sides say of the same tree.
    private func check(_ inspection: Inspection) throws {
        let sum = try Peer.run(
            "sh", ["-euc", #"cd "$1/tree"; cat usr/bin/* var/lib/dpkg/status | wc -c"#, "sh", folder.path])
        #expect("\(inspection.totals.unpacked)" == sum.text.filter(\.isNumber))
        #expect(inspection.packages.packages.map(\.name) == ["x"])
        #expect(inspection.findings.map { "\($0.kind) \($0.place)" } == ["setuid /usr/bin/large"])
        #expect(inspection.totals.symlinks == 1)
    }

    @Test(
        "that is a squashfs image is read with its links, packages and sizes",
        .enabled(if: Peer.isInstalled("mksquashfs"), "needs mksquashfs: scripts/setup test"))
    func squashfs() throws {
        try make("mksquashfs tree image.squashfs -quiet -no-progress -comp zstd >/dev/null")
        let inspection = try Inspection(try SquashSurvey.survey("\(folder.path)/image.squashfs"))
        try check(inspection)
        #expect(inspection.totals.files == 5 && inspection.totals.others == 1)
        #expect(inspection.totals.size == (try InputFile("\(folder.path)/image.squashfs").size))
    }

    @Test(
        "that is an archive of the same files is the same",
        .enabled(if: Peer.isInstalled("mksquashfs"), "needs mksquashfs: scripts/setup test"))
    func sameAsArchive() throws {
        try make("mksquashfs tree image.squashfs -quiet -no-progress >/dev/null; tar cf image.tar -C tree .")
        let squash = try Inspection(try SquashSurvey.survey("\(folder.path)/image.squashfs"))
        let archive = try InspectionFixture.inspect(archives: [
            try InputFile.contents(of: "\(folder.path)/image.tar", limit: 1 << 24)
        ])
        try check(archive)
        #expect(Comparison(squash, archive).files == [])
    }

    @Test(
        "that is a zip is read, deflated and stored",
        .enabled(if: Peer.isInstalled("python3"), "needs python3: scripts/setup test"))
    func zip() throws {
        try make(
            """
            rm tree/pipe tree/twin
            python3 - <<'E'
            import os, zipfile
            with zipfile.ZipFile("a.zip", "w") as z:
                for r, d, f in os.walk("tree"):
                    for n in f:
                        p = os.path.join(r, n); i = zipfile.ZipInfo(os.path.relpath(p, "tree")); s = os.lstat(p)
                        i.create_system = 3; i.external_attr = s.st_mode << 16
                        i.compress_type = zipfile.ZIP_STORED if n == "small" else zipfile.ZIP_DEFLATED
                        z.writestr(i, os.readlink(p) if os.path.islink(p) else open(p, "rb").read())
            E
            tar cf image.tar -C tree .
            """)
        let zip = try Inspection(try ZipSurvey.survey("\(folder.path)/a.zip"))
        try check(zip)
        let archive = try InspectionFixture.inspect(archives: [
            try InputFile.contents(of: "\(folder.path)/image.tar", limit: 1 << 24)
        ])
        // Archives name folders, owners and symlinks' modes; zips do not.
        #expect(
            Comparison(zip, archive).files.filter { $0.what.contains("content") || $0.what.contains("target") } == [])
        #expect(zip.totals.size == (try InputFile("\(folder.path)/a.zip").size))
    }

    @Test(
        "that is a damaged zip is refused, wherever the damage is",
        .enabled(if: Peer.isInstalled("python3"), "needs python3: scripts/setup test"),
        arguments: [0, 1, 2, 3])
    func damagedZip(seed: Int) throws {
        let script = """
            cd "$1"; python3 -c 'import zipfile
            z = zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED)
            for n in range(5): z.writestr("f%d" % n, "x" * 5000)
            z.close()'
            """
        let made = try Peer.run("sh", ["-euc", script, "sh", folder.path])
        try #require(made.status == 0, "\(made.errorText)")
        let whole = try InputFile.contents(of: "\(folder.path)/a.zip", limit: 1 << 20)
        var refused = 0
        for place in stride(from: seed, to: whole.count, by: 4) {
            var bytes = whole
            bytes[place] ^= 0xff
            try TestImage.write([("b.zip", bytes)], to: folder.path)
            do { _ = try Inspection(try ZipSurvey.survey("\(folder.path)/b.zip")) } catch { refused += 1 }
            try TestImage.write([("b.zip", Array(whole.prefix(place)))], to: folder.path)
            #expect(throws: (any Error).self) { try ZipSurvey.survey("\(folder.path)/b.zip") }
        }
        #expect(refused > 0)
    }

    @Test("that is neither is refused")
    func neither() throws {
        try TestImage.write([("x", Array("hsqs but short".utf8))], to: folder.path)
        #expect(throws: (any Error).self) { try SquashSurvey.survey("\(folder.path)/x") }
        #expect(throws: (any Error).self) { try ZipSurvey.survey("\(folder.path)/x") }
    }
}
