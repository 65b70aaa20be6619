import ByteKit
import FuzzTargets
import LayerFS
import TestKit
import Testing

/// Every input that fuzzing began with or stopped at goes through its target again.
@Suite("The fuzzing corpus")
struct CorpusTests: ~Copyable {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    static let root = Golden.repositoryPath("Tests/Fuzz/corpus", from: #filePath)

    static func inputs(of target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        try Folder.names(in: "\(root)/\(target)").map { name in
            (name, try InputFile.contents(of: "\(root)/\(target)/\(name)", limit: 1 << 20))
        }
    }

    @Test("ends each input with an answer or a typed error", arguments: FuzzTarget.allCases)
    func replays(target: FuzzTarget) throws {
        let bench = try FuzzBench(folder.path)
        let inputs = try Self.inputs(of: target)
        #expect(inputs.count >= 3, "there is nothing to begin with")
        for (name, bytes) in inputs {
            var outcome: FuzzTarget.Outcome?
            do { outcome = try target.run(bytes, in: bench) } catch { Issue.record(error, "\(target)/\(name)") }
            // A seed that its target refuses at the door is a seed of nothing.
            if name.hasPrefix("seed-") { #expect(outcome == .accepted, "\(target)/\(name)") }
        }
    }

    @Test("has the layers and texts that the tests describe; with UPDATE_GOLDEN=1 all seeds are made anew")
    func seeds() throws {
        for (target, seeds) in [
            (FuzzTarget.layer, Seeds.layers), (.documents, Seeds.documents), (.relocation, Seeds.relocations),
            (.report, Seeds.reports),
        ] {
            for (name, bytes) in seeds {
                #expect(try Golden.matches(bytes, "\(Self.root)/\(target)/seed-\(name)"), "\(target)/\(name)")
            }
        }
        guard Golden.isUpdating else { return }
        // These depend on the versions of other people's programs and libraries, so they are not compared.
        for (name, bytes) in try objects() { _ = try Golden.matches(bytes, "\(Self.root)/object/seed-\(name)") }
        let made = try Peer.run("sh", ["-euc", Self.script, "sh", Self.root])
        #expect(made.status == 0, "\(made.errorText)")
    }

    /// Objects as the compiler makes them now, of a few layers and each compression.
    private func objects() throws -> [(name: String, bytes: [UInt8])] {
        let pool = try WorkerPool(width: 1)
        return try Seeds.layers.filter { ["kinds", "sizes"].contains($0.name) }.flatMap { name, bytes in
            try BlockSettings.Compression.allCases.map { compression in
                let source = LayerSource()
                _ = unsafe bytes.withUnsafeBytes { unsafe source.send($0) }
                source.finish()
                let path = "\(folder.path)/object"
                let settings = BlockSettings(compression: compression, level: 1, blockSize: 4096)
                _ = try LayerCompiler(settings: settings, pool: pool)
                    .compile(source, layer: Digest(of: bytes), diffID: nil, to: path)
                return ("\(name)-\(compression)", try InputFile.contents(of: path, limit: 1 << 20))
            }
        }
    }

    /// Makes the seeds that come from other programs: compressed layers, squashfs images, libraries.
    private static let script = #"""
        cd "$1"
        work=$(mktemp -d)
        trap 'rm -rf "$work"' EXIT
        tar=layer/seed-kinds
        gzip -c "$tar" >stream/seed-gzip
        { head -c 1000 "$tar" | gzip -c; tail -c +1001 "$tar" | gzip -1c; head -c 100 /dev/zero; } >stream/seed-members
        zstd -qc "$tar" >stream/seed-zstd
        xz -c "$tar" >stream/seed-xz
        bzip2 -c "$tar" >stream/seed-bzip2
        for filter in lzma lz4 lzip compress; do
            bsdtar --"$filter" --format=pax -cf stream/seed-$filter "@$tar" || rm -f stream/seed-$filter
        done

        mkdir -p "$work/tree/dir/deep" "$work/tree/empty"
        cd "$work/tree"
        printf 1 >one; ln one twin; ln -s dir/../one link; mkfifo pipe; : >nothing; mkfifo dir/socket
        seq 1000 >text; head -c 9000 /dev/zero >hole; { head -c 4500 /dev/urandom; head -c 8192 /dev/zero; printf end; } >mixed
        for n in $(seq 30); do echo "$n" >"dir/file$n"; done
        python3 -c 'import os; os.setxattr("one", "user.note", b"value"); os.setxattr("dir", "user.more", b"v" * 300)'
        cd "$1"
        make_image() { name=$1; shift; mksquashfs "$work/tree" "$work/image" -noappend -quiet -no-progress -all-root -nopad \
            -p 'null c 666 0 0 1 3' "$@" >/dev/null && mv "$work/image" "squashfs/$name"; }
        make_image seed-zstd -comp zstd -b 4096
        make_image seed-gzip -comp gzip
        make_image seed-stored -comp zstd -b 4096 -noI -noId -noD -noF -noX
        make_image seed-bare -comp gzip -b 4096 -no-fragments -no-xattrs -no-exports
        make_image seed-xz -comp xz -b 4096
        make_image seed-lz4 -comp lz4 -b 4096

        { printf q; cat squashfs/seed-zstd; } >report/seed-squashfs
        python3 -c 'import sys, zipfile
        z = zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED)
        z.writestr("root/a", "x" * 900); z.writestr("launch.json", "{}"); z.writestr("bootstrap", "#!/bin/sh")' "$work/zip"
        { printf z; cat "$work/zip"; } >report/seed-zip

        printf 'void f(void); void g(void) { f(); }' >"$work/a.c"
        printf 'void f(void) {}' >"$work/b.c"
        flags="-shared -nostdlib -fPIC -s -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,max-page-size=512"
        cc $flags -Wl,-soname,libb.so.1 -o "$work/libb.so" "$work/b.c"
        cc $flags -Wl,-rpath,'$ORIGIN/x:/y' -o program/seed-runpath "$work/a.c" -L"$work" -lb
        cc $flags -Wl,--disable-new-dtags,-rpath,'/z' -o program/seed-rpath "$work/a.c" -L"$work" -lb
        cc $flags -Wl,--dynamic-linker,/lib/ld-linux.so.2 -o program/seed-interpreter "$work/b.c" -Wl,-soname,x
        """#
}
