import Glibc
import SquashFS
import TestKit
import Testing

@Suite struct SquashReaderTests: ~Copyable {
    let folder = TestFolder.made()
    let tree = Fixture.tree

    private func image(_ options: String = "-comp zstd -Xcompression-level 3") -> ImageFile {
        Fixture.makeImage(of: tree, at: "\(folder.path)/image.sqfs", "\(options) \(Fixture.devices)")
    }

    @Test("the walk gives every name once, in byte order, each directory before what is in it")
    func walks() throws {
        let image = image()
        let reader = try SquashReader(descriptor: image.descriptor)
        var paths: [[UInt8]] = []
        var walker = reader.walk()
        while let entry = try walker.next() { paths.append(entry.path) }
        #expect(paths.first == [])
        let expected = shell(
            "cd '\(tree)' && find . -mindepth 1 -printf '%P\\0'; printf 'dev\\0dev/null\\0dev/loop\\0'"
        ).bytes
        let names = expected.split(separator: 0).map { [UInt8]($0) }
        #expect(Set(paths.dropFirst()) == Set(names))
        #expect(paths.count == names.count + 1)
        for (path, next) in zip(paths.dropFirst(), paths.dropFirst(2)) {
            // Byte order within directories is byte order of components.
            let left = path.split(separator: 0x2f)
            let right = next.split(separator: 0x2f)
            #expect(left.lexicographicallyPrecedes(right) { $0.lexicographicallyPrecedes($1) })
        }
    }

    @Test("inodes of all kinds say what stat says")
    func inodes() throws {
        let image = image("-comp gzip")
        let reader = try SquashReader(descriptor: image.descriptor)
        var walker = reader.walk()
        var kinds: Set<String> = []
        while let entry = try walker.next() {
            guard !entry.path.isEmpty, !entry.path.starts(with: utf8("dev")) else { continue }
            var status = stat()
            let path = utf8(tree + "/") + entry.path + [0]
            let result = unsafe path.withUnsafeBufferPointer { path in
                unsafe path.withMemoryRebound(to: CChar.self) { unsafe lstat($0.baseAddress!, &status) }
            }
            try #require(result == 0)
            let inode = entry.inode
            #expect(UInt32(inode.permissions) == status.st_mode & 0o7777, "\(text(entry.path))")
            #expect(inode.owner == status.st_uid && inode.group == status.st_gid)
            #expect(Int(inode.modified) == status.st_mtim.tv_sec)
            switch inode.content {
            case .directory: kinds.insert("directory"); #expect(status.st_mode & S_IFMT == S_IFDIR)
            case .file(let file):
                kinds.insert(inode.links > 1 ? "linked" : "file")
                #expect(status.st_mode & S_IFMT == S_IFREG && file.size == Int(status.st_size))
                #expect(Int(inode.links) == Int(status.st_nlink))
            case .symlink(let target):
                kinds.insert("symlink")
                #expect(status.st_mode & S_IFMT == S_IFLNK && target.count == Int(status.st_size))
            case .fifo: kinds.insert("fifo"); #expect(status.st_mode & S_IFMT == S_IFIFO)
            case .socket: kinds.insert("socket"); #expect(status.st_mode & S_IFMT == S_IFSOCK)
            case .blockDevice, .characterDevice: Issue.record("no device was made in the tree")
            }
        }
        #expect(kinds == ["directory", "file", "linked", "symlink", "fifo", "socket"])
        guard case .characterDevice(let null) = try reader.inode(path: utf8("dev/null")).content,
            case .blockDevice(let loop) = try reader.inode(path: utf8("dev/loop")).content
        else { Issue.record("the devices are missing"); return }
        #expect(null == 0x103)
        #expect(loop == 0x10072c)
    }

    @Test(
        "any stretch of any file is what the original has there",
        arguments: [
            "-comp zstd", "-comp gzip -b 4096", "-comp zstd -b 1M", "-comp zstd -noI -noD -noF -noX", "-no-fragments",
            "-always-use-fragments", "-comp xz -b 4096", "-comp xz -b 1M -Xbcj x86", "-comp lz4 -b 1M",
            "-comp lz4 -Xhc -b 4096",
        ])
    func reads(options: String) throws {
        let image = image(options)
        let reader = try SquashReader(descriptor: image.descriptor)
        var numbers = SeededNumbers(seed: 11)
        for name in [
            "nothing", "one", "zeros", "hole", "trailing", "middle", "a/below", "a/block", "a/above", "a/random",
            "a/text",
        ] {
            let inode = try reader.inode(path: utf8(name))
            let file = ImageFile("\(tree)/\(name)")
            let original = file.bytes
            #expect(try reader.contents(of: inode, limit: 8 << 20) == original, "\(name)")
            for _ in 0..<40 {
                let offset = Int.random(in: 0...(original.count + 10), using: &numbers)
                let count = Int.random(in: 0...300_000, using: &numbers)
                let expected =
                    offset < original.count ? [UInt8](original[offset..<min(original.count, offset + count)]) : []
                #expect(try reader.read(inode, at: offset, count: count) == expected, "\(name) at \(offset), \(count)")
            }
        }
    }

