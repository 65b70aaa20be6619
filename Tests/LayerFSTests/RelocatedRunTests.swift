import ByteKit
import ELF
import LayerFS
import TestKit
import Testing

/// Programs of this machine, relocated to a folder of a test and started there.
@Suite(
    "A relocated program",
    .enabled(if: (try? InputFile("/lib64/ld-linux-x86-64.so.2")) != nil, "needs the loader of glibc on x86_64"))
struct RelocatedRunTests {
    /// A program, and what ldd says it loads, under the paths they have here.
    static func items(of program: String) throws -> [TarItem] {
        let listing = try Peer.run("ldd", [program], variables: [("LC_ALL", "C")]).text
        let libraries = listing.split { " \n\t".contains($0) }.filter { $0.hasPrefix("/") }.map(String.init)
        return try ([program] + libraries).map { path in
            RelocationTests.executable(String(path.dropFirst()), try InputFile.contents(of: path, limit: 1 << 28))
        }
    }

    /// Links the items to where they are then unpacked; gives the folder and the settings that a launcher would make.
    static func unpacked(_ items: [TarItem], _ workspace: LayerWorkspace) throws -> (
        folder: String, linked: Linker.LinkedTree
    ) {
        let folder = workspace.freshPath("root")
        try Folder.create(folder)
        let linked = try workspace.link([TarBuilder.archive(items)], Linker.Rules(prefix: Array(folder.utf8)))
        _ = try linked.writeFolder(to: folder, pool: workspace.pool)
        return (folder, linked)
    }

    @Test(
        "runs through the loader and with the libraries below the prefix, and is itself",
        arguments: ["cat", "readlink"])
    func runs(name: String) throws {
        let workspace = try LayerWorkspace(BlockSettings())
        let (folder, linked) = try Self.unpacked(try Self.items(of: "/usr/bin/\(name)"), workspace)
        #expect(linked.relocation?.refused == [])
        let folders = try #require(linked.relocation?.libraryFolders)
        let libraryPath = folders.map { "\(folder)/\(text($0))" }.joined(separator: ":")
        let file = name == "cat" ? "/proc/self/maps" : "/proc/self/exe"
        let result = try Peer.run(
            "\(folder)/usr/bin/\(name)", [file], variables: [("LD_LIBRARY_PATH", libraryPath), ("LC_ALL", "C")])
        #expect(result.status == 0, "\(result.errorText)")
        if name == "cat" {
            let files = result.text.split(separator: "\n").compactMap { $0.split(separator: " ").last }
                .filter { $0.hasPrefix("/") }
            #expect(files.contains { $0.contains("/ld-") })
            #expect(files.allSatisfy { $0.hasPrefix(folder) }, "\(files)")
        } else {
            #expect(result.text == "\(folder)/usr/bin/readlink\n")
        }
    }

    @Test("says so when its loader is not where it was linked to")
    func elsewhere() throws {
        let workspace = try LayerWorkspace(BlockSettings())
        let (folder, _) = try Self.unpacked(try Self.items(of: "/usr/bin/cat"), workspace)
        try Folder.move("\(folder)/lib64", to: "\(folder)/elsewhere")
        #expect(try Peer.run("\(folder)/usr/bin/cat", ["/dev/null"]).status == 127)
    }

    @Test(
        "needs what the linker says is missing: a library that is gone keeps it from starting",
        .enabled(if: Peer.isInstalled("cc"), "needs cc: scripts/setup test"))
    func missing() throws {
        let workspace = try LayerWorkspace(BlockSettings())
        let work = workspace.folder.path
        for (name, code) in [
            ("lib", "int f(void) { return 7; }"), ("main", "int f(void); int main(void) { return f(); }"),
        ] {
            try OutputFile.write(Array(code.utf8), to: "\(work)/\(name).c")
        }
        #expect(try Peer.run("cc", ["-shared", "-fPIC", "-o", "\(work)/libf.so", "\(work)/lib.c"]).status == 0)
        let flags = ["-o", "\(work)/main", "\(work)/main.c", "-L\(work)", "-lf", "-Wl,-rpath,/opt/f"]
        #expect(try Peer.run("cc", flags).status == 0)
        var items = try Self.items(of: "\(work)/main").filter { !text($0.path).hasSuffix("/main") }
        items.append(
            RelocationTests.executable("usr/bin/main", try InputFile.contents(of: "\(work)/main", limit: 1 << 24)))
        let library = TarItem.file("opt/f/libf.so", try InputFile.contents(of: "\(work)/libf.so", limit: 1 << 24))
        for (items, isWhole) in [(items + [library], true), (items, false)] {
            let (folder, linked) = try Self.unpacked(items, workspace)
            let missing = try linked.missingLibraries(of: Array("usr/bin/main".utf8))
            #expect(missing.map { text($0.name) } == (isWhole ? [] : ["libf.so"]))
            let folders = try #require(linked.relocation?.libraryFolders).map { "\(folder)/\(text($0))" }
            let variables = [("LD_LIBRARY_PATH", folders.joined(separator: ":"))]
            #expect(try Peer.run("\(folder)/usr/bin/main", [], variables: variables).status == (isWhole ? 7 : 127))
        }
    }
}
