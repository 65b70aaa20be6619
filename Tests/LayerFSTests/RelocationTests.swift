import ByteKit
import ELF
import LayerFS
import TestKit
import Testing

@Suite("Relocation") struct RelocationTests {
    static let prefix = "/tmp/scar/root"
    static let loader = "/lib64/ld-linux-x86-64.so.2"
    static let rules = Linker.Rules(prefix: Array(prefix.utf8))

    static func executable(_ path: String, _ bytes: [UInt8]) -> TarItem {
        TarItem.file(path, bytes).with { $0.mode = 0o755 }
    }

    static func program(
        _ interpreter: String? = loader, needed: [String] = [], rpath: String? = nil, runpath: String? = nil,
        machine: UInt16 = 62, is64Bit: Bool = true, size: Int = 0
    ) -> [UInt8] {
        var numbers = SeededNumbers(seed: UInt64(size))
        return ELFBuilder(
            is64Bit: is64Bit, machine: machine, interpreter: interpreter, needed: needed, rpath: rpath,
            runpath: runpath, tail: numbers.bytes(size)
        ).bytes
    }

    static func library(_ needed: [String] = [], rpath: String? = nil, runpath: String? = nil) -> [UInt8] {
        ELFBuilder(needed: needed, name: "lib", rpath: rpath, runpath: runpath).bytes
    }

    /// A merged /usr, as Debian has it, with its loader and C library.
    static let debian: [TarItem] = [
        .symlink("lib", to: "usr/lib"), .symlink("lib64", to: "/usr/lib64"), .symlink("bin", to: "usr/bin"),
        .symlink("usr/lib64/ld-linux-x86-64.so.2", to: "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
        executable(
            "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
            ELFBuilder(name: "ld-linux-x86-64.so.2", tail: Array("x--argv0\0".utf8)).bytes),
        .file("usr/lib/x86_64-linux-gnu/libc.so.6", library(["ld-linux-x86-64.so.2"])),
    ]

    static func link(_ items: [TarItem], _ workspace: LayerWorkspace? = nil) throws -> Linker.LinkedTree {
        let workspace = try workspace ?? LayerWorkspace()
        return try workspace.link([TarBuilder.archive(items)], rules)
    }

    static func interpreter(_ linked: Linker.LinkedTree, _ path: String) throws -> String? {
        let bytes = try #require(try linked.bytes(at: path))
        return try ELFFile(bytes).interpreter.map { text($0) }
    }

    static func findings(_ findings: [Relocation.Finding]?) -> [String] {
        (findings ?? []).map { "\(text($0.path)): \($0.reason)" }
    }

    // MARK: - Interpreters

    @Test(
        "a program of any size asks for its loader below the prefix, and is otherwise what it was",
        arguments: [0, 100, 3000, 3700, 3750, 4096, 5000, 8192, 12_288, 100_000, 100_001])
    func sizes(size: Int) throws {
        let old = Self.program(size: size)
        let workspace = try LayerWorkspace()
        let linked = try Self.link(Self.debian + [Self.executable("usr/bin/a", old)], workspace)
        let patch = try #require(
            try ELFFile(old).patch(interpreter: Array((Self.prefix + Self.loader).utf8), size: old.count))
        var expected = old
        patch.edit(&expected, at: 0)
        #expect(try linked.bytes(at: "usr/bin/a") == expected + patch.appended)
        #expect(linked.relocation?.interpreters == 1)
        #expect(linked.relocation?.refused == [])
        let folder = try workspace.unpacked(linked).path
        let unpacked = try InputFile.contents(of: "\(folder)/usr/bin/a", limit: 1 << 20)
        #expect(unpacked == expected + patch.appended)
        _ = try workspace.checkedSquash(linked)
    }

