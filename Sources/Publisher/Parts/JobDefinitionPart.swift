internal import AWS
internal import ByteKit
internal import JSON

/// What a job is: the image with the supervisor as its entry point, the role, and the room that it has.
///
/// Batch answers with more than it was told, so a definition carries the sum of what it was made from as a tag.
struct JobDefinitionPart: Part {
    private static let sumTag = "scar-build:definition"

    func changes(for deployment: Deployment, after before: [Change], _ session: Session) throws -> [Change] {
        guard let job = deployment.job else { return [] }
        let name = deployment.name
        var roles: [JobRole: String] = [:]
        for (role, _) in JobRole.all(of: job, deployment, session) {
            roles[role] = session.roleARN(session.roleName(name, role))
        }
        let members = try Self.members(job, deployment, roles, session)
        let document = JSON.object(members).text()
        guard document.count <= 24 << 10 else {
            throw PublishError(
                .limit, "\(name): a job definition has at most 24 KiB, and this one has \(document.count) bytes",
                hint: "most of it are variables: those in the recipe's ‘environment’ travel in the image instead")
        }
        let sum = Digest(of: document).hex
        let there = try session.batch.definitions(name)
        if let foreign = there.first(where: { !Deployment.isOurs($0.tags, of: name) }) {
            throw PublishError(
                .notOurs, "there is a job definition \(name):\(foreign.revision) that was not made here",
                hint: "give the recipe another name, or remove it")
        }
        var changes: [Change] = []
        // A job gets the newest revision.
        if there.first?.tags[Self.sumTag] != sum {
            let tags = deployment.allTags.merging([Self.sumTag: sum]) { $1 }
            let details = Self.details(job, try ImagePart.reference(of: deployment, session))
            changes.append(
                Change(there.isEmpty ? .create : .update, "job definition", name, details) { session in
                    try session.batch.register(members, tags: tags)
                })
        }
        // What is under way keeps its revision; for what comes there is one.
        for old in changes.isEmpty ? there.dropFirst() : there[...] {
            changes.append(
                Change(.remove, "job definition", "\(name):\(old.revision)") { try $0.batch.deregister(old.arn) })
        }
        return changes
    }

    private static func details(_ job: Deployment.Job, _ image: String) -> [Change.Detail] {
        var details: [Change.Detail] = [
            .init("image", to: image), .init("vCPUs", to: "\(job.vcpus)"), .init("memory", to: "\(job.memory) MiB"),
        ]
        if job.gpus > 0 { details.append(.init("GPUs", to: "\(job.gpus)")) }
        if job.nodes > 1 { details.append(.init("nodes", to: "\(job.nodes)")) }
        if !job.environment.isEmpty {
            details.append(.init("variables", to: job.environment.keys.sorted().joined(separator: ", ")))
        }
        return details
    }

    /// A definition, but for its tags. AWS Batch API reference, "RegisterJobDefinition".
    ///
    /// - Parameter roles: the ARNs of the roles that the job has.
    static func members(
        _ job: Deployment.Job, _ deployment: Deployment, _ roles: [JobRole: String], _ names: some Naming
    ) throws(PublishError) -> BatchAPI.Members {
        let container = JSON.object(try container(job, deployment, roles, names))
        var members: BatchAPI.Members = [
            ("jobDefinitionName", .string(deployment.name)),
            ("platformCapabilities", .array([.string(job.compute.kind.isFargate ? "FARGATE" : "EC2")])),
            ("propagateTags", .bool(true)),
        ]
        guard job.nodes > 1 else {
            return members + [("type", .string("container")), ("containerProperties", container)]
        }
        let range = JSON.object([("targetNodes", .string("0:")), ("container", container)])
        members.append(("type", .string("multinode")))
        members.append(
            (
                "nodeProperties",
                .object([
                    ("numNodes", .integer(job.nodes)), ("mainNode", .integer(0)),
                    ("nodeRangeProperties", .array([range])),
                ])
            ))
        return members
    }

    private static func container(
        _ job: Deployment.Job, _ deployment: Deployment, _ roles: [JobRole: String], _ names: some Naming
    ) throws(PublishError) -> BatchAPI.Members {
        let name = deployment.name
        var needs = [("VCPU", job.vcpus), ("MEMORY", job.memory)]
        if job.gpus > 0 { needs.append(("GPU", job.gpus)) }
        // Fargate tells its containers where they are, and machines do not.
        let variables = ["AWS_REGION": names.regionName].merging(job.environment) { $1 }
        let environment = variables.sorted { $0.key < $1.key }.map {
            JSON.object([("name", .string($0.key)), ("value", .string($0.value))])
        }
        let options: [(name: StaticString, json: JSON)] = [
            ("awslogs-group", .string(Session.jobLogGroup(name))), ("awslogs-region", .string(names.regionName)),
            ("awslogs-stream-prefix", .string(name)),
        ]
        var members: BatchAPI.Members = [
            ("image", .string(try ImagePart.reference(of: deployment, names))),
            (
                "resourceRequirements",
                .array(needs.map { .object([("type", .string($0.0)), ("value", .string("\($0.1)"))]) })
            ),
            ("environment", .array(environment)),
            ("logConfiguration", .object([("logDriver", .string("awslogs")), ("options", .object(options))])),
        ]
        if let role = roles[.job] { members.append(("jobRoleArn", .string(role))) }
        if let role = roles[.start] { members.append(("executionRoleArn", .string(role))) }
        guard job.compute.kind.isFargate else { return members }
        let system = deployment.architecture == "arm64" ? "ARM64" : "X86_64"
        return members + [
            // Without an address of its own it would reach neither registry nor log in a public subnet.
            ("networkConfiguration", .object([("assignPublicIp", .string("ENABLED"))])),
            (
                "runtimePlatform",
                .object([("operatingSystemFamily", .string("LINUX")), ("cpuArchitecture", .string(system))])
            ),
        ]
    }
}
