import ByteKit
import Glibc
import JSON
import Packager
import TestKit
import Testing

@Suite("Zip archives")
struct ZipWriterTests {
    static let text = [UInt8](String(repeating: "frames and more frames\n", count: 500).utf8)

    /// One of each kind.
    static func entries(file: String) -> [ZipEntry] {
        [
            ZipEntry(path: "bootstrap", content: .bytes(text), permissions: 0o755),
            ZipEntry(path: "z first, a later", content: .bytes([UInt8]("x".utf8))),
            ZipEntry(path: "empty", content: .bytes([])),
            ZipEntry(path: "folder/link", content: .link([UInt8]("../bootstrap".utf8)), permissions: 0o777),
            ZipEntry(path: "folder", content: .folder, permissions: 0o750),
            ZipEntry(path: "größe/日本", content: .bytes(noise), permissions: 0o600),
            ZipEntry(path: "stored", content: .bytes(text), isDeflated: false),
            ZipEntry(path: "file", content: .file(file), isDeflated: false),
            ZipEntry(path: "deflated file", content: .file(file), permissions: 0o755),
        ]
    }

    /// Bytes that do not get smaller.
    static let noise: [UInt8] = {
        var random = SeededNumbers(seed: 3)
        return (0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) }
    }()

    @discardableResult
    static func write(
        _ entries: [ZipEntry], _ path: String, time: ZipTime = .earliest, limits: ZipLimits = .standard
    ) throws -> ZipSummary {
        var zip = try ZipWriter(path, time: time, limits: limits)
        for entry in entries { try zip.add(entry) }
        return try zip.finish()
    }

    /// What Python's zipfile sees: name, mode, method, time and the content's digest, of each entry.
    static func seenByPython(_ path: String) throws -> [JSON] {
        let program = """
            import hashlib, json, sys, zipfile
            archive = zipfile.ZipFile(sys.argv[1])
            assert archive.testzip() is None
            print(json.dumps([[i.filename, oct(i.external_attr >> 16), i.compress_type, list(i.date_time), i.file_size,
                'sha256:' + hashlib.sha256(archive.read(i)).hexdigest(), i.flag_bits] for i in archive.infolist()]))
            """
        let result = try Peer.run("python3", ["-c", program, path])
        #expect(result.status == 0, "\(result.errorText)")
        return try JSON.parse(result.output).array ?? []
    }

    @Test(
        "Python's zipfile reads back names, modes, links and content",
        arguments: [nil, ZipLimits(bytes: 600, entries: 4)])
    func python(limits: ZipLimits?) throws {
        try Folder.withTemporary { folder in
            try OutputFile.write(Self.text, to: "\(folder)/input")
            let path = "\(folder)/a.zip"
            let summary = try Self.write(Self.entries(file: "\(folder)/input"), path, limits: limits ?? .standard)
            let seen = try Self.seenByPython(path)
            let expected: [(String, String, Int, [UInt8])] = [
                ("bootstrap", "0o100755", 8, Self.text), ("z first, a later", "0o100644", 0, [UInt8]("x".utf8)),
                ("empty", "0o100644", 0, []), ("folder/link", "0o120777", 0, [UInt8]("../bootstrap".utf8)),
                ("folder/", "0o40750", 0, []), ("größe/日本", "0o100600", 0, Self.noise),
                ("stored", "0o100644", 0, Self.text), ("file", "0o100644", 0, Self.text),
                ("deflated file", "0o100755", 8, Self.text),
            ]
            #expect(seen.count == expected.count)
            for (entry, (name, mode, method, content)) in zip(seen, expected) {
                #expect(entry[0]?.string == name)
                #expect(entry[1]?.string == mode)
                #expect(entry[2]?.integer == method)
                #expect(entry[3]?.array?.compactMap(\.integer) == [1980, 1, 1, 0, 0, 0])
                #expect(entry[4]?.integer == content.count)
                #expect(entry[5]?.string == "\(Digest(of: content))")
                #expect(entry[6]?.integer == (name.hasPrefix("größe") ? 0x800 : 0))
            }
            #expect(summary.entries.map(\.size) == expected.map(\.3.count))
            #expect(summary.unpackedSize == expected.reduce(0) { $0 + $1.3.count })
            let bytes = try InputFile.contents(of: path, limit: 1 << 20)
            #expect(summary.size == bytes.count)
            #expect(summary.digest == Digest(of: bytes))
        }
    }

    @Test(
        "unzip and bsdtar read the archive, and unpack it with modes and links",
        arguments: [nil, ZipLimits(bytes: 600, entries: 4)])
    func unpackers(limits: ZipLimits?) throws {
        try Folder.withTemporary { folder in
            try OutputFile.write(Self.text, to: "\(folder)/input")
            let path = "\(folder)/a.zip"
            try Self.write(Self.entries(file: "\(folder)/input"), path, limits: limits ?? .standard)
            let tested = try Peer.run("unzip", ["-t", path])
            #expect(tested.status == 0, "\(tested.text) \(tested.errorText)")
            let listed = try Peer.run("unzip", ["-Z", path])
            #expect(listed.text.contains("-rwxr-xr-x  3.0 unx"))
            #expect(listed.text.contains("lrwxrwxrwx  3.0 unx"))
            #expect(listed.text.contains("drwxr-x---  3.0 unx"))
            let names = try Peer.run("bsdtar", ["-tf", path], variables: [("LC_ALL", "C.UTF-8")])
            #expect(
                names.text
                    == "bootstrap\nz first, a later\nempty\nfolder/link\nfolder/\ngröße/日本\nstored\nfile\ndeflated file\n"
            )
            for (program, arguments) in [
                ("unzip", ["-q", path, "-d", "\(folder)/unzip"]), ("bsdtar", ["-xf", path, "-C", "\(folder)/bsdtar"]),
            ] {
                try Folder.create("\(folder)/\(program)")
                let result = try Peer.run(program, arguments, variables: [("LC_ALL", "C.UTF-8")])
                #expect(result.status == 0, "\(result.errorText)")
                // Through the link, to the executable.
                let content = try InputFile.contents(of: "\(folder)/\(program)/folder/link", limit: 1 << 20)
                #expect(content == Self.text)
                #expect(unsafe access("\(folder)/\(program)/bootstrap", X_OK) == 0)
                #expect(try InputFile.contents(of: "\(folder)/\(program)/größe/日本", limit: 1 << 20) == Self.noise)
            }
        }
    }

    @Test("The same entries give the same bytes, whatever the umask and the time zone")
    func deterministic() async throws {
        try Folder.withTemporary { folder in
            try OutputFile.write(Self.text, to: "\(folder)/input")
            let first = try Self.write(Self.entries(file: "\(folder)/input"), "\(folder)/a.zip")
            let second = try Self.write(Self.entries(file: "\(folder)/input"), "\(folder)/b.zip")
            #expect(first.digest == second.digest)
        }
        // A process of its own, as umask and environment are the process's.
        await #expect(processExitsWith: .success) {
            try Folder.withTemporary { folder in
                try OutputFile.write(ZipWriterTests.text, to: "\(folder)/input")
                let here = try ZipWriterTests.write(ZipWriterTests.entries(file: "\(folder)/input"), "\(folder)/a.zip")
                umask(0o077)
                _ = unsafe setenv("TZ", "Pacific/Kiritimati", 1)
                tzset()
                let there = try ZipWriterTests.write(ZipWriterTests.entries(file: "\(folder)/input"), "\(folder)/b.zip")
                var status = stat()
                _ = unsafe stat("\(folder)/b.zip", &status)
                exit(here.digest == there.digest && status.st_mode & 0o777 == 0o644 ? 0 : 1)
            }
        }
    }

    @Test("Times are the UTC date of the clock's seconds, held between 1980 and 2107")
    func times() throws {
        var random = SeededNumbers(seed: 11)
        var seconds = [
            0, 315_532_799, 315_532_800, 951_782_400, 1_709_164_800, 1_700_000_001, 4_107_542_399, 4_354_819_199, .max,
            -5,
        ]
        seconds += (0..<40).map { _ in Int.random(in: 315_532_800...4_354_819_198, using: &random) }
        try Folder.withTemporary { folder in
            for (index, second) in seconds.enumerated() {
                try Self.write(
                    [ZipEntry(path: "a", content: .bytes([]))], "\(folder)/\(index).zip",
                    time: ZipTime(secondsSinceEpoch: second))
            }
            let program = """
                import sys, time, zipfile
                for index, second in enumerate(map(int, sys.argv[2:])):
                    held = min(max(second, 315532800), 4354819198) // 2 * 2
                    date = zipfile.ZipFile(f'{sys.argv[1]}/{index}.zip').infolist()[0].date_time
                    assert date == tuple(time.gmtime(held))[:6], (second, date)
                """
            let result = try Peer.run("python3", ["-c", program, folder] + seconds.map(String.init))
            #expect(result.status == 0, "\(result.errorText)")
        }
    }

    /// It writes 4 GiB: run it with `LARGE_FILES=1`.
    ///
    /// What it passes through is tried with lower limits above.
    @Test(
        "A file of more than 4 GiB, and what stands behind it, are read back by way of zip64",
        .enabled(if: Peer.environment("LARGE_FILES") == "1", "needs gigabytes of disk: set LARGE_FILES=1"))
    func zip64() throws {
        let size = (4 << 30) + 12_345
        try Folder.withTemporary { folder in
            let created = try Peer.run("truncate", ["-s", "\(size)", "\(folder)/large"])
            #expect(created.status == 0)
            let summary = try Self.write(
                [
                    ZipEntry(path: "large", content: .file("\(folder)/large"), isDeflated: false),
                    ZipEntry(path: "after", content: .bytes(Self.text)),
                ], "\(folder)/a.zip")
            #expect(summary.entries.first?.size == size)
            let program = """
                import sys, zipfile
                archive = zipfile.ZipFile(sys.argv[1])
                large, after = archive.infolist()
                assert (large.file_size, large.compress_size) == (int(sys.argv[2]),) * 2, large
                assert after.header_offset > 1 << 32 and len(archive.read('after')) == 11500, after
                assert archive.open('large').read(5) == bytes(5)
                print(format(large.CRC, '08x'))
                """
            let result = try Peer.run("python3", ["-c", program, "\(folder)/a.zip", "\(size)"])
            #expect(result.status == 0, "\(result.errorText)")
            let listed = try Peer.run("unzip", ["-Z1", "\(folder)/a.zip"])
            #expect(listed.text == "large\nafter\n")
        }
    }

    @Test("The number of entries may pass what a zip's own field holds", arguments: [65_535])
    func manyEntries(count: Int) throws {
        try Folder.withTemporary { folder in
            var zip = try ZipWriter("\(folder)/a.zip")
            for index in 0..<count { try zip.add(ZipEntry(path: "e\(index)", content: .bytes([]))) }
            _ = try zip.finish()
            let result = try Peer.run(
                "python3",
                ["-c", "import sys, zipfile; print(len(zipfile.ZipFile(sys.argv[1]).namelist()))", "\(folder)/a.zip"])
            #expect(result.text == "\(count)\n")
            let counted = try Peer.run("unzip", ["-Z", "-h", "\(folder)/a.zip"])
            #expect(counted.text.contains("number of entries: \(count)\n"))
        }
    }

    @Test("An archive that is not finished leaves nothing behind")
    func unfinished() throws {
        try Folder.withTemporary { folder in
            do {
                var zip = try ZipWriter("\(folder)/a.zip")
                try zip.add(ZipEntry(path: "a", content: .bytes([1])))
                let error = #expect(throws: PackagerError.self) {
                    try zip.add(ZipEntry(path: "b", content: .file("\(folder)/absent")))
                }
                #expect(error?.code == .file)
            }
            #expect(try Folder.names(in: folder).isEmpty)
        }
    }
}

