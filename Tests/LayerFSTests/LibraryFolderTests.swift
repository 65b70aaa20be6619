import ByteKit
import LayerFS
import TestKit
import Testing

@Suite("Library folders") struct LibraryFolderTests {
    typealias Image = RelocationTests

    static func folders(_ items: [TarItem]) throws -> [String] {
        let linked = try Image.link(Image.debian + [Image.executable("usr/bin/a", Image.program())] + items)
        return (linked.relocation?.libraryFolders ?? []).map { text($0) }
    }

    static let multiarch = "usr/lib/x86_64-linux-gnu"

    @Test("are the distribution's own, each once and links followed")
    func builtIn() throws {
        #expect(try Self.folders([]) == [Self.multiarch, "usr/lib64"])
        #expect(
            try Self.folders([.file("usr/lib/liba.so", Image.library())]) == [Self.multiarch, "usr/lib64", "usr/lib"])
    }

    @Test("are configured ones before them, with what the configuration includes, in the order of its lines and names")
    func configured() throws {
        let library = Image.library()
        let folders = try Self.folders([
            .file(
                "etc/ld.so.conf",
                "/opt/first # comment\ninclude ld.so.conf.d/*.conf\nhwcap 0 nosegneg\n/opt/last\ninclude /etc/other\n"),
            .file("etc/ld.so.conf.d/b.conf", "/opt/b\n"),
            .file("etc/ld.so.conf.d/a.conf", "/opt/a:/opt/none\n/opt/empty"),
            .file("etc/ld.so.conf.d/.hidden.conf", "/opt/hidden\n"), .file("etc/ld.so.conf.d/c.txt", "/opt/c\n"),
            .file("etc/other", "include /etc/ld.so.conf\n/opt/other\n"),
            .file("opt/first/x", library), .file("opt/last/x", library), .file("opt/a/x", library),
            .file("opt/hidden/x", library), .file("opt/c/x", library), .file("opt/other/x", library),
            .file("opt/empty/x", "no library"), .symlink("opt/b", to: "deep/b"), .file("opt/deep/b/x", library),
        ])
        #expect(folders == ["opt/first", "opt/a", "opt/deep/b", "opt/last", "opt/other", Self.multiarch, "usr/lib64"])
    }

    @Test("are those that files name by absolute paths after them, in byte order; $ORIGIN needs none")
    func named() throws {
        let library = Image.library()
        let folders = try Self.folders([
            .file("usr/bin/plugin", Image.program(runpath: "/opt/z:$ORIGIN/../own:/opt/$PLATFORM/x")),
            .file("opt/z/liba.so", Image.library(rpath: "/opt/b/../c")), .file("opt/c/x", library),
            .file("usr/own/x", library), .file("opt/x86_64/x/libb.so", library),
            .file("opt/foreign", Image.program(runpath: "/opt/arm", machine: 183)), .file("opt/arm/x", library),
            .folder("opt/b"),
        ])
        #expect(folders == [Self.multiarch, "usr/lib64", "opt/x86_64/x", "opt/c", "opt/z"])
    }

    @Test("are left out when no library path can say them, or when there are too many of them")
    func unsayable() throws {
        let library = Image.library()
        #expect(
            try Self.folders([.file("opt/a;b/x", library), .file("etc/ld.so.conf", "/opt/a;b")]) == [
                Self.multiarch, "usr/lib64",
            ])
        let names = (0..<3000).map { "opt/" + String(repeating: "n", count: 40) + "\($0)" }
        let linked = try Image.link(
            Image.debian + [Image.executable("usr/bin/a", Image.program())]
                + [.file("etc/ld.so.conf", names.map { "/\($0)\n" }.joined())] + names.map { .file("\($0)/x", library) }
        )
        let folders = linked.relocation?.libraryFolders ?? []
        #expect(folders.count > 500 && folders.reduce(0) { $0 + $1.count + 16 } <= 64 << 10)
        #expect(linked.report.warnings.count == 1)
    }

    // MARK: - What is missing

    @Test("a library that nothing provides is told with the file that needs it, however deep")
    func missing() throws {
        let linked = try Image.link(
            Image.debian + [
                Image.executable("usr/bin/a", Image.program(needed: ["libc.so.6", "liba.so", "libgone.so"])),
                .file("\(Self.multiarch)/liba.so", Image.library(["libb.so"], runpath: "$ORIGIN/private")),
                .file("\(Self.multiarch)/private/libb.so", Image.library(["libdeep.so", "liba.so"])),
                .file("usr/lib/libdeep.so", ELFBuilder(machine: 183).bytes),
                .symlink("usr/bin/link", to: "/bin/a"), .file("usr/bin/script", "#!/bin/a\n"),
            ])
        let expected = ["libgone.so (for /usr/bin/a)", "libdeep.so (for /\(Self.multiarch)/private/libb.so)"]
        for path in ["usr/bin/a", "/bin/a", "usr/bin/link"] {
            #expect(try linked.missingLibraries(of: Array(path.utf8)).map(\.description) == expected)
        }
        for path in ["usr/bin/script", "nowhere", "usr", "\(Self.multiarch)/liba.so"] {
            #expect(try linked.missingLibraries(of: Array(path.utf8)) == [])
        }
    }

    @Test("RPATH is handed down, RUNPATH is not, and the environment's folders count")
    func inherited() throws {
        func missing(_ program: [UInt8], environment: [String] = []) throws -> [String] {
            let linked = try Image.link(
                Image.debian + [
                    Image.executable("opt/bin/a", program),
                    .file("\(Self.multiarch)/liba.so", Image.library(["libb.so"])),
                    .file("opt/own/libb.so", Image.library()),
                ])
            return try linked.missingLibraries(
                of: Array("opt/bin/a".utf8), environment: environment.map { Array($0.utf8) }
            ).map { text($0.name) }
        }
        #expect(try missing(Image.program(needed: ["liba.so"], rpath: "$ORIGIN/../own")) == [])
        #expect(try missing(Image.program(needed: ["liba.so"], runpath: "${ORIGIN}/../own")) == ["libb.so"])
        #expect(try missing(Image.program(needed: ["liba.so"])) == ["libb.so"])
        #expect(try missing(Image.program(needed: ["liba.so"]), environment: ["/opt/own"]) == [])
    }

    @Test("libraries that need each other end the search")
    func cyclic() throws {
        let linked = try Image.link(
            Image.debian + [
                Image.executable("usr/bin/a", Image.program(needed: ["liba.so"])),
                .file("usr/lib/liba.so", Image.library(["libb.so", "liba.so"])),
                .file("usr/lib/libb.so", Image.library(["liba.so"])),
            ])
        #expect(try linked.missingLibraries(of: Array("usr/bin/a".utf8)) == [])
    }
}