    @Test("the blocks between a program's headers and its end are taken over as they were compressed")
    func copied() throws {
        let workspace = try LayerWorkspace()
        let object = try workspace.compile(
            TarBuilder.archive(Self.debian + [Self.executable("usr/bin/a", Self.program(size: 50_000))]))
        let linked = try workspace.link([object], Self.rules)
        let (old, made) = (object, try #require(linked.objects.last))
        let oldBlocks = Set(old.blocks.map(\.checksum))
        guard case .blocks(let first, let count)? = made.contents.first?.place else { throw SizeError() }
        #expect(count == 13)
        #expect(!oldBlocks.contains(made.blocks[first].checksum))
        #expect(made.blocks[first + 1..<first + count - 1].allSatisfy { oldBlocks.contains($0.checksum) })
    }

    struct SizeError: Error {}

    @Test("holes in a program stay holes")
    func sparse() throws {
        let old = ELFBuilder(interpreter: Self.loader, tail: [UInt8](repeating: 0, count: 40_000) + [1]).bytes
        let linked = try Self.link(Self.debian + [Self.executable("usr/bin/a", old)])
        let made = try #require(linked.objects.last)
        #expect(made.blocks.count { $0.size == 0 } == 8)
        let bytes = try #require(try linked.bytes(at: "usr/bin/a"))
        #expect(bytes.count == old.count + Self.prefix.utf8.count + Self.loader.utf8.count + 1)
        #expect(bytes[1000..<40_000].allSatisfy { $0 == 0 })
    }

    @Test("a tree that was relocated before stays as it is")
    func idempotent() throws {
        let again = Self.program(Self.prefix + Self.loader)
        let linked = try Self.link(Self.debian + [Self.executable("usr/bin/a", again)])
        #expect(try linked.bytes(at: "usr/bin/a") == again)
        #expect(linked.relocation?.interpreters == 0 && linked.relocation?.refused == [])
        #expect(linked.objects.count == 1)
    }

    @Test("a tree that will be the root keeps its programs as they are")
    func notRelocated() throws {
        let bytes = Self.program()
        let linked = try LayerWorkspace().link([TarBuilder.archive(Self.debian + [Self.executable("usr/bin/a", bytes)])]
        )
        #expect(try linked.bytes(at: "usr/bin/a") == bytes)
        #expect(linked.relocation == nil)
    }

    @Test("programs are changed whether or not they may be run, and each content once, whatever its names")
    func names() throws {
        let bytes = Self.program()
        let linked = try Self.link(
            Self.debian + [
                .file("usr/lib/plain", bytes), Self.executable("usr/bin/a", bytes),
                .hardLink("usr/bin/b", to: "usr/bin/a"),
            ])
        for path in ["usr/lib/plain", "usr/bin/a", "usr/bin/b"] {
            #expect(try Self.interpreter(linked, path) == Self.prefix + Self.loader)
        }
        #expect(linked.relocation?.interpreters == 1)
    }

    @Test("files of several layers are changed in the layers they count for")
    func layers() throws {
        let workspace = try LayerWorkspace()
        let upper = TarBuilder.archive([Self.executable("usr/bin/b", Self.program(size: 9000))])
        let linked = try workspace.link(
            [TarBuilder.archive(Self.debian + [Self.executable("usr/bin/a", Self.program(size: 10))]), upper],
            Self.rules)
        #expect(linked.objects.count == 3 && linked.report.layers.count == 2)
        let longer = Self.prefix.utf8.count + Self.loader.utf8.count + 1
        #expect(linked.report.layers[1].liveBytes == Self.program(size: 9000).count + longer)
        #expect(linked.report.layers[1].bytes == Self.program(size: 9000).count)
        #expect(linked.report.layers.reduce(0) { $0 + $1.liveBytes } == linked.report.unpackedSize)
    }

    @Test("what comes first in the image may be a program that was changed")
    func first() throws {
        let workspace = try LayerWorkspace()
        var rules = Self.rules
        rules.first = [Array("/usr/bin/a".utf8)]
        let items =
            Self.debian + [
                .file("0", [UInt8](repeating: 1, count: 9000)), Self.executable("usr/bin/a", Self.program()),
            ]
        let linked = try workspace.link([TarBuilder.archive(items)], rules)
        _ = try workspace.checkedSquash(linked)
        #expect(linked.first.count == 1)
    }

    @Test("the bytes do not depend on how many threads there are")
    func threads() throws {
        var items = Self.debian
        for index in 0..<200 {
            items.append(Self.executable("usr/bin/p\(index)", Self.program(needed: ["lib\(index)"], size: index * 97)))
        }
        var images: Set<[UInt8]> = []
        for threads in [1, 2, 8] {
            let workspace = try LayerWorkspace(threads: threads)
            let image = try workspace.squash(workspace.link([TarBuilder.archive(items)], Self.rules)).path
            images.insert(try InputFile.contents(of: image, limit: 1 << 26))
        }
        #expect(images.count == 1)
    }

    @Test("the object of what is made is no file that anybody sees")
    func scratch() throws {
        let workspace = try LayerWorkspace()
        let object = try workspace.compile(
            TarBuilder.archive(Self.debian + [Self.executable("usr/bin/a", Self.program())]))
        let scratch = workspace.freshPath("scratch")
        try Folder.create(scratch)
        let linked = try Linker(settings: workspace.settings, pool: workspace.pool).link(
            [object], Self.rules, scratch: scratch)
        #expect(try Folder.names(in: scratch) == [])
        #expect(try Self.interpreter(linked, "usr/bin/a") == Self.prefix + Self.loader)
    }

    // MARK: - What cannot be relocated

    @Test(
        "a program that will not run is told, and left as it is",
        arguments: [
            (program("/lib/ld-none.so"), "asks for the loader /lib/ld-none.so, which is not in the image"),
            (program("ld.so"), "asks for a loader by the relative path ld.so"),
            (program(machine: 183), "is for another processor (ELF machine 183)"),
            (program(machine: 3, is64Bit: false), "is for a 32-bit processor (ELF machine 3)"),
            (program(is64Bit: false), "is for x32, which Lambda's kernel does not run"),
            (Array(program().prefix(100)), "ends in its program headers"),
            (program("/" + String(repeating: "x", count: 5000)), "names its loader in a way that Linux does not take"),
        ] as [([UInt8], String)])
    func refused(bytes: [UInt8], reason: String) throws {
        let linked = try Self.link(Self.debian + [Self.executable("usr/bin/a", bytes)])
        #expect(Self.findings(linked.relocation?.refused) == ["usr/bin/a: \(reason)"])
        #expect(try linked.bytes(at: "usr/bin/a") == bytes)
        // Data is nobody's program.
        let data = try Self.link(Self.debian + [.file("usr/share/a", bytes)])
        let isAsked = reason.hasPrefix("asks")
        #expect(data.relocation?.refused.count == (isAsked ? 1 : 0))
    }

    @Test("static programs are told: the path library does not reach them")
    func unreachable() throws {
        let fixed = ELFBuilder(code: [0xc3]).bytes
        let linked = try Self.link(
            Self.debian + [
                Self.executable("usr/bin/a", fixed), .file("usr/share/a", fixed), Self.executable("s", Self.library()),
            ])
        #expect(Self.findings(linked.relocation?.unreachable) == ["usr/bin/a: static"])
    }

    @Test("whatever the layers' files have in them, linking ends well")
    func hostile() throws {
        var numbers = SeededNumbers(seed: 1)
        var items = Self.debian
        let whole = Self.program(needed: ["a", "b"], rpath: "/x:$ORIGIN", runpath: "/y", size: 200)
        for index in 0..<1000 {
            var bytes = whole
            for _ in 0...numbers.below(5) {
                bytes[4 + numbers.below(bytes.count - 4)] = numbers.pick([0, 0xff, 0x7f, 1])
            }
            items.append(Self.executable("usr/bin/p\(index)", index % 3 == 0 ? Array(bytes.prefix(64 + index)) : bytes))
        }
        let workspace = try LayerWorkspace()
        let linked = try Self.link(items, workspace)
        for index in 0..<1000 { _ = try linked.missingLibraries(of: Array("usr/bin/p\(index)".utf8)) }
        _ = try workspace.squash(linked)
        #expect((linked.relocation?.refused.count ?? 0) > 100)
        #expect((linked.relocation?.interpreters ?? 0) > 100)
    }

    // MARK: - The loader

    @Test("the loader is the one that most programs ask for, links followed")
    func loader() throws {
        let other = "/lib/ld-linux-x86-64.so.9"
        let linked = try Self.link(
            Self.debian + [
                Self.executable("usr/lib/ld-linux-x86-64.so.9", Self.library()),
                Self.executable("usr/bin/a", Self.program()), Self.executable("usr/bin/b", Self.program(size: 9)),
                Self.executable("usr/bin/c", Self.program(other)),
            ])
        let loader = try #require(linked.relocation?.loader)
        #expect(text(loader.path) == "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
        #expect(text(loader.name) == "ld-linux-x86-64.so.2")
        #expect(loader.family == .glibc && loader.hasArgumentZero)
        #expect(try Self.interpreter(linked, "usr/bin/c") == Self.prefix + other)
    }

    @Test("musl's loader is known by its name")
    func musl() throws {
        let items = [
            Self.executable("lib/ld-musl-x86_64.so.1", ELFBuilder(name: "libc.musl-x86_64.so.1").bytes),
            Self.executable("bin/a", Self.program("/lib/ld-musl-x86_64.so.1", needed: ["libc.so", "liba.so"])),
            .file("usr/lib/liba.so", Self.library()),
        ]
        let linked = try Self.link(items)
        #expect(linked.relocation?.loader?.family == .musl && linked.relocation?.loader?.hasArgumentZero == false)
        #expect(linked.relocation?.libraryFolders.map { text($0) } == ["lib", "usr/lib"])
        #expect(try linked.missingLibraries(of: Array("bin/a".utf8)) == [])
        let configured = try Self.link(
            items + [
                .file("etc/ld-musl-x86_64.path", "/opt/b:/opt/a\n/usr/lib\n"), .file("opt/a/libx.so", Self.library()),
            ])
        #expect(configured.relocation?.libraryFolders.map { text($0) } == ["opt/a", "usr/lib"])
    }

    @Test("an image without dynamic programs has no loader and no library folders")
    func noLoader() throws {
        let linked = try Self.link([Self.executable("a", ELFBuilder(code: [0xc3]).bytes)])
        #expect(linked.relocation?.loader == nil && linked.relocation?.libraryFolders == [])
    }
}