/// A path that must not get into a package.
struct HostilePath: Sendable, CustomTestStringConvertible {
    var name: String
    var path: [UInt8]
    var testDescription: String { name }

    static let all = [
        HostilePath("dotDotPrefix", "../etc/passwd"), HostilePath("dotDotInside", "a/../../b"),
        HostilePath("dotDot", ".."),
        HostilePath("dotDotAtTheEnd", "a/.."), HostilePath("absolute", "/etc/passwd"), HostilePath("dot", "."),
        HostilePath("dotInside", "a/./b"), HostilePath("doubledSlash", "a//b"), HostilePath("slashAtTheEnd", "a/"),
        HostilePath("empty", ""), HostilePath("nul", "a\0b"),
        HostilePath("tooLong", String(repeating: "a", count: 4097)),
        HostilePath(name: "notUTF8", path: [0x61, 0xff]), HostilePath(name: "surrogate", path: [0xed, 0xa0, 0x80]),
    ]

    init(_ name: String, _ path: String) { self.init(name: name, path: [UInt8](path.utf8)) }

    init(name: String, path: [UInt8]) {
        self.name = name
        self.path = path
    }
}

@Suite("Hostile zip entries")
struct HostileEntryTests {
    @Test("A path that leads elsewhere is refused", arguments: HostilePath.all)
    func paths(_ hostile: HostilePath) throws {
        try Folder.withTemporary { folder in
            var zip = try ZipWriter("\(folder)/a.zip")
            for content in [ZipEntry.Content.bytes([]), .folder, .link([0x61])] {
                let error = #expect(throws: PackagerError.self) {
                    try zip.add(ZipEntry(path: hostile.path, content: content))
                }
                #expect(error?.code == .entryPath)
            }
        }
    }

    @Test(
        "A link needs a target that a link can have",
        arguments: [[], [0x61, 0], [UInt8](repeating: 0x61, count: 4096)])
    func links(target: [UInt8]) throws {
        try Folder.withTemporary { folder in
            var zip = try ZipWriter("\(folder)/a.zip")
            let error = #expect(throws: PackagerError.self) { try zip.add(ZipEntry(path: "a", content: .link(target))) }
            #expect(error?.code == .entryPath)
        }
    }

    @Test(
        "Two entries at one place, or one below a file or link, are refused",
        arguments: [
            (("a", ZipEntry.Content.bytes([])), ("a", ZipEntry.Content.bytes([]))), (("a", .folder), ("a", .folder)),
            (("a", .bytes([])), ("a", .folder)), (("a/b", .bytes([])), ("a", .bytes([]))),
            (("a/b", .bytes([])), ("a", .link([0x62]))), (("a", .bytes([])), ("a/b", .bytes([]))),
            (("a", .link([0x2f])), ("a/b", .bytes([]))), (("a", .link([0x2f])), ("a/b/c", .folder)),
        ])
    func collisions(first: (String, ZipEntry.Content), second: (String, ZipEntry.Content)) throws {
        try Folder.withTemporary { folder in
            var zip = try ZipWriter("\(folder)/a.zip")
            try zip.add(ZipEntry(path: first.0, content: first.1))
            let error = #expect(throws: PackagerError.self) { try zip.add(ZipEntry(path: second.0, content: second.1)) }
            #expect(error?.code == .duplicateEntry)
        }
    }

    @Test("NFC and NFD spellings are two names, as they are on Linux")
    func normalisation() throws {
        try Folder.withTemporary { folder in
            let entries = ["\u{e9}", "e\u{301}"].map { ZipEntry(path: $0, content: .bytes([])) }
            let summary = try ZipWriterTests.write(entries, "\(folder)/a.zip")
            #expect(summary.entries.count == 2)
        }
    }
}
