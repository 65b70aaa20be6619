import ByteKit
import Glibc
import TestKit
import Testing

@Suite("Files") struct FileTests: ~Copyable {
    let folder: TestFolder
    var path: String { "\(folder.path)/file" }

    init() throws { folder = try TestFolder() }

    private func contents() throws -> [UInt8] { try InputFile.contents(of: path, limit: 1 << 24) }

    // MARK: - OutputFile

    @Test("a file appears when it is finished, and not before")
    func appears() throws {
        var file = try OutputFile(path)
        try file.write(Array("content".utf8))
        try file.flush()
        #expect(try Folder.names(in: folder.path) == [])
        try file.finish()
        #expect(try contents() == Array("content".utf8))
        #expect(try Folder.names(in: folder.path) == ["file"])
    }

    @Test("a file that is dropped leaves nothing behind")
    func dropped() throws {
        do {
            var file = try OutputFile(path)
            try file.write([UInt8](repeating: 1, count: 3 << 20))
        }
        #expect(try Folder.names(in: folder.path) == [])
    }

    @Test("a file takes the place of the one that was there, and a dropped one does not")
    func replaces() throws {
        for text in ["first", "second, longer", "3"] {
            do {
                var dropped = try OutputFile(path)
                try dropped.write(Array("never".utf8))
            }
            var file = try OutputFile(path)
            try file.write(Array(text.utf8))
            try file.finish()
            #expect(try contents() == Array(text.utf8))
            #expect(try Folder.names(in: folder.path) == ["file"])
        }
    }

    @Test("a file takes the place of a symlink and leaves what that pointed to")
    func replacesSymlink() throws {
        let other = "\(folder.path)/other"
        var file = try OutputFile(other)
        try file.write([1])
        try file.finish()
        #expect(unsafe symlink(other, path) == 0)
        file = try OutputFile(path)
        try file.write([2])
        try file.finish()
        #expect(try InputFile.contents(of: other, limit: 10) == [1])
        #expect(try contents() == [2])
    }

    @Test("whoever reads while another finishes has the old bytes or the new, whole")
    func atomic() throws {
        let path = path
        let versions = (0..<4).map { [UInt8](repeating: UInt8($0), count: 100_000) }
        for bytes in versions.prefix(1) {
            var file = try OutputFile(path)
            try file.write(bytes)
            try file.finish()
        }
        let writers = try (0..<4).map { writer in
            try Thread {
                for _ in 0..<25 {
                    guard var file = try? OutputFile(path) else { continue }
                    try? file.write(versions[writer])
                    try? file.finish()
                }
            }
        }
        for _ in 0..<100 { #expect(versions.contains(try contents())) }
        writers.forEach { $0.join() }
        #expect(try Folder.names(in: folder.path) == ["file"])
    }

    @Test("pieces of all sizes, larger and smaller than the buffer, come in order")
    func pieces() throws {
        var numbers = SeededNumbers(seed: 1)
        var expected: [UInt8] = []
        var file = try OutputFile(path, bufferSize: 1000)
        for size in [0, 1, 999, 1, 1000, 1001, 0, 5000, 3, 400, 700, 999] {
            let piece = numbers.bytes(size)
            expected += piece
            try file.write(piece)
            #expect(file.count == expected.count)
        }
        try file.finish()
        #expect(try contents() == expected)
    }

    @Test("a header is replaced after what follows it was written")
    func overwrites() throws {
        var file = try OutputFile(path, bufferSize: 64)
        try file.write([UInt8](repeating: 0, count: 100))
        try file.write([UInt8](repeating: 9, count: 10))
        try file.overwrite(at: 2, with: [1, 2, 3])
        try file.write([8])
        #expect(file.count == 111)
        try file.finish()
        #expect(
            try contents() == [0, 0, 1, 2, 3] + [UInt8](repeating: 0, count: 95) + [UInt8](repeating: 9, count: 10) + [
                8
            ])
    }

