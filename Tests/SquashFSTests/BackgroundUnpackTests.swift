import Glibc
import SquashFS
import TestKit
import Testing

@Suite struct BackgroundUnpackTests: ~Copyable {
    let folder = TestFolder.made()

    private func image(_ options: String = "-comp zstd -Xcompression-level 3", of tree: String = Fixture.tree)
        -> ImageFile
    {
        Fixture.makeImage(of: tree, at: "\(folder.path)/image.sqfs", options)
    }

    private func start(_ image: borrowing ImageFile, threads: Int = 2) throws -> BackgroundUnpack {
        try BackgroundUnpack.start(
            SquashReader(descriptor: image.descriptor), into: utf8("\(folder.path)/out"),
            options: .init(
                threads: threads, setsAttributes: true,
                // Some that are there, one that is not, one that is no folder.
                early: [utf8("many"), utf8("a/b/c"), utf8("no/such"), utf8("a/text"), utf8("few")]))
    }

    @Test(
        "a tree whose files come later ends as one that is unpacked at once",
        arguments: [("-comp zstd", 1), ("-comp gzip -b 4096", 2), ("-comp zstd -no-fragments", 3), ("-comp lz4", 2)])
    func equalsUnpacker(options: String, threads: Int) throws {
        let image = image(options)
        let whole = "\(folder.path)/whole"
        let expected = try SquashUnpacker.unpack(
            SquashReader(descriptor: image.descriptor), into: utf8(whole), options: .init(setsAttributes: true))
        let result = try start(image, threads: threads).finish()
        #expect(result == expected)
        #expect(Fixture.manifest(of: "\(folder.path)/out") == Fixture.manifest(of: whole))
    }

    /// All that can be seen of a tree, and then what is in its files. A file's time is right but for the moment in which
    /// bytes are written to it.
    private static func look(at tree: String) -> String {
        let folders = "find . -type d -printf '%p %m %n %T@\\0' | LC_ALL=C sort -z | sha256sum"
        let names = "find . ! -type d -printf '%p %y %m %n %l\\0' | LC_ALL=C sort -z | sha256sum"
        let sizes = "find . -type f -printf '%p %s\\0' | LC_ALL=C sort -z | sha256sum"
        let sums = "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum -z | sha256sum"
        return shell("cd '\(tree)' && \(folders) && \(names) && \(sizes) && \(sums)").output
    }

    @Test("whoever walks the tree while files are on their way sees the whole tree, and every file whole")
    func walked() throws {
        // Files whose bytes take a while, and as many of them as several threads must share.
        let tree = "\(folder.path)/tree"
        shell(
            """
            mkdir -p '\(tree)/few' '\(tree)/many' && cd '\(tree)' && i=0
            while [ $i -lt 12 ]; do head -c 4000000 /dev/urandom | base64 > few/$i; i=$((i+1)); done
            while [ $i -lt 2500 ]; do echo $i > many/$i; i=$((i+1)); done
            ln few/3 hard && ln -s few/4 link && chmod 4755 few/5 && chmod 0400 few/6 && touch -d @1000000000 few/* many
            """)
        let image = image("-comp gzip -Xcompression-level 1", of: tree)
        _ = try SquashUnpacker.unpack(
            SquashReader(descriptor: image.descriptor), into: utf8("\(folder.path)/whole"), options: .init())
        let expected = Self.look(at: "\(folder.path)/whole")
        let unpack = try start(image, threads: 1)
        let seen = Guarded<[String]>([])
        let out = "\(folder.path)/out"
        for _ in 0..<3 {
            #expect(
                BackgroundThread.start {
                    let found = Self.look(at: out)
                    seen.withLock { $0.append(found) }
                })
        }
        #expect(seen.wait { $0.count == 3 ? $0 : nil } == [expected, expected, expected])
        _ = try unpack.finish()
        #expect(Self.look(at: out) == expected)
        #expect(Fixture.manifest(of: out) == Fixture.manifest(of: "\(folder.path)/whole"))
    }

    @Test("a program that is on its way is executed as soon as it is there")
    func executed() throws {
        let tree = "\(folder.path)/tree"
        // The last in the image's order, behind much else.
        shell(
            """
            mkdir '\(tree)' && cd '\(tree)' && head -c 30000000 /dev/urandom | base64 > first && cp /bin/true program \
            && head -c 3000000 /dev/urandom >> program && ln program other
            """)
        let image = image("-comp gzip -Xcompression-level 1", of: tree)
        for _ in 0..<4 {
            let unpack = try start(image, threads: 2)
            #expect(shell("'\(folder.path)/out/program' && '\(folder.path)/out/other'").code == 0)
            _ = try unpack.finish()
            shell("rm -rf '\(folder.path)/out'")
        }
    }

    @Test("who will not wait is told so, and is let in once the bytes are there")
    func unwilling() throws {
        let tree = "\(folder.path)/tree"
        shell("mkdir '\(tree)' && cd '\(tree)' && head -c 200000000 /dev/urandom > large")
        let image = image("-comp gzip -noD", of: tree)
        let unpack = try start(image)
        let path = "\(folder.path)/out/large"
        let early = unsafe open(path, O_RDONLY | O_NONBLOCK)
        #expect(early == -1 && errno == EAGAIN)
        let file = unsafe open(path, O_RDONLY)
        #expect(file >= 0)
        var last: UInt8 = 0
        #expect(unsafe pread(file, &last, 1, 199_999_999) == 1)
        close(file)
        _ = try unpack.finish()
    }

    @Test("a block that is no good ends it with the file's name, and leaves nobody with what came before")
    func torn() throws {
        let tree = "\(folder.path)/tree"
        shell(
            "mkdir '\(tree)' && cd '\(tree)' && for i in a b c d e f; do head -c 9000000 /dev/urandom | base64 > $i; done"
        )
        let image = image("-comp zstd -Xcompression-level 1", of: tree)
        var bytes = image.bytes
        // The first block's beginning in the second half of the data: what is no frame of zstd's is no block.
        let magic: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]
        let half = bytes.count / 2
        let block = try #require((half..<bytes.count - 4).first { bytes[$0..<$0 + 4].elementsEqual(magic) })
        bytes[block] = 0xff
        image.replace(with: bytes)
        let unpack = try start(image, threads: 1)
        let error = #expect(throws: SquashError.self) { try unpack.finish() }
        #expect(error?.code == .badCompression)
        #expect(error?.path.count == 1)
        let sizes = shell("cd '\(folder.path)/out' && stat -c %s *").output
        let allowed: Set<Substring> = ["0", "12157895"]
        #expect(sizes.split(separator: "\n").allSatisfy { allowed.contains($0) }, "\(sizes)")
        #expect(sizes.contains("0\n"))
    }

    @Test("a tree that does not fit is refused before anything is made")
    func tooLarge() throws {
        let image = image()
        let error = #expect(throws: SquashError.self) {
            try BackgroundUnpack.start(
                SquashReader(descriptor: image.descriptor), into: utf8("\(folder.path)/out"),
                options: .init(neededBytes: .max))
        }
        guard case .noSpace(needed: .max, _) = error?.code else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(shell("ls -A '\(folder.path)/out'").output.isEmpty)
    }
}
