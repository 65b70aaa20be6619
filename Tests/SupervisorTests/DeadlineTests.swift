import Glibc
import SquashFS
import Supervisor
import TestKit
import Testing

/// Whatever is waited for, the event's time is not waited beyond.
@Suite struct DeadlineTests {
    @Test("an event whose tree does not come ends with its time, and the next one finds the tree")
    func tree() throws {
        let folder = TestFolder.made()
        let path = folder.path
        shell(
            """
            mkdir -p '\(path)/tree' '\(path)/package' '\(path)/scar' && echo here > '\(path)/tree/a' \
            && mksquashfs '\(path)/tree' '\(path)/package/artifact.squashfs' -quiet -no-progress && cp -L /bin/sh '\(path)/sh'
            """)
        folder.write("#!\(path)/sh\ncat \"$SCAR_ROOT/a\"\n", to: "package/script/run", executable: true)
        let spec = LaunchSpec(
            name: utf8("late"), artifact: .init("artifact.squashfs", in: "\(path)/package", unpackedSize: 5),
            root: utf8("\(path)/scar/root"), script: utf8("script/run"), timeoutThreshold: 1)
        // As if another process were at it, and did not get on.
        let lock = unsafe open("\(path)/scar/root.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(lock) }
        #expect(flock(lock, LOCK_EX) == 0)
        var worker = FunctionWorker(
            .init(
                spec: spec, package: utf8("\(path)/package"), scratch: utf8("\(path)/scratch"), storage: nil,
                environment: [utf8("PATH=/usr/bin:/bin")], patience: 0))
        try worker.prepare()
        // Whoever waits for the tree alone would get it in the end.
        let isLetGo = Guarded(false)
        #expect(
            BackgroundThread.start {
                for _ in 0..<600 where !isLetGo.withLock({ $0 }) { usleep(100_000) }
                flock(lock, LOCK_UN)
            })
        let error = #expect(throws: Failure.self) { try worker.handle(.sample("{}", seconds: 2), nil) }
        #expect(error?.type == "Script.Timeout")
        isLetGo.withLock { $0 = true }
        #expect(text(try worker.handle(.sample("{}"), nil).body).contains("here"))
    }

    @Test(
        "a reader of a streamed answer who stops reading keeps nobody beyond the event's time",
        .enabled(if: BootstrapBinary.path != nil, "build it first: swift build -c release --product bootstrap"))
    func slowReader() throws {
        let package = TestPackage("#!/bin/sh\nexec head -c 100000000 /dev/zero\n") { spec, _ in
            spec.handling.streams = true
        }
        let runtime = FakeRuntime([("{}", 3)], .deaf)
        #expect(shell(package.command(runtime.address)).code == 0, "\(package.log)")
        let times = runtime.calls.filter { $0.path.hasSuffix("/next") }.map(\.time)
        #expect(times.count == 2)
        // One that does not take anything for 30 seconds is given up in any case.
        #expect(times[1] - times[0] < 20_000_000_000, "\(package.log)")
    }
}
