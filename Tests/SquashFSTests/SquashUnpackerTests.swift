import Glibc
import SquashFS
import TestKit
import Testing

@Suite struct SquashUnpackerTests: ~Copyable {
    let folder = TestFolder.made()
    let tree = Fixture.tree

    private func image(_ options: String) -> ImageFile {
        Fixture.makeImage(of: tree, at: "\(folder.path)/image.sqfs", options)
    }

    @Test(
        "what is unpacked is what unsquashfs unpacks",
        arguments: [
            ("-comp zstd -Xcompression-level 3", 2), ("-comp gzip", 7), ("-comp zstd -b 4096", 3),
            ("-comp gzip -b 1M", 2), ("-comp zstd -noI -noId -noD -noF -noX", 1), ("-comp zstd -no-fragments", 2),
            ("-comp zstd -always-use-fragments", 4), ("-comp zstd -Xcompression-level 3", 1),
            ("-comp xz", 2), ("-comp xz -b 1M -Xbcj x86,arm -Xdict-size 50%", 3), ("-comp lz4", 2),
            ("-comp lz4 -Xhc -b 4096", 2),
        ])
    func equalsUnsquashfs(options: String, threads: Int) throws {
        let image = image(options)
        let reader = try SquashReader(descriptor: image.descriptor)
        let output = "\(folder.path)/output"
        let isRoot = geteuid() == 0
        let result = try SquashUnpacker.unpack(
            reader, into: utf8(output), options: .init(threads: threads, setsOwners: isRoot, setsAttributes: true))
        let peer = "\(folder.path)/peer"
        #expect(shell("unsquashfs -q -n -d '\(peer)' '\(image.path)' >/dev/null 2>&1").code == 0)
        #expect(Fixture.manifest(of: output, owners: isRoot) == Fixture.manifest(of: peer, owners: isRoot))
        let attributes = { (path: String) in
            shell("cd '\(path)' && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 getfattr -h -d 2>/dev/null")
                .output
        }
        #expect(attributes(output) == attributes(peer))
        // Counted in what unsquashfs made: mksquashfs 4.5.1 sometimes takes a hard link for a file of its own.
        let numbers = { (test: String) in
            shell("cd '\(peer)' && find . \(test) -printf '%i\\n'").output.split(separator: "\n")
        }
        #expect(result.files == Set(numbers("-type f")).count)
        #expect(result.hardLinks == numbers("! -type d").count - Set(numbers("! -type d")).count)
        #expect(result.skippedDevices == 0)
        #expect(result.skippedAttributes == 0)
    }

    @Test("holes take no room on disk")
    func sparse() throws {
        let image = image("-comp zstd")
        let reader = try SquashReader(descriptor: image.descriptor)
        let output = "\(folder.path)/output"
        let result = try SquashUnpacker.unpack(reader, into: utf8(output))
        for name in ["zeros", "hole", "trailing"] {
            var status = stat()
            #expect(unsafe stat("\(output)/\(name)", &status) == 0)
            #expect(status.st_blocks * 512 < status.st_size / 2, "\(name)")
        }
        #expect(result.bytes < 6_000_000)
    }

    @Test("without setting owners, setuid and setgid bits of others' files go, and those of ours stay")
    func setuid() throws {
        let image = Fixture.makeImage(
            of: tree, at: "\(folder.path)/image.sqfs", "-comp zstd -force-uid 12345 -force-gid 12345")
        let output = "\(folder.path)/output"
        _ = try SquashUnpacker.unpack(try SquashReader(descriptor: image.descriptor), into: utf8(output))
        var status = stat()
        #expect(unsafe stat("\(output)/setuid", &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o755)
        #expect(status.st_uid == geteuid())
        #expect(unsafe stat("\(output)/sticky", &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o1777)
        let own = self.image("-comp zstd")
        _ = try SquashUnpacker.unpack(try SquashReader(descriptor: own.descriptor), into: utf8("\(folder.path)/own"))
        #expect(unsafe stat("\(folder.path)/own/setuid", &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o4755)
    }

