import ByteKit
import ELF
import Glibc
import Packager
import TestKit
import Testing

/// Programs of this machine, copied with their libraries and loader into a folder that plays the image's moved root.
@Suite("Shims that run", .enabled(if: (try? InputFile("/lib64/ld-linux-x86-64.so.2")) != nil))
struct RunningTests {
    /// Makes a root with a program in it and gives the program as the packager sees it there.
    static func root(with program: String, in folder: String) throws -> Program {
        let host = RootView.folder("")
        let found = try #require(
            try Program.find(program, searchPath: ["/usr/bin", "/bin"], libraryFolders: [], in: host))
        guard case .loaded(let loading) = found.kind else { throw LibraryPathTests.PathError() }
        for file in [found.path, loading.loader.path] + loading.libraryPath.libraries {
            let bytes = try InputFile.contents(of: "/\(file)", limit: 1 << 28)
            let parts = file.split(separator: "/")
            let place = ([folder] + parts.dropLast().map(String.init)).joined(separator: "/")
            try Folder.create(place)
            try write(bytes, "\(place)/\(parts.last ?? "")", permissions: 0o755)
            // The name that it is asked for by, as ldconfig would link it.
            if let name = try ELFFile(bytes).name {
                _ = unsafe symlink(String(parts.last ?? ""), "\(place)/\(String(decoding: name, as: UTF8.self))")
            }
        }
        try Folder.create("\(folder)/lib64")
        _ = unsafe symlink("/\(loading.loader.path)", "\(folder)/lib64/ld-linux-x86-64.so.2")
        return try #require(
            try Program.find(program, searchPath: ["/usr/bin", "/bin"], libraryFolders: [], in: .folder(folder)))
    }

    static func put(_ shim: Shim, _ folder: String) throws -> String {
        try Folder.create("\(folder)/launcher/bin")
        let path = "\(folder)/launcher/bin/\(shim.name)"
        try write(shim.text, path, permissions: 0o755)
        return path
    }

    @Test("A program runs through its own loader with its own libraries, and nothing of the host's")
    func dynamicProgram() throws {
        try Folder.withTemporary { folder in
            let program = try Self.root(with: "cat", in: "\(folder)/a root")
            let shim = try Self.put(Shim(name: "cat", program: program), folder)
            let result = try Peer.run(
                shim, ["/proc/self/maps"], variables: [("SCAR_ROOT", "\(folder)/a root"), ("LC_ALL", "C")])
            #expect(result.status == 0, "\(result.errorText)")
            let lines = result.text.split(separator: "\n").filter { $0.contains("/") }
            let mapped = Set(lines.map { line in String(line.drop { $0 != "/" }) })
            #expect(mapped.count >= 3)
            #expect(mapped.allSatisfy { $0.hasPrefix("\(folder)/a root/") }, "\(mapped)")
        }
    }

    @Test("A program with many libraries runs, gets its arguments as they are, and answers with its own status")
    func manyLibraries() throws {
        try Folder.withTemporary { folder in
            let program = try Self.root(with: "bsdtar", in: "\(folder)/root")
            let shim = try Self.put(Shim(name: "bsdtar", program: program), folder)
            let root = [("SCAR_ROOT", "\(folder)/root")]
            try write([1], "\(folder)/a b $HOME")
            let made = try Peer.run(shim, ["-cf", "\(folder)/x.tar", "-C", folder, "a b $HOME"], variables: root)
            #expect(made.status == 0, "\(made.errorText)")
            #expect(try Peer.run("bsdtar", ["-tf", "\(folder)/x.tar"]).text == "a b $HOME\n")
            #expect(try Peer.run(shim, ["-tf", "\(folder)/absent"], variables: root).status == 1)
        }
    }

    @Test("The root may lie anywhere when the shim runs, and must be named")
    func movedRoot() throws {
        try Folder.withTemporary { folder in
            let program = try Self.root(with: "cat", in: "\(folder)/root")
            let shim = try Self.put(Shim(name: "cat", program: program), folder)
            #expect(try Peer.run("mv", ["\(folder)/root", "\(folder)/elsewhere"]).status == 0)
            let moved = try Peer.run(shim, [shim], variables: [("SCAR_ROOT", "\(folder)/elsewhere")])
            #expect(moved.output == Shim(name: "cat", program: program).text)
            let unset = try Peer.run(shim, [])
            #expect(unset.status != 0 && unset.errorText.contains("SCAR_ROOT"))
        }
    }

    @Test("A program finds its shim as its own name, where its loader can say so")
    func argumentZero() throws {
        try Folder.withTemporary { folder in
            let program = try Self.root(with: "dash", in: "\(folder)/root")
            guard case .loaded(let loading) = program.kind, loading.loader.takesArgumentZero else { return }
            let shim = try Self.put(Shim(name: "dash", program: program), folder)
            let result = try Peer.run(
                shim, ["-c", "tr '\\0' '\\n' </proc/$$/cmdline | sed -n '/^--argv0$/{n;p;q}'"],
                variables: [("SCAR_ROOT", "\(folder)/root")])
            #expect(result.text == "\(shim)\n")
        }
    }

    @Test("A script of the image is run by the image's interpreter")
    func script() throws {
        try Folder.withTemporary { folder in
            _ = try Self.root(with: "dash", in: "\(folder)/root")
            try Folder.create("\(folder)/root/opt")
            let text = "#!/usr/bin/env -S dash -e\ngrep -c root/ /proc/$$/maps >/dev/null && echo \"$0 $*\"\n"
            try write([UInt8](text.utf8), "\(folder)/root/opt/hello", permissions: 0o755)
            let program = try #require(
                try Program.find(
                    "hello", searchPath: ["/opt", "/bin", "/usr/bin"], libraryFolders: [], in: .folder("\(folder)/root")
                ))
            let shim = try Self.put(Shim(name: "hello", program: program), folder)
            let result = try Peer.run(shim, ["a", "b  c"], variables: [("SCAR_ROOT", "\(folder)/root")])
            #expect(result.text == "\(folder)/root/opt/hello a b  c\n", "\(result.errorText)")
        }
    }

    @Test("A static program is run as it is")
    func staticProgram() throws {
        try Folder.withTemporary { folder in
            // mov edi, 42; mov eax, 60 (exit); syscall
            let code: [UInt8] = [0xbf, 42, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]
            try Folder.create("\(folder)/root/bin")
            try write(ELFBuilder(code: code).bytes, "\(folder)/root/bin/fixed", permissions: 0o755)
            let program = try #require(
                try Program.find("/bin/fixed", searchPath: [], libraryFolders: [], in: .folder("\(folder)/root")))
            #expect(program.kind == .fixed)
            let shim = try Self.put(Shim(name: "fixed", program: program), folder)
            #expect(try Peer.run(shim, [], variables: [("SCAR_ROOT", "\(folder)/root")]).status == 42)
        }
    }

    @Test("A folder's name may hold what the shell would read")
    func quoting() throws {
        try Folder.withTemporary { folder in
            _ = try Self.root(with: "cat", in: "\(folder)/root")
            let strange = #"opt/$(exit 3) `id` "'\ *"#
            try Folder.create("\(folder)/root/\(strange)")
            let script =
                "find . -name 'libc.so.6' -type f -exec mv {} \"$1\" ';'; find . -name 'libc.so.6' -not -path './opt/*' -delete"
            let moved = try Peer.run("sh", ["-c", "cd \"$2\"; \(script)", "sh", "./\(strange)", "\(folder)/root"])
            #expect(moved.status == 0, "\(moved.errorText)")
            let program = try #require(
                try Program.find(
                    "cat", searchPath: ["/usr/bin", "/bin"], libraryFolders: ["/\(strange)"],
                    in: .folder("\(folder)/root")))
            #expect(program.missing.isEmpty)
            let shim = try Self.put(Shim(name: "cat", program: program), folder)
            let result = try Peer.run(shim, ["/proc/self/maps"], variables: [("SCAR_ROOT", "\(folder)/root")])
            #expect(result.text.contains("\(strange)/libc.so.6\n"), "\(result.errorText)")
        }
    }
}