    @Test("extended attributes come back, those stored out of line too")
    func attributes() throws {
        let image = image()
        let reader = try SquashReader(descriptor: image.descriptor)
        let one = try reader.attributes(of: try reader.inode(path: utf8("one")))
        #expect(one.contains(SquashAttribute(name: utf8("user.note"), value: utf8("a value"))))
        #expect(one.contains(SquashAttribute(name: utf8("user.binary"), value: (0...255).map { UInt8($0) })))
        #expect(one.count == 2)
        #expect(try reader.attributes(of: try reader.inode(path: utf8("a"))).map(\.value.count) == [1000])
        let empty = try reader.attributes(of: try reader.inode(path: utf8("a/random")))
        #expect(empty == [SquashAttribute(name: utf8("user.empty"), value: [])])
        let many = try reader.attributes(of: try reader.inode(path: utf8("nothing")))
        #expect(many.count == 40)
        #expect(many.allSatisfy { $0.value == utf8("shared value that is long enough to be out of line") })
        #expect(try reader.attributes(of: try reader.inode(path: utf8("a/b"))) == [])
    }

    @Test("look-up finds what is there and nothing else")
    func lookUp() throws {
        let image = image()
        let reader = try SquashReader(descriptor: image.descriptor)
        let root = try reader.root()
        #expect(try reader.lookUp(utf8("one"), in: root) != nil)
        #expect(try reader.lookUp(utf8("on"), in: root) == nil)
        #expect(try reader.lookUp(utf8("onee"), in: root) == nil)
        #expect(try reader.lookUp([], in: root) == nil)
        let wide = try reader.inode(
            path: utf8("/wide//./a-name-that-makes-the-directory-long-enough-to-be-extended-1499/"))
        #expect(wide.file?.size == 0)
        #expect(throws: SquashError(.notFound, path: utf8("a/nope"))) { try reader.inode(path: utf8("a/nope")) }
        #expect(throws: SquashError(.notDirectory, path: utf8("one/x"))) { try reader.inode(path: utf8("one/x")) }
        #expect(throws: SquashError(.notFile)) { try reader.read(root, at: 0, count: 1) }
        #expect(throws: SquashError(.tooLarge(limit: 10))) {
            try reader.contents(of: try reader.inode(path: utf8("a/text")), limit: 10)
        }
    }

    @Test("an image inside another file is read where it lies, and not beyond its length")
    func embedded() throws {
        let whole = image()
        let bytes = whole.bytes
        let path = "\(folder.path)/container"
        shell("head -c 12345 /dev/urandom > '\(path)'; cat '\(whole.path)' >> '\(path)'; echo tail >> '\(path)'")
        let container = ImageFile(path)
        let reader = try SquashReader(descriptor: container.descriptor, offset: 12345, length: bytes.count)
        let inode = try reader.inode(path: utf8("a/random"))
        let file = ImageFile("\(tree)/a/random")
        #expect(try reader.contents(of: inode, limit: 1 << 20) == file.bytes)
        #expect(throws: SquashError(.truncated)) {
            try SquashReader(descriptor: container.descriptor, offset: 12345, length: 200_000)
        }
        #expect(throws: SquashError(.notSquashfs)) { try SquashReader(descriptor: container.descriptor) }
        #expect(throws: SquashError(.notSquashfs)) {
            try SquashReader(descriptor: container.descriptor, offset: 1 << 40)
        }
        #expect(throws: SquashError(.truncated)) { try SquashReader(descriptor: container.descriptor, offset: -1) }
    }

    @Test(
        "a compressor that is not supported is refused by its name", arguments: [("lzo", UInt16(3)), ("lzma", 2)])
    func unsupported(name: String, number: UInt16) throws {
        // Not every mksquashfs has every compressor; the number in the superblock is all that is looked at.
        let image = image()
        var bytes = image.bytes
        bytes[20] = UInt8(number)
        image.replace(with: bytes)
        #expect(throws: SquashError(.unsupportedCompressor(number))) { try SquashReader(descriptor: image.descriptor) }
        #expect("\(SquashError(.unsupportedCompressor(number)).reason)".contains(name))
    }

    @Test("a descriptor that cannot be read gives the kernel's reason")
    func unreadable() {
        #expect(throws: SquashError(.readFailed, errorNumber: EBADF)) { try SquashReader(descriptor: 9999) }
    }
}
