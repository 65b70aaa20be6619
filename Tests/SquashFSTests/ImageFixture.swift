import Glibc
import SquashFS
import TestKit

/// An image in a file, and the descriptor that readers use.
struct ImageFile: ~Copyable {
    let path: String
    let descriptor: Int32

    init(_ path: String) {
        self.path = path
        descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
    }

    var bytes: [UInt8] {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = unsafe pread(descriptor, buffer.baseAddress, size, 0)
        }
    }

    /// Replaces the whole content.
    func replace(with bytes: [UInt8]) {
        ftruncate(descriptor, 0)
        var done = 0
        while done < bytes.count {
            let wrote = unsafe pwrite(descriptor, [UInt8](bytes[done...]), bytes.count - done, off_t(done))
            precondition(wrote > 0)
            done += wrote
        }
    }

    deinit { close(descriptor) }
}

enum Fixture {
    /// A tree with every kind of file and everything about files that squashfs keeps.
    ///
    /// Devices come through mksquashfs, which needs no root for them.
    static let treeScript = #"""
        set -e
        mkdir -p "$D" && cd "$D"
        mkdir -p empty a/b/c/d/e many wide
        : > nothing
        printf x > one
        head -c 4095 /dev/urandom > a/below; head -c 4096 /dev/urandom > a/block; head -c 4097 /dev/urandom > a/above
        head -c 300000 /dev/urandom > a/random; yes squashfs | head -c 3000001 > a/text
        head -c 2097152 /dev/zero > zeros
        truncate -s 5000000 hole; printf end | dd of=hole bs=1 seek=4999990 conv=notrunc status=none
        truncate -s 3000000 trailing; printf begin | dd of=trailing bs=1 conv=notrunc status=none
        { head -c 262144 /dev/urandom; head -c 1048576 /dev/zero; head -c 70000 /dev/urandom; } > middle
        i=0; while [ $i -lt 700 ]; do echo "file $i" > many/f$i; i=$((i+1)); done
        i=0; while [ $i -lt 1500 ]; do : > wide/a-name-that-makes-the-directory-long-enough-to-be-extended-$i; i=$((i+1)); done
        ln a/random a/b/hard; ln a/random z-hard; ln one a/uno
        ln -s a/text link; ln -s /etc/passwd absolute; ln -s ../../../.. a/b/up; ln -s nowhere dangling
        ln -s "$(head -c 4000 /dev/zero | tr '\0' y)" long; ln dangling dangling-too
        mkfifo fifo
        printf 'new\nline' > "$(printf 'a\nb')"; printf bytes > "$(printf 'in\377valid')"; printf sp > 'a  b'
        mkdir sticky && chmod 1777 sticky; cp /bin/true setuid && chmod 4755 setuid; printf s > secret && chmod 0 secret
        mkdir closed && printf c > closed/in && chmod 0500 closed
        python3 - <<'P'
        import os, socket
        os.setxattr('one', 'user.note', b'a value')
        os.setxattr('one', 'user.binary', bytes(range(256)))
        os.setxattr('a', 'user.folder', b'f' * 1000)
        os.setxattr('a/text', 'user.note', b'a value')
        os.setxattr('a/random', 'user.empty', b'')
        for n in range(40): os.setxattr('nothing', 'user.n%d' % n, b'shared value that is long enough to be out of line')
        s = socket.socket(socket.AF_UNIX); s.bind('socket')
        P
        touch -d @1000000000 a/b one; touch -h -d @999999999 link; touch -d @4000000000 nothing; touch -d @0 empty
        """#

    static let devices = "-p 'dev d 755 0 0' -p 'dev/null c 666 0 0 1 3' -p 'dev/loop b 660 0 6 7 300'"

    /// The tree, made once for all tests and removed when they end.
    static let tree: String = {
        let path = "/tmp/squashfs-tests-tree.\(getpid())"
        let result = shell("D='\(path)'; \(treeScript)")
        precondition(result.code == 0, "the tree cannot be made")
        atexit { shell("chmod -R u+rwx \(Fixture.tree); rm -rf \(Fixture.tree)") }
        return path
    }()

    static func makeImage(of tree: String, at path: String, _ options: String) -> ImageFile {
        let result = shell("mksquashfs '\(tree)' '\(path)' -noappend -no-progress -quiet \(options) >/dev/null 2>&1")
        precondition(result.code == 0, "mksquashfs failed: \(options)")
        return ImageFile(path)
    }

    /// All that can be seen of a tree from outside: names, kinds, modes, sizes, times, targets, links and content.
    static func manifest(of tree: String, owners: Bool = false) -> [UInt8] {
        let owner = owners ? "%U %G " : ""
        let names = shell(
            "cd '\(tree)' && find . -name socket -prune -o -printf '%p %y %m %n \(owner)%T@ %l\\0' | sed -z 's/\\.0* / /; s/\\.0*$//' | LC_ALL=C sort -z"
        )
        let sizes = shell("cd '\(tree)' && find . -type f -printf '%s %p\\0' | LC_ALL=C sort -z")
        let sums = shell("cd '\(tree)' && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum -z")
        precondition(names.code == 0 && sums.code == 0 && !sums.bytes.isEmpty)
        return names.bytes + sizes.bytes + sums.bytes
    }
}

func utf8(_ text: String) -> [UInt8] { [UInt8](text.utf8) }
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
