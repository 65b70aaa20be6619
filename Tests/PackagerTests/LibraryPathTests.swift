import ByteKit
import Packager
import TestKit
import Testing

@Suite("Library paths")
struct LibraryPathTests {
    static let loader = "/lib64/ld-linux-x86-64.so.2"

    /// A Debian-like root: merged /usr, the loader, and a program with these needs.
    static func debian(needs: [String], rpath: String? = nil, runpath: String? = nil) -> HandMadeRoot {
        let program = ELFBuilder(interpreter: loader, needed: needs, rpath: rpath, runpath: runpath)
        return HandMadeRoot([
            "lib": .link("usr/lib"), "lib64": .link("/usr/lib64"), "bin": .link("usr/bin"),
            "usr/lib64/ld-linux-x86-64.so.2": .link("/lib/x86_64-linux-gnu/ld-2.36.so"),
            "usr/lib/x86_64-linux-gnu/ld-2.36.so": .file(
                ELFBuilder(name: "ld-linux-x86-64.so.2", tail: [UInt8]("x--argv0\0".utf8)).bytes),
            "usr/lib/x86_64-linux-gnu/libc.so.6": .file(
                ELFBuilder(needed: ["ld-linux-x86-64.so.2"], name: "libc.so.6").bytes),
            "usr/bin/program": .file(program.bytes),
        ])
    }

    static func library(_ needs: [String] = [], name: String? = nil, rpath: String? = nil, runpath: String? = nil)
        -> HandMadeRoot.Node
    {
        .file(ELFBuilder(needed: needs, name: name ?? "lib.so", rpath: rpath, runpath: runpath).bytes)
    }

