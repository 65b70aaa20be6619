import ByteKit
import Glibc
import TestKit
import Testing

@testable import Toolchain

@Suite("Sandboxes of a function on this machine", .enabled(if: Peer.isInstalled("curl"), "needs curl"))
final class LocalSandboxTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// A way to make sandboxes whose supervisor is a script. It answers one event, and what it does then is up to the test.
    private func maker(then end: String) throws -> @Sendable (Int) throws -> LocalSandbox {
        let script = """
            #!/bin/sh
            api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
            curl -s -D "$0.$$" -o /dev/null "$api/next"
            id=$(sed -n 's/^Lambda-Runtime-Aws-Request-Id: \\([-0-9a-f]*\\).*/\\1/p' "$0.$$")
            curl -s -o /dev/null -d answer "$api/$id/response"
            \(end)
            """
        try OutputFile.write(Array(script.utf8), to: "\(folder.path)/bootstrap", permissions: 0o755)
        let path = folder.path
        return { _ in
            let runtime = try LocalRuntime(functionName: "f", timeout: 1)
            let package = StagedPackage(
                task: path, layer: nil, root: nil, supervisor: "", environment: [], removed: [], libraryFolders: [])
            let start = SupervisorProcess.Start(
                cage: .none, package: package, storage: path, place: path, ephemeralStorage: 512,
                variables: [("AWS_LAMBDA_RUNTIME_API", runtime.address), ("PATH", "/usr/bin:/bin")],
                output: STDERR_FILENO)
            return try LocalSandbox(runtime, start, .init(memory: 512, timeout: 1, end: nil))
        }
    }

    @Test("that have ended between two events get no event any more")
    func deadSandbox() throws {
        let make = try maker(then: "exit 0")
        let made = Monitor<[LocalSandbox]>([])
        let pool = try SandboxPool(limit: 1) { number in
            let sandbox = try make(number)
            made.withLock { $0.append(sandbox) }
            return sandbox
        }
        defer { pool.close() }
        for number in 1...3 {
            let outcome = try #require(try pool.invoke(LocalEvent(Array("{}".utf8), number: number)))
            let said = String(decoding: outcome.body, as: UTF8.self)
            #expect(!outcome.isFailure && said == "answer", "\(said)")
            try BackgroundProgram.wait(for: "the sandbox’s end") { made.withLock { $0.last?.hasEnded == true } }
        }
        #expect(made.withLock { $0.count } == 3)
    }

    @Test("are given up when they do not ask for an event, a later one as well")
    func silence() throws {
        // Without an end to the waiting it would be this one.
        let sandbox = try maker(then: "exec sleep 40")(1)
        defer { sandbox.stop() }
        let first = try sandbox.invoke(LocalEvent(Array("{}".utf8), number: 1))
        #expect(!first.isOver && !first.outcome.isFailure)
        let second = try sandbox.invoke(LocalEvent(Array("{}".utf8), number: 2))
        let said = String(decoding: second.outcome.body, as: UTF8.self)
        #expect(second.isOver && second.outcome.isFailure && said.contains("did not ask for an event"), "\(said)")
    }
}
