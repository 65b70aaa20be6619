import Glibc
import Supervisor
import TestKit
import Testing

enum ArmBootstrapBinary {
    static let path =
        #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/.build/supervisor/bootstrap-aarch64"
    static let isUsable = shell("test -x '\(path)' && command -v qemu-aarch64-static").code == 0
}

/// The supervisor for arm64, as `make supervisors` builds it, under qemu. What it starts runs on this machine's own
/// processor: qemu hands `execve` on.
@Suite(
    .enabled(if: ArmBootstrapBinary.isUsable, "needs qemu-user-static, and make supervisors"))
struct ArmBootstrapTests {
    private func command(_ package: borrowing TestPackage, _ runtime: FakeRuntime) -> String {
        package.command(runtime.address, prefix: "qemu-aarch64-static")
    }

    @Test("the binary for arm64 is static, for arm64, and small")
    func file() throws {
        let headers = shell("readelf -hld '\(ArmBootstrapBinary.path)'").output
        #expect(headers.contains("Machine:                           AArch64"))
        #expect(headers.contains("no dynamic section"))
        #expect(!headers.contains("INTERP"))
        let size = try #require(Int(shell("stat -c %s '\(ArmBootstrapBinary.path)'").output.filter { $0 != "\n" }))
        #expect(size < 6 << 20)
    }

    @Test("the binary for arm64 answers events, and reports what fails")
    func answers() throws {
        let package = TestPackage(
            "#!/bin/sh\nread -r word <\"$INPUT_FILE_PATH\"; [ \"$word\" != no ] || { echo why >&2; exit 3; }\necho \"you said $word\"\n",
            bootstrap: ArmBootstrapBinary.path)
        let events = ["one", "no", "two"].map {
            (event: #"{"httpMethod":"POST","body":"\#($0)\n","isBase64Encoded":false}"#, seconds: 30.0)
        }
        let runtime = FakeRuntime(events, .chunked)
        #expect(shell(command(package, runtime)).code == 0, "\(package.log)")
        let answers = runtime.calls.filter { $0.path.hasSuffix("/response") }
        #expect(answers.first?.body.contains("you said one") == true)
        #expect(answers.last?.body.contains("you said two") == true)
        #expect(package.log.contains("why"))
    }

    @Test(
        "the binary for arm64 unpacks an image, whatever compressed it",
        arguments: ["zstd", "gzip", "xz", "lz4"])
    func artifact(compressor: String) throws {
        let package = TestPackage(
            "#!/bin/sh\ncat \"$SCAR_ROOT/etc/greeting\"; cksum <\"$SCAR_ROOT/large\"\n",
            bootstrap: ArmBootstrapBinary.path
        ) { spec, path in
            shell(
                """
                mkdir -p '\(path)/tree/etc' '\(path)/tree/bin' && cp -L /bin/sh '\(path)/tree/bin/sh' && \
                echo hello > '\(path)/tree/etc/greeting' && seq 1 300000 > '\(path)/tree/large' && \
                mksquashfs '\(path)/tree' '\(path)/package/artifact.squashfs' -comp \(compressor) -quiet -no-progress
                """)
            spec.root = utf8("\(path)/scar/root")
            spec.artifact = .init("artifact.squashfs", in: "\(path)/package", unpackedSize: 6)
        }
        let runtime = FakeRuntime([("{}", 30)])
        #expect(shell(command(package, runtime)).code == 0, "\(package.log)")
        let answer = try #require(runtime.calls.first { $0.path.hasSuffix("/response") })
        let sum = shell("seq 1 300000 | cksum").output.filter { $0 != "\n" }
        #expect(answer.body.contains("hello\\n\(sum)"), "\(answer.body)")
    }
}