    /// The program's loader and path.
    static func plan(
        _ root: HandMadeRoot, environment: [String] = []
    ) throws -> (loader: DynamicLoader, path: LibraryPath) {
        let program = try #require(
            try Program.find("program", searchPath: ["/bin"], libraryFolders: environment, in: root.view))
        guard case .loaded(let loading) = program.kind else {
            Issue.record("the program is not loaded but \(program.kind)")
            throw PathError()
        }
        return (loading.loader, loading.libraryPath)
    }

    struct PathError: Error {}

    @Test("Links are followed inside the root, and folders are named once")
    func mergedRoot() throws {
        let (loader, path) = try Self.plan(Self.debian(needs: ["libc.so.6"]))
        #expect(loader.path == "usr/lib/x86_64-linux-gnu/ld-2.36.so")
        #expect(loader.name == "ld-linux-x86-64.so.2" && loader.family == .glibc && loader.takesArgumentZero)
        #expect(path.folders == ["usr/lib/x86_64-linux-gnu", "usr/lib64", "usr/lib"])
        #expect(path.libraries == ["usr/lib/x86_64-linux-gnu/libc.so.6"])
        #expect(path.missing.isEmpty)
    }

    @Test("A library's absolute RUNPATH is on the path: Debian's libpulse")
    func runpathOfALibrary() throws {
        var root = Self.debian(needs: ["libpulse.so.0", "libc.so.6"])
        root["usr/lib/x86_64-linux-gnu/libpulse.so.0"] = Self.library(
            ["libpulsecommon-16.1.so"], name: "libpulse.so.0", runpath: "/usr/lib/x86_64-linux-gnu/pulseaudio")
        root["usr/lib/x86_64-linux-gnu/pulseaudio/libpulsecommon-16.1.so"] = Self.library(["libc.so.6"])
        let (_, path) = try Self.plan(root)
        #expect(path.folders.first == "usr/lib/x86_64-linux-gnu/pulseaudio")
        #expect(path.libraries.contains("usr/lib/x86_64-linux-gnu/pulseaudio/libpulsecommon-16.1.so"))
        #expect(path.missing.isEmpty)
    }

    @Test("An alternative's absolute links lead inside the root: Debian's libblas")
    func alternatives() throws {
        var root = Self.debian(needs: ["libblas.so.3"])
        root["usr/lib/x86_64-linux-gnu/libblas.so.3"] = .link("/etc/alternatives/libblas.so.3-x86_64-linux-gnu")
        root["etc/alternatives/libblas.so.3-x86_64-linux-gnu"] = .link("/usr/lib/x86_64-linux-gnu/blas/libblas.so.3")
        root["usr/lib/x86_64-linux-gnu/blas/libblas.so.3"] = Self.library(["libc.so.6"])
        let (_, path) = try Self.plan(root)
        #expect(path.libraries.first == "usr/lib/x86_64-linux-gnu/blas/libblas.so.3")
        #expect(path.missing.isEmpty)
    }

    @Test("Folders of ld.so.conf are searched before the loader's own, includes and their patterns too")
    func configuration() throws {
        var root = Self.debian(needs: ["liba.so", "libb.so"])
        root["etc/ld.so.conf"] = .file(
            [UInt8]("# main\ninclude ld.so.conf.d/*.conf\n/opt/last # why\nhwcap 0 x\n".utf8))
        root["etc/ld.so.conf.d/b.conf"] = .file([UInt8]("/opt/b:/opt/c\n".utf8))
        root["etc/ld.so.conf.d/a.conf"] = .file([UInt8]("/opt/a\ninclude /etc/ld.so.conf\n".utf8))
        root["etc/ld.so.conf.d/c.txt"] = .file([UInt8]("/opt/no\n".utf8))
        for folder in ["a", "b", "c", "last", "no"] { root["opt/\(folder)"] = .folder }
        root["opt/b/liba.so"] = Self.library()
        root["usr/lib/liba.so"] = Self.library()
        root["usr/lib/libb.so"] = Self.library()
        let (_, path) = try Self.plan(root)
        #expect(
            path.folders == ["opt/a", "opt/b", "opt/c", "opt/last", "usr/lib/x86_64-linux-gnu", "usr/lib64", "usr/lib"])
        #expect(path.libraries == ["opt/b/liba.so", "usr/lib/libb.so"])
    }

    @Test("The image's LD_LIBRARY_PATH comes first: jrottenberg's ffmpeg")
    func environment() throws {
        var root = Self.debian(needs: ["libavcodec.so.58"])
        root["usr/local/lib/libavcodec.so.58"] = Self.library(["libc.so.6"])
        root["usr/lib/libavcodec.so.58"] = Self.library()
        let (_, path) = try Self.plan(root, environment: ["/usr/local/lib", "/usr/local/lib64"])
        #expect(path.folders.first == "usr/local/lib")
        #expect(path.libraries == ["usr/local/lib/libavcodec.so.58", "usr/lib/x86_64-linux-gnu/libc.so.6"])
    }

    @Test("DT_RPATH is handed down to libraries, DT_RUNPATH is not")
    func inheritance() throws {
        var root = Self.debian(needs: ["liba.so"], rpath: "/opt/x")
        root["opt/x/liba.so"] = Self.library(["libb.so"])
        root["opt/x/libb.so"] = Self.library()
        #expect(try Self.plan(root).path.missing.isEmpty)

        var other = Self.debian(needs: ["liba.so"], runpath: "/opt/x")
        other["opt/x/liba.so"] = Self.library(["libb.so"])
        other["opt/x/libb.so"] = Self.library()
        // ld.so finds libb nowhere; with one flat path it will be found all the same, so this is a report, no guess.
        #expect(try Self.plan(other).path.missing.map(\.description) == ["libb.so (for /opt/x/liba.so)"])
    }

    @Test("$ORIGIN is the folder of the file that says it, and $LIB what the machine calls it")
    func tokens() throws {
        var root = Self.debian(needs: ["liba.so", "libb.so"], runpath: "$ORIGIN/../share/x:/opt/${LIB}")
        root["usr/share/x/liba.so"] = Self.library(["libc.so"], runpath: "${ORIGIN}/y")
        root["usr/share/x/y/libc.so"] = Self.library()
        root["opt/lib64/libb.so"] = Self.library()
        let (_, path) = try Self.plan(root)
        #expect(path.missing.isEmpty)
        #expect(path.folders.prefix(3) == ["usr/share/x", "opt/lib64", "usr/share/x/y"])
    }

    @Test("A library for another machine, or none at all, is passed over")
    func otherMachines() throws {
        var root = Self.debian(needs: ["liba.so", "libb.so"], runpath: "/opt/wrong")
        root["opt/wrong/liba.so"] = .file(ELFBuilder(is64Bit: false, machine: 3, name: "liba.so").bytes)
        root["opt/wrong/libb.so"] = .file([UInt8]("/* GNU ld script */".utf8))
        root["usr/lib/liba.so"] = Self.library()
        root["usr/lib/libb.so"] = Self.library()
        #expect(try Self.plan(root).path.libraries == ["usr/lib/liba.so", "usr/lib/libb.so"])
    }

    @Test("Needs in a circle end, and a library is named once")
    func cyclicNeeds() throws {
        var root = Self.debian(needs: ["liba.so"])
        root["usr/lib/liba.so"] = Self.library(["libb.so"])
        root["usr/lib/libb.so"] = Self.library(["liba.so", "libb.so", "program"])
        let (_, path) = try Self.plan(root)
        #expect(path.libraries == ["usr/lib/liba.so", "usr/lib/libb.so"])
        #expect(path.missing.map(\.description) == ["program (for /usr/lib/libb.so)"])
    }

    @Test(
        "Links in a circle, and paths through files, lead nowhere",
        arguments: ["loop1", "usr/bin/program/liba.so", "../../loop1"])
    func circles(target: String) throws {
        var root = Self.debian(needs: ["liba.so"])
        root["loop1"] = .link("/loop2")
        root["loop2"] = .link("loop1")
        root["usr/lib/liba.so"] = .link("/\(target)")
        #expect(try Self.plan(root).path.missing.map(\.name) == ["liba.so"])
    }

    @Test("A link above the root ends at the root")
    func aboveTheRoot() throws {
        var root = Self.debian(needs: ["liba.so"])
        root["usr/lib/liba.so"] = .link("../../../../../real/liba.so")
        root["real/liba.so"] = Self.library()
        #expect(try Self.plan(root).path.libraries == ["real/liba.so"])
    }

    @Test("A need with a slash is a path of another root: it counts as missing")
    func absoluteNeed() throws {
        var root = Self.debian(needs: ["/usr/lib/liba.so"])
        root["usr/lib/liba.so"] = Self.library()
        #expect(try Self.plan(root).path.missing.map(\.name) == ["/usr/lib/liba.so"])
    }

    @Test("musl has folders of its own, and its loader is its C library")
    func musl() throws {
        let program = ELFBuilder(
            interpreter: "/lib/ld-musl-x86_64.so.1", needed: ["libc.musl-x86_64.so.1", "libz.so.1", "libq.so"])
        var root = HandMadeRoot([
            "lib/ld-musl-x86_64.so.1": .file(ELFBuilder(name: "libc.musl-x86_64.so.1").bytes),
            "lib/libc.musl-x86_64.so.1": .link("ld-musl-x86_64.so.1"),
            "lib/libz.so.1": Self.library(["libc.musl-x86_64.so.1"]),
            "usr/local/lib/libq.so": Self.library(), "usr/lib/empty": .folder, "bin/program": .file(program.bytes),
        ])
        let (loader, path) = try Self.plan(root)
        #expect(loader.family == .musl && !loader.takesArgumentZero)
        #expect(path.folders == ["lib", "usr/local/lib", "usr/lib"])
        #expect(path.libraries == ["lib/libz.so.1", "usr/local/lib/libq.so"])
        #expect(path.missing.isEmpty)

        root["etc/ld-musl-x86_64.path"] = .file([UInt8]("/lib\n/opt/q".utf8))
        root["opt/q/libq.so"] = Self.library()
        #expect(try Self.plan(root).path.folders == ["lib", "opt/q"])
        root["lib/ld-musl-x86_64.so.1"] = .file(ELFBuilder(tail: [UInt8]("argv0\0".utf8)).bytes)
        #expect(try Self.plan(root).loader.takesArgumentZero)
    }

    @Test("A loader that is missing or unknown is said")
    func loaders() throws {
        var root = Self.debian(needs: ["libc.so.6"])
        root["usr/lib64/ld-linux-x86-64.so.2"] = nil
        let gone = #expect(throws: PackagerError.self) { try Self.plan(root) }
        #expect(gone?.code == .libraryMissing)
        let program = ELFBuilder(interpreter: "/lib/ld-uClibc.so.0", needed: ["a"])
        let strange = HandMadeRoot(["lib/ld-uClibc.so.0": Self.library(), "bin/program": .file(program.bytes)])
        let unknown = #expect(throws: PackagerError.self) { try Self.plan(strange) }
        #expect(unknown?.code == .unsupportedProgram)
    }

    @Test(
        "Programs of this machine get the libraries that ldd finds", .enabled(if: Peer.isInstalled("ldd")),
        arguments: ["bsdtar", "python3", "curl", "git"].filter(Peer.isInstalled))
    func host(name: String) throws {
        let root = RootView.folder("")
        guard let program = try Program.find(name, searchPath: ["/usr/bin", "/bin"], libraryFolders: [], in: root),
            case .loaded(let loading) = program.kind
        else { return }
        let (loader, path) = (loading.loader, loading.libraryPath)
        #expect(path.missing.isEmpty)
        // Real paths of all that ldd names, but the loader and the kernel's own.
        let command = "ldd /\(program.path) | sed -n 's/.*=> \\(\\/[^ ]*\\).*/\\1/p' | xargs -r realpath | sort -u"
        let expected = try Peer.run("sh", ["-c", command]).text.split(separator: "\n").map { String($0.dropFirst()) }
        #expect(path.libraries.filter { $0 != loader.path }.sorted() == expected.filter { $0 != loader.path })
    }
}
