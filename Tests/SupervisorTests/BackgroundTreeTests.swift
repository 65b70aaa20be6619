import Glibc
import Supervisor
import TestKit
import Testing

/// Functions whose tree is still getting its files' bytes while they run.
@Suite struct BackgroundTreeTests {
    /// A function whose image has large files named a to h, and a program that a script is run by.
    private func worker(
        _ folder: borrowing TestFolder, _ script: String, _ environment: [String] = [],
        storage: LocalStorage? = nil, isWarm: Bool = false
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
            artifact: .init("artifact.squashfs", in: "\(path)/package", unpackedSize: 64_000_000),
            root: utf8("\(path)/scar/root"), script: utf8("script/run"), timeoutThreshold: 1)
        spec.outputs = [.init(storage: utf8("s3"), path: utf8("out"))]
        if isWarm { WarmWorkerTests.add(to: &spec, in: path, interpreter: "\(path)/sh") }
        return FunctionWorker(
            .init(
                spec: spec, package: utf8("\(path)/package"), scratch: utf8("\(path)/scratch"), storage: storage,
                environment: (["PATH=/usr/bin:/bin"] + environment).map(utf8)))
    }

    /// Spoils a block in the image's second half.
    private func damage(_ folder: borrowing TestFolder) {
        let image = "\(folder.path)/package/artifact.squashfs"
        flipBit(of: image, at: (Int(shell("stat -c %s '\(image)'").output.dropLast()) ?? 0) / 4 * 3)
    }

    private func makePackage(_ folder: borrowing TestFolder) { shell("mkdir -p '\(folder.path)/package'") }

    @Test("a program finds every file whole, whether its bytes came before or after it began", arguments: ["", "all"])
    func whole(unpack: String) throws {
        let folder = TestFolder.made()
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

    @Test("a worker finds every file whole, too, though it began before most of them had their bytes")
    func wholeForWorkers() throws {
        let folder = TestFolder.made()
        makePackage(folder)
        var worker = worker(folder, "cd \"$SCAR_ROOT\"; cat h d b a | sha256sum; echo $count", isWarm: true)
        try worker.prepare()
        let expected = shell("cd '\(folder.path)/tree'; cat h d b a | sha256sum").output.replacingNewlines
        for count in 1...2 {
            let answer = text(try worker.handle(.sample("{}"), nil).body)
            #expect(answer.contains("\(expected)\\n\(count)\\n"), "\(answer)")
        }
    }

    @Test("a worker goes with the tree that has failed under it: what it has read may be half of it")
    func workerOfTornTree() throws {
        let folder = TestFolder.made()
        makePackage(folder)
        var worker = worker(folder, "cat \"$SCAR_ROOT\"/* > /dev/null; echo fine $count", isWarm: true)
        shell("cp '\(folder.path)/package/artifact.squashfs' '\(folder.path)/sound'")
        damage(folder)
        // It may be found before the tree is of use to anybody.
        do throws(Failure) { try worker.prepare() } catch { #expect(error.type == "Artifact.Unreadable") }
        let error = #expect(throws: Failure.self) { try worker.handle(.sample("{}"), nil) }
        #expect(error?.type == "Artifact.Unreadable")
        shell("cp '\(folder.path)/sound' '\(folder.path)/package/artifact.squashfs'")
        let answer = text(try worker.handle(.sample("{}"), nil).body)
        #expect(answer.contains("fine 1"), "\(answer)")
    }

    @Test(
        "a block that is no good, found while the program runs, is the event's error, and nothing is stored",
        arguments: ["sleep 1; true", "true"])
    func torn(ending: String) throws {
        let folder = TestFolder.made()
        makePackage(folder)
        var worker = worker(
            folder, "echo made > \"$TMP_OUTPUT_DIR/made\"; cat \"$SCAR_ROOT\"/* > /dev/null; \(ending)",
            storage: LocalStorage(root: utf8("\(folder.path)/storage")))
        damage(folder)
        do throws(Failure) { try worker.prepare() } catch {
            // Found before it was of use to anybody.
            #expect("\(error.type.text)" == "Artifact.Unreadable")
        }
        for _ in 0..<2 {
            let error = #expect(throws: Failure.self) { try worker.handle(.sample("{}"), nil) }
            #expect(error.map { "\($0.type.text)" } == "Artifact.Unreadable")
            #expect(
                error.map { text($0.message).contains("a block of the image is not what it was when it was packed") }
                    == true)
        }
        #expect(shell("ls -A '\(folder.path)/storage'").output.isEmpty)
        #expect(shell("ls -A '\(folder.path)/scar'").output == "root.lock\n")
    }
}

extension String {
    /// As JSON has them.
    fileprivate var replacingNewlines: String { split(separator: "\n").joined(separator: "\\n") }
}
