import ByteKit
import Glibc
import Report
import TestKit
import Testing

/// Databases of packages that RPM itself has made, or that Berkeley DB's own program has filled with what RPM made.
enum RPMFixture {
    static let isPossible =
        ["rpm", "rpmbuild", "python3", "db5.3_load"].allSatisfy(Peer.isInstalled)

    static let needs: Comment = "needs rpm, rpmbuild, python3 and db5.3_load"

    /// One package has so many files that its header takes several pages, the other has none.
    private static let spec = """
        Name: alpha
        Version: 1.2
        Release: 3
        Epoch: 4
        Summary: many files
        License: MIT
        BuildArch: noarch
        %description
        Many files.
        %install
        mkdir -p %{buildroot}/usr/share/alpha/deep
        for i in $(seq 1 400); do echo $i > %{buildroot}/usr/share/alpha/deep/file-$i; done
        echo x > %{buildroot}/usr/share/alpha/top
        %files
        /usr/share/alpha
        %package -n beta
        Summary: no files
        %description -n beta
        No files.
        %files -n beta
        """

    /// What RPM says of a database.
    struct Answer {
        /// Name, version with epoch and release, and architecture.
        var packages: [String]
        /// All paths, without the first slash.
        var files: [String]
    }

    /// Makes a folder with a database of each kind that can be made here.
    static func make(in folder: String) throws {
        try OutputFile.write(Array(spec.utf8), to: "\(folder)/alpha.spec")
        let script = """
            set -e
            cd "$1"
            rpmbuild --quiet -bb --define "_topdir $PWD/top" --define "_build_id_links none" alpha.spec
            mkdir sqlite berkeley
            rpm --define "_db_backend sqlite" --dbpath "$PWD/sqlite" --nosignature --nodigest -i --justdb --nodeps \
                --noscripts top/RPMS/noarch/*.rpm
            python3 - <<'PYTHON'
            import sqlite3
            rows = sqlite3.connect("sqlite/rpmdb.sqlite").execute("select hnum, blob from Packages").fetchall()
            with open("dump", "w") as out:
                out.write("VERSION=3\\nformat=bytevalue\\ntype=hash\\nHEADER=END\\n 00000000\\n 02000000\\n")
                for number, blob in rows:
                    out.write(" %s\\n %s\\n" % (number.to_bytes(4, "little").hex(), blob.hex()))
                    open("header-%d" % number, "wb").write(blob)
                out.write("DATA=END\\n")
            PYTHON
            db5.3_load -f dump berkeley/Packages
            """
        let result = try Peer.run("sh", ["-c", script, "sh", folder])
        try #require(result.status == 0, "\(result.errorText)")
    }

    static func ask(_ backend: String, _ database: String) throws -> Answer {
        func query(_ words: [String]) throws -> [String] {
            let answer = try Peer.run("rpm", ["--define", "_db_backend \(backend)", "--dbpath", database] + words)
            return answer.text.split(separator: "\n").map(String.init).sorted()
        }
        return Answer(
            packages: try query(["-qa", "--qf", "%{NAME} %{EVR} %{ARCH}\n"]),
            files: try query(["-qa", "--qf", "[%{FILENAMES}\n]"]).map { String($0.dropFirst()) }.sorted())
    }

    /// The header of a package ‘x’ whose files are in these folders: of each, which folder and its name. Numbers are
    /// big-endian. RPM's docs/manual/format_header.md.
    static func header(folders: [[UInt8]], files: [(folder: Int, name: String)]) -> [UInt8] {
        func number(_ value: Int) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.append(littleEndian: UInt32(value).byteSwapped)
            return bytes
        }
        var index: [UInt8] = []
        var data: [UInt8] = []
        func add(_ tag: Int, type: Int, count: Int, _ bytes: [UInt8]) {
            index += number(tag) + number(type) + number(data.count) + number(count)
            data += bytes
        }
        add(1000, type: 6, count: 1, Array("x".utf8) + [0])
        add(1116, type: 4, count: files.count, files.flatMap { number($0.folder) })
        add(1117, type: 8, count: files.count, files.flatMap { Array($0.name.utf8) + [0] })
        add(1118, type: 8, count: folders.count, folders.flatMap { $0 + [0] })
        return number(index.count / 16) + number(data.count) + index + data
    }

    /// The same packages in RPM's "new database", which Debian's RPM does not write: laid out by hand, after
    /// lib/backend/ndb/rpmpkg.c.
    static func newDatabase(_ headers: [[UInt8]]) -> [UInt8] {
        var file = [UInt8](repeating: 0, count: 4096)
        func put(_ bytes: [UInt8], at place: Int) { file.replaceSubrange(place..<place + bytes.count, with: bytes) }
        func number(_ value: Int) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.append(littleEndian: UInt32(value))
            return bytes
        }
        put(Array("RpmP".utf8) + number(0) + number(1) + number(1) + number(headers.count + 1), at: 0)
        for slot in 2..<256 { put(Array("Slot".utf8), at: 16 * slot) }
        for (index, header) in headers.enumerated() {
            let start = file.count
            // A slot in between is free, as after a removal.
            let slot = 16 * (2 + 2 * index)
            var blob = Array("BlbS".utf8) + number(index + 1) + number(1) + number(header.count) + header
            blob += [UInt8](repeating: 0, count: -(blob.count + 12) & 15)
            blob += number(0) + number(header.count) + Array("BlbE".utf8)
            put(number(index + 1) + number(start / 16) + number(blob.count / 16), at: slot + 4)
            file += blob
        }
        return file
    }
}
