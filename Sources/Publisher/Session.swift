package import AWS
internal import ByteKit
internal import Transport

/// An account and a region that is published to: the services' clients, and names that follow from both.
package final class Session: Sendable {
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
        batch = BatchAPI(client)
        events = EventsAPI(client)
        network = EC2API(client)
        account = try IdentityAPI(client).account()
    }

    var region: Region { client.region }

    func fact(_ name: String) -> String? { facts.withLock { $0[name] } }
    func note(_ name: String, _ value: String) { facts.withLock { $0[name] = value } }

    // MARK: Names

    private func arn(_ service: String, _ rest: String) -> String {
        "arn:\(region.partitionName):\(service):\(region.name):\(account):\(rest)"
    }

    func functionARN(_ name: String, alias: String? = nil) -> String {
        arn("lambda", "function:\(name)" + (alias.map { ":\($0)" } ?? ""))
    }

    func logGroupARN(_ name: String) -> String { arn("logs", "log-group:\(name)") }

    func bucketARN(_ name: String) -> String { "arn:\(region.partitionName):s3:::\(name)" }

    func roleARN(_ name: String) -> String { "arn:\(region.partitionName):iam::\(account):role/\(name)" }

    func instanceProfileARN(_ name: String) -> String {
        "arn:\(region.partitionName):iam::\(account):instance-profile/\(name)"
    }

    /// - Parameter kind: `job-queue`, `job-definition`, `compute-environment`.
    func batchARN(_ kind: String, _ name: String) -> String { arn("batch", "\(kind)/\(name)") }

    func repositoryARN(_ function: String) -> String { arn("ecr", "repository/\(Self.repositoryName(function))") }

    /// Where the images of a function are.
    func repositoryURI(_ function: String) -> String {
        "\(account).dkr.ecr.\(region.name).\(region.domain)/\(Self.repositoryName(function))"
    }

    func ruleARN(_ name: String) -> String { arn("events", "rule/\(name)") }

    func apiARN(_ id: String, _ rest: String) -> String { arn("execute-api", "\(id)/\(rest)") }

    /// The role that is made for a function. Roles belong to no region and functions do, so the region is part of it.
    func roleName(_ function: String) -> String {
        let name = "scar-build-\(region.name)-\(function)"
        guard name.utf8.count > 64 else { return name }
        return name.prefix(55) + "-" + Digest(of: Array(name.utf8)).hex.prefix(8)
    }

    /// What is made for a function's jobs: no function's name holds a dot, so one's roles are never another's.
    func jobRoleName(_ function: String) -> String { roleName("\(function).job") }
    func startRoleName(_ function: String) -> String { roleName("\(function).start") }
    func machineRoleName(_ function: String) -> String { roleName("\(function).machine") }

    /// Names of repositories know no capitals, and no two separators beside each other.
    package static func repositoryName(_ function: String) -> String {
        var name = ""
        for character in function.lowercased() {
            let isSeparator = character == "-" || character == "_"
            if isSeparator, name.isEmpty || name.last == "-" || name.last == "_" { continue }
            name.append(character)
        }
        while name.last == "-" || name.last == "_" { name.removeLast() }
        guard name != function else { return "scar-build/\(name)" }
        let sum = Digest(of: Array(function.utf8)).hex.prefix(8)
        return "scar-build/" + (name.isEmpty ? "" : name + "-") + sum
    }

    static func logGroup(_ function: String) -> String { "/aws/lambda/\(function)" }
    static func jobLogGroup(_ function: String) -> String { "/aws/batch/\(function)" }

    /// The bucket that large packages go through when the recipe names none.
    var packagesBucket: String { "scar-build-\(account)-\(region.name)" }

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
                    .timeout, "waited \(limit / .seconds(1)) seconds for \(what)",
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
