import Testing

@testable import Supervisor

@Suite struct RuntimeAddressTests {
    @Test("what stands behind the Runtime API’s port begins all paths, and without it they are Lambda’s")
    func paths() throws {
        for word in ["", "/0123abc"] {
            let runtime = FakeRuntime([("{}", 30)])
            var api = try #require(RuntimeAPI(address: utf8(runtime.address + word)))
            let id = try api.next().requestID
            try api.respond(to: id, with: utf8("answer"))
            try api.report(Failure("Script.ExitCode", utf8("reason")), for: id)
            try api.reportInit(Failure("Launch.Missing", utf8("reason")))
            let stream = api.stream(for: id)
            stream?.write(utf8("piece"))
            _ = stream?.finish()
            let event = "\(word)/2018-06-01/runtime/invocation/\(text(id))"
            #expect(
                runtime.calls.map(\.path) == [
                    "\(word)/2018-06-01/runtime/invocation/next", "\(event)/response", "\(event)/error",
                    "\(word)/2018-06-01/runtime/init/error", "\(event)/response",
                ])
        }
    }

    @Test("an address without a port, or with what is no path behind it, is none")
    func wrong() {
        let addresses = [
            "127.0.0.1", "127.0.0.1/word", "127.0.0.1:/word", "127.0.0.1:1/a b", "127.0.0.1:1/a?b", "name.example:1/a",
        ]
        for address in addresses {
            #expect(RuntimeAPI(address: utf8(address)) == nil, "\(address)")
        }
    }
}
