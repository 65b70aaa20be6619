import ByteKit
import TestKit
import Testing

/// The path library's files as `make path-library` made them, and the sources they were made of.
///
/// What programs see through it is tested elsewhere, with real programs in a cage.
@Suite("The path library")
struct PathLibraryTests {
    static let sources = "\(Products.repository)/Sources/PathLibrary"
    static let oracles = "\(Products.repository)/Tests/PathLibrary"
    static let architectures = ["x86_64", "aarch64"]

    static func library(_ architecture: String) -> String {
        "\(Products.repository)/.build/path-library/libscar-path-\(architecture).so"
    }

    /// The functions that the table says are replaced.
    static func replaced() throws -> Set<String> {
        let table = String(
            decoding: try InputFile.contents(of: "\(sources)/functions.def", limit: 1 << 20), as: UTF8.self)
        var names = Set<String>()
        for line in table.split(separator: "\n") where !line.hasPrefix("//") && !line.hasPrefix("NEXT_ONLY(") {
            // OWN(result, name, …) and PATH(result, failed, name, …)
            let words = line.split(separator: ",", maxSplits: 3)
            let name = line.hasPrefix("OWN(") ? words[1] : words[2]
            names.insert(String(name.drop { $0 == " " }))
        }
        return names
    }

    @Test(
        "replaces every function of glibc and musl that takes a path, or says why not",
        .enabled(
            if: Peer.isInstalled("python3") && Peer.isInstalled("clang"), "needs python3 and clang: scripts/setup test")
    )
    func complete() throws {
        let check = try Peer.run("python3", ["\(Self.oracles)/check-functions.py", Products.repository])
        #expect(check.status == 0, "\(check.text)\(check.errorText)")
        #expect(check.text.contains("libc.so.6: "))
    }

    @Test(
        "maps paths and takes the prefix off again",
        .enabled(if: Peer.isInstalled("gcc"), "needs gcc: scripts/setup test"))
    func mapping() throws {
        try Folder.withTemporary { folder in
            let program = "\(folder)/map-cases"
            let compiled = try Peer.run(
                "gcc",
                [
                    "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover", "-fno-builtin",
                    "-D_GNU_SOURCE",
                    "-Wall", "-Wextra", "-Werror", "-I\(Self.sources)", "-o", program, "\(Self.oracles)/map-cases.c",
                    "\(Self.sources)/map.c", "\(Self.sources)/missed.c", "\(Self.sources)/bytes.c",
                ])
            try #require(compiled.status == 0, "\(compiled.errorText)")
            let ground = try Peer.run("mkdir", ["\(folder)/ground"])
            try #require(ground.status == 0)
            let cases = try Peer.run(program, ["\(folder)/ground"])
            #expect(cases.status == 0, "\(cases.text)\(cases.errorText)")
        }
    }

    @Test("is built", arguments: architectures)
    func built(for architecture: String) throws {
        let header = try Peer.run("readelf", ["--file-header", Self.library(architecture)])
        #expect(header.status == 0, "make path-library makes it: \(header.errorText)")
        #expect(header.text.contains("DYN"))
        #expect(header.text.contains(architecture == "aarch64" ? "AArch64" : "X86-64"))
    }

    @Test("needs no library, no symbol version, and no relocation of its code", arguments: architectures)
    func freestanding(for architecture: String) throws {
        let dynamic = try Peer.run("readelf", ["--wide", "--dynamic", "--version-info", Self.library(architecture)])
        try #require(dynamic.status == 0)
        for absent in ["NEEDED", "TEXTREL", "VERNEED", "VERDEF", "VERSYM", "RPATH", "RUNPATH"] {
            #expect(!dynamic.text.contains("(\(absent))"), "\(absent)")
        }
        #expect(dynamic.text.contains("(GNU_HASH)"))
        #expect(dynamic.text.contains("(HASH)"))
        #expect(dynamic.text.contains("BIND_NOW"))
    }

