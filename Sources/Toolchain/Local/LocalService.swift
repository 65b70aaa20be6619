internal import AWS
internal import ByteKit
internal import Glibc
internal import JSON
internal import Recipe
internal import Transport

/// Lambda's Invoke API on this machine, for functions that run here: what speaks to Lambda speaks to it, such as
/// `aws lambda invoke --endpoint-url`. AWS Lambda API Reference, "Invoke". Signatures are not looked at.
package final class LocalService: Sendable {
    /// Where it listens: `http://HOST:PORT`.
    package var url: String { "http://\(server.address)" }
    private let server: HTTPServer
    private let functions: Functions

    /// The functions by name, and the events that nobody waits for.
    private final class Functions: Sendable {
        let pools: [String: SandboxPool]
        let state = Monitor((events: 0, unattended: 0))
        /// Told what became of an event that nobody waits for, when that is a failure.
        let complain: @Sendable (String) -> Void

        init(_ pools: [String: SandboxPool], complain: @escaping @Sendable (String) -> Void) {
            self.pools = pools
            self.complain = complain
        }
    }

    /// The most that a caller may send who waits for the answer, and who does not. AWS Lambda Developer Guide, "Quotas".
    private static let largestEvent = (waited: 6 << 20, unattended: 1 << 20)
    /// Events that nobody waits for and that have not been handled yet.
    private static let mostUnattended = 1000
    /// Connections at a time, idle ones included. Each costs a descriptor, of which most shells allow 1024.
    private static func mostConnections(_ concurrency: Int) -> Int { max(256, 2 * concurrency) }
    /// How many seconds a connection may be idle.
    private static let patience = 30

    /// - Parameters:
    ///   - runs: each function's way to run; the names of their recipes are the functions'.
    ///   - concurrency: how many events of a function are handled at a time.
    ///   - host: an IPv4 address.
    ///   - port: 0 for any that is free.
    ///   - complain: called, on another thread, with what went wrong where no caller can be told.
    package init(
        _ runs: [LocalRun], concurrency: Int, host: String, port: UInt16,
        complain: @escaping @Sendable (String) -> Void
    ) throws {
        var pools: [String: SandboxPool] = [:]
        for run in runs {
            try Folder.create(run.buckets)
            let limit = run.recipe.function.concurrency.map { min($0, concurrency) } ?? concurrency
            pools[run.recipe.name] = try SandboxPool(limit: limit) { try run.start($0, keepsLog: true) }
        }
        let functions = Functions(pools, complain: complain)
        self.functions = functions
        let limits = HTTPServer.Limits(connections: Self.mostConnections(concurrency), patience: Self.patience) { _ in
            Self.largestEvent.waited
        }
        server = try HTTPServer(host: host, port: port, limits) { Self.answer($0, functions) }
    }

    /// Serves until the person asks to stop.
    package func serve() throws {
        while !Cancellation.isRequested { usleep(100_000) }
        stop()
    }

    /// Ends all sandboxes.
    package func stop() {
        server.close()
        for pool in functions.pools.values { pool.close() }
    }

    // MARK: - Requests

    private static func answer(_ request: HTTPServer.Request, _ functions: Functions) -> HTTPServer.Response {
        // A page in a browser on this machine could call otherwise: browsers say where a request comes from.
        guard request.field("origin") == nil else {
            return refusal(403, "AccessDeniedException", "requests of web pages are not taken")
        }
        let path = request.path
        guard path.count == 4, path[0] == "2015-03-31", path[1] == "functions", path[3] == "invocations" else {
            return refusal(404, "UnknownOperationException", "only the Invoke API is served here")
        }
        guard request.method == "POST" else {
            return refusal(405, "MethodNotAllowedException", "Invoke is a POST")
        }
        let name = functionName(String(path[2]))
        guard let pool = functions.pools[name] else {
            let known = functions.pools.keys.sorted().joined(separator: ", ")
            return refusal(404, "ResourceNotFoundException", "Function not found: \(name); there are: \(known)")
        }
        let number = functions.state.withLock { state in
            state.events += 1
            return state.events
        }
        var event = LocalEvent(request.body.isEmpty ? Array("{}".utf8) : request.body, number: number)
        event.clientContext = request.field("x-amz-client-context").flatMap(Self.context)
        switch request.field("x-amz-invocation-type") ?? "RequestResponse" {
        case "RequestResponse": return invoke(event, pool, isLogWanted: request.field("x-amz-log-type") == "Tail")
        case "Event": return accept(event, name, pool, functions)
        case "DryRun": return HTTPServer.Response(status: 204, fields: fields(event))
        case let other:
            return refusal(400, "InvalidParameterValueException", "there is no invocation type ‘\(other)’")
        }
    }

    /// Handles an event and answers with what came of it.
    private static func invoke(
        _ event: LocalEvent, _ pool: SandboxPool, isLogWanted: Bool
    ) -> HTTPServer.Response {
        do {
            guard let outcome = try pool.invoke(event) else {
                return refusal(503, "ServiceException", "the service is ending")
            }
            var fields = fields(event) + [("X-Amz-Executed-Version", "$LATEST"), ("Content-Type", "application/json")]
            if outcome.isFailure { fields.append(("X-Amz-Function-Error", "Unhandled")) }
            if isLogWanted {
                fields.append(("X-Amz-Log-Result", String(decoding: Base64.encode(outcome.log), as: UTF8.self)))
            }
            return HTTPServer.Response(status: 200, fields: fields, body: outcome.body)
        } catch {
            return refusal(500, "ServiceException", describe(error))
        }
    }

    /// Takes an event whose caller does not wait.
    private static func accept(
        _ event: LocalEvent, _ name: String, _ pool: SandboxPool, _ functions: Functions
    ) -> HTTPServer.Response {
        guard event.body.count <= largestEvent.unattended else {
            return refusal(413, "RequestTooLargeException", "an event that nobody waits for may have 1 MB")
        }
        let isTaken = functions.state.withLock { state in
            guard state.unattended < mostUnattended else { return false }
            state.unattended += 1
            return true
        }
        let handle: @Sendable () -> Void = {
            defer { functions.state.withLock { $0.unattended -= 1 } }
            do {
                guard let outcome = try pool.invoke(event), outcome.isFailure else { return }
                functions.complain("\(name), event \(event.id): \(String(decoding: outcome.body, as: UTF8.self))")
            } catch {
                functions.complain("\(name), event \(event.id): \(describe(error))")
            }
        }
        guard isTaken else {
            return refusal(429, "TooManyRequestsException", "\(mostUnattended) events are waiting already")
        }
        do {
            _ = try Thread(handle)
        } catch {
            functions.state.withLock { $0.unattended -= 1 }
            return refusal(503, "ServiceException", describe(error))
        }
        return HTTPServer.Response(status: 202, fields: fields(event))
    }

    /// `NAME`, `NAME:QUALIFIER`, or an ARN with them.
    private static func functionName(_ text: String) -> String {
        let name = String(decoding: PercentEncoding.decode(text), as: UTF8.self)
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        guard let marker = parts.firstIndex(of: "function"), marker + 1 < parts.count else {
            return String(parts.first ?? "")
        }
        return String(parts[marker + 1])
    }

    /// A caller's context as the Runtime API hands it on: its JSON, in one line.
    private static func context(_ text: String) -> String? {
        guard let bytes = Base64.decode(Array(text.utf8)), let json = try? JSON.parse(bytes) else { return nil }
        return String(decoding: json.text(), as: UTF8.self)
    }

    private static func fields(_ event: LocalEvent) -> [(name: String, value: String)] {
        [("x-amzn-RequestId", event.id)]
    }

    private static func refusal(_ status: Int, _ type: String, _ message: String) -> HTTPServer.Response {
        HTTPServer.Response(
            status: status, fields: [("Content-Type", "application/json"), ("x-amzn-ErrorType", type)],
            body: JSON.object([("Type", .string("User")), ("Message", .string(message))]).text())
    }

    private static func describe(_ error: any Error) -> String {
        (error as? any DiagnosableError)?.diagnostic.message ?? "\(error)"
    }
}
