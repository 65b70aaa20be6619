import Supervisor
import TestKit
import Testing
import Transport

/// What becomes a job of AWS Batch before the program has run, or beside other things that go wrong.
@Suite struct ShortageTests {
    @Test("a function whose image has no room here starts all the same where its events may become jobs for that")
    func noRoomForTheImage() throws {
        let batch = try FakeBatch()
        func function(_ reasons: [LaunchSpec.Batch.Shortage]) throws -> TestFunction {
            try batch.function("#!/bin/sh\necho ran\n") { spec, path in
                shell(
                    """
                    mkdir '\(path)/tree' && echo a > '\(path)/tree/a' \
                    && mksquashfs '\(path)/tree' '\(path)/package/artifact.squashfs' -quiet -no-progress
                    """)
                spec.root = utf8("\(path)/scar/root")
                spec.artifact = .init("artifact.squashfs", in: "\(path)/package", unpackedSize: 1 << 60)
                spec.batch?.takesAfter = reasons
            }
        }
        var willing = try function([.space])
        for _ in 0..<2 {
            let answer = try willing.handle(#"{"n": 1}"#)
            #expect(answer.contains(#""jobId":"b1c2-3""#), "\(answer)")
        }
        #expect(batch.jobs.count == 2)
        let error = #expect(throws: Failure.self) { _ = try function([.timeout, .memory]) }
        #expect(error?.type == "Artifact.NoSpace")
        #expect(batch.jobs.count == 2)
    }

    @Test("of a queue's messages only the one whose job is refused comes again")
    func refusedMessage() throws {
        let batch = try FakeBatch { _ in .init(400, ["x-amzn-errortype": "ClientException"]) }
        var function = try batch.function(
            "#!/bin/sh\ncase \"$INPUT_FILE_PATH\" in */message-1.txt) kill -9 $$ ;; esac\n"
        ) { spec, _ in spec.handling.reportsMessages = true }
        let answer = try function.handle(MessageTests.queued("one", "two"))
        #expect(answer == #"{"batchItemFailures":[{"itemIdentifier":"m1"}]}"#)
        #expect(batch.server.requests.count == 1)
    }

    @Test("a worker that the kernel kills under its script has had too little memory, and its event becomes a job")
    func killedWorker() throws {
        let batch = try FakeBatch()
        var function = try batch.function(WarmWorkerTests.fatal) { spec, path in
            WarmWorkerTests.add(to: &spec, in: path)
        }
        let answer = try function.handle(#"{"n": 1}"#)
        #expect(answer.contains(#""jobId":"b1c2-3""#), "\(answer)")
    }

    @Test("a worker that ends otherwise under its script has failed, and nothing becomes a job")
    func endedWorker() throws {
        let batch = try FakeBatch()
        var function = try batch.function("echo never run\n") { spec, path in
            WarmWorkerTests.add("echo ready >&4; read -r id file <&3; exit 9\n", to: &spec, in: path)
        }
        let failure = function.failure(#"{"n": 1}"#)
        #expect(
            failure
                == ("Worker.Ended", "the worker that ran the script ended with exit code 9 before it answered"))
        #expect(batch.jobs.isEmpty)
    }

    /// What a message is cut at.
    private static let secret = "example/secret"

    @Test("what a service says is cut where it is too long, and a secret at that place is gone before")
    func cutSecret() throws {
        // Wherever the cut falls in the secret, or beside it.
        for length in [480, 486, 488, 492, 495, 499, 500] {
            let words = String(repeating: ".", count: length) + Self.secret
            let batch = try FakeBatch { _ in
                .init(400, ["x-amzn-errortype": "ClientException"], utf8(#"{"message": "\#(words)"}"#))
            }
            var function = try batch.function("#!/bin/sh\n", takesAll: true)
            try expectNone(of: Self.secret, in: function.failure("{}").message, length)
            let storage = try MemoryStorage { _ in
                .init(
                    400, [:],
                    utf8("<?xml version=\"1.0\"?><Error><Code>InvalidRequest</Code><Message>\(words)</Message></Error>")
                )
            }
            var cloud = try CloudFunction(storage.server.origin)
            try expectNone(of: Self.secret, in: cloud.failure("a.txt").message, length)
        }
    }

    private func expectNone(of secret: String, in message: String, _ length: Int) throws {
        #expect(message.contains("...."), "\(message)")
        for count in 2...secret.count {
            #expect(!message.contains("." + secret.prefix(count)), "cut behind \(length) characters: \(message)")
        }
    }
}