@Suite("Shims as text")
struct ShimTests {
    static func text(_ root: HandMadeRoot, _ name: String = "program", environment: [String] = []) throws -> String {
        let program = try #require(
            try Program.find(name, searchPath: ["/bin"], libraryFolders: environment, in: root.view))
        return String(decoding: Shim(name: name, program: program).text, as: UTF8.self)
    }

    @Test("glibc's loader gets the path, and its cache is left alone")
    func glibc() throws {
        #expect(
            try Self.text(LibraryPathTests.debian(needs: ["libc.so.6"])) == """
                #!/bin/sh
                # Runs a program of the image from where its root lies.
                : "${SCAR_ROOT:?names the folder of the image and is not set}"
                exec "$SCAR_ROOT/usr/lib/x86_64-linux-gnu/ld-2.36.so" \\
                    --inhibit-cache \\
                    --library-path "$SCAR_ROOT/usr/lib/x86_64-linux-gnu:$SCAR_ROOT/usr/lib64:$SCAR_ROOT/usr/lib" \\
                    --argv0 "$0" \\
                    "$SCAR_ROOT/bin/program" \\
                    "$@"

                """)
    }

    @Test("A loader from before glibc 2.33 does not get --argv0")
    func oldGlibc() throws {
        var root = LibraryPathTests.debian(needs: ["libc.so.6"])
        root["usr/lib/x86_64-linux-gnu/ld-2.36.so"] = .file(ELFBuilder(name: "ld-linux-x86-64.so.2").bytes)
        let text = try Self.text(root)
        #expect(!text.contains("--argv0") && text.contains("--inhibit-cache"))
    }

    @Test("musl's loader gets the path and nothing it does not know")
    func musl() throws {
        let program = ELFBuilder(interpreter: "/lib/ld-musl-aarch64.so.1", needed: ["libc.musl-aarch64.so.1"])
        let root = HandMadeRoot([
            "lib/ld-musl-aarch64.so.1": .file(ELFBuilder(name: "libc.musl-aarch64.so.1").bytes),
            "bin/program": .file(program.bytes), "usr/lib/a": .file([]),
        ])
        let text = try Self.text(root)
        #expect(
            text.contains(
                "exec \"$SCAR_ROOT/lib/ld-musl-aarch64.so.1\" \\\n    --library-path \"$SCAR_ROOT/lib:$SCAR_ROOT/usr/lib\" \\\n"
            ))
        #expect(!text.contains("--inhibit-cache"))
    }

    @Test("What the shell would read in a name is escaped, and a folder that a path cannot hold is left out")
    func escaping() throws {
        let strange = "/opt/`id`\"; exit 3; \\"
        var root = LibraryPathTests.debian(needs: ["liba.so"])
        root["opt/`id`\"; exit 3; \\/liba.so"] = LibraryPathTests.library()
        root["opt/a;b"] = .folder
        root["opt/c$PATH"] = .folder
        let text = try Self.text(root, environment: [strange, "/opt/a;b", "/opt/c$PATH"])
        #expect(text.contains("$SCAR_ROOT/opt/c\\$PATH:"))
        #expect(!text.contains("a;b"))
        let folder = #"$SCAR_ROOT/opt/\`id\`\"; exit 3; \\"#
        // The strange folder has a ‘;’ as well, which glibc takes for a separator.
        #expect(!text.contains(folder))
        let checked = try Folder.withTemporary { place in
            try write([UInt8](text.utf8), "\(place)/shim")
            return try Peer.run("sh", ["-n", "\(place)/shim"]).status
        }
        #expect(checked == 0)
    }

    @Test("A path with dots in it is called by its real name")
    func dots() throws {
        let text = try Self.text(LibraryPathTests.debian(needs: []), "/../../usr/../bin/program")
        #expect(text.contains("\"$SCAR_ROOT/usr/bin/program\""))
        #expect(!text.contains(".."))
    }

    @Test("A file that is nothing to be run is refused")
    func noProgram() throws {
        let root = HandMadeRoot([
            "bin/text": .file([UInt8]("hello".utf8)), "bin/empty": .file([]),
            "bin/lost": .file([UInt8]("#!/bin/absent\n".utf8)),
            "bin/blank": .file([UInt8]("#! \n".utf8)), "bin/twice": .file([UInt8]("#!/bin/lost -x\n".utf8)),
        ])
        for (name, code) in [
            ("text", PackagerError.Code.unsupportedProgram), ("empty", .unsupportedProgram), ("lost", .programMissing),
            ("blank", .programMissing), ("twice", .unsupportedProgram),
        ] {
            let error = #expect(throws: PackagerError.self) {
                try Program.find(name, searchPath: ["/bin"], libraryFolders: [], in: root.view)
            }
            #expect(error?.code == code)
        }
    }
}