    @Test("parts of other files are appended between what is written")
    func appends() throws {
        var numbers = SeededNumbers(seed: 2)
        let bytes = numbers.bytes(3_000_000)
        let source = "\(folder.path)/source"
        var other = try OutputFile(source)
        try other.write(bytes)
        try other.finish()
        let input = try InputFile(source)
        var file = try OutputFile(path)
        try file.write([1])
        try file.append(from: input, offset: 5, length: 2_999_990)
        try file.append(from: input, offset: 0, length: 0)
        try file.append(from: input, offset: 2_999_999, length: 1)
        try file.write([2])
        #expect(file.count == 2_999_993)
        #expect(throws: FileError.self) { try file.append(from: input, offset: 2_999_999, length: 2) }
        try file.finish()
        let expected = [1] + Array(bytes[5..<2_999_995]) + [bytes[2_999_999]]
        #expect(try Array(contents().prefix(expected.count)) == expected)
    }

    @Test("what was written is read back before the file has its name")
    func readsBack() throws {
        var file = try OutputFile(path)
        try file.write([1, 2, 3, 4])
        let reader = try file.reader()
        #expect(reader.size == 4)
        try file.finish()
        #expect(try reader.read(count: 2, at: 1) == [2, 3])
        #expect(unsafe unlink(path) == 0)
        #expect(try reader.read(count: 4, at: 0) == [1, 2, 3, 4])
    }

    @Test("a file's permissions are what was asked for, whatever the umask", arguments: [0o600, 0o644, 0o755])
    func permissions(mode: UInt32) throws {
        let file = try OutputFile(path, permissions: mode)
        try file.finish()
        var status = stat()
        #expect(unsafe stat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 == mode)
    }

    @Test("a folder that is not there, or is none, is an error that names the file")
    func noFolder() throws {
        for path in ["\(folder.path)/none/file", "/dev/null/file"] {
            let error = #expect(throws: FileError.self) { _ = try OutputFile(path) }
            #expect(error?.path == path)
            #expect(error?.diagnostic.code == "file-create")
            #expect(error?.diagnostic.message.contains(path) == true)
        }
        #expect(unsafe mkdir(path, 0o755) == 0)
        let path = path
        #expect(throws: FileError.self) { try OutputFile(path).finish() }
        #expect(try Folder.names(in: folder.path) == ["file"])
    }

