import ByteKit
import TestKit
import Testing

@testable import Toolchain

@Suite("The Runtime API of a sandbox on this machine", .enabled(if: Peer.isInstalled("curl"), "needs curl"))
final class LocalRuntimeTests {
    private let folder: TestFolder
    private let runtime: LocalRuntime

    init() throws {
        folder = try TestFolder()
        runtime = try LocalRuntime(functionName: "f", timeout: 60)
    }

    deinit { runtime.close() }

    /// Sends a request as the supervisor does; gives the status, and the body.
    private func call(_ path: String, _ arguments: [String] = []) throws -> String {
        let url = "http://\(runtime.address)/2018-06-01/runtime/\(path)"
        return try Peer.run("curl", ["-s", "-m", "20", "-w", "\n%{http_code}", url] + arguments).text
    }

    private func status(_ path: String, _ arguments: [String]) throws -> String {
        String(try call(path, arguments).split(separator: "\n").last ?? "")
    }

    private var isHandedOut: Bool {
        if case .handedOut = runtime.standing { true } else { false }
    }

    private func file(of size: Int) throws -> String {
        let path = "\(folder.path)/\(size)"
        try OutputFile.write([UInt8](repeating: 0x31, count: size), to: path)
        return "@\(path)"
    }

    @Test("takes one answer, to the event that it has handed out, and no other keeps or ends anything")
    func answers() throws {
        let event = LocalEvent(Array("{}".utf8), number: 1)
        let path = "invocation/\(event.id)/response"
        #expect(try status(path, ["-d", "early"]) == "400")
        runtime.submit(event)
        #expect(try status(path, ["-d", "early"]) == "400")
        #expect(try call("invocation/next") == "{}\n200")
        for other in ["invocation/other", "invocation/\(LocalEvent([], number: 2).id)", "invocation/"] {
            #expect(try ["400", "404"].contains(status("\(other)/response", ["-d", "foreign"])))
            #expect(try ["400", "404"].contains(status("\(other)/error", ["-d", "foreign"])))
            try #require(isHandedOut, "\(other)")
        }
        try #require(try status(path, ["-d", "mine"]) == "202")
        #expect(!isHandedOut)
        #expect(try status(path, ["-d", "again"]) == "400")
        #expect(runtime.outcome(of: event.id) == .response(Array("mine".utf8)))
        #expect(try status(path, ["-d", "again"]) == "400")
    }

    @Test("takes as much as Lambda does, and of what it has not asked for hardly anything")
    func sizes() throws {
        let event = LocalEvent(Array("{}".utf8), number: 1)
        let path = "invocation/\(event.id)/response"
        runtime.submit(event)
        #expect(try call("invocation/next") == "{}\n200")
        #expect(try status("invocation/other/response", ["--data-binary", try file(of: 100_000)]) == "413")
        #expect(try status("init/error", ["--data-binary", try file(of: 100_000)]) == "413")
        #expect(try status(path, ["--data-binary", try file(of: 6 << 20 | 101)]) == "413")
        #expect(isHandedOut)
        #expect(try status(path, ["--data-binary", try file(of: 6 << 20 | 100)]) == "202")
    }

    @Test("takes more of an answer that is sent in pieces, once")
    func streams() throws {
        let event = LocalEvent(Array("{}".utf8), number: 1)
        runtime.submit(event)
        #expect(try call("invocation/next") == "{}\n200")
        let script = """
            import http.client, os, sys
            host, word = sys.argv[1].split("/")
            def begin():
                connection = http.client.HTTPConnection(host)
                connection.putrequest("POST", f"/{word}/2018-06-01/runtime/invocation/{sys.argv[2]}/response")
                connection.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
                connection.putheader("Transfer-Encoding", "chunked")
                connection.endheaders()
                connection.send(b"1\\r\\nx\\r\\n")
                return connection
            def finish(connection, size):
                try:
                    connection.send(b"%x\\r\\n" % size + bytes(size) + b"\\r\\n0\\r\\n\\r\\n")
                except OSError:
                    pass
                try:
                    return connection.getresponse().status
                except OSError:
                    return 413
            first = begin()
            import time; time.sleep(1)
            print(finish(begin(), 7 << 20), finish(first, 20 << 20))
            """
        let result = try Peer.run("python3", ["-c", script, runtime.address, event.id])
        try #require(result.text == "413 202\n", "\(result.errorText)")
        guard case .response(let body) = runtime.outcome(of: event.id) else { return #expect(Bool(false)) }
        #expect(body.count == 20 << 20 | 1)
    }

    @Test("is there for who knows its word")
    func word() throws {
        runtime.submit(LocalEvent(Array("{}".utf8), number: 1))
        let origin = try #require(runtime.address.split(separator: "/").first)
        for word in ["", "/0", "/" + String(repeating: "0", count: 32)] {
            let url = "http://\(origin)\(word)/2018-06-01/runtime/invocation/next"
            let answer = try Peer.run("curl", ["-s", "-m", "5", "-w", "%{http_code}", url])
            #expect(answer.text == "404")
        }
        #expect(try call("invocation/next") == "{}\n200")
    }
}
