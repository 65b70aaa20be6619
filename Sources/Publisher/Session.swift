package import AWS
internal import ByteKit
internal import Transport

/// An account and a region that is published to: the services' clients.
package final class Session: Naming {
    package let client: AWSClient
    /// Twelve digits.
    package let account: String
    package let lambda: LambdaAPI
    package let s3: S3API
    package let identity: IdentityAPI
    package let logs: LogsAPI
    package let httpAPIs: HTTPAPI
    package let restAPIs: RESTAPI
    package let tagging: TaggingAPI
    package let images: ECRAPI
    package let runtimes: RuntimesAPI
    package let batch: BatchAPI
    let events: EventsAPI
    let network: EC2API
    /// What became known while changes were made: ids that AWS gives.
    private let facts = Monitor<[String: String]>([:])

    package init(_ client: AWSClient) throws(AWSError) {
        self.client = client
        lambda = LambdaAPI(client)
        s3 = S3API(client)
        identity = IdentityAPI(client)
        logs = LogsAPI(client)
        httpAPIs = HTTPAPI(client)
        restAPIs = RESTAPI(client)
        tagging = TaggingAPI(client)
        images = ECRAPI(client)
        runtimes = RuntimesAPI(client)
        batch = BatchAPI(client)
        events = EventsAPI(client)
        network = EC2API(client)
        account = try IdentityAPI(client).account()
    }

    var region: Region { client.region }
    var partitionName: String { region.partitionName }
    var regionName: String { region.name }
    var domain: String { region.domain }

    func fact(_ name: String) -> String? { facts.withLock { $0[name] } }
    func note(_ name: String, _ value: String) { facts.withLock { $0[name] = value } }

    /// The repository of a function's images.
    package static func repositoryName(_ function: String) -> String { "scar-build/\(plainName(function))" }

    /// The runtime of a function that shares none with others.
    package static func runtimeName(_ function: String) -> String { "scar-build-\(plainName(function))" }

    /// The repository of a runtime's images. No function's name has a slash in it.
    static func runtimeRepositoryName(_ runtime: String) -> String { "scar-build/runtimes/\(runtime)" }

    /// Names of repositories and runtimes know no capitals, and those of repositories no two separators beside each other.
    private static func plainName(_ function: String) -> String {
        var name = ""
        for character in function.lowercased() {
            let isSeparator = character == "-" || character == "_"
            if isSeparator, name.isEmpty || name.last == "-" || name.last == "_" { continue }
            name.append(character)
        }
        while name.last == "-" || name.last == "_" { name.removeLast() }
        guard name != function else { return name }
        let sum = Digest(of: Array(function.utf8)).hex.prefix(8)
        return (name.isEmpty ? "" : name + "-") + sum
    }

    static func logGroup(_ function: String) -> String { "/aws/lambda/\(function)" }
    static func jobLogGroup(_ function: String) -> String { "/aws/batch/\(function)" }

    // MARK: Patience

    /// Asks again and again until `body` gives something.
    ///
    /// - Parameters:
    ///   - what: what is waited for, to go after ‘waiting for’.
    ///   - limit: how long at most.
    func wait<Value>(for what: String, limit: Duration, _ body: () throws -> Value?) throws -> Value {
        let end = client.time.now() + limit
        var pause = Duration.milliseconds(200)
        while true {
            if let value = try body() { return value }
            guard client.time.now() + pause <= end else {
                throw PublishError(
                    .timeout, "waited \(limit.components.seconds) seconds for \(what)",
                    hint: "AWS may still be at it: run the same command again later")
            }
            guard client.time.sleep(pause) else { throw Cancelled() }
            pause = min(pause * 1.6, .seconds(5))
        }
    }

    /// Tries something again while AWS has not yet noticed what was made just before.
    func persevering<Value>(
        limit: Duration = .seconds(60), while isExpected: (AWSError) -> Bool, _ body: () throws -> Value
    ) throws -> Value {
        let end = client.time.now() + limit
        var pause = Duration.milliseconds(500)
        while true {
            do {
                return try body()
            } catch let error as AWSError where isExpected(error) && client.time.now() + pause <= end {
                guard client.time.sleep(pause) else { throw Cancelled() }
                pause = min(pause * 1.6, .seconds(5))
            }
        }
    }
}