    @Test("a full disk is said to be one, with a way out")
    func diskFull() {
        let diagnostic = FileError("write", "/x", errorNumber: ENOSPC).diagnostic
        #expect(diagnostic.code == "disk-full")
        #expect(diagnostic.hint != nil)
        #expect(throws: FileError("write", "/dev/full", errorNumber: ENOSPC)) {
            // A device cannot be replaced, but it can be written to through a second name for it.
            let descriptor = unsafe open("/dev/full", O_WRONLY)
            defer { close(descriptor) }
            let written = unsafe write(descriptor, [1], 1)
            if written < 0 { throw FileError("write", "/dev/full") }
        }
    }

    // MARK: - InputFile

    @Test("only regular files are opened")
    func regularFiles() throws {
        let pipe = "\(folder.path)/pipe"
        #expect(unsafe mkfifo(pipe, 0o644) == 0)
        for (path, number) in [
            (folder.path, EISDIR), (pipe, EINVAL), ("/dev/null", EINVAL), ("\(folder.path)/none", ENOENT),
        ] {
            #expect(throws: FileError("open", path, errorNumber: number)) { _ = try InputFile(path) }
        }
    }

    @Test("a symlink is followed unless that is not wanted")
    func links() throws {
        let link = "\(folder.path)/link"
        try OutputFile.write([1, 2], to: path)
        #expect(unsafe symlink(path, link) == 0)
        #expect(try InputFile(link).size == 2 && InputFile(path, followsLinks: false).size == 2)
        #expect(throws: FileError("open", link, errorNumber: ELOOP)) { _ = try InputFile(link, followsLinks: false) }
    }

    @Test("reading past the end is an error and never a short answer")
    func pastTheEnd() throws {
        var file = try OutputFile(path)
        try file.write([1, 2, 3])
        try file.finish()
        let input = try InputFile(path)
        #expect(try input.read(count: 3, at: 0) == [1, 2, 3])
        #expect(try input.read(count: 0, at: 3) == [])
        for (count, offset) in [(4, 0), (1, 3), (1, 4), (0, 4), (-1, 0), (1, -1), (Int.max, 1), (1, Int.max)] {
            #expect(throws: FileError.self) { try input.read(count: count, at: offset) }
        }
        // A file that shrinks under us ends with an error, too.
        #expect(unsafe truncate(path, 1) == 0)
        #expect(throws: FileError.self) { try input.read(count: 3, at: 0) }
        let path = path
        #expect(throws: FileError("read", path, errorNumber: EFBIG)) { try InputFile.contents(of: path, limit: 0) }
    }

    // MARK: - Folder

    @Test("folders are made with those above them, and again without complaint")
    func makesFolders() throws {
        let deep = "\(folder.path)/a/b/c"
        try Folder.create(deep)
        try Folder.create(deep)
        try Folder.create(deep + "/")
        #expect(try Folder.names(in: "\(folder.path)/a/b") == ["c"])
        var file = try OutputFile(path)
        try file.write([1])
        try file.finish()
        let below = "\(path)/x"
        #expect(throws: FileError.self) { try Folder.create(below) }
        #expect(throws: FileError.self) { _ = try Folder.names(in: below) }
    }

    @Test("names come in byte order")
    func names() throws {
        for name in ["b", "a", "B", "\u{e9}", ".hidden", "aa"] { try Folder.create("\(folder.path)/\(name)") }
        #expect(try Folder.names(in: folder.path) == [".hidden", "B", "a", "aa", "b", "\u{e9}"])
    }

    @Test("removing a folder follows no links and stops at no permissions")
    func removes() throws {
        let (victim, outside) = ("\(folder.path)/victim", "\(folder.path)/outside")
        try Folder.create("\(victim)/closed/deep")
        try Folder.create(outside)
        for path in ["\(outside)/kept", "\(victim)/closed/deep/file", "\(victim)/read-only"] {
            var file = try OutputFile(path, permissions: 0o400)
            try file.write([1])
            try file.finish()
        }
        #expect(unsafe symlink("../outside", "\(victim)/relative") == 0)
        #expect(unsafe symlink(outside, "\(victim)/closed/absolute") == 0)
        #expect(unsafe symlink("nowhere", "\(victim)/dangling") == 0)
        #expect(unsafe chmod("\(victim)/closed", 0) == 0)
        Folder.remove(victim)
        #expect(try Folder.names(in: folder.path) == ["outside"])
        #expect(try Folder.names(in: outside) == ["kept"])
        Folder.remove("\(folder.path)/none")
        #expect(unsafe symlink("outside", "\(folder.path)/link") == 0)
        Folder.remove("\(folder.path)/link")
        #expect(try Folder.names(in: folder.path) == ["outside"])
        #expect(try Folder.names(in: outside) == ["kept"])
    }

    @Test("a temporary folder is private, and gone afterwards, however its use ends")
    func temporary() throws {
        struct Stop: Error {}
        var paths: [String] = []
        let size = try Folder.withTemporary(in: folder.path) { path in
            paths.append(path)
            var status = stat()
            #expect(unsafe stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700)
            try Folder.create("\(path)/a/b")
            return try Folder.names(in: path).count
        }
        #expect(size == 1)
        let parent = folder.path
        #expect(throws: Stop.self) {
            try Folder.withTemporary(in: parent) { _ in throw Stop() }
        }
        #expect(try Folder.names(in: folder.path) == [])
        #expect(throws: FileError.self) { try Folder.withTemporary(in: "\(parent)/none") { _ in } }
    }

    @Test("temporary folders of processes that are gone are removed; those in use, and what is somebody else's, stay")
    func abandoned() throws {
        let parent = folder.path
        for name in [".scar-build.killed", ".scar-build.public", "scar-build.backup"] {
            try Folder.create("\(parent)/\(name)/deep")
        }
        try OutputFile("\(parent)/.scar-build.killed/deep/file").finish()
        for name in [".scar-build.killed", "scar-build.backup"] {
            #expect(unsafe chmod("\(parent)/\(name)", 0o700) == 0)
        }
        #expect(unsafe symlink(".scar-build.killed", "\(parent)/.scar-build.linked") == 0)
        let stay = [".scar-build.linked", ".scar-build.public", "scar-build.backup"]
        let left = try Folder.withTemporary(in: parent) { used in
            Folder.removeAbandoned(in: parent)
            #expect(unsafe access(used, F_OK) == 0)
            return try Folder.names(in: parent).filter { !used.hasSuffix($0) }
        }
        #expect(left == stay)
        #expect(try Folder.names(in: parent) == stay)
        Folder.removeAbandoned(in: "\(parent)/none")
    }
}
