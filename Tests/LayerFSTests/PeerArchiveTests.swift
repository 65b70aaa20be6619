import ByteKit
import Glibc
import LayerFS
import TestKit
import Testing

@Suite("Archives that others make") struct PeerArchiveTests {
    /// A command that packs the folder `$1` into the file `$2`.
    struct Packer: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let script: String
        /// Whether it keeps names over 255 bytes and times in parts of seconds.
        var program: String { String(script.prefix { $0 != " " }) }

        init(_ script: String) {
            testDescription = script
            self.script = script
        }
    }

    static let packers = [
        "tar --format=ustar -C \"$1\" -cf \"$2\" .", "tar --format=gnu -C \"$1\" -cf \"$2\" .",
        "tar --format=oldgnu -C \"$1\" -cf \"$2\" .",
        "tar --format=pax --xattrs --xattrs-include=* -C \"$1\" -cf \"$2\" .",
        "tar --format=posix -C \"$1\" -czf \"$2\" .",
        "bsdtar --format=ustar -C \"$1\" -cf \"$2\" .", "bsdtar --format=gnutar -C \"$1\" -cf \"$2\" .",
        "bsdtar --format=pax -C \"$1\" -cf \"$2\" .",
        "python3 -c 'import sys, tarfile; a = tarfile.open(sys.argv[2], \"w\", format=tarfile.PAX_FORMAT); a.add(sys.argv[1], \".\"); a.close()' \"$1\" \"$2\"",
        "python3 -c 'import sys, tarfile; a = tarfile.open(sys.argv[2], \"w\", format=tarfile.GNU_FORMAT); a.add(sys.argv[1], \".\"); a.close()' \"$1\" \"$2\"",
    ].map { Packer($0) }.filter { Peer.isInstalled($0.program) }

    @Test("a folder packed by any program in any format is the folder again", arguments: packers)
    func packed(packer: Packer) throws {
        let workspace = try LayerWorkspace()
        let tree = "\(workspace.folder.path)/tree"
        let script = """
            mkdir -p "$1/a/b/c" "$1/empty"; cd "$1"; printf 1 > one; seq 1 9000 > a/numbers; : > a/b/nothing
            ln one a/hard; ln -s ../one a/soft; ln -s /usr/lib a/absolute; mkfifo a/pipe
            chmod 4711 a/numbers; chmod 1777 empty; printf x > "$(printf 'line\\nbreak')"
            n=$(printf '%080d' 0); mkdir -p "a/$n"; printf deep > "a/$n/$n"; ln -s "$n" "a/s"
            touch -h -d @1000000000 one a/soft a/b empty
            """
        try #require(try Peer.run("sh", ["-ec", script, "sh", tree]).status == 0)
        if geteuid() == 0 {
            #expect(
                try Peer.run("sh", ["-c", "chown 1234:70000 \"$1/one\"; mknod \"$1/null\" c 1 3", "sh", tree]).status
                    == 0)
        }
        let archive = workspace.freshPath("archive")
        let result = try Peer.run("sh", ["-c", packer.script, "sh", tree, archive])
        try #require(result.status == 0, "\(result.errorText)")
        let linked = try workspace.link([try InputFile.contents(of: archive, limit: 1 << 26)])
        expectSame(try Listing(linked), try Listing(folder: tree))
        try workspace.checkedSquash(linked)
    }
}