    @Test("writes neither to code nor runs data", arguments: architectures)
    func hardened(for architecture: String) throws {
        let segments = try Peer.run("readelf", ["--wide", "--segments", Self.library(architecture)])
        try #require(segments.status == 0)
        let lines = segments.text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        for line in lines where ["LOAD", "GNU_STACK"].contains(line.first) {
            #expect(!line.contains("RWE"), "\(line)")
        }
        #expect(lines.contains { $0.first == "GNU_RELRO" })
        #expect(lines.contains { $0.first == "GNU_STACK" && $0.contains("RW") })
    }

    @Test("exports the table's functions and nothing else", arguments: architectures)
    func exports(for architecture: String) throws {
        let symbols = try Peer.run("nm", ["--dynamic", Self.library(architecture)])
        try #require(symbols.status == 0)
        var exported = Set<String>()
        var wanted = Set<String>()
        for line in symbols.text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if words.count == 3 { exported.insert(words[2]) } else { wanted.insert(words[1]) }
        }
        #expect(exported == (try Self.replaced()))
        // Weak all of them: what a C library lacks is simply absent.
        #expect(wanted.isSubset(of: ["environ", "malloc", "_r_debug", "_dl_debug_addr"]), "\(wanted)")
        #expect(symbols.text.split(separator: "\n").allSatisfy { !$0.contains(" U ") })
    }

    @Test(
        "leaves the caller's address on the stack where the C library looks at it",
        arguments: ["dlopen", "dlmopen", "syscall"])
    func tailCalls(of function: String) throws {
        let code = try Peer.run(
            "objdump", ["--no-show-raw-insn", "--disassemble=\(function)", Self.library("x86_64")])
        try #require(code.status == 0)
        let instructions = code.text.split(separator: "\n").compactMap { line in
            line.split(separator: "\t").last.map { $0.split(separator: " ").map(String.init) }
        }
        // A jump through the register that holds the next function, and no call through one.
        #expect(instructions.contains { $0.first == "jmp" && $0.last?.hasPrefix("*%r") == true }, "\(code.text)")
        let calls = instructions.filter { $0.first == "call" && $0.last?.hasPrefix("*") == true }
        // syscall() calls through a register only to find errno when there is no C library's function at all.
        #expect(calls.count <= (function == "syscall" ? 1 : 0), "\(code.text)")
    }

    @Test("waits for a file whose bytes are on their way, even for a program that will not")
    func leased() throws {
        let seen = try Peer.run("python3", ["\(Self.oracles)/leased-file.py", Self.library("x86_64")])
        #expect(seen.status == 0, "\(seen.errorText)")
        #expect(seen.text == "b'the bytes'\nb'#!/bin/sh\\nexit 7\\n'\n7\n")
    }

    @Test("notes down, when asked to, which of the image's paths a program did not find, and hides that from it")
    func missed() throws {
        try Folder.withTemporary { folder in
            let list = "\(folder)/list"
            let library = Self.library("x86_64")
            _ = try Peer.run("mkdir", ["-p", "\(folder)/root/etc"])
            _ = try Peer.run("cp", ["/etc/passwd", "\(folder)/root/etc/here"])
            let variables = [
                (name: "LD_PRELOAD", value: library), ("SCAR_PATH_LIBRARY", library),
                ("SCAR_PATH_ROOT", "\(folder)/root"), ("SCAR_PATH_MISSED", list),
            ]
            let paths = ["/etc/here", "/etc/gone", "/tmp/not-of-the-image", "/usr/share/x/../y"]
            let read = try Peer.run("cat", paths, variables: variables)
            #expect(!read.text.isEmpty, "\(read.errorText)")
            let noted = try String(decoding: InputFile.contents(of: list, limit: 1 << 20), as: UTF8.self)
                .split(separator: "\n").map(String.init)
            #expect(noted.contains("/etc/gone") && noted.contains("/usr/share/x/../y"), "\(noted)")
            #expect(!noted.contains("/etc/here") && !noted.contains { $0.hasPrefix("/tmp") }, "\(noted)")
            #expect(try !Peer.run("env", [], variables: variables).text.contains("SCAR_PATH"))
        }
    }
}
