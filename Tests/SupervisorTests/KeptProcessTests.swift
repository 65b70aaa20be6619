import Glibc
import Testing

@testable import Supervisor

@Suite struct KeptProcessTests {
    private func program(_ script: String) -> ChildProcess.Program {
        .init(
            path: utf8("/bin/sh"), arguments: ["sh", "-c", script].map(utf8),
            environment: [utf8("PATH=/usr/bin:/bin")], folder: utf8("/"))
    }

    @Test("what still writes when a worker has answered keeps the answer from nobody")
    func endlessOutput() throws {
        for stream in ["", " >&2"] {
            // It ends so that the test does.
            let kept = try KeptProcess(program("exec timeout 20 yes\(stream)"), isWorker: true)
            kept.beginRun(outputBytes: 1000)
            var count = 0
            // Slow enough that there is always more.
            let log: KeptProcess.Log = { _, text in
                count += text.count
                usleep(20_000)
            }
            while count == 0 { kept.take(1000, log) }
            let begin = monotonicNanoseconds()
            kept.drain(log) { _ in }
            #expect(monotonicNanoseconds() - begin < 10_000_000_000)
            #expect(count >= 1 << 20)
        }
    }

    @Test("all that was written before an end is passed on, however long ago it ended")
    func output() throws {
        let kept = try KeptProcess(program("head -c 60000 /dev/zero | tr '\\0' 'x'; echo; exit 3"), isWorker: false)
        kept.beginRun(outputBytes: 100_000)
        var count = 0
        _ = kept.follow(
            .init(deadline: Clock.nanoseconds + 20_000_000_000, grace: 1_000_000_000, outputBytes: 100_000),
            { _, text in count += text.count }, { _ in })
        kept.drain({ _, text in count += text.count }, { _ in })
        #expect(count >= 60001 && kept.report(.exited(3)).output.count == 60001)
    }
}