    @Test("nothing that is there already is overwritten or written through")
    func occupied() throws {
        let image = image("-comp zstd")
        for (name, prepare) in [
            ("symlinked folder", "mkdir out outside && ln -s ../outside out/a"),
            ("symlinked file", "mkdir out && echo untouched > victim && ln -s ../victim out/one"),
            ("file", "mkdir out && echo untouched > out/one"),
            ("the folder itself a symlink", "mkdir outside; ln -s outside out"),
        ] {
            shell("cd '\(folder.path)' && rm -rf out outside victim && \(prepare)")
            let error = #expect(throws: SquashError.self, "\(name)") {
                try SquashUnpacker.unpack(
                    try SquashReader(descriptor: image.descriptor), into: utf8("\(folder.path)/out"))
            }
            #expect(error?.code == .createFailed, "\(name)")
            #expect(
                shell("cd '\(folder.path)' && ls outside victim out/one 2>/dev/null | head -c 4000").output.count < 4000
            )
            #expect(shell("cd '\(folder.path)' && test -z \"$(ls -A outside 2>/dev/null)\"").code == 0, "\(name)")
            #expect(
                shell("cd '\(folder.path)' && { test ! -e victim || grep -q untouched victim; }").code == 0, "\(name)")
        }
    }

    @Test("unpacking ends soon after it is told to")
    func stopped() throws {
        let image = image("-comp zstd")
        let asked = Guarded(0)
        let error = #expect(throws: SquashError.self) {
            try SquashUnpacker.unpack(
                try SquashReader(descriptor: image.descriptor), into: utf8("\(folder.path)/out"),
                options: .init(isStopped: {
                    asked.withLock { asked in
                        asked += 1
                        return asked > 20
                    }
                }))
        }
        #expect(error?.code == .stopped)
        #expect(asked.withLock { $0 } == 21)
    }

    @Test("too little room is told before anything is made")
    func noSpace() throws {
        let image = image("-comp zstd")
        let output = "\(folder.path)/output"
        let error = #expect(throws: SquashError.self) {
            try SquashUnpacker.unpack(
                try SquashReader(descriptor: image.descriptor), into: utf8(output), options: .init(neededBytes: 1 << 60)
            )
        }
        guard case .noSpace(let needed, let free) = error?.code else {
            Issue.record("\(String(describing: error))"); return
        }
        #expect(needed == 1 << 60)
        #expect(free > 0 && free < 1 << 60)
        #expect(shell("ls -A '\(output)'").output.isEmpty)
    }

    @Test(
        "a full file system is told with the path that did not fit",
        .enabled(if: shell("unshare -m true").code == 0, "only root can mount, and not everywhere"))
    func diskFull() throws {
        try #require(
            shell("mkdir '\(folder.path)/small' && mount -t tmpfs -o size=1m none '\(folder.path)/small'").code == 0)
        defer { shell("umount '\(folder.path)/small'") }
        let image = image("-comp zstd")
        let error = #expect(throws: SquashError.self) {
            try SquashUnpacker.unpack(
                try SquashReader(descriptor: image.descriptor), into: utf8("\(folder.path)/small/out"))
        }
        #expect(error?.errorNumber == ENOSPC)
        #expect(error?.path.isEmpty == false)
    }

    @Test("as an ordinary user devices are skipped and counted, and all else is there")
    func devices() throws {
        let image = image("-comp zstd \(Fixture.devices)")
        let result = try SquashUnpacker.unpack(
            try SquashReader(descriptor: image.descriptor), into: utf8("\(folder.path)/output"))
        if geteuid() == 0 && result.skippedDevices == 0 {
            #expect(
                shell("test -c '\(folder.path)/output/dev/null' && test -b '\(folder.path)/output/dev/loop'").code == 0)
            #expect(shell("stat -c '%t,%T' '\(folder.path)/output/dev/loop'").output.trimmed == "7,12c")
        } else {
            #expect(result.skippedDevices == 2)
        }
        #expect(shell("test -p '\(folder.path)/output/fifo' && test -S '\(folder.path)/output/socket'").code == 0)
    }
}

extension String {
    var trimmed: String {
        String(drop { $0 == " " || $0 == "\n" }.reversed().drop { $0 == " " || $0 == "\n" }.reversed())
    }
}
