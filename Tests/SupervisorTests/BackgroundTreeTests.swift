import Glibc
import Supervisor
import Testing

/// Functions whose tree is still getting its files' bytes while they run.
@Suite struct BackgroundTreeTests {
    /// A function whose image has large files named a to h, and a program that a script is run by.
    private func worker(
        _ folder: borrowing TemporaryFolder, _ script: String, _ environment: [String] = [],
        storage: LocalStorage? = nil
    ) -> FunctionWorker {
        let path = folder.path
        shell(
            """
            mkdir -p '\(path)/tree' '\(path)/storage' && cd '\(path)/tree' \
            && for f in a b c d e f g h; do head -c 6000000 /dev/urandom | base64 > $f; done \
            && mksquashfs . '\(path)/package/artifact.squashfs' -comp zstd -Xcompression-level 1 -quiet -no-progress
            cp -L /bin/sh '\(path)/sh'
            """)
        folder.write("#!\(path)/sh\n\(script)\n", to: "package/script/run", executable: true)
        var spec = LaunchSpec(
            name: utf8("background"),
            artifact: .init(
                path: utf8("artifact.squashfs"), digest: utf8("sha256:1"), size: 1 << 40, unpackedSize: 64_000_000),
            root: utf8("\(path)/scar/root"), script: utf8("script/run"), timeoutThreshold: 1)
        spec.outputs = [.init(storage: utf8("s3"), path: utf8("out"))]
        return FunctionWorker(
            .init(
                spec: spec, package: utf8("\(path)/package"), scratch: utf8("\(path)/scratch"), storage: storage,
                environment: (["PATH=/usr/bin:/bin"] + environment).map(utf8)))
    }

    private func makePackage(_ folder: borrowing TemporaryFolder) { shell("mkdir -p '\(folder.path)/package'") }

    @Test("a program finds every file whole, whether its bytes came before or after it began", arguments: ["", "all"])
    func whole(unpack: String) throws {
        let folder = TemporaryFolder()
        makePackage(folder)
        // From the end, against the order in which the bytes come; and all at once.
        var worker = worker(
            folder,
            "cd \"$SCAR_ROOT\"; for f in h d b; do sha256sum $f; done; cat * | sha256sum; env | grep SCAR_UN || true",
            unpack.isEmpty ? [] : ["SCAR_UNPACK=\(unpack)"])
        try worker.prepare()
        let answer = text(try worker.handle(.sample("{}"), nil).body)
        let expected = shell("cd '\(folder.path)/tree'; for f in h d b; do sha256sum $f; done; cat * | sha256sum")
            .output
        #expect(answer.contains(expected.replacingNewlines), "\(answer)")
        #expect(!answer.contains("SCAR_UNPACK"))
        // The stamp comes last of all.
        let stamp = "\(folder.path)/scar/root.digest"
        #expect(shell("for i in $(seq 200); do [ -e '\(stamp)' ] && exit 0; sleep 0.1; done; exit 1").code == 0)
    }

    @Test(
        "a block that is no good, found while the program runs, is the event's error, and nothing is stored",
        arguments: ["sleep 1; true", "true"])
    func torn(ending: String) throws {
        let folder = TemporaryFolder()
        makePackage(folder)
        var worker = worker(
            folder, "echo made > \"$TMP_OUTPUT_DIR/made\"; cat \"$SCAR_ROOT\"/* > /dev/null; \(ending)",
            storage: LocalStorage(root: utf8("\(folder.path)/storage")))
        // The first byte of the first frame that begins in the image's second half.
        let damage = """
            import sys
            image = bytearray(open(sys.argv[1], 'rb').read())
            image[image.index(b'\\x28\\xb5\\x2f\\xfd', len(image) // 2)] = 255
            open(sys.argv[1], 'wb').write(image)
            """
        folder.write(damage, to: "damage.py")
        #expect(shell("python3 '\(folder.path)/damage.py' '\(folder.path)/package/artifact.squashfs'").code == 0)
        do throws(Failure) { try worker.prepare() } catch {
            // Found before it was of use to anybody.
            #expect("\(error.type.text)" == "Artifact.Unreadable")
        }
        for _ in 0..<2 {
            let error = #expect(throws: Failure.self) { try worker.handle(.sample("{}"), nil) }
            #expect(error.map { "\($0.type.text)" } == "Artifact.Unreadable")
            #expect(
                error.map { text($0.message).contains("a block does not decompress to what it should be") } == true)
        }
        #expect(shell("ls -A '\(folder.path)/storage'").output.isEmpty)
        #expect(shell("ls -A '\(folder.path)/scar'").output == "root.lock\n")
    }
}

extension String {
    /// As JSON has them.
    fileprivate var replacingNewlines: String { split(separator: "\n").joined(separator: "\\n") }
}
