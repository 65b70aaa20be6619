import SquashFS
import TestKit
import Testing

@Suite("Paths inside an image") struct PathTests: ~Copyable {
    let folder = TestFolder.made()

    /// A small tree of symlinks to everywhere.
    private static let script = #"""
        mkdir -p "$D/usr/lib/deep" "$D/etc" && cd "$D" && echo library > usr/lib/lib.so.1 && echo top > top
        ln -s lib.so.1 usr/lib/lib.so && ln -s usr/lib lib && ln -s /usr/lib/deep/../lib.so etc/absolute
        ln -s ../../../../../../top usr/lib/deep/out && ln -s loop2 loop1 && ln -s loop1 loop2 && ln -s nowhere dangling
        ln -s . here && ln -s / root && ln -s ../etc/absolute usr/twice && ln -s top/x through-file
        i=1; while [ $i -lt 60 ]; do ln -s chain$((i+1)) chain$i; i=$((i+1)); done; ln -s top chain60
        """#

    private func image() -> ImageFile {
        let tree = "\(folder.path)/tree"
        let result = shell("D='\(tree)'; \(Self.script)")
        precondition(result.code == 0)
        return Fixture.makeImage(of: tree, at: "\(folder.path)/image.sqfs", "-comp gzip")
    }

    @Test(
        "lead through symlinks as they would in a system with that root",
        arguments: [
            ("top", "top"), ("/top", "top"), ("lib/lib.so", "library"), ("etc/absolute", "library"),
            ("usr/lib/deep/out", "top"), ("../../top", "top"), ("here/here/./here//top", "top"),
            ("root/root/etc/../top", "top"), ("usr/twice", "library"), ("lib/../top", ""),
            ("lib/../lib/lib.so", "library"),
            ("chain21", "top"),
        ])
    func follows(path: String, content: String) throws {
        let image = image()
        let reader = try SquashReader(descriptor: image.descriptor)
        guard !content.isEmpty else {
            // ‘..’ behind a symlink is the parent of where it leads to.
            #expect(throws: SquashError(.notFound, path: utf8(path))) { try reader.file(following: utf8(path)) }
            return
        }
        let file = try reader.file(following: utf8(path))
        #expect(try reader.contents(of: file, limit: 100) == utf8(content + "\n"))
    }

    @Test(
        "that lead nowhere say why",
        arguments: [
            ("nothing", SquashError.Code.notFound), ("dangling", .notFound), ("loop1", .tooManyLinks),
            ("chain20", .tooManyLinks), ("through-file", .notDirectory), ("top/..", .notDirectory), ("lib", .notFile),
            ("", .notFile), ("usr/lib/..", .notFile),
        ])
    func refusals(path: String, code: SquashError.Code) throws {
        let image = image()
        let reader = try SquashReader(descriptor: image.descriptor)
        #expect(throws: SquashError(code, path: utf8(path))) { try reader.file(following: utf8(path)) }
    }

    @Test("stay as they are for those who follow no symlinks")
    func plain() throws {
        let image = image()
        let reader = try SquashReader(descriptor: image.descriptor)
        guard case .symlink(let target) = try reader.inode(path: utf8("etc/absolute")).content else {
            Issue.record("the symlink was followed")
            return
        }
        #expect(target == utf8("/usr/lib/deep/../lib.so"))
        #expect(throws: SquashError(.notDirectory, path: utf8("lib/lib.so"))) {
            try reader.inode(path: utf8("lib/lib.so"))
        }
    }
}
