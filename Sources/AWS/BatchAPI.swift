package import JSON
internal import Transport

/// AWS Batch, as far as queues made here and their jobs need it. AWS Batch API reference, 2016-08-10.
package struct BatchAPI: Sendable {
    package let client: AWSClient

    package init(_ client: AWSClient) { self.client = client }

    /// Members of a request, in the order of the API's reference.
    package typealias Members = [(name: StaticString, json: JSON)]

    /// What a compute environment or queue is like at the moment.
    package struct Condition: Sendable, Equatable {
        /// `VALID`, `INVALID`, `CREATING`, `UPDATING`, `DELETING`, `DELETED`.
        package var status: String
        /// Why, in Batch's words.
        package var reason: String
        /// Whether it takes jobs.
        package var isEnabled: Bool
        /// Whether it is being deleted, and will be gone.
        package var isLeaving: Bool { status == "DELETING" }

        init(_ json: JSON) {
            // A queue that was made this moment may have no status yet.
            status = json["status"]?.string ?? "CREATING"
            reason = json["statusReason"]?.string ?? ""
            isEnabled = json["state"]?.string == "ENABLED"
        }
    }

    func ask(
        _ operation: String, _ members: Members, isRepeatable: Bool = true
    ) throws(AWSError) -> JSON {
        var request = AWSRequest(
            .batch, operation, .post, "/v1/" + operation.lowercased(), json: .object(members))
        request.isRepeatable = isRepeatable
        return try client.json(request)
    }

    // MARK: - Compute environments

    /// What a managed compute environment has to run jobs on.
    package struct Resources: Sendable, Equatable {
        /// `EC2`, `SPOT`, `FARGATE`, `FARGATE_SPOT`.
        package var type: String
        package var maxVcpus: Int
        /// In byte order.
        package var subnets: [String]
        /// In byte order.
        package var securityGroups: [String]
        /// What only machines have; nil for Fargate.
        package var machines: Machines?

        package struct Machines: Sendable, Equatable {
            package var minVcpus: Int
            package var types: [String]
            /// The ARN of the instance profile.
            package var profile: String

            package init(minVcpus: Int, types: [String], profile: String) {
                self.minVcpus = minVcpus
                self.types = types
                self.profile = profile
            }
        }

        package init(
            type: String, maxVcpus: Int, subnets: [String], securityGroups: [String], machines: Machines?
        ) {
            self.type = type
            self.maxVcpus = maxVcpus
            self.subnets = subnets
            self.securityGroups = securityGroups
            self.machines = machines
        }

        init(_ json: JSON) {
            type = json["type"]?.string ?? ""
            maxVcpus = json["maxvCpus"]?.integer ?? 0
            subnets = (json["subnets"]?.array ?? []).compactMap(\.string).sorted()
            securityGroups = (json["securityGroupIds"]?.array ?? []).compactMap(\.string).sorted()
            guard !type.hasPrefix("FARGATE") else { return }
            machines = Machines(
                minVcpus: json["minvCpus"]?.integer ?? 0,
                types: (json["instanceTypes"]?.array ?? []).compactMap(\.string),
                profile: json["instanceRole"]?.string ?? "")
        }

        /// As a new environment takes them.
        package var members: Members {
            var members: Members = [("type", .string(type))] + network + numbers
            if let machines {
                // Of the ways to choose machines, the one that is the default lets nothing be changed later.
                let strategy = type == "SPOT" ? "SPOT_PRICE_CAPACITY_OPTIMIZED" : "BEST_FIT_PROGRESSIVE"
                members += Self.kinds(of: machines) + [("allocationStrategy", .string(strategy))]
            }
            return members
        }

        /// What an environment is told that has others. Numbers can always be changed; what else is named may have Batch
        /// take new machines, and is refused where Batch acts as a role of somebody's own.
        func json(after old: Resources) -> JSON {
            var members = numbers
            if old.subnets != subnets || old.securityGroups != securityGroups { members += network }
            if let machines, old.machines?.types != machines.types || old.machines?.profile != machines.profile {
                members += Self.kinds(of: machines)
            }
            return .object(members)
        }

        private var numbers: Members {
            [("maxvCpus", .integer(maxVcpus))] + (machines.map { [("minvCpus", .integer($0.minVcpus))] } ?? [])
        }

        private var network: Members {
            [
                ("subnets", .array(subnets.map { .string($0) })),
                ("securityGroupIds", .array(securityGroups.map { .string($0) })),
            ]
        }

        private static func kinds(of machines: Machines) -> Members {
            [
                ("instanceTypes", .array(machines.types.map { .string($0) })),
                ("instanceRole", .string(machines.profile)),
            ]
        }
    }

    package struct Environment: Sendable, Equatable {
        package var name: String
        package var arn: String
        package var condition: Condition
        package var resources: Resources
        package var tags: [String: String]
    }

    /// The compute environments of these names that there are.
    package func environments(_ names: [String]) throws(AWSError) -> [Environment] {
        let json = try ask(
            "DescribeComputeEnvironments", [("computeEnvironments", .array(names.map { .string($0) }))])
        return (json["computeEnvironments"]?.array ?? []).filter { $0["status"]?.string != "DELETED" }.map {
            Environment(
                name: $0["computeEnvironmentName"]?.string ?? "", arn: $0["computeEnvironmentArn"]?.string ?? "",
                condition: Condition($0), resources: Resources($0["computeResources"] ?? .null),
                tags: $0["tags"]?.texts ?? [:])
        }
    }

    /// - Parameter serviceRole: the ARN of what Batch acts as; nil for the role that it makes itself.
    package func createEnvironment(
        _ name: String, _ resources: Resources, serviceRole: String?, tags: [String: String]
    ) throws(AWSError) {
        let members = Self.environment(resources.members, serviceRole: serviceRole)
        _ = try ask(
            "CreateComputeEnvironment",
            [("computeEnvironmentName", .string(name))] + members + [("tags", .record(tags))])
    }

    /// What a new environment is, but for its name and tags.
    package static func environment(_ resources: Members, serviceRole: String?) -> Members {
        [("type", .string("MANAGED")), ("state", .string("ENABLED")), ("computeResources", .object(resources))]
            + (serviceRole.map { [("serviceRole", .string($0))] } ?? [])
    }

    package func updateEnvironment(
        _ name: String, from old: Resources, to resources: Resources
    ) throws(AWSError) {
        _ = try ask(
            "UpdateComputeEnvironment",
            [
                ("computeEnvironment", .string(name)), ("state", .string("ENABLED")),
                ("computeResources", resources.json(after: old)),
            ])
    }

    package func disableEnvironment(_ name: String) throws(AWSError) {
        _ = try ask(
            "UpdateComputeEnvironment", [("computeEnvironment", .string(name)), ("state", .string("DISABLED"))])
    }

    package func deleteEnvironment(_ name: String) throws(AWSError) {
        _ = try ask("DeleteComputeEnvironment", [("computeEnvironment", .string(name))])
    }

    // MARK: - Queues

    package struct Queue: Sendable, Equatable {
        package var name: String
        package var arn: String
        package var condition: Condition
        /// ARNs of its compute environments, in order.
        package var environments: [String]
        package var tags: [String: String]
    }

    package func queue(_ name: String) throws(AWSError) -> Queue? {
        let json = try ask("DescribeJobQueues", [("jobQueues", .array([.string(name)]))])
        guard let queue = json["jobQueues"]?[0], queue["status"]?.string != "DELETED" else { return nil }
        let order = (queue["computeEnvironmentOrder"]?.array ?? []).sorted {
            ($0["order"]?.integer ?? 0) < ($1["order"]?.integer ?? 0)
        }
        return Queue(
            name: queue["jobQueueName"]?.string ?? "", arn: queue["jobQueueArn"]?.string ?? "",
            condition: Condition(queue), environments: order.compactMap { $0["computeEnvironment"]?.string },
            tags: queue["tags"]?.texts ?? [:])
    }

    private static func order(_ environment: String) -> JSON {
        .array([.object([("order", .integer(1)), ("computeEnvironment", .string(environment))])])
    }

    package func createQueue(_ name: String, on environment: String, tags: [String: String]) throws(AWSError) {
        _ = try ask("CreateJobQueue", Self.queue(name, on: environment) + [("tags", .record(tags))])
    }

    /// What a new queue is, but for its tags.
    ///
    /// - Parameter environment: the ARN of its compute environment.
    package static func queue(_ name: String, on environment: String) -> Members {
        [
            ("jobQueueName", .string(name)), ("state", .string("ENABLED")), ("priority", .integer(1)),
            ("computeEnvironmentOrder", order(environment)),
        ]
    }

    package func updateQueue(_ name: String, on environment: String) throws(AWSError) {
        _ = try ask(
            "UpdateJobQueue",
            [
                ("jobQueue", .string(name)), ("state", .string("ENABLED")),
                ("computeEnvironmentOrder", Self.order(environment)),
            ])
    }

    package func disableQueue(_ name: String) throws(AWSError) {
        _ = try ask("UpdateJobQueue", [("jobQueue", .string(name)), ("state", .string("DISABLED"))])
    }

    package func deleteQueue(_ name: String) throws(AWSError) {
        _ = try ask("DeleteJobQueue", [("jobQueue", .string(name))])
    }

    // MARK: - Job definitions

    package struct Definition: Sendable, Equatable {
        package var arn: String
        package var revision: Int
        package var tags: [String: String]
    }

    /// The revisions of a job definition that jobs can be made from, the newest first.
    package func definitions(_ name: String) throws(AWSError) -> [Definition] {
        var found: [Definition] = []
        var (tokens, token) = (PageTokens(), String?.none)
        repeat {
            let json = try ask(
                "DescribeJobDefinitions",
                [("jobDefinitionName", .string(name)), ("status", .string("ACTIVE"))]
                    + (token.map { [("nextToken", .string($0))] } ?? []))
            found += (json["jobDefinitions"]?.array ?? []).map {
                Definition(
                    arn: $0["jobDefinitionArn"]?.string ?? "", revision: $0["revision"]?.integer ?? 0,
                    tags: $0["tags"]?.texts ?? [:])
            }
            token = try tokens.next(json["nextToken"]?.string, after: "batch DescribeJobDefinitions")
        } while token != nil
        return found.sorted { $0.revision > $1.revision }
    }

    /// Makes a new revision of a job definition.
    ///
    /// - Parameter members: all of the request but its tags.
    package func register(
        _ members: Members, tags: [String: String]
    ) throws(AWSError) {
        // Each of these makes another revision; one too many is taken away by the next publication.
        _ = try ask("RegisterJobDefinition", members + [("tags", .record(tags))], isRepeatable: false)
    }

    package func deregister(_ arn: String) throws(AWSError) {
        _ = try ask("DeregisterJobDefinition", [("jobDefinition", .string(arn))])
    }

    // MARK: - Jobs

    package struct Job: Sendable, Equatable {
        package var id: String
        package var name: String
        /// `SUBMITTED` … `SUCCEEDED`, `FAILED`.
        package var status: String
        /// Why, as far as Batch knows.
        package var reason: String
        package var exitCode: Int?
        /// Where the container says what it says; nil for Batch's usual log group.
        package var logGroup: String?
        /// The log streams of all its attempts, in order.
        package var logStreams: [String]
        /// How many children it has; nil for a job that is no array.
        package var arraySize: Int?
        /// How many nodes it has; nil for a job of one.
        package var nodes: Int?

        package var isOver: Bool { status == "SUCCEEDED" || status == "FAILED" }

        init(_ json: JSON) {
            id = json["jobId"]?.string ?? ""
            name = json["jobName"]?.string ?? ""
            status = json["status"]?.string ?? ""
            let container = json["container"]
            reason = [json["statusReason"]?.string, container?["reason"]?.string].compactMap(\.self)
                .filter { !$0.isEmpty }.joined(separator: "; ")
            exitCode = container?["exitCode"]?.integer
            let settings =
                container ?? json["nodeProperties"]?["nodeRangeProperties"]?[0]?["container"]
            logGroup = settings?["logConfiguration"]?["options"]?["awslogs-group"]?.string
            var streams = (json["attempts"]?.array ?? []).compactMap { $0["container"]?["logStreamName"]?.string }
            if let last = container?["logStreamName"]?.string, !streams.contains(last) { streams.append(last) }
            logStreams = streams
            arraySize = Self.size(json["arrayProperties"]?["size"])
            nodes = Self.size(json["nodeProperties"]?["numNodes"])
        }

        /// How many there are of something; nil for numbers that Batch does not have. AWS Batch User Guide, "Array jobs":
        /// 10,000 children are the most, and of nodes there are fewer.
        private static func size(_ json: JSON?) -> Int? {
            json?.integer.flatMap { (1...10_000).contains($0) ? $0 : nil }
        }
    }

    /// A job; nil when Batch does not know it, or not any more: it forgets jobs a day after their end at the earliest.
    package func job(_ id: String) throws(AWSError) -> Job? {
        try ask("DescribeJobs", [("jobs", .array([.string(id)]))])["jobs"]?[0].map { Job($0) }
    }
}
