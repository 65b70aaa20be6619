package import JSON
internal import Transport

/// AWS on this machine: moto, behind a proxy that holds every request against botocore's models and signatures.
///
/// It takes seconds to start, so suites share one and begin each test with `reset()`.
package final class AWSEmulator: Sendable {
    package let origin: String
    private let program: BackgroundProgram
    private let transport = CurlTransport()

    /// What was asked.
    package struct Request: Sendable, Equatable {
        package var service: String
        package var operation: String
        package var target: String
        /// The access key that it was signed with.
        package var caller: String
        /// Whether it changes something.
        package var changes: Bool
        /// What botocore has against it.
        package var problems: [String]
    }

    /// Whether there is what it, and asking it with the command line, needs.
    package static let isInstalled =
        (try? Peer.run("python3", ["-c", "import moto.server, botocore, awscli"]).status) == 0

    /// The variables that send a client here.
    package var variables: [String: String] {
        [
            "AWS_ENDPOINT_URL": origin, "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example/secret",
            "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_MAX_ATTEMPTS": "1",
            "AWS_CONFIG_FILE": "/dev/null/none", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null/none",
        ]
    }

    package init() throws {
        let port = try BackgroundProgram.freePort()
        origin = "http://127.0.0.1:\(port)"
        // By way of env, which finds the python3 that has the packages, as every other peer is found.
        program = try BackgroundProgram(
            "env",
            ["python3", "\(Products.repository)/Tests/Oracles/aws-emulator.py", String(port), "example/secret"],
            package: "python3")
        let url = try URL(parsing: origin + "/_proxy/log")
        try program.wait(for: "moto") {
            (try? transport.collect(HTTPRequest(.get, url), limit: 1 << 16))?.response.status == 200
        }
    }

    /// Begins anew, with nothing in the account.
    package func reset() throws { try control("reset") }

    /// Forgets what was asked, and lets everything through again.
    package func clear() throws { try control("clear") }

    /// Lets some more changes through. The next one still happens, but its answer is lost, and from then on nothing is
    /// answered: what a client sees that is killed in the middle.
    package func cut(afterChanges count: Int) throws { try control("cut?after=\(count)") }

    /// Lets an operation fail a few times.
    package func fail(_ operation: String, times: Int, status: Int, code: String, message: String = "") throws {
        try control(
            "fail?match=\(operation)&times=\(times)&status=\(status)&code=\(code)&message=\(URL.encode(message))")
    }

    /// Lets an operation be answered with a document of the test's a few times, whatever is asked.
    package func answer(_ operation: String, times: Int = 1, with document: String) throws {
        try control("answer?match=\(operation)&times=\(times)&body=\(URL.encode(document))")
    }

    /// Puts a registry behind ECR: who has the emulator as their proxy finds it at ECR's address, without TLS.
    package func attach(_ registry: borrowing RegistryProcess) throws {
        try control("registry?origin=\(URL.encode(registry.origin))")
    }

    /// Every request since the last reset or clear.
    package func requests() throws -> [Request] {
        let log = try JSON.parse(try control("log"), limits: JSONLimits(bytes: 64 << 20, values: 5_000_000))
        return (log.array ?? []).map {
            Request(
                service: $0["service"]?.string ?? "", operation: $0["operation"]?.string ?? "",
                target: $0["target"]?.string ?? "", caller: $0["caller"]?.string ?? "",
                changes: $0["changes"]?.bool ?? false,
                problems: ($0["problems"]?.array ?? []).compactMap(\.string))
        }
    }

    /// The names of the changes since the last reset or clear.
    package func changes() throws -> [String] { try requests().filter(\.changes).map(\.operation) }

    /// What botocore has against any request since the last reset or clear.
    package func problems() throws -> [String] {
        try requests().flatMap { request in request.problems.map { "\(request.operation): \($0)" } }
    }

    /// Asks with AWS's own command line; gives what it says, as JSON.
    package func aws(_ arguments: String...) throws -> JSON { try aws(arguments) }

    package func aws(_ arguments: [String]) throws -> JSON {
        let result = try AWSCommand.run(
            arguments + ["--output", "json"],
            variables: variables.map { ($0.key, $0.value) } + [("AWS_PAGER", "")])
        guard result.status == 0 else {
            throw BackgroundProgram.Unavailable("aws \(arguments.joined(separator: " ")): \(result.errorText)")
        }
        return result.output.allSatisfy { $0 <= 0x20 } ? .null : try JSON.parse(result.output)
    }

    @discardableResult
    private func control(_ verb: String) throws -> [UInt8] {
        let url = try URL(parsing: "\(origin)/_proxy/\(verb)")
        let (response, body) = try transport.collect(HTTPRequest(.get, url), limit: 64 << 20)
        guard response.status == 200 else { throw BackgroundProgram.Unavailable("the emulator cannot \(verb)") }
        return body
    }
}
