import ByteKit
import TestKit
import Testing

@testable import Toolchain

@Suite("A server for what runs here", .enabled(if: Peer.isInstalled("python3"), "needs python3"))
struct HTTPServerTests {
    private func python(_ program: String, _ server: HTTPServer) throws -> String {
        let head = """
            import socket, sys, time
            host, port = sys.argv[1].split(":")
            def connect():
                connection = socket.create_connection((host, int(port)))
                connection.settimeout(20)
                return connection
            request = b"GET / HTTP/1.1\\r\\n\\r\\n"

            """
        let result = try Peer.run("python3", ["-c", head + program, server.address])
        #expect(result.status == 0, "\(result.errorText)")
        return result.text
    }

    @Test("has connections up to a number, and further ones wait for one to end")
    func connections() throws {
        let server = try HTTPServer(.init(connections: 2, patience: 60) { _ in 0 }) { _ in .init(status: 200) }
        defer { server.close() }
        let said = try python(
            """
            idle = [connect(), connect()]
            late = connect()
            late.sendall(request)
            late.settimeout(1)
            try:
                print(late.recv(12))
            except TimeoutError:
                print("waits")
            idle[0].close()
            late.settimeout(20)
            print(late.recv(12).decode())
            """, server)
        #expect(said == "waits\nHTTP/1.1 200\n")
    }

    @Test("ends connections that are idle, before a request, within one and after it")
    func idle() throws {
        let server = try HTTPServer(.init(connections: 8, patience: 1) { _ in 9 }) { _ in .init(status: 204) }
        defer { server.close() }
        let said = try python(
            """
            for begin in [b"", b"GET / HT", b"POST / HTTP/1.1\\r\\nContent-Length: 9\\r\\n\\r\\n1", request]:
                connection = connect()
                connection.sendall(begin)
                answer = b""
                while piece := connection.recv(4096): answer += piece
                print(len(answer) > 0)
            """, server)
        #expect(said == "False\nFalse\nFalse\nTrue\n")
    }
}
